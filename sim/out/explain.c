/* Explain: defaults, memory and the parts of a step (see explain.h).
 *
 * The rule: every figure comes from perf/memory and perf/step, the same functions that the
 * simulation uses; what is shown here is what is simulated. Loads shown: one prefill step of the
 * mean prompt (cut at the step's token budget) and decode steps of 1, 8, 32, 128 sequences and the
 * most that memory holds, each with the context of a request half done:
 *
 *     context = mean input + mean output / 2
 *
 * Memory: the scratch arena of the cs_text.
 */
#include "out/explain.h"
#include <math.h>
#include <string.h>
#include "des/estimate.h"
#include "out/figure.h"
#include "out/words.h"
#include "perf/error.h"
#include "perf/memory.h"
#include "perf/step.h"

/* What follows "deploy[3]." in a key, or NULL. */
static const char *deploy_key(const char *key)
{
    const char *const end = strchr(key, ']');
    return strncmp(key, "deploy[", 7) == 0 && end && end[1] == '.' ? end + 2 : NULL;
}

/* Whether two defaults say the same of two entries of deploy. */
static bool is_same(const struct cs_default *a, const struct cs_default *b)
{
    const char *const x = deploy_key(a->key), *const y = deploy_key(b->key);
    return x && y && strcmp(x, y) == 0 && strcmp(a->value, b->value) == 0;
}

const struct cs_default *cs_explain_defaults(const struct cs_scenario *s, struct cs_arena *arena,
                                             size_t *count)
{
    struct cs_default *const all = cs_arena_alloc(arena, s->default_count + 1, sizeof *all);
    *count = 0;
    for (size_t i = 0; i < s->default_count; i++) {
        const struct cs_default *const d = &s->defaults[i];
        bool earlier = false, later = false;
        for (size_t k = 0; k < s->default_count; k++)
            if (k != i && is_same(d, &s->defaults[k]))
                *(k < i ? &earlier : &later) = true;
        if (earlier)
            continue;
        const char *const key =
            later ? cs_arena_printf(arena, "deploy.%s", deploy_key(d->key)) : d->key;
        all[(*count)++] = (struct cs_default){key, d->value, d->why ? d->why : ""};
    }
    all[(*count)++] =
        s->change_count > 0
            ? (struct cs_default){"(always)", "nothing else fails",
                                  "availability, and failures besides `changes`, are not modelled"}
            : (struct cs_default){"(always)", "nothing fails",
                                  "availability and failures are not modelled"};
    return all;
}

static void print_assumed(const struct cs_scenario *s, const struct cs_text *t)
{
    struct cs_grid grid;
    size_t count;
    const struct cs_default *const all = cs_explain_defaults(s, t->arena, &count);
    cs_grid_init(&grid, t->arena, "llw");
    cs_grid_row(&grid, "ASSUMED", "value", "why");
    for (size_t i = 0; i < count; i++)
        cs_grid_row(&grid, cs_arena_printf(t->arena, "  %s", all[i].key), all[i].value, all[i].why);
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "\n");
}

static const char *name_of(const struct cs_option *o, int size, const struct cs_text *t)
{
    return cs_arena_printf(t->arena, "%s %s", o->model->name,
                           cs_words_machine(t->arena, o, size, o->pipeline_parallel));
}

/* The tensor-parallel sizes worth showing: the given one, or the powers of two in one link domain
 * (and 1), as long as they divide the heads. Returns how many. */
static int sizes_of(const struct cs_option *o, int sizes[5])
{
    int count = 0;
    if (o->tensor_parallel > 0) {
        sizes[count++] = o->tensor_parallel;
        return count;
    }
    const int most = o->hardware->link_gpus > 8 ? 8 : o->hardware->link_gpus;
    for (int t = 1; t <= 16 && count < 5 && (t == 1 || t <= most); t *= 2)
        if (o->model->heads % t == 0)
            sizes[count++] = t;
    return count;
}

/* The option with as many experts resident as there is room for, where it leaves that open. */
static struct cs_option held(const struct cs_option *o, int size)
{
    struct cs_option chosen = *o;
    if (o->experts.policy != CS_EXPERTS_RESIDENT && o->experts.resident <= 0)
        chosen.experts.resident = cs_memory_most_experts(o, size, 0);
    return chosen;
}

