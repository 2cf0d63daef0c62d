/* Throughput tables: each mode of a row against a time that bytes and products alone give.
 *
 * The engine here reaches every datasheet figure and adds nothing, so a step lasts as long as its
 * bytes over the bandwidth ("slow memory", 100 GB/s) or its products over the peak ("slow sums",
 * 10 TFLOP/s). The model, 4 layers of hidden 1024, 8 heads of 128, 2 KV heads, FFN 4096, has
 *     attention 2 x 1024 x 8 x 128 + 2 x 1024 x 2 x 128 = 2,621,440     FFN 3 x 1024 x 4096
 *     4 layers 60,817,408     head 32000 x 1024 = 32,768,000
 *     read 2 x (60,817,408 + 32,768,000) B / 100 GB/s                = 1.87170816 ms a step
 *     KV 4 x 2 x 2 x 128 x 2 = 4096 B a token / 100 GB/s             = 40.96 ns a token
 */
#include "fit/read_rows.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "fit/row.h"
#include "folder.h"

static const double READ_MS = 1.87170816, KV_MS = 40.96e-6;

static struct cs_arena arena;
static struct cs_diags diags;
static struct cs_catalog *catalog;
static struct cs_cases cases;

static void write_engine(const char *file, const char *head, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text,
             "%s\nscheduling: synchronous\n"
             "limits: {max_num_seqs: 64, max_num_batched_tokens: 8192 tokens, block_size: 16,\n"
             "  gpu_memory_utilization: 90%%}\n"
             "memory_reserve: {single: 0.1 GB, parallel: 0.2 GB}\n"
             "overhead: {request: 0 s, step: 0 s, layer: 0 s}\n"
             "efficiency: {weights: 100%%, compute: 100%%, kv: 100%%, prefill_attention: 100%%,\n"
             "  link: 100%%%s}\n"
             "sources: {limits: made up, memory_reserve: m, overhead: o, efficiency: e%s}\n",
             head, *more ? ", host: 100%, host_compute: 100%, copy: 100%" : "", more);
    test_write(file, text);
}

static void setup(void)
{
    test_folder_open();
    test_write("models/plain-4l.yaml",
               "name: plain-4l\ntitle: Plain 4L\naliases: [nobody/Plain-4L-Instruct, plain-it]\n"
               "parameters: {total: 126.4M}\n"
               "architecture: {layers: 4, hidden: 1024, heads: 8, kv_heads: 2, head_dim: 128,\n"
               "  ffn: 4096, vocabulary: 32000, context: 8192 tokens}\n"
               "sources: {architecture: made up, parameters: made up}\n");
    test_write("hardware/slow-memory.yaml",
               "name: slow-memory\ntitle: Slow Memory 8GB\n"
               "memory: {capacity: 8 GB, bandwidth: 100 GB/s}\ncompute: {bf16: 1000 PFLOP/s}\n"
               "pcie: 32 GB/s\nsources: {memory: m, compute: c, pcie: p}\n");
    test_write("hardware/slow-sums.yaml",
               "name: slow-sums\naliases: [SUMS_1]\n"
               "memory: {capacity: 8 GB, bandwidth: 1 PB/s}\ncompute: {bf16: 10 TFLOP/s}\n"
               "sources: {memory: m, compute: c}\n");
    write_engine("engines/ideal.yaml", "name: ideal\naliases: [Llama Ideal, Ideal Serve]", "");
    write_engine("engines/ideal-0.6.yaml", "name: ideal-0.6\naliases: [Ideal Serve 0.6]",
                 "");
    test_write("models/mixed-6l.yaml",
               "name: mixed-6l\nparameters: {total: 242M}\n"
               "architecture: {layers: 6, hidden: 1024, heads: 8, kv_heads: 2, head_dim: 128,\n"
               "  ffn: 4096, vocabulary: 32000, context: 8192 tokens,\n"
               "  moe: {layers: 4, experts: 12, per_token: 3, ffn: 512}}\n"
               "sources: {architecture: made up, parameters: made up}\n");
    test_write("hosts/bench-7.yaml",
               "name: bench-7\naliases: [Bench 7 x]\n"
               "memory: {capacity: 1 GB, bandwidth: 20 GB/s}\ncompute: 50 GFLOP/s\n"
               "sources: {memory: m, compute: c}\n");
    test_write("hosts/bench-7-2s.yaml",
               "name: bench-7-2s\naliases: [2x Bench 7]\n"
               "memory: {capacity: 1 GB, bandwidth: 40 GB/s}\ncompute: 100 GFLOP/s\n"
               "sources: {memory: m, compute: c}\n");
    write_engine("engines/host-ideal.yaml",
                 "name: host-ideal\naliases: [Host Ideal]\noffload_batch: 32 tokens\n"
                 "host_tile: 2 tokens",
                 ", offload_batch: b, host_tile: t");
    cs_arena_init(&arena);
    cs_diags_init(&diags, &arena);
    catalog = cs_catalog_open(&arena, "/none/capsim");
    cs_cases_init(&cases, &arena);
}

