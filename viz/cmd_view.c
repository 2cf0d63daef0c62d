/* capsim view: a scenario's day in a window, or as pictures where there is none.
 *
 * The fleet is the one that `capsim run` plans (its best option, or the first that can be
 * simulated); then the day runs. Several scenarios are shown one after another, "next" goes on to
 * those of the catalogue. When the window closes, the changes made by hand are printed to standard
 * output as a scenario that repeats them: all else goes to standard error.
 *
 * --screenshot and --frames draw off screen, without a display: one picture at a time of the day,
 * or sixty a second from then on. Pictures appear whole or not at all.
 */
#include "base/check.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/record.h"
#include "out/words.h"
#include "plan/replay.h"
#include "spec/pin.h"
#include "viz/control.h"
#include "viz/font.h"
#include "viz/picture.h"
#include "viz/screen.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct asked {
    struct cs_opt_list sets;
    const char *screenshot, *frames, *at, *size, *scale, *timing;
    unsigned long long count, speed, option, replica, seconds, threads;
    bool quiet;
    int width, height;
    float points; /* pixels of a point; 0: the display's */
};

enum { SLICES = 64, PIXELS_MOST = 16384 }; /* that many each way: a picture of a gibibyte */

/* What lasts while one scenario is shown. */
struct shown {
    struct cs_arena arena; /* of the scenario, its plan and its show */
    const char *path;
    struct cs_record record; /* version NULL: it is a scenario */
    double at_s;             /* where it starts, if asked */
    const struct cs_scenario *scenario;
    const struct cs_answer *answer;
    struct cs_show show;
    bool open;
};

struct view {
    struct cs_cli *cli;
    const struct asked *asked;
    struct cs_screen *screen; /* NULL: off screen */
    const char *font;
    const char **paths;
    size_t path_count;
    const char *name;
    struct cs_progress progress;
    bool closed, printed; /* printed: a scenario, to which another may be added */
    int shots;
    const char *made; /* the folder of --frames, where it was not there */
};

/* --- the command line ------------------------------------------------------------------------ */

static int usage_error(const char *what)
{
    fprintf(stderr, "capsim: error: view: %s\n", what);
    return CS_EXIT_USAGE;
}

static int check_sizes(struct asked *a)
{
    char *end;
    a->width = 1280;
    a->height = 800;
    if (a->size != NULL) {
        const long w = strtol(a->size, &end, 10);
        const long h = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
        if (*end || w < 320 || h < 240 || w > 8192 || h > 8192)
            return usage_error("--size is WIDTHxHEIGHT in points, from 320x240 to 8192x8192");
        a->width = (int)w;
        a->height = (int)h;
    }
    if (a->scale != NULL) {
        a->points = strtof(a->scale, &end);
        if (*end || !(a->points >= 0.5f && a->points <= 4.0f))
            return usage_error("--scale is between 0.5 and 4");
    }
    const float side = (float)(a->width > a->height ? a->width : a->height);
    if (fmaxf(1.0f, a->points) * side > (float)PIXELS_MOST)
        return usage_error("--size times --scale is more than 16384 pixels");
    if (a->count < 1 || a->count > 1000000)
        return usage_error("--count is between 1 and 1000000 frames");
    if (a->speed < 1 || a->speed > 1000000)
        return usage_error("--speed is between 1 and 1000000 times real time");
    if (a->screenshot != NULL && a->frames != NULL)
        return usage_error("--screenshot and --frames exclude each other");
    return -1;
}

