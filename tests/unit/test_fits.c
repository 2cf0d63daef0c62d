/* What fits: by hand, and what must hold of every machine of the catalogue.
 *
 * Rates, money and energy of an engine with constant steps are arithmetic, and so is the room that
 * one model's weights leave on one card, from the figures of their sheets. Then every machine, with
 * models of each kind: no rate above bytes over bandwidth, no less room on more GPUs, and a default
 * row that is the first that fits of all rows.
 */
#include "plan/fits.h"
#include <check.h>
#include <math.h>
#include <string.h>
#include "perf/step.h"
#include "sheets.h"

static struct cs_arena *arena;
static struct cs_fits fits;
static const double HOUR = 3600.0;

static void setup(void)
{
    sheets_open();
    arena = sheets_arena();
    fits = (struct cs_fits){.arena = arena};
}

static void teardown(void)
{
    sheets_close();
}

static struct cs_fits_query query(bool all)
{
    struct cs_fits_query q = {.precision = -1, .all = all, .cost = cs_cost_of("listed")};
    q.cost.own = (struct cs_own){.purchase_usd = -1.0, .years = 3.0,
                                 .electricity_usd_per_J = 0.17 / 3.6e6};
    return q;
}

static const struct cs_engine_sheet *engine_on(const char *name, const struct cs_hardware *h)
{
    struct cs_diags diags;
    cs_diags_init(&diags, arena);
    const struct cs_span nowhere = {.source = NULL};
    const struct cs_engine_sheet *const e =
        cs_catalog_engine(sheets_catalog(), name, nowhere, NULL, &diags);
    return cs_catalog_engine_on(sheets_catalog(), e, h, &diags);
}

/* The rows of a pair by the engine that it is usually run with. */
static const struct cs_fits_row *rows_of(const char *model, const char *hardware,
                                         const struct cs_fits_query *q)
{
    const struct cs_hardware *const h = sheets_hardware(hardware);
    fits.count = 0;
    cs_fits_add(&fits, q, sheets_model(model), h, engine_on(cs_fits_engine(h), h));
    return fits.rows;
}

/* Steps of 37 ms, 512 tokens at most, one request at a time. Of 4096 tokens 1024 are answer: the
 * prompt of 3072 takes 6 steps, the answer's 1023 further tokens one each. */
START_TEST(rates_and_money_of_constant_steps)
{
    struct toy toy;
    toy_init(&toy, 0.037);
    toy.engine.name = "vllm-toy";
    toy.engine.request_s = 0.011;
    struct cs_fits_query q = query(false);
    cs_fits_add(&fits, &q, &toy.model, &toy.hardware, &toy.engine);
    ck_assert_uint_eq(fits.count, 1);
    const struct cs_fits_row *const r = &fits.rows[0];
    ck_assert(r->fits && r->option.gpus == 1 && r->option.precision == CS_PRECISION_BF16);
    ck_assert_double_eq_tol(r->decode_tok_s, 1 / 0.037, 1e-6);
    ck_assert_double_eq_tol(r->prefill_tok_s, 512 / 0.037, 1e-3);
    ck_assert_double_eq_tol(r->ttft_s, 0.011 + 6 * 0.037, 1e-8);
    /* one in the batch, and the next one's prompt beside it: 1 request in 1023 steps */
    const double per_s = 1 / (1023 * 0.037);
    ck_assert_double_eq_tol(r->output_tok_s, 1024 * per_s, 1e-6);
    /* 2 USD/h, 310 W for 4096 tokens a request */
    ck_assert_double_eq_tol(r->usd_per_mtok, 2 / HOUR / (per_s * 4096) * 1e6, 1e-5);
    ck_assert_double_eq_tol(r->wh_per_mtok, 310 / HOUR / (per_s * 4096) * 1e6, 1e-3);
    ck_assert_double_eq_tol(r->usd_per_mtok_single,
                            2 / HOUR * (0.011 + 1029 * 0.037) / 4096 * 1e6, 1e-5);
    /* not rented out, but bought for 1234 USD: 3 years of 365.25 days, and 17 cents a kWh */
    static const struct cs_purchase bought = {.usd = 1234};
    toy.hardware.rental_count = 0;
    toy.hardware.purchases = &bought;
    toy.hardware.purchase_count = 1;
    cs_fits_add(&fits, &q, &toy.model, &toy.hardware, &toy.engine);
    const double hour = 1234 / (3 * 365.25 * 24) + 0.310 * 0.17;
    ck_assert_str_eq(fits.rows[1].price.basis, "owned");
    ck_assert_double_eq_tol(fits.rows[1].usd_per_mtok, hour / HOUR / (per_s * 4096) * 1e6, 1e-5);
}
END_TEST