static void teardown(void)
{
    cs_arena_fini(&arena);
    test_folder_close();
}

#define HEAD                                                                                    \
    "engine,engine_version,hardware,hardware_key,num_gpus,tp,pp,ep,model,model_key,precision," \
    "kv_precision,mode,batch_or_concurrency,request_rate_rps,input_tokens,output_tokens,"      \
    "prefill_tok_s,decode_tok_s,output_tok_s_total,ttft_ms,tpot_ms,ttft_stat,tpot_stat,quality," \
    "notes,ttft_p90_ms\n"

static bool read(const char *rows)
{
    return cs_read_rows(test_write("throughput.csv", cs_arena_printf(&arena, "%s%s", HEAD, rows)),
                        catalog, &cases, &diags);
}

/* The figure of case `i`, which was measured as `measured` and must be predicted as `expected`. */
static void compare(size_t i, enum cs_case_kind kind, enum cs_case_figure figure, double measured,
                    double expected)
{
    double predicted[CS_FIGURE_COUNT];
    const char *reason = "";
    ck_assert_uint_lt(i, cases.count);
    const struct cs_case *const c = &cases.items[i];
    ck_assert_str_eq(cs_case_kind_names[c->kind], cs_case_kind_names[kind]);
    ck_assert_msg(cs_case_predict(c, predicted, NULL, &reason), "%s: %s", c->name, reason);
    ck_assert_msg(fabs(c->measured[figure] / measured - 1) < 1e-12, "%s: %s was read as %.9g",
                  c->name, cs_figure_names[figure], c->measured[figure]);
    ck_assert_msg(fabs(predicted[figure] / expected - 1) < 1e-4, "%s: %s is %.9g, not %.9g",
                  c->name, cs_figure_names[figure], predicted[figure], expected);
}

START_TEST(one_request_alone)
{
    ck_assert(read("Ideal Serve,,Slow Memory 8GB,,1,,,,Plain 4L,,FP16,,single_stream,1,,300,41,"
                   "160277,512.5,,1.9,1.95,mean,mean,A,,\n"));
    ck_assert_uint_eq(cases.count, 1);
    const double token = READ_MS + 320.5 * KV_MS; /* contexts 301 .. 340 */
    compare(0, CS_CASE_SINGLE, CS_FIGURE_TTFT_MEAN, 1.9e-3, READ_MS / 1e3);
    compare(0, CS_CASE_SINGLE, CS_FIGURE_TPOT_MEAN, 1.95e-3, token / 1e3);
    compare(0, CS_CASE_SINGLE, CS_FIGURE_DECODE_RATE, 512.5, 1e3 / token);
    compare(0, CS_CASE_SINGLE, CS_FIGURE_PREFILL_RATE, 160277, 300 / READ_MS * 1e3);
    ck_assert_str_eq(cases.items[0].quality, "A");
    ck_assert_ptr_nonnull(strstr(cases.items[0].source, "throughput.csv:2"));
}
END_TEST

