/* The names of a row: from what people write in tables to sheets of the catalogue.
 *
 * A hardware or model is asked for as the row spells it, then by the table's own key for it. A
 * model's text often ends in its precision or file type ("Qwen3-8B-Q4_K_M.gguf"): those words are
 * taken off the end, one by one, until a sheet answers. An engine's text carries a backend or a
 * version ("TensorRT-LLM (PyTorch backend)"): the longest beginning that a sheet answers to counts,
 * with the version behind it first.
 *
 * The rule: spellings of one thing are `aliases` of its sheet and not listed here. Only what is no
 * sheet has a table here: the words for precisions.
 * Strings belong to the arena. Not here: what a row measured (read_rows.c).
 */
#include "fit/row.h"
#include "perf/memory.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- words ----------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool cs_row_mentions(const char *text, const char *word)
{
    const size_t length = strlen(word);
    for (const char *p = text; *p; p++)
        if (strncasecmp(p, word, length) == 0 && (p == text || !is_word(p[-1])) &&
            !is_word(p[length]))
            return true;
    return false;
}

/* Words for precisions; the first that a text mentions counts, so mixtures stand before parts. */
static const struct {
    const char *word;
    int precision; /* -1: known, and not modelled */
} words[] = {
    {"MXFP4-Q4", -1},
    {"MXFP4-Q8", CS_PRECISION_MXFP4_Q8_0},
    {"MXFP4", CS_PRECISION_MXFP4},
    {"EXL2", -1},
    {"W4AFP8", -1},
    {"FP8", CS_PRECISION_FP8},
    {"NVFP4", CS_PRECISION_NVFP4},
    {"FP4", CS_PRECISION_NVFP4},
    {"Q4_K_M", CS_PRECISION_Q4_K_M},
    {"Q5_K_M", CS_PRECISION_Q5_K_M},
    {"Q6_K", CS_PRECISION_Q6_K},
    {"Q4_0", CS_PRECISION_Q4_0},
    {"Q4_K_S", CS_PRECISION_Q4_0}, /* Q4_K throughout: 4.5 bits, the head in Q6_K */
    {"Q4_K_XL", CS_PRECISION_Q4_K_M},
    {"IQ4_XS", CS_PRECISION_IQ4_XS},
    {"IQ4_KS", CS_PRECISION_IQ4_XS}, /* blocks of 32 in rows with a scale: 4.25 bits too */
    {"IQ4_KS_R4", CS_PRECISION_IQ4_XS},
    {"Q3_K_M", CS_PRECISION_Q3_K_M},
    {"Q3_K_XL", CS_PRECISION_Q3_K_M},
    {"IQ3_K", CS_PRECISION_Q3_K_M}, /* mixed with IQ4_K: 3.8 to 3.9 bits */
    {"Q2_K", CS_PRECISION_Q2_K},
    {"Q2_K_XL", CS_PRECISION_Q2_K},
    {"IQ2_M", CS_PRECISION_IQ2_M},
    {"Q8_0", CS_PRECISION_Q8_0},
    {"int8", CS_PRECISION_INT8},
    {"AWQ", CS_PRECISION_INT4},
    {"GPTQ", CS_PRECISION_INT4},
    {"int4", CS_PRECISION_INT4},
    {"4bit", CS_PRECISION_MLX_4BIT},
    {"8bit", CS_PRECISION_Q8_0}, /* MLX: 8 bits, and 16-bit scale and bias for 64: also 8.5 */
    {"qat", CS_PRECISION_Q4_0},  /* quantisation-aware training is published in it */
    {"bf16", CS_PRECISION_BF16},
    {"bfloat16", CS_PRECISION_BF16},
    {"fp16", CS_PRECISION_BF16},
    {"f16", CS_PRECISION_BF16},
    {"float16", CS_PRECISION_BF16},
};
enum { WORDS = sizeof words / sizeof words[0] };

int cs_row_precision(const char *text)
{
    for (size_t i = 0; i < WORDS; i++)
        if (cs_row_mentions(text, words[i].word))
            return words[i].precision;
    return -1;
}

bool cs_row_packs(const struct cs_row *row)
{
    static const char *const engines[] = {"llama", "llamacpp", "ik_llama", "ollama", "mlx"};
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (cs_row_mentions(row->engine, engines[i]))
            return true;
    return false;
}