static int parse(struct cs_cli *cli, int argc, char **argv, struct asked *a,
                 struct cs_opt_words *words)
{
    const struct cs_opt options[] = {
        {"screenshot", 0, CS_OPT_TEXT, "FILE", "draw one PNG off screen, and end", &a->screenshot},
        {"frames", 0, CS_OPT_TEXT, "DIR", "draw PNGs off screen into a folder, 60 a second",
         &a->frames},
        {"count", 0, CS_OPT_COUNT, "N", "how many frames (120)", &a->count},
        {"at", 0, CS_OPT_TEXT, "TIME",
         "start there: 15:00, 'Tue 15:00' or '36 h' (a picture: the busiest hour)", &a->at},
        {"speed", 0, CS_OPT_COUNT, "N", "simulated seconds a second (600)", &a->speed},
        {"option", 0, CS_OPT_COUNT, "N", "the fleet of that row of the report, from 1 (the best)",
         &a->option},
        {"replica", 0, CS_OPT_COUNT, "N", "look into that replica, from 1", &a->replica},
        {"size", 0, CS_OPT_TEXT, "WxH", "of the window or picture, in points (1280x800)", &a->size},
        {"scale", 0, CS_OPT_TEXT, "S", "pixels of a point (the display's)", &a->scale},
        {"for", 0, CS_OPT_COUNT, "SECONDS", "close the window after that long", &a->seconds},
        {"timing", 0, CS_OPT_TEXT, "FILE", "write the window's frame times as JSON", &a->timing},
        {"set", 0, CS_OPT_LIST, "KEY=VALUE", "change a key of the scenario; may be repeated",
         &a->sets},
        {"threads", 'j', CS_OPT_COUNT, "N", "threads of the plan (as many as processors)",
         &a->threads},
        {"quiet", 0, CS_OPT_FLAG, NULL, "no progress on the terminal", &a->quiet},
    };
    const struct cs_opt_usage usage = {
        "view SCENARIO|RECORD... [options]",
        "Opens a window in which the day runs on the fleet that `capsim run` would plan: what each "
        "GPU does, what comes in, how long people wait, what it costs. Replicas can be failed and "
        "added, traffic doubled; on leaving, such changes are printed as a scenario that repeats "
        "them. Press h in the window for its keys.",
        options,
        sizeof options / sizeof options[0],
        1,
        -1,
        "a scenario file, or a record"};
    const int status = cs_opt_parse(cli, &usage, argc, argv, words);
    if (status >= 0)
        return status;
    if ((a->screenshot != NULL || a->frames != NULL) && (a->timing != NULL || a->seconds > 0))
        return usage_error("--timing and --for are of a window, which no picture has");
    if ((a->screenshot != NULL || a->frames != NULL) && words->count > 1)
        return usage_error("pictures are drawn of one scenario");
    return check_sizes(a);
}

/* --- a scenario and its fleet ---------------------------------------------------------------- */

static void on_progress(void *user, double share, const char *what)
{
    struct view *const v = user;
    cs_progress_show(&v->progress, share, what);
    if (v->screen != NULL && !v->closed)
        v->closed = !cs_screen_wait(v->screen, v->name, what, share);
}

/* The option shown, or NULL: none has a fleet that can be simulated. */
static const struct cs_option_answer *choose(const struct view *v, const struct cs_answer *answer)
{
    if (answer->option_count == 1 && answer->options[0].replicas > 0 && v->asked->option <= 1)
        return &answer->options[0];
    if (v->asked->option > 0)
        return v->asked->option <= answer->option_count &&
                       answer->options[v->asked->option - 1].simulated
                   ? &answer->options[v->asked->option - 1]
                   : NULL;
    return cs_words_subject(answer);
}

/* A fleet that is given needs no search. */
static const struct cs_answer *plan(struct view *v, struct shown *sh)
{
    if (sh->scenario->option_count == 1 && sh->scenario->options[0].replicas > 0) {
        const struct cs_answer *const given =
            cs_plan_price(sh->scenario, &sh->arena, sh->record.trace, &v->cli->diags);
        if (given->option_count == 0 || given->options[0].replicas > 0)
            return given;
    }
    cs_progress_init(&v->progress, v->asked->quiet);
    const struct cs_plan_settings settings = {.threads = (int)v->asked->threads,
                                              .trace = sh->record.trace,
                                              .progress = on_progress,
                                              .user = v};
    const struct cs_answer *const answer =
        cs_plan_run(sh->scenario, &sh->arena, &settings, &v->cli->diags);
    cs_progress_fini(&v->progress);
    return answer;
}