START_TEST(prompts_and_answers_timed_apart)
{
    ck_assert(read("Llama Ideal,,SUMS_1,,1,,,,plain-4l,,F16,,prefill_only,1,,512,1,70001,,,,,,,B,"
                   "llama-bench pp512,\n"
                   "Llama Ideal,,slow-memory,,1,,,,plain-4l,,F16,,single_stream,1,,512,128,"
                   "90001,511.5,,,1.955,,derived,B,pp512 / tg128,\n"
                   "Llama Ideal,,slow-memory,,1,,,,plain-4l,,F16,,decode_only,1,,,32,,487.5,,,,,,B,"
                   "llama-bench tg32 @ d4096 (depth 4096),\n"
                   "Llama Ideal,,slow-memory,,1,,,,plain-4l,,F16,,static_batch,4,,512,32,"
                   "800001,1999.5,,,,,,B,llama-batched-bench,\n"));
    ck_assert_uint_eq(cases.count, 6);
    /* 2 x 60,817,408 x 512 and 2 x 32,768,000 for one sample; 4 x 4 x 8 x 128 a pair of 512 x 513/2
     * pairs; over 10 TFLOP/s. */
    const double prompt_s = (2 * 60817408.0 * 512 + 2 * 32768000.0 + 16384.0 * 131328) / 1e13;
    compare(0, CS_CASE_PREFILL, CS_FIGURE_PREFILL_RATE, 70001, 512 / prompt_s);
    compare(1, CS_CASE_PREFILL, CS_FIGURE_PREFILL_RATE, 90001, 512 / READ_MS * 1e3);
    /* From an empty context: 1 .. 128 tokens. */
    compare(2, CS_CASE_DECODE, CS_FIGURE_DECODE_RATE, 511.5, 1e3 / (READ_MS + 64.5 * KV_MS));
    ck_assert(isnan(cases.items[2].measured[CS_FIGURE_TPOT_MEAN])); /* derived */
    compare(3, CS_CASE_DECODE, CS_FIGURE_DECODE_RATE, 487.5, 1e3 / (READ_MS + 4112.5 * KV_MS));
    compare(4, CS_CASE_PREFILL, CS_FIGURE_PREFILL_RATE, 800001, 2048 / READ_MS * 1e3);
    /* After the prompts: four sequences of 513 .. 544. */
    compare(5, CS_CASE_DECODE, CS_FIGURE_DECODE_RATE, 1999.5,
            4e3 / (READ_MS + 4 * 528.5 * KV_MS));
    ck_assert_str_eq(cases.items[1].name, "row 3 pp");
    ck_assert_str_eq(cases.items[2].name, "row 3 tg");
}
END_TEST

START_TEST(a_prompt_after_a_context)
{
    ck_assert(read("Llama Ideal,,SUMS_1,,1,,,,plain-4l,,F16,,prefill_only,1,,512,1,32000,,,,,,,B,"
                   "llama-bench pp512 @ d4096 (depth 4096),\n"));
    const struct cs_case *const c = &cases.items[0];
    ck_assert_uint_eq(c->skip, 1);
    ck_assert_uint_eq(c->traces[0].count, 2);
    ck_assert_int_eq(c->traces[0].input[1], 4608);
    ck_assert_int_eq(c->traces[0].prefix_tokens[1], 4096);
    ck_assert(c->option.prefix_caching);
    /* As above, and each of the 512 sees 4096 tokens more. */
    const double prompt_s = (2 * 60817408.0 * 512 + 2 * 32768000.0 +
                             16384.0 * (131328 + 512 * 4096.0)) / 1e13;
    compare(0, CS_CASE_PREFILL, CS_FIGURE_TTFT_MEAN, 512 / 32000.0, prompt_s);
}
END_TEST

/* Eight sequences: 2,400 prompt tokens in one step, then 40 of contexts 301 .. 340 each. */
static const double BATCH_MS = 41 * 1.87170816 + 40 * 8 * 320.5 * 40.96e-6;

/* 6 layers, 2 of them dense, with 12 experts of 3 x 1024 x 512 in each of the others, of which 3
 * experts' worth is on the GPU (one layer of four):
 *     GPU   2 x (6 x 2,621,440 + 2 x 3 x 1024 x 4096 + 32,768,000) B / 100 GB/s = 1.47324928 ms,
 *           an expert of all layers 12,582,912 B / 100 GB/s                       = 0.12582912 ms
 *     host  the same / 20 GB/s = 0.62914560 ms; products of a token 2 x 4 x 3 x 1,572,864 at
 *           50 GFLOP/s = 0.75497472 ms, and of 2 tokens more for each 3 experts unpacked
 *     copy  as the host reads, which is slower than PCIe's 32 GB/s
 *     KV    6 x 2 x 2 x 128 x 2 = 6144 B a token / 100 GB/s                       = 61.44 ns */
