/* Resolving deploy: entries multiplied out to options, each checked (see resolve.h).
 *
 * A key of an entry that holds a list stands for each of its items. The combinations are formed
 * on the tree: for each, a map with single values is read by the deploy table like any other, so
 * a list needs no reading of its own. The model varies slowest and the last key of the table
 * fastest; an entry without a model takes the scenario's, one option for each.
 *
 * The rule: an option is kept only when its model, hardware and engine are known and can be
 * simulated; what does not fit in memory is an answer and is kept.
 */
#include <string.h>
#include "spec/resolve.h"

enum { MOST_OPTIONS = 4096, MOST_STEP_TOKENS = 10000000 };

struct options {
    struct cs_option *items;
    size_t count;
};

/* The entry's node for a key, in the combination at hand, or the entry itself. */
static struct cs_span span_of(const struct cs_node *map, const char *key)
{
    const struct cs_node *const node = cs_node_get(map, key);
    return node ? node->span : map->span;
}

/* A sheet's reference for messages: "deploy[0].hardware". */
static const char *refer(struct cs_resolving *r, const char *path, const char *key)
{
    return cs_arena_printf(r->schema.arena, "%s.%s", path, key);
}

/* --- what makes sense ------------------------------------------------------------------------ */

static void check_model(struct cs_resolving *r, const struct cs_option *o)
{
    const struct cs_model *const m = o->model;
    const bool never = m->released && strcmp(m->released, "no") == 0;
    if (!m->has_architecture)
        cs_diag_error(r->schema.diags, o->model_span,
                      never ? "it was announced and never released" : "its architecture is unknown",
                      "the model '%s' cannot be simulated", m->name);
}

static void check_hardware(struct cs_resolving *r, const struct cs_option *o)
{
    const struct cs_hardware *const h = o->hardware;
    const char *const unknown = h->memory_bytes <= 0             ? "memory.capacity"
                                : h->bandwidth_Bps <= 0          ? "memory.bandwidth"
                                : h->flops[CS_COMPUTE_BF16] <= 0 ? "compute.bf16"
                                                                 : NULL;
    if (unknown)
        cs_diag_error(r->schema.diags, o->hardware_span,
                      cs_arena_printf(r->schema.arena, "its sheet does not give %s", unknown),
                      "unknown figure %s: '%s' cannot be simulated", unknown, h->name);
}

static void check_parallel(struct cs_resolving *r, const struct cs_node *map, const char *path,
                           struct cs_option *o)
{
    const int tensor = o->tensor_parallel, pipeline = o->pipeline_parallel;
    const int ranks = o->expert_parallel;
    struct cs_diags *const diags = r->schema.diags;
    if (ranks > 1 && o->model->experts == 0)
        cs_diag_error(diags, span_of(map, "expert_parallel"), "leave it out, or 1",
                      "%s.expert_parallel is %d, but %s has no experts", path, ranks,
                      o->model->name);
    else if (ranks > 1 && ranks > o->model->experts + o->experts.redundant)
        cs_diag_error(diags, span_of(map, "expert_parallel"), NULL,
                      "%s.expert_parallel is %d, but %s has %d experts a layer", path, ranks,
                      o->model->name, o->model->experts);
    if (ranks > 1 && tensor > 0 && ranks % tensor != 0 && tensor % ranks != 0)
        cs_diag_error(diags, span_of(map, "expert_parallel"), NULL,
                      "%s.expert_parallel is %d and tensor_parallel %d: neither divides the other",
                      path, ranks, tensor);
    if (ranks > 1 && pipeline > 1)
        cs_diag_error(diags, span_of(map, "expert_parallel"), "leave out pipeline_parallel",
                      "%s.expert_parallel within stages of a pipeline is not modelled", path);
    if (o->model->has_architecture && tensor > 0 && o->model->heads % tensor != 0)
        cs_diag_error(diags, o->tensor_parallel_span, NULL,
                      "%s.tensor_parallel must divide the %d heads of %s, and %d does not", path,
                      o->model->heads, o->model->name, tensor);
    if (o->model->has_architecture && pipeline > o->model->layers)
        cs_diag_error(diags, span_of(map, "pipeline_parallel"), NULL,
                      "%s.pipeline_parallel is %d, but %s has %d layers", path, pipeline,
                      o->model->name, o->model->layers);
    if (o->replicas > 0 && tensor == 0 && o->gpus == 0)
        cs_diag_error(diags, span_of(map, "replicas"), "add tensor_parallel, or leave replicas out",
                      "%s.replicas says nothing about GPUs without tensor_parallel", path);
    if (o->gpus == 0 || tensor == 0)
        return;
    const long long group = (long long)cs_option_gpus(o, tensor);
    const long long all = group * (o->replicas ? o->replicas : 1);
    if (o->replicas ? all != o->gpus : o->gpus % group != 0)
        cs_diag_error(diags, span_of(map, "gpus"), NULL,
                      ranks > tensor ? o->replicas
                                           ? "%s.gpus is %d, but replicas x expert_parallel is %lld"
                                           : "%s.gpus is %d, no multiple of expert_parallel, which "
                                             "is %lld"
                      : o->replicas  ? "%s.gpus is %d, but replicas x tensor_parallel x "
                                       "pipeline_parallel is %lld"
                                     : "%s.gpus is %d, no multiple of tensor_parallel x "
                                       "pipeline_parallel, which is %lld",
                      path, o->gpus, all);
    else
        o->replicas = (int)(o->gpus / group);
}

