/* The table of what can be fitted, and the scales on which it is (see parameters.h).
 *
 * `standard` parameters are those that serving measurements on one kind of GPU can tell apart.
 * Compute, prefill attention and link are left out: decode hardly depends on them, and what they
 * explain of a prefill is explained as well by the fixed time of a prefill step. They are fitted
 * from operator timings, or when named, and so is what only some engines have. Which of the
 * standard ones matter is found out by the fit: one that nothing depends on stays as it is.
 *
 * The least share of 1 % and the greatest times are gates against nonsense, not judgements.
 */
#include "fit/parameters.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double SOFT = 0.05; /* of `start`: below it a time or a size is as good as none */

#define E(name, field)      name, name, CS_HOME_ENGINE, offsetof(struct cs_engine_sheet, field)
#define H(name, key, field) name, key, CS_HOME_HARDWARE, offsetof(struct cs_hardware, field)

/* clang-format off */
const struct cs_parameter cs_parameters[] = {
    /* name and key, place; share; low, high, start; unit, scale; standard, beyond steps */
    {E("efficiency.weights", weights_eff), true, 0.01, 1.0, 0.7, "%", 0.01, true, false},
    {E("efficiency.compute", compute_eff), true, 0.01, 1.0, 0.5, "%", 0.01, false, false},
    {E("efficiency.quantised", quantised_eff), true, 0.01, 1.0, 0.5, "%", 0.01, false, false},
    {E("efficiency.narrow", narrow_eff), true, 0.01, 1.0, 0.5, "%", 0.01, false, false},
    {E("efficiency.eight_bit", eight_bit_eff), true, 0.01, 1.0, 0.5, "%", 0.01, false, false},
    {E("efficiency.experts", experts_eff), true, 0.01, 1.0, 0.8, "%", 0.01, false, false},
    {E("efficiency.kv", kv_eff), true, 0.01, 1.0, 0.7, "%", 0.01, true, false},
    {E("efficiency.prefill_attention", prefill_attention_eff), true, 0.01, 1.0, 0.3, "%", 0.01,
     false, false},
    {E("efficiency.decode_attention", decode_attention_eff), true, 0.001, 1.0, 0.1, "%", 0.01,
     false, false},
    {E("efficiency.link", link_eff), true, 0.01, 1.0, 0.6, "%", 0.01, false, false},
    {E("efficiency.pcie", pcie_eff), true, 0.01, 1.0, 0.3, "%", 0.01, false, false},
    {E("efficiency.host", host_eff), true, 0.01, 1.0, 0.7, "%", 0.01, false, false},
    {E("efficiency.host_compute", host_compute_eff), true, 0.001, 1.0, 0.3, "%", 0.01, false,
     false},
    {E("efficiency.copy", copy_eff), true, 0.01, 1.0, 0.5, "%", 0.01, false, false},
    {E("overhead.request", request_s), false, 1e-6, 10.0, 1e-3, "ms", 1e-3, true, true},
    {E("overhead.sequence", sequence_s), false, 1e-9, 0.01, 5e-6, "us", 1e-6, false, false},
    {E("overhead.step", step_s), false, 1e-6, 1.0, 1e-3, "ms", 1e-3, true, false},
    {E("overhead.layer", layer_s), false, 1e-8, 0.1, 5e-6, "us", 1e-6, true, false},
    {E("overhead.moe_layer", moe_layer_s), false, 1e-8, 0.1, 5e-6, "us", 1e-6, true, false},
    {E("overhead.prefill_step", prefill_step_s), false, 1e-6, 1.0, 5e-4, "ms", 1e-3, true, false},
    {E("overhead.host_layer", host_layer_s), false, 1e-7, 0.1, 1e-4, "us", 1e-6, false, false},
    {E("overhead.all_reduce", all_reduce_s), false, 1e-8, 0.1, 5e-6, "us", 1e-6, true, false},
    {E("overhead.all_reduce_pcie", all_reduce_pcie_s), false, 1e-8, 0.1, 3e-5, "us", 1e-6, false,
     false},
    {E("small_batch.tile", tile_tokens), false, 0.1, 4096.0, 32.0, "tokens", 1.0, false, false},
    {E("small_batch.vector", vector_share), true, 0.01, 1.0, 0.02, "%", 0.01, false, false},
    {E("host_tile", host_tile_tokens), false, 0.1, 4096.0, 8.0, "tokens", 1.0, false, false},
    {E("attention_scores", score_bytes), false, 0.01, 1000.0, 16.0, "B", 1.0, false, false},
    {E("sampler", sampler_bytes), false, 0.1, 1e6, 200.0, "B", 1.0, true, false},
    {H("hardware.bandwidth", "efficiency.bandwidth", bandwidth_factor), true, 0.05, 2.0, 1.0, "",
     1.0, true, false},
    {H("hardware.kv", "efficiency.kv", kv_factor), true, 0.05, 2.0, 1.0, "", 1.0, true, false},
    {H("hardware.compute", "efficiency.compute", compute_factor), true, 0.05, 2.0, 1.0, "", 1.0,
     true, false},
};
/* clang-format on */
const size_t cs_parameter_count = sizeof cs_parameters / sizeof cs_parameters[0];