/* One row of the memory table. */
static void add_memory(struct cs_grid *grid, const struct cs_option *o, int size,
                       const struct cs_text *t)
{
    struct cs_memory m;
    const struct cs_option chosen = held(o, size);
    cs_memory_fit(&m, &chosen, size);
    const char *name = cs_arena_printf(t->arena, "  %s", name_of(o, size, t));
    if (o->experts.policy != CS_EXPERTS_RESIDENT)
        name = cs_arena_printf(t->arena, "%s, %s of %d experts", name,
                               cs_figure_short(m.resident).text, o->model->experts);
    cs_grid_row(grid, name,
                cs_figure_si(m.weights_gpu_bytes, "B").text,
                cs_figure_si(m.reserve_bytes, "B").text, cs_figure_si(m.usable_bytes, "B").text,
                m.kv_bytes > 0 ? cs_figure_si(m.kv_bytes, "B").text : "none",
                m.fits ? cs_figure_number((double)m.kv_tokens, 0).text : "no fit");
}

static void print_memory(const struct cs_scenario *s, const struct cs_text *t)
{
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrrr");
    cs_grid_row(&grid, "MEMORY, per GPU", "weights", "reserve", "of usable", "KV cache",
                "KV tokens");
    for (size_t i = 0; i < s->option_count; i++) {
        int sizes[5];
        const int count = s->options[i].model->has_architecture ? sizes_of(&s->options[i], sizes)
                                                                : 0;
        for (int k = 0; k < count; k++)
            add_memory(&grid, &s->options[i], sizes[k], t);
    }
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "\n");
}

/* The smallest size that fits, or 0. */
static int size_of(const struct cs_option *o)
{
    int sizes[5];
    const int count = o->model->has_architecture ? sizes_of(o, sizes) : 0;
    for (int k = 0; k < count; k++) {
        struct cs_memory m;
        const struct cs_option chosen = held(o, sizes[k]);
        cs_memory_fit(&m, &chosen, sizes[k]);
        if (m.fits)
            return sizes[k];
    }
    return 0;
}

/* The error of each option at its smallest size; what it rests on stands once. */
static void print_errors(const struct cs_scenario *s, const struct cs_text *t)
{
    const bool sized = s->slo.confidence > 0;
    struct cs_grid grid;
    cs_grid_init(&grid, t->arena, "lrrrw");
    cs_grid_row(&grid, "MODEL ERROR, one s.d.", "steps", "TTFT, more", sized ? "sized with" : "",
                "rests on");
    for (size_t i = 0; i < s->option_count; i++) {
        const struct cs_option *const o = &s->options[i];
        const int size = size_of(o);
        const struct cs_model_error *const e = size ? cs_error_of(o, size) : NULL;
        if (!size)
            continue;
        cs_grid_add(&grid, "  %s", name_of(o, size, t));
        cs_grid_add(&grid, "%s", e ? cs_figure_percent(e->step).text : "-");
        cs_grid_add(&grid, "%s", e ? cs_figure_percent(e->ttft).text : "-");
        if (e && sized)
            cs_grid_add(&grid, "%+.0f %%",
                        100 * (exp(cs_estimate_normal(s->slo.confidence) * e->step) - 1));
        else
            cs_grid_add(&grid, "%s", "");
        bool told = false;
        for (size_t k = 0; k < i; k++)
            told = told || (e && size_of(&s->options[k]) &&
                            cs_error_of(&s->options[k], size_of(&s->options[k])) == e);
        cs_grid_add(&grid, "%s%s%s", !e ? "not known" : e->calibrated ? "calibrated" : "transfer",
                    e && !told ? ": " : "", e && !told ? e->source : "");
    }
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "\n");
}

static struct cs_step_load prefill_load(const struct cs_option *o, double mean_input)
{
    const int64_t mean = (int64_t)fmax(1, round(mean_input));
    const int64_t n = mean < o->max_num_batched_tokens ? mean : o->max_num_batched_tokens;
    return (struct cs_step_load){
        .tokens = n,
        .sampled = n == mean ? 1 : 0,
        .pairs = cs_step_pairs(n, 0, 0),
        .window_pairs = cs_step_pairs(n, 0, o->model->window_tokens),
        .prefill = true,
        .chunks = 1,
        .chunk_tokens = n,
    };
}

static struct cs_step_load decode_load(const struct cs_option *o, int64_t batch, double context)
{
    const double window = o->model->window_tokens > 0 ? o->model->window_tokens : context;
    return (struct cs_step_load){
        .tokens = batch,
        .sampled = batch,
        .kv_tokens = (int64_t)round((double)batch * context),
        .window_kv_tokens =
            o->model->window_layers > 0 ? (int64_t)round((double)batch * fmin(context, window)) : 0,
    };
}