/* "size 29.65 GiB, params 29.94 B" of llama-bench: the precision in which the model has that size
 * to 2 %, or -1. */
static int precision_by_size(const struct cs_model *m, const char *notes)
{
    static const int packed[] = {CS_PRECISION_BF16, CS_PRECISION_Q8_0, CS_PRECISION_Q6_K,
                                 CS_PRECISION_Q5_K_M, CS_PRECISION_Q4_K_M, CS_PRECISION_Q4_0};
    const char *const at = strstr(notes, "size ");
    char *end;
    const double size = at ? strtod(at + 5, &end) * 1073741824.0 : 0.0;
    if (!(size > 0.0) || strncmp(end, " GiB", 4) != 0)
        return -1;
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
        if (fabs(cs_memory_weights(m, (enum cs_precision)packed[i]) / size - 1.0) < 0.02)
            return packed[i];
    return -1;
}

static bool find_precision(struct cs_row *n)
{
    struct cs_option *const o = &n->option;
    const bool by_name = cs_row_mentions(n->precision, "model name") ||
                         cs_row_mentions(n->precision, "default");
    int p = by_name ? cs_row_precision(n->model) : -1;
    if (p < 0)
        p = cs_row_precision(n->precision);
    if (p < 0)
        p = precision_by_size(o->model, n->notes);
    if (p < 0)
        return false;
    /* Experts that were trained in MXFP4 are served so, whatever else a table's label says. */
    if (o->model->weights == CS_PRECISION_MXFP4 &&
        (p == CS_PRECISION_FP8 || p == CS_PRECISION_NVFP4))
        p = CS_PRECISION_MXFP4;
    if (p == CS_PRECISION_MXFP4 && cs_row_packs(n))
        p = CS_PRECISION_MXFP4_Q8_0;
    o->precision = (enum cs_precision)p;
    /* Where a table leaves it out: NVIDIA's FP8 and FP4 checkpoints say FP8 for the KV cache
     * (kv_cache_quant_algo in their hf_quant_config.json), which TensorRT-LLM follows; MLA's latent
     * and all other engines stay at 16 bits. */
    const bool follows = cs_row_mentions(n->engine, "TensorRT-LLM") && !*n->kv_precision &&
                         o->model->mla_kv_rank == 0 &&
                         (p == CS_PRECISION_FP8 || p == CS_PRECISION_NVFP4);
    o->kv_precision = follows || cs_row_mentions(n->kv_precision, "fp8") ? CS_PRECISION_FP8
                      : cs_row_mentions(n->kv_precision, "int8")         ? CS_PRECISION_INT8
                                                                         : CS_PRECISION_BF16;
    return true;
}

/* --- sheets ---------------------------------------------------------------------------------- */

/* Loads a sheet only when there is one, so that an unknown name is a reason and not an error. */
static const void *look_up(struct cs_catalog *catalog, enum cs_sheet_kind kind, const char *name,
                           struct cs_arena *arena)
{
    static const struct cs_span nowhere = {.source = NULL};
    if (!*name || *name == '/' || cs_catalog_path(catalog, kind, name) == NULL)
        return NULL;
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    if (kind == CS_SHEET_MODEL)
        return cs_catalog_model(catalog, name, nowhere, NULL, &diags);
    if (kind == CS_SHEET_HARDWARE)
        return cs_catalog_hardware(catalog, name, nowhere, NULL, &diags);
    return cs_catalog_engine(catalog, name, nowhere, NULL, &diags);
}

/* As the row spells it, without its maker, without its memory, and by the table's key. */
static const struct cs_hardware *find_hardware(const struct cs_row *n, struct cs_catalog *catalog,
                                               struct cs_arena *arena)
{
    static const char *const makers[] = {"NVIDIA ", "AMD "};
    char *text = cs_arena_strdup(arena, n->hardware);
    const struct cs_hardware *h = look_up(catalog, CS_SHEET_HARDWARE, text, arena);
    for (size_t i = 0; !h && i < sizeof makers / sizeof makers[0]; i++)
        if (strncasecmp(text, makers[i], strlen(makers[i])) == 0)
            h = look_up(catalog, CS_SHEET_HARDWARE, text += strlen(makers[i]), arena);
    char *const last = strrchr(text, ' ');
    if (!h && last && last[1] && strcmp(last + 1 + strspn(last + 1, "0123456789"), "GB") == 0) {
        *last = '\0';
        h = look_up(catalog, CS_SHEET_HARDWARE, text, arena);
    }
    return h ? h : look_up(catalog, CS_SHEET_HARDWARE, n->hardware_key, arena);
}