/* Llama 3.1 8B in Q8_0: 8 billion weights of 8.5 bits, and a cache of 2 x 8 heads x 128 x 2 bytes x
 * 32 layers = 131072 bytes a token, beside 0.8 GB of llama.cpp, on 24564 MiB. */
START_TEST(room_is_what_weights_and_engine_leave)
{
    const struct cs_fits_query q = query(false);
    const struct cs_fits_row *const r = rows_of("llama-3.1-8b", "rtx-4090", &q);
    const double attention = 2.0 * 4096 * 4096 + 2.0 * 4096 * 1024, ffn = 3.0 * 4096 * 14336;
    const double weights = (32 * (attention + ffn) + 2.0 * 128256 * 4096) * 8.5 / 8;
    ck_assert(r->fits && r->option.precision == CS_PRECISION_Q8_0 && r->option.gpus == 1);
    ck_assert_double_eq_tol(r->memory.weights_bytes, weights, 1);
    ck_assert_double_eq(r->max_context, floor((24564 * 1048576.0 - 0.8e9 - weights) / 131072));
    ck_assert_double_eq(r->at_once, 4); /* slots of 4096 */
    /* Slots as long as the model's context: only one of the four, which then is the longest. */
    struct cs_fits_query longer = q;
    longer.context = 100000;
    const struct cs_fits_row *const one = rows_of("llama-3.1-8b", "rtx-4090", &longer);
    ck_assert(one->fits && one->at_once == 1 && one->option.block_size == 100000);
    longer.context = 125315 + 1; /* one more than there is room for: narrower weights */
    ck_assert_int_eq(rows_of("llama-3.1-8b", "rtx-4090", &longer)->option.precision,
                     CS_PRECISION_Q6_K);
    longer.precision = CS_PRECISION_Q8_0;
    longer.gpus = 1;
    const struct cs_fits_row *const none = rows_of("llama-3.1-8b", "rtx-4090", &longer);
    ck_assert(!none->fits && strstr(none->reason, "room for 125315 tokens"));
    longer.context = 131073;
    ck_assert(strstr(rows_of("llama-3.1-8b", "rtx-4090", &longer)->reason, "131072"));
}
END_TEST

static bool has(const char *model, const char *hardware, enum cs_precision precision)
{
    const struct cs_fits_query q = query(true);
    const struct cs_fits_row *const r = rows_of(model, hardware, &q);
    bool found = false;
    for (size_t i = 0; i < fits.count; i++)
        found = found || r[i].option.precision == precision;
    return found;
}