/* Milliseconds: hundredths below ten, tenths below a hundred. */
static struct cs_figure ms(double seconds)
{
    const double x = 1e3 * seconds;
    return cs_figure_number(x, x < 9.995 ? 2 : x < 99.95 ? 1 : 0);
}

static void add_step(struct cs_grid *grid, const char *what, const struct cs_option *o, int size,
                     bool top_p, const struct cs_step_load *load)
{
    struct cs_step_parts p;
    cs_step_explain(&p, o, size, top_p, load);
    cs_grid_add(grid, "  %s", what);
    const double parts[] = {p.fixed_s,
                            p.weights_s,
                            p.compute_s,
                            p.experts_s,
                            p.head_s + p.sampler_s,
                            p.kv_s,
                            p.prefill_attention_s,
                            p.communication_s,
                            p.outside_s};
    const size_t count =
        sizeof parts / sizeof parts[0] - (o->experts.policy == CS_EXPERTS_RESIDENT);
    for (size_t i = 0; i < count; i++)
        cs_grid_add(grid, "%s", parts[i] > 0 ? ms(parts[i]).text : "·");
    cs_grid_add(grid, "%s", ms(p.total_s).text);
    cs_grid_add(grid, "%s", ms(p.floor_s).text);
    cs_grid_add(grid, "%s", p.binding);
}

static void print_steps(const struct cs_option *given, int size, bool top_p, double mean_input,
                        double mean_output, const struct cs_text *t)
{
    const struct cs_option chosen = held(given, size), *const o = &chosen;
    const bool outside = o->experts.policy != CS_EXPERTS_RESIDENT;
    static const int batches[] = {1, 8, 32, 128};
    struct cs_memory m;
    struct cs_grid grid;
    cs_memory_fit(&m, o, size);
    cs_text_printf(t, "%s on %s\n", name_of(o, size, t), o->engine->name);
    cs_grid_init(&grid, t->arena, outside ? "lrrrrrrrrrrrl" : "lrrrrrrrrrrl");
    if (outside)
        cs_grid_row(&grid, "STEP, ms", "fixed", "weights", "comp.", "experts", "head", "KV",
                    "attn.", "comm.", "outside", "total", "floor", "binds");
    else
        cs_grid_row(&grid, "STEP, ms", "fixed", "weights", "comp.", "experts", "head", "KV",
                    "attn.", "comm.", "total", "floor", "binds");
    const struct cs_step_load prefill = prefill_load(o, mean_input);
    add_step(&grid, cs_arena_printf(t->arena, "prompt %lld", (long long)prefill.tokens), o, size,
             top_p, &prefill);
    const double context = mean_input + mean_output / 2;
    const double fit = floor((double)m.kv_tokens / context);
    const int64_t seqs = (int64_t)o->max_num_seqs * cs_option_groups(o, size);
    const int64_t most = (int64_t)fmax(1, fmin(fit, (double)seqs));
    bool shown_most = false;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0] && !shown_most; i++) {
        const int64_t batch = batches[i] < most ? batches[i] : most;
        const struct cs_step_load load = decode_load(o, batch, context);
        add_step(&grid, cs_arena_printf(t->arena, "decode %lld%s", (long long)batch,
                                        batch == most ? " (most)" : ""), o, size, top_p, &load);
        shown_most = batch == most;
    }
    if (!shown_most) {
        const struct cs_step_load load = decode_load(o, most, context);
        add_step(&grid, cs_arena_printf(t->arena, "decode %lld (most)", (long long)most), o, size,
                 top_p, &load);
    }
    cs_grid_print(&grid, t, 0, false);
    cs_text_put(t, "\n");
}

void cs_explain_print(const struct cs_scenario *s, double mean_input, double mean_output,
                      const struct cs_text *t)
{
    cs_text_edges(t, s->name, s->path);
    cs_text_put(t, "\n");
    print_assumed(s, t);
    print_memory(s, t);
    print_errors(s, t);
    cs_text_wrap(t, cs_arena_printf(t->arena, "Steps: a prompt of the mean length (%s tokens), and "
                                    "decode with a context of %s tokens a sequence. Reading "
                                    "weights and computing overlap, so the parts add up to more "
                                    "than the total. The floor is bytes over bandwidth and FLOPs "
                                    "over peak, without any loss.",
                                    cs_figure_number(mean_input, 0).text,
                                    cs_figure_number(mean_input + mean_output / 2, 0).text),
                 0, 0);
    cs_text_put(t, "\n\n");
    for (size_t i = 0; i < s->option_count; i++)
        if (size_of(&s->options[i]))
            print_steps(&s->options[i], size_of(&s->options[i]), s->traffic.top_p, mean_input,
                        mean_output, t);
}