/* Cuts the last word of a model's text when it says how the weights are packed. */
static bool cut_packing(char *text)
{
    static const char *const packings[] = {".gguf", "-Q8", "-Q4", "-mlx", ":latest"};
    const size_t length = strlen(text);
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++) {
        const size_t tail = strlen(packings[i]);
        if (length > tail && strcasecmp(text + length - tail, packings[i]) == 0) {
            text[length - tail] = '\0';
            return true;
        }
    }
    char *const dash = strrchr(text, '-');
    if (!dash || cs_row_precision(dash + 1) < 0)
        return false;
    *dash = '\0';
    return true;
}

static const struct cs_model *find_model(const struct cs_row *n, struct cs_catalog *catalog,
                                         struct cs_arena *arena)
{
    char *const text = cs_arena_strdup(arena, n->model);
    const struct cs_model *m = NULL;
    do {
        const char *const slash = strrchr(text, '/'), *const owner = strchr(text, '_');
        m = look_up(catalog, CS_SHEET_MODEL, text, arena);
        if (!m && (slash || owner))
            m = look_up(catalog, CS_SHEET_MODEL, (slash ? slash : owner) + 1, arena);
    } while (!m && cut_packing(text));
    return m ? m : look_up(catalog, CS_SHEET_MODEL, n->model_key, arena);
}

/* The sheet of this engine in this version, or those that it belongs to: 0.6.1, 0.6, 0. */
static const struct cs_engine_sheet *find_version(const char *engine, const char *version,
                                                  struct cs_catalog *catalog,
                                                  struct cs_arena *arena)
{
    char *const text = cs_arena_printf(arena, "%s %s", engine, version);
    const size_t least = strlen(engine) + 1;
    const struct cs_engine_sheet *e = NULL;
    while (!e && strlen(text) > least) {
        e = look_up(catalog, CS_SHEET_ENGINE, text, arena);
        char *const dot = strrchr(text + least, '.');
        *(dot ? dot : text + least) = '\0';
    }
    return e;
}

static const struct cs_engine_sheet *find_engine(const struct cs_row *n,
                                                 struct cs_catalog *catalog,
                                                 struct cs_arena *arena)
{
    char *const text = cs_arena_strdup(arena, n->engine);
    const struct cs_engine_sheet *e = NULL;
    for (char *cut = text; !e && cut;) {
        e = find_version(text, n->version, catalog, arena);
        e = e ? e : look_up(catalog, CS_SHEET_ENGINE, text, arena);
        cut = strrchr(text, ' ');
        if (cut)
            *cut = '\0';
    }
    return e;
}

const char *cs_row_names_find(struct cs_row *n, struct cs_catalog *catalog,
                              struct cs_arena *arena)
{
    struct cs_option *const o = &n->option;
    o->hardware = find_hardware(n, catalog, arena);
    o->engine = find_engine(n, catalog, arena);
    if (o->engine && o->engine->metal) {
        struct cs_diags diags;
        cs_diags_init(&diags, arena);
        o->engine = cs_catalog_engine_on(catalog, o->engine, o->hardware, &diags);
    }
    o->model = find_model(n, catalog, arena);
    if (!o->engine)
        return cs_arena_printf(arena, "engine not modelled: %s", n->engine);
    if (!o->hardware)
        return cs_arena_printf(arena, "unknown hardware: %s", n->hardware);
    if (!o->model)
        return cs_arena_printf(arena, "unknown model: %s", n->model);
    if (!o->model->has_architecture)
        return cs_arena_printf(arena, "its shape is not published: %s", n->model);
    if (o->hardware->bandwidth_Bps <= 0.0 || o->hardware->flops[CS_COMPUTE_BF16] <= 0.0)
        return cs_arena_printf(arena, "bandwidth or peak not known: %s", o->hardware->name);
    if (!find_precision(n))
        return cs_arena_printf(arena, "precision not modelled: %s", n->precision);
    return NULL;
}