START_TEST(experts_in_a_hosts_memory)
{
    static const double gpu = 1.47324928, held = 0.12582912, away = 0.62914560;
    static const double product = 0.75497472;
#define OFFLOADED "Host Ideal,,slow-memory,,1,,,,mixed-6l,,FP16,,expert_offload,1,,"
    ck_assert(read(OFFLOADED "4224,32,16001,251.5,,,,,,B,llama-sweep-bench: PP 128 and TG 32 "
                             "measured at N_KV=4096; Bench 7; last 3 layers experts on CPU,\n"
                   OFFLOADED ",,16001,,,,,,,B,pp128/tg32 with -rtr; as above,\n"));
    ck_assert_uint_eq(cases.count, 3);
    /* 128 tokens visit all 12: 9 are copied, and all are read, as is the KV cache. */
    const double copied = gpu + 12 * held + 9 * away + 4096 * 61.44e-6;
    compare(0, CS_CASE_PREFILL, CS_FIGURE_TTFT_MEAN, 128.0 / 16001, copied / 1e3);
    /* One token visits 3, of which 2.25 are on the host. */
    const double token = gpu + 0.75 * held + hypot(2.25 * away, product * (0.75 + 2 * 2.25 / 3)) +
                         4112.5 * 61.44e-6;
    compare(1, CS_CASE_DECODE, CS_FIGURE_DECODE_RATE, 251.5, 1e3 / token);
    /* Repacked for the host, they stay there. */
    const double prompt = gpu + 3 * held + hypot(9 * away, product * (128 * 0.75 + 2 * 9 / 3.0)) +
                          4096 * 61.44e-6;
    compare(2, CS_CASE_PREFILL, CS_FIGURE_TTFT_MEAN, 128.0 / 16001, prompt / 1e3);
}
END_TEST

/* Of 12 experts those that the GPUs hold on average, experts a token, and the host's GB/s. */
static const struct {
    const char *notes;
    double resident;
    int per_token;
    double GBps;
} offloads[] = {
    {"Bench 7; all routed experts on CPU (exps=CPU)", 0, 3, 20},
    {"2x Bench 7 (4c each); 2 of 3 routed experts used per token", 0, 2, 40},
    {"(bench 7 + 1 GB); 2 experts; one layer of ffn on each GPU", 3, 2, 20},
    {"Bench 7 -ngl 99 --n-cpu-moe 5", 3, 3, 20}, /* the two dense layers come first */
    {"Bench 7; ffn of layers 1-3 on CPU; 3 of 3 routed experts", 6, 3, 20},
    {"Bench 7; blocks 2-4 ffn on GPU", 9, 3, 20},
    {"Bench 7; attention+first 2 layers ffn_up/gate on GPU; other experts CPU", 4, 3, 20},
    {"Bench 7; 1 layers of experts on CPU", 9, 3, 20},
    {"Bench 7; 3 layers seen on GPU and CPU; Bench 70", 0, 3, 20},
};

START_TEST(where_notes_say_that_experts_are)
{
    ck_assert(read(cs_arena_printf(&arena,
                                   "Host Ideal,,slow-memory,,1,,,,mixed-6l,,FP16,,expert_offload,"
                                   "1,,300,,,9,,,,,,A,%s,\n",
                                   offloads[_i].notes)));
    ck_assert_uint_eq(cases.count, 1);
    const struct cs_option *const o = &cases.items[0].option;
    ck_assert_int_eq((int)o->experts.policy, CS_EXPERTS_CPU);
    ck_assert_double_eq_tol(o->experts.resident, offloads[_i].resident, 1e-9);
    ck_assert_int_eq(o->model->experts_per_token, offloads[_i].per_token);
    ck_assert_double_eq_tol(o->host->bandwidth_Bps / 1e9, offloads[_i].GBps, 1e-9);
}
END_TEST