/* --- experts --------------------------------------------------------------------------------- */

static void check_experts(struct cs_resolving *r, const struct cs_node *map, const char *path,
                          struct cs_option *o, bool given)
{
    struct cs_experts *const x = &o->experts;
    struct cs_diags *const diags = r->schema.diags;
    const char *const policy = cs_expert_policy_names[x->policy];
    o->experts_span = span_of(map, "experts");
    if (!given) {
        *x = (struct cs_experts){.accuracy = -1, .overlap = 1};
        return;
    }
    if (o->model->experts == 0) {
        cs_diag_error(diags, o->experts_span, "leave it out", "%s.experts: %s has no experts", path,
                      o->model->name);
        return;
    }
    if (x->resident > o->model->experts)
        cs_diag_error(diags, o->experts_span, NULL,
                      "%s.experts.resident is %g, but %s has %d experts a layer", path,
                      x->resident, o->model->name, o->model->experts);
    if (x->policy == CS_EXPERTS_RESIDENT && x->resident > 0)
        cs_diag_error(diags, o->experts_span, "give a policy: static, lru, lfu, prefetch or cpu",
                      "%s.experts.resident: the policy is resident, so all are", path);
    if (x->accuracy >= 0 && x->policy != CS_EXPERTS_PREFETCH)
        cs_diag_error(diags, o->experts_span, "leave it out, or give policy: prefetch",
                      "%s.experts.accuracy: with policy %s nothing is foreseen", path, policy);
    if (x->redundant > 0 && o->expert_parallel == 1)
        cs_diag_error(diags, o->experts_span, "add expert_parallel",
                      "%s.experts.redundant: without expert_parallel there is one rank", path);
    if (x->capacity_factor > 0 && o->expert_parallel == 1)
        cs_diag_error(diags, o->experts_span, "add expert_parallel",
                      "%s.experts.capacity_factor: without expert_parallel no rank has a capacity",
                      path);
    if (x->overlap < 0 && x->policy == CS_EXPERTS_PREFETCH)
        cs_schema_default(&r->schema, refer(r, path, "experts.overlap"), "100%",
                          "copies have an engine of their own");
    if (x->overlap < 0)
        x->overlap = 1;
    if (x->policy == CS_EXPERTS_RESIDENT)
        return;
    if (x->resident <= 0)
        cs_schema_default(&r->schema, refer(r, path, "experts.resident"), "auto",
                          "as many as serve fastest beside the KV cache");
    if (o->expert_parallel > 1)
        cs_diag_error(diags, o->experts_span, "choose one of the two",
                      "%s.experts.policy is %s: with expert_parallel only resident is modelled",
                      path, policy);
    /* Where memory is one, experts stream from the disks. */
    const bool unified = o->hardware->klass && strcmp(o->hardware->klass, "unified") == 0;
    const bool streams = unified && !o->host && x->policy != CS_EXPERTS_CPU &&
                         o->hardware->host.nvme_Bps > 0;
    if (streams)
        return;
    if (!o->host && o->hardware->host.memory_bytes <= 0)
        cs_diag_error(diags, o->experts_span,
                      unified ? "its memory is one: choose static, lru, lfu or prefetch, which "
                                "read from its disks"
                              : "add deploy.host: a host sheet, or {memory: {capacity: 64 GB, "
                                "bandwidth: 89.6 GB/s}}",
                      "%s.experts.policy is %s, but nothing says what memory lies beside %s", path,
                      policy, o->hardware->name);
    if (x->policy == CS_EXPERTS_CPU && o->engine->host_eff <= 0)
        cs_diag_error(diags, o->experts_span, "use llamacpp or ktransformers, or another policy",
                      "%s.experts.policy is cpu, but %s computes no experts on the host", path,
                      o->engine->name);
    if (x->policy != CS_EXPERTS_CPU && o->hardware->pcie_Bps <= 0)
        cs_diag_error(diags, o->experts_span, "its sheet does not give pcie",
                      "%s.experts.policy is %s, but %s has no way to copy experts over", path,
                      policy, o->hardware->name);
}

