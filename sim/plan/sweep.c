/* Points made and handed out: see sweep.h.
 *
 * One loop serves one process and many. The calling thread gives points to its own crew and, on
 * rank 0, to other ranks, as many at a time as they have threads and one more to bridge the
 * message; it takes answers from both and commits them. Other ranks do the same with what they are
 * sent. The calling thread itself plans nothing, so that commits never wait.
 *
 * Memory: the sample and the heads in the arena given; texts of answers are malloc'd and live until
 * they are committed or sent.
 */
#include "plan/sweep.h"
#include "base/check.h"
#include "base/rng.h"
#include "plan/mpi.h"
#include "plan/pool.h"
#include "spec/yaml.h"
#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MOST = 10000000, RANKS_MOST = 65536 };

/* --- points ---------------------------------------------------------------------------------- */

/* Sobol's sequence without its first point, the origin. */
static const double *sobol(const struct cs_sweep *s)
{
    const unsigned axes = (unsigned)s->axis_count;
    double *const all = cs_arena_alloc(s->arena, s->points * axes, sizeof *all);
    gsl_qrng *const q = gsl_qrng_alloc(gsl_qrng_sobol, axes);
    cs_check(q != NULL);
    for (size_t p = 0; p < s->points; p++)
        gsl_qrng_get(q, all + p * axes);
    gsl_qrng_free(q);
    return all;
}

/* Of each axis one value in each of as many equal parts, in an order of its own. */
static const double *hypercube(const struct cs_sweep *s)
{
    const size_t n = s->points, axes = (size_t)s->axis_count;
    double *const all = cs_arena_alloc(s->arena, n * axes, sizeof *all);
    size_t *const order = cs_arena_alloc(s->arena, n, sizeof *order);
    for (size_t a = 0; a < axes; a++) {
        struct cs_rng rng;
        cs_rng_init(&rng, s->study->scenario->simulate.seed, 0,
                    cs_arena_printf(s->arena, "sweep/%s", s->axes[a].key));
        for (size_t i = 0; i < n; i++) { /* Fisher and Yates, inside out */
            const size_t j = (size_t)(cs_rng_uniform(&rng) * (double)(i + 1));
            order[i] = order[j];
            order[j] = i;
        }
        for (size_t p = 0; p < n; p++)
            all[p * axes + a] = ((double)order[p] + cs_rng_uniform(&rng)) / (double)n;
    }
    return all;
}

void cs_sweep_values(const struct cs_sweep *s, size_t point, struct cs_arena *arena,
                     const char **values)
{
    size_t rest = point;
    for (int a = s->axis_count - 1; a >= 0; a--) {
        const struct cs_range *const axis = &s->axes[a];
        if (s->samples != NULL) {
            values[a] =
                cs_range_at(axis, s->samples[point * (size_t)s->axis_count + (size_t)a], arena);
            continue;
        }
        values[a] = axis->values[rest % axis->count];
        rest /= axis->count;
    }
}

static const char *const *sets_of(const struct cs_sweep *s, size_t point, struct cs_arena *arena)
{
    const char *values[CS_SWEEP_AXES];
    const char **const sets = cs_arena_alloc(arena, (size_t)s->axis_count, sizeof *sets);
    cs_sweep_values(s, point, arena, values);
    for (int a = 0; a < s->axis_count; a++)
        sets[a] = cs_arena_printf(arena, "%s=%s", s->axes[a].key, values[a]);
    return sets;
}

size_t cs_sweep_share(const struct cs_sweep *s)
{
    const size_t shards = (size_t)s->shards, shard = (size_t)s->shard;
    return s->points / shards + (shard < s->points % shards);
}

/* --- preparing ------------------------------------------------------------------------------- */

static bool read_sampling(struct cs_sweep *s, const char *text, struct cs_diags *diags)
{
    static const char *const names[] = {"grid", "lhs", "sobol"};
    char *end = NULL;
    const char *const colon = strchr(text, ':');
    for (int k = CS_SAMPLING_LHS; colon != NULL && k <= CS_SAMPLING_SOBOL; k++)
        if (strlen(names[k]) == (size_t)(colon - text) &&
            strncmp(text, names[k], strlen(names[k])) == 0) {
            const long n = strtol(colon + 1, &end, 10);
            if (!*end && end != colon + 1 && n >= 1 && n <= POINTS_MOST) {
                s->sampling = (enum cs_sampling)k;
                s->points = (size_t)n;
                return true;
            }
        }
    cs_diag_error(diags, (struct cs_span){.source = NULL}, "lhs:N or sobol:N, such as lhs:200",
                  "--sample: '%s' is no sampling", text);
    return false;
}

/* Whether a value of an axis makes a sound scenario beside the first values of all others. */
static bool is_sound_beside(struct cs_sweep *s, int axis, const char *set)
{
    struct cs_diags unsaid;
    const char *sets[CS_SWEEP_AXES];
    cs_diags_init(&unsaid, s->arena);
    for (int a = 0; a < s->axis_count; a++)
        sets[a] = a == axis ? set
                            : cs_arena_printf(s->arena, "%s=%s", s->axes[a].key,
                                              s->axes[a].values[0]);
    const struct cs_variant variant = {.sets = sets, .set_count = (size_t)s->axis_count};
    return cs_study_resolve(s->study, &variant, &unsaid) != NULL;
}