START_TEST(formats_are_those_that_engine_gpu_and_model_have)
{
    ck_assert(has("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_FP8));
    ck_assert(!has("llama-3.1-8b", "a100-sxm-80gb", CS_PRECISION_FP8)); /* no FP8 units */
    ck_assert(has("deepseek-v3", "a100-sxm-80gb", CS_PRECISION_FP8));   /* the maker's own */
    ck_assert(!has("deepseek-v3", "h200-sxm-141gb", CS_PRECISION_BF16)); /* wider than its own */
    ck_assert(!has("llama-3.1-8b", "h100-sxm-80gb", CS_PRECISION_NVFP4));
    ck_assert(has("llama-3.1-8b", "b200-sxm-180gb", CS_PRECISION_NVFP4));
    ck_assert(!has("llama-3.1-8b", "mi355x", CS_PRECISION_NVFP4)); /* NVIDIA's format */
    ck_assert(has("gpt-oss-20b", "rtx-4090", CS_PRECISION_MXFP4_Q8_0));
    ck_assert(!has("gpt-oss-20b", "rtx-4090", CS_PRECISION_Q8_0));
    ck_assert(!has("llama-3.1-8b", "rtx-4090", CS_PRECISION_MXFP4_Q8_0));
    const struct cs_hardware *const mac = sheets_hardware("apple-m4");
    const struct cs_hardware *const card = sheets_hardware("rtx-4090");
    ck_assert(!cs_fits_runs(engine_on("vllm", mac), mac));
    ck_assert(cs_fits_runs(engine_on("llamacpp", mac), mac));
    ck_assert_str_eq(engine_on("llamacpp", mac)->name, "llamacpp-metal");
    ck_assert(cs_fits_runs(engine_on("mlx", mac), mac));
    ck_assert(!cs_fits_runs(engine_on("mlx", card), card));
    const struct cs_hardware *const amd = sheets_hardware("mi300x");
    ck_assert(cs_fits_runs(engine_on("vllm", amd), amd));
    ck_assert(!cs_fits_runs(engine_on("trtllm", amd), amd));
    ck_assert(!cs_fits_knows(engine_on("static", card)));
}
END_TEST

/* Bytes of weights that every token reads, over the bandwidth of the GPUs that read at once. */
static double most_tok_s(const struct cs_fits_row *r)
{
    const struct cs_step_load one = {.tokens = 1, .sampled = 1, .kv_tokens = (int64_t)r->input};
    struct cs_step_parts parts;
    cs_step_explain(&parts, &r->option, r->option.tensor_parallel, false, &one);
    const struct cs_model *const m = r->option.model;
    if (m->moe_layers > 0)
        return 1 / parts.floor_s;
    const double wide = cs_precision_infos[r->option.precision].head_bytes;
    const double table = m->tied_embeddings ? 0.0 : wide * m->vocabulary * m->hidden;
    const double by_hand = r->option.hardware->bandwidth_Bps * r->option.tensor_parallel /
                           (r->memory.weights_bytes - table);
    ck_assert_double_le(1 / parts.floor_s, by_hand * (1 + 1e-9));
    return fmin(by_hand, 1 / parts.floor_s);
}

static void check_pair(const char *model, const char *hardware)
{
    const struct cs_fits_query all = query(true), best = query(false);
    const struct cs_fits_row *const r = rows_of(model, hardware, &all);
    size_t first = fits.count;
    for (size_t i = 0; i < fits.count; i++) {
        ck_assert(r[i].fits == (r[i].reason == NULL) && r[i].fits == !isnan(r[i].decode_tok_s));
        if (!r[i].fits)
            continue;
        first = i < first ? i : first;
        ck_assert_double_ge(r[i].max_context, r[i].input + r[i].output);
        ck_assert_double_le(r[i].max_context, r[i].option.model->context_tokens);
        ck_assert_double_lt(r[i].decode_tok_s, most_tok_s(&r[i]));
        for (size_t k = 0; k < i; k++)
            if (r[k].option.precision == r[i].option.precision)
                ck_assert(!r[k].fits || r[k].max_context <= r[i].max_context);
    }
    if (first == fits.count)
        return;
    const struct cs_option chosen = r[first].option;
    const double speed = r[first].decode_tok_s;
    const struct cs_fits_row *const one = rows_of(model, hardware, &best);
    ck_assert(fits.count == 1 || (fits.count == 2 && one[1].offload)); /* with the sheet's host */
    ck_assert(one->option.gpus == chosen.gpus && one->option.precision == chosen.precision);
    ck_assert_double_eq(one->decode_tok_s, speed);
}

START_TEST(every_machine_of_the_catalogue)
{
    static const char *const models[] = {"llama-3.1-70b", "gemma-3-27b", "gpt-oss-120b",
                                         "deepseek-v3",   "qwen3-14b",   "llama-2-7b"};
    size_t count;
    const char *const *const names =
        cs_catalog_names(sheets_catalog(), CS_SHEET_HARDWARE, &count);
    ck_assert_uint_gt(count, 50);
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++)
        for (size_t i = 0; i < count; i++)
            check_pair(models[m], names[i]);
}
END_TEST

/* gpt-oss-120b on an RTX 4090: 36 layers of 128 experts, 3 x 2880 x 2880 weights each, of which a
 * token visits 4. The GPU holds as many layers' experts as there is room for beside four slots of
 * 4096 tokens (36 layers, half of them with a window of 128, 8 heads of 64, 2 x 2 bytes). */
START_TEST(experts_without_room_are_computed_on_the_host)
{
    const struct cs_hardware *const h = sheets_hardware("rtx-4090");
    const struct cs_model *const m = sheets_model("gpt-oss-120b");
    struct cs_engine_sheet engine = *engine_on("llamacpp", h);
    engine.host_eff = 0.73;
    engine.host_tile_tokens = 0; /* bound by reading alone */
    struct cs_host host = {.name = "h", .title = "H", .memory_bytes = 64e9, .bandwidth_Bps = 83e9,
                           .flops = 2.7e12};
    struct cs_fits_query q = query(false);
    q.host = &host;
    cs_fits_add(&fits, &q, m, h, &engine);
    ck_assert_uint_eq(fits.count, 2); /* four GPUs, and one with its host */
    const struct cs_fits_row *r = &fits.rows[1];
    ck_assert(fits.rows[0].option.gpus == 4 && !fits.rows[0].offload);
    ck_assert(r->fits && r->offload && r->option.gpus == 1 && r->at_once == 4);
    const double layer = 128 * 3.0 * 2880 * 2880 * 4.25 / 8; /* its experts, in bytes */
    const double layers = r->option.experts.resident / 128 * 36;
    ck_assert_double_eq_tol(layers, floor(layers + 0.5), 1e-9);
    ck_assert_double_eq_tol(r->memory.host_bytes, (36 - layers) * layer, 1e3);
    ck_assert_double_eq_tol(r->memory.weights_gpu_bytes + r->memory.host_bytes,
                            r->memory.weights_bytes, 1e3);
    const double slots = 4 * 2.0 * 2 * 8 * 64 * 18 * (4096 + (128 + 512));
    const double room = h->memory_bytes - engine.reserve_single_bytes - slots;
    ck_assert_double_le(r->memory.weights_gpu_bytes, room);
    ck_assert_double_gt(r->memory.weights_gpu_bytes + layer, room);
    /* 4 of 128 experts of each layer on the host are read for a token, at most at 83 GB/s x 0.73 */
    const double floor_s = (36 - layers) * layer * 4 / 128 / (83e9 * 0.73);
    ck_assert_double_lt(r->decode_tok_s, 1 / floor_s);
    ck_assert_double_gt(r->decode_tok_s, 0.5 / floor_s);
    /* A tenth is the system's. With a little less, a further layer must go to the GPU, and with it
     * fewer slots; with less than what the GPU's memory has no room for there is no such row. */
    host.memory_bytes = r->memory.host_bytes / 0.9 - 1e6;
    fits.count = 0;
    cs_fits_add(&fits, &q, m, h, &engine);
    ck_assert(fits.count == 2 && fits.rows[1].at_once < 4);
    ck_assert_double_le(fits.rows[1].memory.host_bytes, 0.9 * host.memory_bytes);
    host.memory_bytes = (fits.rows[1].memory.weights_bytes - h->memory_bytes) / 0.9;
    fits.count = 0;
    cs_fits_add(&fits, &q, m, h, &engine);
    ck_assert_uint_eq(fits.count, 1);
    engine.host_eff = 0; /* an engine that does no such thing */
    host.memory_bytes = 640e9;
    fits.count = 0;
    cs_fits_add(&fits, &q, m, h, &engine);
    ck_assert_uint_eq(fits.count, 1);
}
END_TEST

/* By class and then by speed; largest first on one machine; what does not fit at the end. */
START_TEST(rows_are_in_order)
{
    static const char *const machines[] = {"apple-m4", "l40s", "rtx-4090", "h200-sxm-141gb",
                                           "rtx-6000-ada"};
    static const char *const order[] = {"h200-sxm-141gb", "l40s", "rtx-6000-ada", "rtx-4090",
                                        "apple-m4"};
    const struct cs_fits_query q = query(false);
    for (size_t i = 0; i < 5; i++) {
        const struct cs_hardware *const h = sheets_hardware(machines[i]);
        cs_fits_add(&fits, &q, sheets_model("llama-3.1-70b"), h, engine_on(cs_fits_engine(h), h));
    }
    cs_fits_sort(&fits, &q, false);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(fits.rows[i].option.hardware->name, order[i]);
    ck_assert(!fits.rows[4].fits && fits.rows[3].fits);
    fits.count = 0;
    const struct cs_hardware *const h = sheets_hardware("l40s");
    cs_fits_add(&fits, &q, sheets_model("qwen3-14b"), h, engine_on("vllm", h));
    cs_fits_add(&fits, &q, sheets_model("llama-3.1-70b"), h, engine_on("vllm", h));
    cs_fits_sort(&fits, &q, true);
    ck_assert_str_eq(fits.rows[0].option.model->name, "llama-3.1-70b");
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("fits");
    TCase *const tests = tcase_create("fits");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, rates_and_money_of_constant_steps);
    tcase_add_test(tests, room_is_what_weights_and_engine_leave);
    tcase_add_test(tests, formats_are_those_that_engine_gpu_and_model_have);
    tcase_add_test(tests, every_machine_of_the_catalogue);
    tcase_add_test(tests, experts_without_room_are_computed_on_the_host);
    tcase_add_test(tests, rows_are_in_order);
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