/* The model with the routing that this traffic is said to have. */
static void take_routing(struct cs_resolving *r, struct cs_option *o,
                         const struct cs_deploy_text *text)
{
    if (!text->has_experts || (text->zipf < 0 && text->repeat < 0 && text->follow < 0))
        return;
    struct cs_model *const model = cs_arena_alloc(r->schema.arena, 1, sizeof *model);
    *model = *o->model;
    if (text->zipf >= 0) {
        model->routing.zipf = text->zipf;
        model->routing.popularity = NULL;
    }
    if (text->repeat >= 0)
        model->routing.repeat = text->repeat;
    if (text->follow >= 0)
        model->routing.follow = text->follow;
    o->model = model;
}

/* Where it matters which experts tokens visit, that nobody said so is an assumption. */
static void tell_routing(struct cs_resolving *r, const struct cs_option *o, const char *path)
{
    const struct cs_routing *const x = &o->model->routing;
    const bool matters = o->expert_parallel > 1 || o->experts.policy != CS_EXPERTS_RESIDENT;
    if (matters && o->model->experts > 0 && x->zipf == 0 && !x->popularity)
        cs_schema_default(&r->schema, refer(r, path, "experts.zipf"), "0",
                          "the model's sheet says nothing: experts are visited alike");
}

/* deploy.host: a name, or a map in place. */
static const struct cs_host *take_host(struct cs_resolving *r, const struct cs_node *node,
                                       const char *path)
{
    struct cs_diags *const diags = r->schema.diags;
    if (!node)
        return NULL;
    if (node->kind == CS_NODE_SCALAR)
        return cs_catalog_host(r->catalog, node->text, node->span, path, diags);
    struct cs_host *const host = cs_arena_alloc(r->schema.arena, 1, sizeof *host);
    if (node->kind != CS_NODE_MAP)
        cs_diag_error(diags, node->span, NULL, "%s must be a name or a map, not %s", path,
                      cs_node_kind_name(node));
    else if (cs_schema_read(&r->schema, &cs_table_host_here, node, path, host))
        return host;
    return NULL;
}

static void take_from_engine(struct cs_resolving *r, const char *path, const char *key, int *value,
                             int of_engine, const char *engine)
{
    if (*value)
        return;
    *value = of_engine;
    struct cs_arena *const arena = r->schema.arena;
    cs_schema_default(&r->schema, cs_arena_printf(arena, "%s.%s", path, key),
                      cs_arena_printf(arena, "%d", of_engine),
                      cs_arena_printf(arena, "the default of %s", engine));
}