const struct cs_parameter *cs_parameter_find(const char *name)
{
    for (size_t i = 0; i < cs_parameter_count; i++)
        if (strcmp(cs_parameters[i].name, name) == 0)
            return &cs_parameters[i];
    return NULL;
}

double *cs_parameter_at(const struct cs_parameter *p, struct cs_trial_sheets *sheets)
{
    char *const base =
        p->home == CS_HOME_ENGINE ? (char *)&sheets->engine : (char *)&sheets->hardware;
    return (double *)(void *)(base + p->offset);
}

static const size_t computing[] = {offsetof(struct cs_engine_sheet, compute_eff),
                                   offsetof(struct cs_engine_sheet, quantised_eff),
                                   offsetof(struct cs_engine_sheet, narrow_eff),
                                   offsetof(struct cs_engine_sheet, eight_bit_eff),
                                   offsetof(struct cs_engine_sheet, decode_attention_eff),
                                   offsetof(struct cs_engine_sheet, prefill_attention_eff)};

/* What the parameter is multiplied with before it meets a datasheet figure (model.md, 2.5-2.12). */
static double partner(const struct cs_parameter *p, const struct cs_engine_sheet *e,
                      const struct cs_hardware *h)
{
    const bool engine = p->home == CS_HOME_ENGINE;
    if (engine && p->offset == offsetof(struct cs_engine_sheet, weights_eff))
        return h->bandwidth_factor;
    if (engine && p->offset == offsetof(struct cs_engine_sheet, kv_eff))
        return h->bandwidth_factor * h->kv_factor;
    for (size_t i = 0; engine && i < sizeof computing / sizeof computing[0]; i++)
        if (p->offset == computing[i])
            return h->compute_factor;
    if (!engine && p->offset == offsetof(struct cs_hardware, bandwidth_factor))
        return e->weights_eff;
    if (!engine && p->offset == offsetof(struct cs_hardware, kv_factor))
        return e->kv_eff * h->bandwidth_factor;
    if (!engine && p->offset == offsetof(struct cs_hardware, compute_factor))
        return fmax(fmax(e->compute_eff, e->prefill_attention_eff),
                    fmax(e->quantised_eff, fmax(e->narrow_eff, e->eight_bit_eff)));
    return 1.0;
}

double cs_parameter_high(const struct cs_parameter *p, const struct cs_engine_sheet *engine,
                         const struct cs_hardware *hardware)
{
    return p->share ? fmin(p->high, 1.0 / partner(p, engine, hardware)) : p->high;
}

/* Times and bytes: y of (u) and its slope dy/du, a hyperbola about max(u, 0). */
static double bend(double u)
{
    return 0.5 * (u + sqrt(u * u + 4.0 * SOFT * SOFT));
}

double cs_parameter_inward(const struct cs_parameter *p, double high, double x)
{
    if (!p->share) {
        const double y = log1p(fmin(fmax(x / p->start, 0.1 * SOFT), high / p->start));
        return y - SOFT * SOFT / y;
    }
    const double place = ((x > 0.0 ? x : p->start) - p->low) / (high - p->low);
    const double inside = fmin(fmax(place, 0.01), 0.99);
    return log(inside / (1.0 - inside));
}

double cs_parameter_outward(const struct cs_parameter *p, double high, double u)
{
    if (!p->share)
        return fmin(p->start * expm1(bend(fmin(fmax(u, -50.0), 50.0))), high);
    return p->low + (high - p->low) / (1.0 + exp(-fmin(fmax(u, -30.0), 30.0)));
}

double cs_parameter_slope(const struct cs_parameter *p, double high, double u)
{
    const double x = cs_parameter_outward(p, high, u);
    if (!p->share)
        return (x + p->start) * bend(u) / sqrt(u * u + 4.0 * SOFT * SOFT);
    return (x - p->low) * (high - x) / (high - p->low);
}

int cs_parameter_bound(const struct cs_parameter *p, double high, double x)
{
    if (!p->share)
        return x < 0.5 * SOFT * p->start ? -1 : x > 0.9 * high ? 1 : 0;
    const double place = (x - p->low) / (high - p->low);
    return place < 0.005 ? -1 : place > 0.995 ? 1 : 0;
}

void cs_parameter_print(const struct cs_parameter *p, double x, double error, char text[32])
{
    const char *const gap = p->share ? "" : " ";
    const double value = x / p->scale;
    const int finest = value > 0.0 ? (int)floor(log10(value)) - 3 : 0;
    const int told = error > 0.0 ? (int)floor(log10(0.5 * error / p->scale)) : finest;
    const int place = told > finest ? told : finest;
    const double unit = pow(10.0, place);
    if (isnan(error) || value < unit)
        snprintf(text, 32, "%.4g%s%s", value, gap, p->unit);
    else
        snprintf(text, 32, "%.*f%s%s", place < 0 ? -place : 0, unit * round(value / unit), gap,
                 p->unit);
}