/* -1: it is open; else the exit status. */
static int open_shown(struct view *v, struct shown *sh, const char *path)
{
    struct cs_cli *const cli = v->cli;
    *sh = (struct shown){.path = path};
    cs_arena_init(&sh->arena);
    struct cs_catalog *const catalog = cs_catalog_open(&sh->arena, cli->program);
    sh->scenario = cs_record_open(cli, catalog, path, &v->asked->sets, &sh->record);
    if (sh->scenario == NULL || cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    if (v->asked->at != NULL && !cs_replay_when(sh->scenario, v->asked->at, &sh->at_s)) {
        fprintf(stderr,
                "capsim: error: view: --at: '%s' is no time of this run; give one such as '%s' or "
                "'90 min'\n",
                v->asked->at, sh->scenario->traffic.curve.starts_monday ? "Tue 15:00" : "15:00");
        return CS_EXIT_USAGE;
    }
    *cs_check_context() = (struct cs_check_context){
        .scenario = path, .seed = sh->scenario->simulate.seed, .command = "capsim view"};
    v->name = sh->scenario->name;
    sh->answer = plan(v, sh);
    if (cs_diags_has_errors(&cli->diags))
        return cs_cli_fail(cli);
    const struct cs_option_answer *const fleet = choose(v, sh->answer);
    if (fleet == NULL || !cs_show_open(&sh->show, sh->answer, fleet, &sh->arena)) {
        fprintf(stderr, "capsim: error: %s: no fleet to show: %s\n", path,
                v->asked->option > 0 ? "the report has no such option that can be simulated"
                                     : cs_words_no(&sh->arena, sh->answer));
        return CS_EXIT_NO;
    }
    sh->open = true;
    if (v->asked->replica > (unsigned long long)sh->show.replicas) {
        fprintf(stderr, "capsim: error: view: --replica %llu: the fleet has %d\n",
                v->asked->replica, sh->show.replicas);
        return CS_EXIT_USAGE;
    }
    return -1;
}

static void close_shown(struct shown *sh)
{
    if (sh->open)
        cs_show_close(&sh->show);
    cs_arena_fini(&sh->arena);
}

/* The scenario that repeats what was done by hand, to standard output; several are documents of one
 * stream. */
static void print_changes(struct view *v, struct shown *sh)
{
    if (!sh->open || cs_show_changes_by_hand(&sh->show) == 0)
        return;
    const struct cs_show *const show = &sh->show;
    const struct cs_pin pin = {
        .option = &sh->scenario->options[show->plan->index],
        .tensor_parallel = show->plan->tensor_parallel,
        .replicas = show->replicas,
        .changes = show->changes,
        .change_count = show->change_count,
        .warm_up_s = show->shortened ? -(double)show->question.workload.start_ps * 1e-12 : 0.0};
    printf("%s# %s, with the changes made by hand in capsim view; paths are as in that file.\n%s",
           v->printed ? "---\n" : "", sh->path, cs_scenario_pin(sh->scenario, &pin, &sh->arena));
    v->printed = true;
}

/* Whether a replay that was seen to its end came to what was recorded. */
static void compare_with_record(const struct shown *sh)
{
    if (!sh->open || sh->record.version == NULL || sh->show.now_ps < sh->show.end_ps ||
        cs_show_changes_by_hand(&sh->show) > 0 || sh->show.shortened)
        return;
    if (!cs_record_agrees(&sh->record, cs_cluster_result(sh->show.cluster)))
        fprintf(stderr,
                "capsim: warning: '%s' was recorded by capsim %s, in which its run came to other "
                "figures\n",
                sh->path, sh->record.version);
}

/* When a picture is drawn that nobody gave a time for: in the middle of the busiest hour. */
static double default_time(const struct shown *sh)
{
    const double peak = sh->answer->peak_start_s, end = (double)sh->show.end_ps * 1e-12;
    return isnan(peak) || peak + 1800.0 > end ? 0.5 * end : peak + 1800.0;
}

/* So far before the time asked for, in seconds, as there is: `lead_s` at most. */
static double start_scene(struct view *v, struct shown *sh, struct cs_scene *scene,
                          struct cs_draw *draw, bool picture, double lead_s)
{
    cs_scene_init(scene, &sh->show, draw);
    const double at = v->asked->at != NULL ? sh->at_s : picture ? default_time(sh) : 0.0;
    const double lead = fmin(lead_s, at);
    const int64_t to = (int64_t)((at - lead) * 1e3) * 1000000000;
    const int64_t from = sh->show.now_ps;
    if (picture) {
        cs_progress_init(&v->progress, v->asked->quiet);
        for (int k = 1; k <= SLICES; k++) {
            cs_show_run(&sh->show, from + (to - from) / SLICES * k);
            cs_progress_show(&v->progress, (double)k / SLICES, "simulating");
        }
        cs_progress_fini(&v->progress);
        cs_show_run(&sh->show, to);
    } else {
        scene->target_ps = to;
    }
    if (v->asked->replica > 0 &&
        v->asked->replica <= (unsigned long long)cs_cluster_replicas(sh->show.cluster))
        scene->selected = (int)v->asked->replica - 1;
    scene->flights_seen = sh->show.flight_count;
    return lead;
}

/* --- off screen ------------------------------------------------------------------------------ */

static int write_picture(struct view *v, struct cs_picture *picture, const char *path)
{
    struct cs_file file;
    const char *const option = v->asked->frames != NULL ? "--frames" : "--screenshot";
    if (cs_file_open(&file, path, option, &v->cli->diags)) {
        const bool drawn = cs_picture_write(picture, file.file);
        if (cs_file_close(&file, option, &v->cli->diags) && drawn)
            return -1;
        if (!drawn && !cs_diags_has_errors(&v->cli->diags))
            cs_diag_file(&v->cli->diags, (struct cs_span){0}, NULL, "%s: no picture could be made",
                         option);
    }
    return cs_cli_fail(v->cli);
}

/* Sixty frames of a second that is simulated before each is drawn. */
static int draw_frames(struct view *v, struct shown *sh, struct cs_picture *picture,
                       struct cs_draw *draw)
{
    struct cs_scene scene;
    const unsigned long long count = v->asked->frames != NULL ? v->asked->count : 1;
    const int warm = v->asked->frames != NULL ? 0 : 30; /* so that requests are on their way */
    double step_s = (double)v->asked->speed / 60.0;
    const double lead_s = start_scene(v, sh, &scene, draw, true, step_s * warm);
    if (warm > 0)
        step_s = lead_s / warm;
    const int64_t begin = sh->show.now_ps;
    int status = -1;
    cs_progress_init(&v->progress, v->asked->quiet);
    for (unsigned long long k = 0; k < count + (unsigned)warm && status < 0; k++) {
        scene.w = (float)v->asked->width;
        scene.h = (float)v->asked->height;
        scene.frame_s = 1.0f / 60.0f;
        for (int s = 0; s < CS_SPEEDS; s++)
            if (cs_speeds[s] > 0 && (unsigned long long)cs_speeds[s] <= v->asked->speed)
                scene.speed = s;
        cs_show_run(&sh->show, begin + (int64_t)(step_s * (double)k * 1e3) * 1000000000);
        cs_scene_draw(&scene);
        if (k < (unsigned)warm)
            continue;
        char name[40];
        snprintf(name, sizeof name, "frame-%05llu.png", k - (unsigned)warm);
        status = write_picture(v, picture,
                               v->asked->frames == NULL
                                   ? v->asked->screenshot
                                   : cs_arena_printf(&sh->arena, "%s/%s", v->asked->frames, name));
        cs_progress_show(&v->progress, (double)k / (double)count, "drawing");
    }
    cs_progress_fini(&v->progress);
    cs_scene_fini(&scene);
    return status;
}

static int view_off_screen(struct view *v)
{
    const float scale = v->asked->points > 0.0f ? v->asked->points : 1.0f;
    const char *why = "no memory";
    struct cs_picture *const picture =
        cs_picture_new((int)lrintf((float)v->asked->width * scale),
                       (int)lrintf((float)v->asked->height * scale), &why);
    struct cs_draw *const draw =
        picture != NULL ? cs_draw_new(cs_picture_renderer(picture), v->font, scale, &why) : NULL;
    struct shown sh;
    int status = CS_EXIT_FILE;
    if (draw == NULL)
        fprintf(stderr, "capsim: error: view: no picture: %s\n", why);
    else if ((status = open_shown(v, &sh, v->paths[0])) < 0)
        status = draw_frames(v, &sh, picture, draw);
    if (draw != NULL)
        close_shown(&sh);
    cs_draw_free(draw);
    cs_picture_free(picture);
    return status < 0 ? CS_EXIT_YES : status;
}

/* --- in a window ----------------------------------------------------------------------------- */

static void take_shot(struct view *v, struct cs_scene *scene)
{
    struct cs_file file;
    struct cs_diags diags; /* its own: a picture that fails is said in the window */
    struct stat there;
    char name[40];
    cs_diags_init(&diags, v->cli->arena);
    do
        snprintf(name, sizeof name, "capsim-%03d.png", ++v->shots);
    while (stat(name, &there) == 0);
    const bool saved = cs_file_open(&file, name, "screenshot", &diags) &&
                       cs_screen_shot(v->screen, file.file) &&
                       cs_file_close(&file, "screenshot", &diags);
    cs_scene_say(scene, saved ? "saved as %s" : "%s could not be written", name);
}

static bool write_times(struct view *v)
{
    struct cs_file file;
    const struct cs_frame_times t = cs_screen_times(v->screen);
    if (!cs_file_open(&file, v->asked->timing, "--timing", &v->cli->diags))
        return false;
    fprintf(file.file,
            "{\"frames\": %llu, \"frame_ms\": {\"mean\": %.3f, \"p50\": %.3f, \"p99\": %.3f, "
            "\"max\": %.3f}, \"frames_per_s\": %.2f}\n",
            (unsigned long long)t.frames, 1e3 * t.mean_s, 1e3 * t.p50_s, 1e3 * t.p99_s,
            1e3 * t.max_s, t.shown_per_s);
    return cs_file_close(&file, "--timing", &v->cli->diags);
}

/* Shows one scenario; what it ended with. */
static enum cs_act show_one(struct view *v, struct shown *sh)
{
    struct cs_scene scene;
    enum cs_act act;
    start_scene(v, sh, &scene, cs_screen_draw(v->screen), false, 0.0);
    for (int s = 0; s < CS_SPEEDS; s++)
        if (cs_speeds[s] > 0 && (unsigned long long)cs_speeds[s] <= v->asked->speed)
            scene.speed = s;
    cs_scene_say(&scene, "press h for help");
    while ((act = cs_screen_run(v->screen, &scene, (double)v->asked->seconds)) == CS_ACT_SHOT)
        take_shot(v, &scene);
    cs_scene_fini(&scene);
    return act;
}

/* The scenario after that one: of those named, or of the catalogue where one was named. */
static const char *next_path(struct view *v, const char *path)
{
    if (v->path_count == 1) {
        struct cs_catalog *const catalog = cs_catalog_open(v->cli->arena, v->cli->program);
        size_t count;
        const char *const *const names = cs_catalog_names(catalog, CS_SHEET_SCENARIO, &count);
        v->paths = cs_arena_alloc(v->cli->arena, count + 1, sizeof *v->paths);
        v->paths[0] = path;
        v->path_count = 1;
        const char *const own = cs_catalog_stem(v->cli->arena, path);
        for (size_t i = 0; i < count; i++)
            if (strcmp(names[i], own) != 0)
                v->paths[v->path_count++] = cs_catalog_path(catalog, CS_SHEET_SCENARIO, names[i]);
    }
    for (size_t i = 0; i < v->path_count; i++)
        if (strcmp(v->paths[i], path) == 0)
            return v->paths[(i + 1) % v->path_count];
    return path;
}

static int view_on_screen(struct view *v)
{
    const char *why = "no memory";
    v->screen = cs_screen_open("capsim", v->asked->width, v->asked->height, v->asked->points,
                               v->font, &why);
    if (v->screen == NULL) {
        fprintf(stderr, "capsim: error: view: no window: %s\n", why);
        return CS_EXIT_FILE;
    }
    int status = CS_EXIT_YES;
    size_t passed_over = 0; /* "next" goes past those that cannot be shown */
    bool any = false;
    for (const char *path = v->paths[0]; path != NULL;) {
        struct shown sh;
        cs_diags_init(&v->cli->diags, v->cli->arena);
        const int failed = open_shown(v, &sh, path);
        enum cs_act act = failed >= 0 || v->closed ? CS_ACT_QUIT : show_one(v, &sh);
        print_changes(v, &sh);
        compare_with_record(&sh);
        close_shown(&sh);
        status = failed >= 0 && !any ? failed : CS_EXIT_YES;
        any |= failed < 0;
        passed_over = failed < 0 ? 0 : passed_over + 1;
        if (failed >= 0 && any && !v->closed && passed_over < v->path_count)
            act = CS_ACT_NEXT;
        path = act == CS_ACT_NEXT ? next_path(v, path) : NULL;
    }
    if (status == CS_EXIT_YES && v->asked->timing != NULL && !write_times(v))
        status = cs_cli_fail(v->cli);
    cs_screen_close(v->screen);
    return status;
}

/* Whatever can be wrong before anything is planned. */
static int check(struct view *v)
{
    const struct asked *const a = v->asked;
    struct stat there;
    if (a->screenshot != NULL)
        cs_file_check(a->screenshot, "--screenshot", &v->cli->diags);
    if (a->timing != NULL)
        cs_file_check(a->timing, "--timing", &v->cli->diags);
    if (a->frames != NULL && (stat(a->frames, &there) != 0 || !S_ISDIR(there.st_mode))) {
        if (mkdir(a->frames, 0777) != 0)
            return usage_error("--frames: the folder is not there and cannot be made");
        v->made = a->frames;
    }
    if (cs_diags_has_errors(&v->cli->diags))
        return cs_cli_fail(v->cli);
    v->font = cs_font_find();
    if (v->font == NULL) {
        fputs("capsim: error: view: no font to write with\n"
              "      = install fonts-dejavu-core (dejavu-sans-fonts), or name a TrueType file in "
              "CAPSIM_FONT\n",
              stderr);
        return CS_EXIT_FILE;
    }
    const char *const missing =
        a->screenshot == NULL && a->frames == NULL ? cs_screen_missing() : NULL;
    if (missing != NULL) {
        fprintf(stderr,
                "capsim: error: view: no window can be opened here: %s\n"
                "      = --screenshot FILE or --frames DIR draw without a display\n",
                missing);
        return CS_EXIT_FILE;
    }
    return -1;
}

static int run(struct cs_cli *cli, int argc, char **argv)
{
    struct asked asked = {.count = 120, .speed = 600};
    struct cs_opt_words words;
    int status = parse(cli, argc, argv, &asked, &words);
    if (status >= 0)
        return status;
    struct view v = {
        .cli = cli, .asked = &asked, .paths = words.items, .path_count = (size_t)words.count};
    status = check(&v);
    if (status < 0)
        status = asked.screenshot != NULL || asked.frames != NULL ? view_off_screen(&v)
                                                                  : view_on_screen(&v);
    if (status != CS_EXIT_YES && v.made != NULL)
        rmdir(v.made); /* if no frame is in it */
    return status;
}

const struct cs_command cs_command_view = {"view", "the day in a window: the fleet at work, live",
                                           run};