/* An engine without paging gives each request a slot that holds its longest context: a block as
 * long as that, and as many as there are slots. */
static void take_context(struct cs_resolving *r, const struct cs_node *map, const char *path,
                         struct cs_option *o)
{
    const struct cs_engine_sheet *const e = o->engine;
    const int model = (int)o->model->context_tokens;
    if (o->context > model && model > 0)
        cs_diag_error(r->schema.diags, span_of(map, "context"), NULL,
                      "%s.context is %d tokens, but the context of %s is %d", path, o->context,
                      o->model->name, model);
    if (e->slots && o->block_size)
        cs_diag_error(r->schema.diags, span_of(map, "block_size"), "give context, of a slot",
                      "%s.block_size: %s has no blocks", path, e->name);
    if (e->context > 0)
        take_from_engine(r, path, "context", &o->context,
                         model > 0 && model < e->context ? model : e->context, e->name);
    if (e->slots)
        o->block_size = o->context ? o->context : model;
    else
        take_from_engine(r, path, "block_size", &o->block_size, e->block_size, e->name);
}

static void take_limits(struct cs_resolving *r, const struct cs_node *map, const char *path,
                        struct cs_option *o)
{
    const struct cs_engine_sheet *const e = o->engine;
    take_from_engine(r, path, "max_num_seqs", &o->max_num_seqs, e->max_num_seqs, e->name);
    take_from_engine(r, path, "max_num_batched_tokens", &o->max_num_batched_tokens,
                     e->max_num_batched_tokens, e->name);
    take_context(r, map, path, o);
    if (o->gpu_memory_utilization <= 0) {
        o->gpu_memory_utilization = e->gpu_memory_utilization;
        struct cs_arena *const arena = r->schema.arena;
        cs_schema_default(&r->schema, cs_arena_printf(arena, "%s.gpu_memory_utilization", path),
                          cs_arena_printf(arena, "%g%%", 100 * e->gpu_memory_utilization),
                          cs_arena_printf(arena, "the default of %s", e->name));
    }
    if (o->max_num_batched_tokens < o->max_num_seqs) {
        const bool given = cs_node_get(map, "max_num_batched_tokens") != NULL;
        cs_diag_error(r->schema.diags,
                      span_of(map, given ? "max_num_batched_tokens" : "max_num_seqs"), NULL,
                      "%s.max_num_batched_tokens is %d, less than max_num_seqs, which is %d: a "
                      "full step decodes one token a request",
                      path, o->max_num_batched_tokens, o->max_num_seqs);
    }
    /* Every attention group has that many: the step of a replica is no larger than one may be. */
    const int groups = cs_option_groups(o, o->tensor_parallel > 0 ? o->tensor_parallel : 1);
    if ((double)groups * o->max_num_batched_tokens > MOST_STEP_TOKENS)
        cs_diag_error(r->schema.diags,
                      span_of(map, cs_node_get(map, "max_num_batched_tokens")
                                       ? "max_num_batched_tokens"
                                       : "expert_parallel"),
                      cs_arena_printf(r->schema.arena, "give max_num_batched_tokens of at most %d",
                                      MOST_STEP_TOKENS / groups),
                      "%s: %d tokens in each of up to %d attention groups are more than %d in a "
                      "step",
                      path, o->max_num_batched_tokens, groups, MOST_STEP_TOKENS);
}

/* --- one combination ------------------------------------------------------------------------- */

