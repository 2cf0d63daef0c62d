/* Which error an option has: the first row of its engine's sheet whose conditions hold (error.h).
 *
 * A condition that a row leaves out holds. "Over PCIe" is what perf/step takes too: a group of
 * tensor x pipeline GPUs larger than the link's domain, or without a link.
 *
 * The rule: sealing (spec/seal.c) has seen to it that the last row has no condition, so a sheet
 * with rows has one for every option. Pure functions of a sealed option.
 */
#include "perf/error.h"
#include <string.h>

static bool names(const char *const *list, size_t count, const char *name)
{
    bool found = count == 0;
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(list[i], name) == 0;
    return found;
}

/* By meaning: "fp16" is bf16. */
static bool has_precision(const struct cs_model_error *e, enum cs_precision precision)
{
    bool found = e->precision_count == 0;
    for (size_t i = 0; i < e->precision_count && !found; i++)
        found = cs_precision_find(e->precision[i]) == (int)precision;
    return found;
}

static bool over_pcie(const struct cs_option *o, int t)
{
    const int group = cs_option_gpus(o, t);
    return group > 1 && !(group <= o->hardware->link_gpus && o->hardware->link_Bps > 0.0);
}

static bool has_experts(const struct cs_model_error *e, const struct cs_option *o)
{
    return e->experts == 0 || (e->experts == 1 && o->expert_parallel > 1) ||
           (e->experts == 2 && o->experts.policy != CS_EXPERTS_RESIDENT);
}

const struct cs_model_error *cs_error_of(const struct cs_option *o, int t)
{
    for (size_t i = 0; i < o->engine->error_count; i++) {
        const struct cs_model_error *const e = &o->engine->errors[i];
        if (names(e->hardware, e->hardware_count, o->hardware->name) &&
            has_precision(e, o->precision) && (!e->factors || o->hardware->calibrated) &&
            (!e->pcie || over_pcie(o, t)) && (!e->moe || o->model->moe_layers > 0) &&
            has_experts(e, o))
            return e;
    }
    return NULL;
}