START_TEST(batches)
{
    ck_assert(read("Ideal Serve,,slow-memory,,1,1,1,,plain-4l,,FP16,,static_batch,8,,300,41,,,"
                   "3999,,,,,A,,\n"
                   "Ideal Serve,,slow-memory,,1,1,1,,plain-4l,,FP16,,offline_max_throughput,"
                   "max_batch 8,inf,300,41,,,3998,,,,,A,16 requests,\n"
                   "Ideal Serve,,slow-memory,,1,1,1,,plain-4l,,FP16,,server,8,,300,41,,,3997,"
                   "3.5,2.01,median,mean,A,16 ShareGPT requests at concurrency 8,\n"));
    ck_assert_uint_eq(cases.count, 3);
    compare(0, CS_CASE_STATIC, CS_FIGURE_OUTPUT_RATE, 3999, 8 * 41 / BATCH_MS * 1e3);
    compare(1, CS_CASE_OFFLINE, CS_FIGURE_OUTPUT_RATE, 3998, 8 * 41 / BATCH_MS * 1e3);
    compare(2, CS_CASE_OFFLINE, CS_FIGURE_OUTPUT_RATE, 3997, 8 * 41 / BATCH_MS * 1e3);
    compare(2, CS_CASE_OFFLINE, CS_FIGURE_TPOT_MEAN, 2.01e-3,
            (BATCH_MS - READ_MS) / 40 / 1e3);
    ck_assert(isnan(cases.items[2].measured[CS_FIGURE_TTFT_P50])); /* of a queue, not a loop */
    ck_assert_uint_eq(cases.items[2].traces[0].count, 16);
}
END_TEST

START_TEST(arrivals_at_a_rate)
{
    /* One request in 1,000 s: each finds the engine idle. */
    ck_assert(read("Ideal Serve,,slow-memory,,1,1,1,,plain-4l,,FP16,,online_poisson,,0.001,300,41,"
                   ",,0.041,1.92,1.93,mean,mean ITL,A,7 requests; integer-rounded,2.5\n"
                   "Ideal Serve,,slow-memory,,1,1,1,,plain-4l,,FP16,,online_poisson,,inf,300,41,"
                   ",,3999,,,,,A,8 requests,\n"));
    compare(0, CS_CASE_ONLINE, CS_FIGURE_TTFT_MEAN, 1.92e-3, READ_MS / 1e3);
    compare(0, CS_CASE_ONLINE, CS_FIGURE_TPOT_MEAN, 1.93e-3, (READ_MS + 320.5 * KV_MS) / 1e3);
    compare(0, CS_CASE_ONLINE, CS_FIGURE_TTFT_P90, 2.5e-3, READ_MS / 1e3);
    ck_assert_uint_eq(cases.items[0].trace_count, 3);
    ck_assert_uint_eq(cases.items[0].traces[1].count, 7);
    compare(1, CS_CASE_ONLINE, CS_FIGURE_OUTPUT_RATE, 3999, 8 * 41 / BATCH_MS * 1e3);
}
END_TEST

START_TEST(names_and_sizes)
{
    ck_assert(read("Ideal Serve (beta),0.6.1,NVIDIA slow-memory 16GB,,4,,,,"
                   "nobody/Plain-4L-Instruct,,bfloat16,,static_batch,8,,300,41,,,3999,,,,,A,,\n"
                   "Llama Ideal,,slow-memory,,3,,,,Plain-it-Q4_K_M.gguf,,see model name,f16,"
                   "single_stream,1,,9000,41,100,,,,,,,A,pp9000 / tg41,\n"
                   "Ideal Serve,,nonsense,slow memory,8,2,2,,plain_4l,,FP8,FP8,"
                   "offline_max_throughput,,,300,41,,,3999,,,,,A,,\n"));
    ck_assert_uint_eq(cases.count, 3);
    const struct cs_option *const a = &cases.items[0].option, *const b = &cases.items[1].option,
                           *const c = &cases.items[2].option;
    ck_assert_str_eq(a->engine->name, "ideal-0.6");
    ck_assert_str_eq(b->engine->name, "ideal");
    ck_assert_str_eq(a->model->name, "plain-4l");
    ck_assert_int_eq(a->tensor_parallel * 10 + a->pipeline_parallel, 41);
    ck_assert_int_eq(b->tensor_parallel * 10 + b->pipeline_parallel, 13); /* layers divided */
    ck_assert_int_eq(c->tensor_parallel * 10 + c->pipeline_parallel, 22);
    ck_assert_int_eq(cases.items[2].replicas, 2);
    ck_assert_int_eq(a->precision, CS_PRECISION_BF16);
    ck_assert_int_eq(b->precision, CS_PRECISION_Q4_K_M);
    ck_assert_int_eq(c->precision, CS_PRECISION_FP8);
    ck_assert_int_eq(b->kv_precision, CS_PRECISION_BF16);
    ck_assert_int_eq(c->kv_precision, CS_PRECISION_FP8);
    ck_assert_double_eq(b->model->context_tokens, 9001); /* it ran, so it was allowed */
}
END_TEST