/* Every value of an axis beside the scenario's own values of the others, or if that will not do
 * beside the first ones that they take: what is wrong with it is told before anything is planned.
 * Ranges are checked at their ends. */
static void check_axis(struct cs_sweep *s, int axis, struct cs_diags *diags)
{
    const struct cs_range *const r = &s->axes[axis];
    const size_t step = r->continuous && r->count > 1 ? r->count - 1 : 1;
    for (size_t i = 0; i < r->count && diags->errors < CS_DIAG_SHOWN; i += step) {
        const char *const set = cs_arena_printf(s->arena, "%s=%s", r->key, r->values[i]);
        const struct cs_variant alone = {.sets = &set, .set_count = 1};
        struct cs_diags unsaid;
        cs_diags_init(&unsaid, s->arena);
        if (cs_study_resolve(s->study, &alone, &unsaid) == NULL && !is_sound_beside(s, axis, set))
            cs_study_resolve(s->study, &alone, diags);
    }
}

bool cs_sweep_prepare(struct cs_sweep *s, struct cs_study *study, const char *const *axes,
                      size_t axis_count, const char *sampling, struct cs_arena *arena,
                      struct cs_diags *diags)
{
    *s = (struct cs_sweep){.study = study, .shards = 1, .points = 1, .arena = arena};
    const size_t errors = diags->errors;
    if (axis_count > CS_SWEEP_AXES)
        cs_diag_error(diags, (struct cs_span){.source = NULL}, NULL,
                      "--vary: %zu axes; the most are %d", axis_count, CS_SWEEP_AXES);
    for (size_t a = 0; a < axis_count && a < CS_SWEEP_AXES; a++) {
        struct cs_range *const axis = &s->axes[s->axis_count];
        if (!cs_range_parse(axis, axes[a], "--vary", arena, diags))
            continue;
        for (int b = 0; b < s->axis_count; b++)
            if (strcmp(s->axes[b].key, axis->key) == 0)
                cs_diag_error(diags, (struct cs_span){.source = NULL},
                              "give its values in one list", "--vary: '%s' is varied twice",
                              axis->key);
        s->axis_count++;
    }
    if (sampling != NULL && read_sampling(s, sampling, diags) && diags->errors == errors)
        s->samples = s->sampling == CS_SAMPLING_SOBOL ? sobol(s) : hypercube(s);
    for (int a = 0; sampling == NULL && a < s->axis_count; a++) {
        if (s->points > POINTS_MOST / s->axes[a].count) {
            cs_diag_error(diags, (struct cs_span){.source = NULL}, "sample it: --sample lhs:1000",
                          "--vary: the grid has more than %d points", POINTS_MOST);
            return false;
        }
        s->points *= s->axes[a].count;
    }
    if (diags->errors == errors) {
        for (int a = 0; a < s->axis_count; a++)
            check_axis(s, a, diags);
        const char *const *const first = sets_of(s, 0, arena);
        if (diags->errors == errors)
            cs_study_resolve(
                study, &(struct cs_variant){.sets = first, .set_count = (size_t)s->axis_count},
                diags);
    }
    return diags->errors == errors;
}

const struct cs_store_head *cs_sweep_head(const struct cs_sweep *s, const char *const *sets,
                                          size_t set_count, struct cs_arena *arena, size_t *count)
{
    static const char *const samplings[] = {"grid", "lhs", "sobol"};
    static const char *const efforts[] = {"full", "brief", "sketch"};
    struct cs_store_head *const head = cs_arena_alloc(arena, 7, sizeof *head);
    const char *settings = "", *axes = "";
    for (size_t i = 0; i < set_count; i++)
        settings = cs_arena_printf(arena, "%s%s\n", settings, sets[i]);
    for (int a = 0; a < s->axis_count; a++)
        axes = cs_arena_printf(arena, "%s%s=%s\n", axes, s->axes[a].key, s->axes[a].text);
    const struct cs_source *const source = s->study->root->span.source;
    head[0] = (struct cs_store_head){"version", CS_VERSION};
    head[1] = (struct cs_store_head){"scenario", source->text};
    head[2] = (struct cs_store_head){"settings", settings};
    head[3] = (struct cs_store_head){"axes", axes};
    head[4] = (struct cs_store_head){
        "sampling", cs_arena_printf(arena, "%s:%zu", samplings[s->sampling], s->points)};
    head[5] = (struct cs_store_head){"effort", efforts[s->effort]};
    head[6] = (struct cs_store_head){
        "data (sheets and traces)",
        cs_arena_printf(arena, "%016llx", (unsigned long long)s->study->digest)};
    *count = 7;
    return head;
}

/* --- handing out ----------------------------------------------------------------------------- */

struct serving {
    struct cs_sweep *sweep;
    struct cs_store *store;
    const struct cs_sweep_print *print;
    struct cs_crew *crew;
    size_t next;    /* the first point not given to anybody */
    size_t at_hand; /* given to the crew and not taken back */
    int away;       /* given to other ranks */
    int *room;      /* of each rank: points that may be sent */
    struct cs_diags *diags;
    bool sound;
};