static void resolve_option(struct cs_resolving *r, const struct cs_node *map, const char *path,
                           struct options *all)
{
    struct cs_deploy_text text = {.option = {.tensor_parallel = 0}};
    struct cs_diags *const diags = r->schema.diags;
    const bool sound = cs_schema_read(&r->schema, &cs_table_deploy, map, path, &text);
    struct cs_option *const o = &text.option;
    o->node = map;
    o->span = map->span;
    o->model_span = span_of(map, "model");
    o->hardware_span = span_of(map, "hardware");
    o->precision_span = span_of(map, "precision");
    o->tensor_parallel_span = span_of(map, "tensor_parallel");
    if (text.model)
        o->model = cs_catalog_model(r->catalog, text.model, o->model_span,
                                    refer(r, path, "model"), diags);
    else if (!cs_node_get(map, "model") && !cs_node_get(r->root, "model"))
        cs_diag_error(diags, map->span, "name one here, or at the top of the scenario",
                      "%s has no model", path);
    if (text.hardware)
        o->hardware = cs_catalog_hardware(r->catalog, text.hardware, o->hardware_span,
                                          refer(r, path, "hardware"), diags);
    if (text.engine)
        o->engine = cs_catalog_engine(r->catalog, text.engine, span_of(map, "engine"),
                                      refer(r, path, "engine"), diags);
    o->engine = cs_catalog_engine_on(r->catalog, o->engine, o->hardware, diags);
    if (o->model)
        check_model(r, o);
    if (o->hardware)
        check_hardware(r, o);
    if (!sound || !o->model || !o->hardware || !o->engine)
        return;
    o->hardware = cs_resolve_machine(r, map, path, &text, o->hardware);
    o->kv_precision = (enum cs_precision)text.kv_precision;
    o->router = (enum cs_router)text.router;
    o->precision = (enum cs_precision)text.precision;
    if (!text.has_precision) {
        o->precision = o->model->weights;
        cs_schema_default(&r->schema, refer(r, path, "precision"),
                          cs_precision_infos[o->precision].name, "the maker's own precision");
    }
    if (!text.has_prefix_caching) {
        const bool shares = r->scenario->traffic.shares;
        o->prefix_caching = shares && o->engine->prefix_caching;
        cs_schema_default(&r->schema, refer(r, path, "prefix_caching"),
                          o->prefix_caching ? "yes" : "no",
                          shares ? cs_arena_printf(r->schema.arena, "the default of %s",
                                                   o->engine->name)
                                 : "nothing in the traffic says what prompts share");
    }
    o->experts.policy = (enum cs_expert_policy)text.policy;
    if (!text.has_balanced)
        o->experts.balanced = o->experts.redundant > 0;
    o->host = take_host(r, text.host, refer(r, path, "host"));
    check_experts(r, map, path, o, text.has_experts);
    take_routing(r, o, &text);
    tell_routing(r, o, path);
    check_parallel(r, map, path, o);
    take_limits(r, map, path, o);
    all->items = cs_arena_grow(r->schema.arena, all->items, all->count, sizeof *all->items);
    all->items[all->count++] = *o;
}

/* --- multiplying out ------------------------------------------------------------------------- */

/* Key i of the entry: how many choices it has. An empty list has none. */
static size_t choices_of(const struct cs_node *node)
{
    return node->kind == CS_NODE_LIST ? node->count : 1;
}

/* A name or a list of names. */
static bool is_models(const struct cs_node *node)
{
    bool sound = node->kind == CS_NODE_SCALAR || (node->kind == CS_NODE_LIST && node->count);
    for (size_t i = 0; node->kind == CS_NODE_LIST && i < node->count; i++)
        sound = sound && node->items[i]->kind == CS_NODE_SCALAR &&
                !cs_node_is_null(node->items[i]);
    return sound;
}

/* The scenario's own models, whether or not an entry uses them. */
static void check_models(struct cs_resolving *r, const struct cs_node *node)
{
    if (!is_models(node)) {
        cs_diag_error(r->schema.diags, node->span, "expected a model's name or a list of them",
                      "model must be a name or a list of names%s%s",
                      node->kind == CS_NODE_LIST ? "" : ", not ",
                      node->kind == CS_NODE_LIST ? "" : cs_node_kind_name(node));
        return;
    }
    const bool list = node->kind == CS_NODE_LIST;
    for (size_t i = 0; i < (list ? node->count : 1); i++) {
        const struct cs_node *const one = list ? node->items[i] : node;
        cs_catalog_model(r->catalog, one->text, one->span, "model", r->schema.diags);
    }
}