static const struct {
    const char *row, *reason;
} unusable[] = {
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,,41,,512,,,,,,A,,",
     "no input length"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,300,,,512,,,,,,A,,",
     "no output length"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,static_batch,many,,300,41,,,9,,,,,A,,",
     "no batch size or concurrency"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,online_poisson,,,300,41,,,9,,,,,A,,",
     "no request rate"},
    {"ideal,,slow-memory,,2,2,1,,plain-4l,,FP16,,static_batch,8,,300,41,,,9,,,,,C,"
     "per GPU or total,",
     "no word whether its rate is of one GPU or of all"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,decode_only,1,,300,41,500,,,,,,,A,,",
     "nothing measured that could be compared"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,expert_offload,1,,300,41,,9,,,,,,A,,",
     "it has no experts: plain-4l"},
    {"Host Ideal,,slow-memory,,1,,,,mixed-6l,,FP16,,expert_offload,1,,300,41,,9,,,,,,A,"
     "GPU use not stated,",
     "no word on what the GPU did"},
    {"Host Ideal,,slow-memory,,1,,,,mixed-6l,,FP16,,expert_offload,1,,300,41,,9,,,,,,A,"
     "experts CPU,",
     "no host that is known: experts CPU"},
    {"ideal,,slow-memory,,1,,,,mixed-6l,,FP16,,expert_offload,1,,300,41,,9,,,,,,A,Bench 7,",
     "engine computes no experts on the host: ideal"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,FP16,,training,1,,300,41,,9,,,,,,A,,",
     "mode not modelled: training"},
    {"warp,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "engine not modelled: warp"},
    {"n/s,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "engine not stated"},
    {"ideal,,Abacus,ABACUS,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "unknown hardware: Abacus"},
    {"ideal,,two of each,mixed,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "hardware mixed"},
    {"ideal,,H1 (form n/s),H1_unspecified,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,,,",
     "hardware not stated exactly"},
    {"ideal,,slow-memory,,1-4,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "number of GPUs not stated exactly"},
    {"ideal,,slow-memory,,1,,,,grand-5l,other,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "unknown model: grand-5l"},
    {"ideal,,slow-memory,,1,,,,vapour,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,",
     "its shape is not published: vapour"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,,,single_stream,1,,300,41,,9,,,,,,A,,",
     "precision not stated"},
    {"ideal,,slow-memory,,1,,,,plain-4l,,EXL2 3.0bpw,,single_stream,1,,300,41,,9,,,,,,A,,",
     "precision not modelled: EXL2 3.0bpw"},
    {"ideal,,slow-memory,,4,,,4,plain-4l,,FP16,,static_batch,8,,300,41,,,9,,,,,A,,",
     "its expert-parallel size does not go with the others"},
    {"ideal,,slow-memory,,3,2,,,plain-4l,,FP16,,static_batch,8,,300,41,,,9,,,,,A,,",
     "its GPUs are no multiple of tensor and pipeline sizes"},
    {"ideal,,slow-memory,,3,,,,plain-4l,,FP16,,static_batch,8,,300,41,,,9,,,,,A,,",
     "its tensor-parallel size does not divide the heads"},
    {"ideal,,card-24gb,,1,,,,tiny,,FP16,,static_batch,8,,300,41,,,9,,,,,A,,",
     "the weights do not fit: tiny in bf16 on 1 x card-24gb"},
};

START_TEST(unusable_rows_are_counted_with_a_reason)
{
    ck_assert(read(cs_arena_printf(&arena, "%s\n", unusable[_i].row)));
    ck_assert_uint_eq(cases.count, 0);
    ck_assert_uint_eq(cases.read, 1);
    ck_assert_uint_eq(cases.skip_count, 1);
    ck_assert_str_eq(cases.skips[0].reason, unusable[_i].reason);
    ck_assert_uint_eq(diags.count, 0);
}
END_TEST

START_TEST(a_wrong_cell_is_said_with_its_line)
{
    ck_assert(!read("ideal,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,9,,,,,,A,,\n"
                    "ideal,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,3x0,41,,9,,,,,,,,\n"
                    "ideal,,slow-memory,,1,,,,plain-4l,,FP16,,single_stream,1,,300,41,,-9,,,,,,,,"
                    "\n"));
    ck_assert_uint_eq(diags.errors, 2);
    ck_assert_int_eq(diags.items[0].span.line, 3);
    ck_assert_int_eq(diags.items[1].span.line, 4);
    ck_assert_ptr_nonnull(strstr(diags.items[0].message, "3x0"));
}
END_TEST

static const struct {
    const char *text;
    int precision;
} precisions[] = {
    {"Q4_K_M", CS_PRECISION_Q4_K_M},
    {"Q4_K_M (repo default GGUFs / Ollama default)", CS_PRECISION_Q4_K_M},
    {"q8_0", CS_PRECISION_Q8_0},
    {"Mistral-7B-Instruct-v0.2-Q6_K.gguf", CS_PRECISION_Q6_K},
    {"Q5_K_M", CS_PRECISION_Q5_K_M},
    {"FP16", CS_PRECISION_BF16},
    {"BF16 (assumed)", CS_PRECISION_BF16},
    {"full precision (FP8 native)", CS_PRECISION_FP8},
    {"FP4", CS_PRECISION_NVFP4},
    {"MXFP4", CS_PRECISION_MXFP4},
    {"gpt-oss-20b-MXFP4-Q8", CS_PRECISION_MXFP4_Q8_0},
    {"GPTQ 4bit 128g", CS_PRECISION_INT4},
    {"AWQ int4", CS_PRECISION_INT4},
    {"4bit", CS_PRECISION_MLX_4BIT},
    {"gemma-3-4b-it-qat", CS_PRECISION_Q4_0},
    {"gemma-3-1b-it-qat-4bit", CS_PRECISION_MLX_4BIT},
    {"IQ4_XS custom 15.4GiB", CS_PRECISION_IQ4_XS},
    {"IQ4_KS_R4", CS_PRECISION_IQ4_XS},
    {"mix-IQ3_K", CS_PRECISION_Q3_K_M},
    {"~Q2_K_XL size (~40GiB)", CS_PRECISION_Q2_K},
    {"UD-IQ2_M 213GB", CS_PRECISION_IQ2_M},
    {"IQ1_S", -1},
    {"gpt-oss-20b-MXFP4-Q4", -1},
    {"EXL2 4.0bpw", -1},
    {"Q4_K_Mist", -1},
    {"", -1},
};

START_TEST(precisions_by_their_words)
{
    ck_assert_int_eq(cs_row_precision(precisions[_i].text), precisions[_i].precision);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("rows");
    TCase *const all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, one_request_alone);
    tcase_add_test(all, prompts_and_answers_timed_apart);
    tcase_add_test(all, a_prompt_after_a_context);
    tcase_add_test(all, experts_in_a_hosts_memory);
    tcase_add_loop_test(all, where_notes_say_that_experts_are, 0,
                        (int)(sizeof offloads / sizeof offloads[0]));
    tcase_add_test(all, batches);
    tcase_add_test(all, arrivals_at_a_rate);
    tcase_add_test(all, names_and_sizes);
    tcase_add_loop_test(all, unusable_rows_are_counted_with_a_reason, 0,
                        (int)(sizeof unusable / sizeof unusable[0]));
    tcase_add_test(all, a_wrong_cell_is_said_with_its_line);
    tcase_add_loop_test(all, precisions_by_their_words, 0,
                        (int)(sizeof precisions / sizeof precisions[0]));
    suite_add_tcase(suite, all);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