struct printing {
    const struct cs_sweep_print *print;
    char *text;
};

static void take_answer(void *user, size_t index, const struct cs_answer *answer,
                        const struct cs_diags *diags)
{
    struct printing *p = user;
    (void)index;
    p->text = p->print->answer(answer, diags);
}

/* A worker's task: one point, planned and printed. */
static void *plan_point(void *user, int worker, size_t point)
{
    struct serving *v = user;
    struct cs_arena arena;
    cs_arena_init(&arena);
    const struct cs_variant variant = {.sets = sets_of(v->sweep, point, &arena),
                                       .set_count = (size_t)v->sweep->axis_count,
                                       .effort = v->sweep->effort};
    struct printing p = {v->print, NULL};
    cs_study_plan(v->sweep->study, worker, &variant, point, take_answer, &p);
    cs_arena_fini(&arena);
    return p.text;
}

static void commit(struct serving *v, size_t point, const char *answer)
{
    struct cs_arena arena;
    const char *values[CS_SWEEP_AXES];
    cs_arena_init(&arena);
    cs_sweep_values(v->sweep, point, &arena, values);
    char *const text = v->print->values(v->sweep, values);
    v->sound = v->sound && cs_store_put(v->store, point, text, answer, v->diags);
    free(text);
    cs_arena_fini(&arena);
    const struct cs_study *const study = v->sweep->study;
    if (study->progress != NULL)
        study->progress(study->progress_user,
                        (double)cs_store_count(v->store) / (double)cs_sweep_share(v->sweep),
                        "points");
}

/* The next point that is missing; false: there is none. */
static bool next_point(struct serving *v, size_t *point)
{
    const struct cs_sweep *const s = v->sweep;
    while (v->next < s->points &&
           (v->next % (size_t)s->shards != (size_t)s->shard || cs_store_has(v->store, v->next)))
        v->next++;
    *point = v->next;
    return v->sound && v->next++ < s->points;
}

static void hand_out(struct serving *v, int threads)
{
    size_t point;
    const size_t most = (size_t)threads + 1;
    while (v->at_hand < most && next_point(v, &point)) {
        cs_crew_give(v->crew, point);
        v->at_hand++;
    }
    for (int r = 1; r < cs_mpi_size(); r++)
        while (v->room[r] > 0 && next_point(v, &point)) {
            cs_mpi_send(r, CS_MPI_POINT, point, NULL);
            v->room[r]--;
            v->away++;
        }
}

/* Takes what is there, waiting a little; rank 0. */
static void take_in(struct serving *v)
{
    struct cs_mpi_message m;
    size_t point;
    void *answer;
    if (cs_crew_take(v->crew, cs_mpi_size() > 1 ? 1 : v->at_hand > 0 ? -1 : 0, &point, &answer)) {
        v->at_hand--;
        commit(v, point, answer);
        free(answer);
    }
    while (cs_mpi_take(&m)) {
        if (m.kind == CS_MPI_ANSWER) {
            v->away--;
            v->room[m.from]++;
            commit(v, m.point, m.text);
        } else {
            v->room[m.from] += (int)m.point;
        }
        free(m.text);
    }
}

static void lead(struct serving *v, int threads)
{
    v->room = calloc((size_t)cs_mpi_size(), sizeof *v->room);
    cs_check(v->room != NULL);
    do {
        hand_out(v, threads);
        if (v->at_hand > 0 || v->away > 0)
            take_in(v);
    } while (v->at_hand > 0 || v->away > 0);
    for (int r = 1; r < cs_mpi_size(); r++)
        cs_mpi_send(r, CS_MPI_STOP, 0, NULL);
    free(v->room);
}

/* Every other rank: plans what it is sent. */
static void follow(struct serving *v, int threads)
{
    bool stopped = false;
    cs_mpi_send(0, CS_MPI_READY, (size_t)threads + 1, NULL);
    while (!stopped || v->at_hand > 0) {
        struct cs_mpi_message m;
        size_t point;
        void *answer;
        while (cs_mpi_take(&m)) {
            stopped = stopped || m.kind == CS_MPI_STOP;
            if (m.kind == CS_MPI_POINT) {
                cs_crew_give(v->crew, m.point);
                v->at_hand++;
            }
            free(m.text);
        }
        if (cs_crew_take(v->crew, 1, &point, &answer)) {
            v->at_hand--;
            cs_mpi_send(0, CS_MPI_ANSWER, point, answer);
            free(answer);
        }
    }
}

bool cs_sweep_run(struct cs_sweep *s, struct cs_store *store, const struct cs_sweep_print *print,
                  struct cs_diags *diags)
{
    struct serving v = {.sweep = s, .store = store, .print = print, .diags = diags, .sound = true};
    v.crew = cs_crew_open(s->study->threads, plan_point, &v);
    if (cs_mpi_rank() == 0)
        lead(&v, s->study->threads);
    else
        follow(&v, s->study->threads);
    cs_crew_close(v.crew);
    return v.sound;
}