/* The entry with the scenario's model where it names none, and its keys in the table's order. */
static struct cs_node *arrange(struct cs_resolving *r, const struct cs_node *entry)
{
    struct cs_node *const map = cs_arena_alloc(r->schema.arena, 1, sizeof *map);
    *map = *entry;
    map->count = 0;
    map->keys = cs_arena_alloc(r->schema.arena, entry->count + 1, sizeof *map->keys);
    map->items = cs_arena_alloc(r->schema.arena, entry->count + 1, sizeof *map->items);
    if (!cs_node_get(entry, "model") && r->text.model && is_models(r->text.model))
        for (size_t i = 0; i < r->root->count; i++)
            if (strcmp(r->root->keys[i]->text, "model") == 0) {
                map->keys[0] = r->root->keys[i];
                map->items[0] = r->root->items[i];
                map->count = 1;
            }
    for (size_t k = 0; k <= cs_table_deploy.count; k++) /* one more: unknown keys */
        for (size_t i = 0; i < entry->count; i++) {
            const struct cs_key *const key = cs_table_key(&cs_table_deploy, entry->keys[i]->text);
            if (key ? key != &cs_table_deploy.keys[k] : k < cs_table_deploy.count)
                continue;
            map->keys[map->count] = entry->keys[i];
            map->items[map->count++] = entry->items[i];
        }
    return map;
}

static void multiply_out(struct cs_resolving *r, const struct cs_node *entry, const char *path,
                         struct options *all)
{
    struct cs_node *const map = arrange(r, entry);
    size_t total = 1;
    for (size_t i = 0; i < map->count; i++) {
        const size_t choices = choices_of(map->items[i]);
        if (!choices) {
            cs_diag_error(r->schema.diags, map->items[i]->span, NULL, "%s.%s is an empty list",
                          path, map->keys[i]->text);
            return;
        }
        if (total > MOST_OPTIONS / choices) {
            cs_diag_error(r->schema.diags, entry->span, NULL,
                          "%s multiplies out to more than %d options", path, MOST_OPTIONS);
            return;
        }
        total *= choices;
    }
    for (size_t n = 0; n < total; n++) {
        struct cs_node *const one = cs_arena_alloc(r->schema.arena, 1, sizeof *one);
        *one = *map;
        one->items = cs_arena_alloc(r->schema.arena, map->count, sizeof *one->items);
        size_t rest = n;
        for (size_t i = map->count; i-- > 0;) {
            const size_t choices = choices_of(map->items[i]);
            one->items[i] = map->items[i]->kind == CS_NODE_LIST
                                ? map->items[i]->items[rest % choices]
                                : map->items[i];
            rest /= choices;
        }
        resolve_option(r, one, path, all);
    }
}

void cs_resolve_deploy(struct cs_resolving *r)
{
    const struct cs_node *const deploy = r->text.deploy;
    struct options all = {0};
    if (r->text.model)
        check_models(r, r->text.model);
    if (!deploy)
        return;
    const bool list = deploy->kind == CS_NODE_LIST;
    const size_t count = list ? deploy->count : 1;
    if (!count)
        cs_diag_error(r->schema.diags, deploy->span, NULL, "deploy is an empty list");
    for (size_t i = 0; i < count; i++) {
        const struct cs_node *const entry = list ? deploy->items[i] : deploy;
        const char *const path =
            list ? cs_arena_printf(r->schema.arena, "deploy[%zu]", i) : "deploy";
        if (entry->kind == CS_NODE_MAP)
            multiply_out(r, entry, path, &all);
        else
            cs_diag_error(r->schema.diags, entry->span,
                          "expected a map, such as {hardware: h100-sxm-80gb}",
                          "%s must be a map, not %s", path, cs_node_kind_name(entry));
    }
    if (all.count > MOST_OPTIONS)
        cs_diag_error(r->schema.diags, deploy->span, NULL,
                      "deploy multiplies out to %zu options; the most are %d", all.count,
                      MOST_OPTIONS);
    r->scenario->options = all.items;
    r->scenario->option_count = all.count;
}
