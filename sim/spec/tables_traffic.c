/* Key tables of traffic sheets, and of lengths given in place.
 *
 * A traffic sheet holds measured pairs of lengths, a rate curve, or both. `levels` are percent
 * ranks, 0 to 100; `input` the tokens at those ranks; `output` one row of tokens for each band of
 * equal shares of the requests by rank of input. Token counts in such grids are plain numbers.
 *
 * A length in place is a number of tokens, or a map with one of the kinds; `min` and `max` clamp.
 * The rule: 100 million tokens is the longest length taken: about a thousand times the longest
 * context of any model of today, and short enough that counts stay exact.
 * Not here: quantile maps, whose keys are open (resolve_traffic.c).
 */
#include <stdlib.h>
#include "spec/keys.h"
#include "spec/tables.h"

double cs_quantile_level(const char *name)
{
    char text[16];
    size_t i = 0;
    if (name[0] != 'p' || name[1] < '0' || name[1] > '9')
        return -1;
    for (const char *p = name + 1; *p; p++) {
        if (i + 1 >= sizeof text || ((*p < '0' || *p > '9') && *p != '.' && *p != '_'))
            return -1;
        text[i++] = *p == '_' ? '.' : *p;
    }
    text[i] = '\0';
    char *end;
    const double percent = strtod(text, &end);
    return *end || percent > 100 ? -1 : percent / 100;
}

/* --- in place -------------------------------------------------------------------------------- */

static const struct cs_key lognormal_keys[] = {
    KEY("mean", "Mean of the lengths themselves.",
        QUANTITY(cs_lengths_text, mean, TOKENS, "1 token", "100M tokens"), REQUIRED),
    KEY("sigma", "Deviation of the logarithm.", QUANTITY(cs_lengths_text, sigma, NUMBER, "0", "5"),
        REQUIRED),
};
static const struct cs_table lognormal_table = TABLE("lognormal", lognormal_keys);
static const struct cs_key gamma_keys[] = {
    KEY("mean", "Mean length.", QUANTITY(cs_lengths_text, mean, TOKENS, "1 token", "100M tokens"),
        REQUIRED),
    KEY("cv", "Deviation over mean.", QUANTITY(cs_lengths_text, cv, NUMBER, "0.01", "100"),
        REQUIRED),
};
static const struct cs_table gamma_table = TABLE("gamma", gamma_keys);
static const struct cs_key uniform_keys[] = {
    KEY("min", "Shortest.", QUANTITY(cs_lengths_text, from, TOKENS, "1 token", "100M tokens"),
        REQUIRED, .bare = true),
    KEY("max", "Longest.", QUANTITY(cs_lengths_text, to, TOKENS, "1 token", "100M tokens"),
        REQUIRED, .bare = true),
};
static const struct cs_table uniform_table = TABLE("uniform", uniform_keys);

static const struct cs_key lengths_keys[] = {
    KEY("fixed", "Always this length.",
        QUANTITY(cs_lengths_text, fixed, TOKENS, "1 token", "100M tokens"),
        PRESENT(cs_lengths_text, has_fixed)),
    KEY("lognormal", "Log-normal lengths.", MAP(lognormal_table),
        PRESENT(cs_lengths_text, has_lognormal),
        .example = "a map, such as {mean: 256 tokens, sigma: 0.25}"),
    KEY("gamma", "Gamma lengths.", MAP(gamma_table), PRESENT(cs_lengths_text, has_gamma),
        .example = "a map, such as {mean: 256 tokens, cv: 1.2}"),
    KEY("uniform", "Equally likely.", MAP(uniform_table), PRESENT(cs_lengths_text, has_uniform),
        .example = "a map, such as {min: 100 tokens, max: 900 tokens}"),
    KEY("quantiles", "Tokens at percent ranks, p0 and p100 among them; straight lines between.",
        NODE(cs_lengths_text, quantiles),
        .example = "a map, such as {p0: 1, p50: 300, p90: 900, p100: 4000}"),
    KEY("min", "No shorter than this.",
        QUANTITY(cs_lengths_text, min, TOKENS, "1 token", "100M tokens"), .bare = true),
    KEY("max", "No longer than this.",
        QUANTITY(cs_lengths_text, max, TOKENS, "1 token", "100M tokens"), .bare = true),
};
const struct cs_table cs_table_lengths = TABLE_OF(cs_lengths_text, "lengths", lengths_keys);

static const struct cs_key pair_keys[] = {
    KEY("input", "Prompt lengths.", NODE(cs_lengths_pair, input), REQUIRED,
        .table = &cs_table_lengths,
        .example = "tokens or a distribution, such as {lognormal: {mean: 512 tokens, sigma: "
                   "0.25}}"),
    KEY("output", "Answer lengths.", NODE(cs_lengths_pair, output), REQUIRED,
        .table = &cs_table_lengths,
        .example = "tokens or a distribution, such as {lognormal: {mean: 256 tokens, sigma: "
                   "0.25}}"),
};
const struct cs_table cs_table_lengths_pair =
    TABLE_OF(cs_lengths_pair, "traffic.lengths", pair_keys);

/* --- traffic sheets -------------------------------------------------------------------------- */

static const struct cs_key derived_keys[] = {
    KEY("requests", "Requests observed.",
        QUANTITY(cs_traffic_sheet_text, sheet.derived_requests, REQUESTS, "1", NULL)),
    KEY("mean_input", "Their mean prompt.",
        QUANTITY(cs_traffic_sheet_text, sheet.derived_mean_input, TOKENS, "0 tokens", NULL)),
    KEY("mean_output", "Their mean answer.",
        QUANTITY(cs_traffic_sheet_text, sheet.derived_mean_output, TOKENS, "0 tokens", NULL)),
    KEY("correlation", "Of the ranks of prompt and answer.",
        QUANTITY(cs_traffic_sheet_text, correlation, NUMBER, "-1", "1")),
};
static const struct cs_table derived_table = TABLE("derived_from", derived_keys);

static const struct cs_key joint_keys[] = {
    KEY("levels", "Percent ranks.", NUMBERS(cs_traffic_sheet_text, levels, level_count, "0", "100"),
        REQUIRED, .example = "a list of percent ranks from 0 to 100"),
    KEY("input", "Prompt tokens at those ranks.",
        NUMBERS(cs_traffic_sheet_text, input, input_count, "0", "100000000"), REQUIRED,
        .example = "a list of tokens, one for each level"),
    KEY("bands", "Equal shares of the requests by rank of prompt.",
        COUNT(cs_traffic_sheet_text, bands, "1", "10000"), REQUIRED),
    KEY("output", "Answer tokens, a row for each band.", NODE(cs_traffic_sheet_text, output),
        REQUIRED, .example = "a list of rows, one for each band"),
};
static const struct cs_table joint_table = TABLE("lengths.joint", joint_keys);
static const struct cs_key sheet_lengths_keys[] = {
    KEY("joint", "Measured pairs.", MAP(joint_table), REQUIRED,
        .example = "a map of levels, input, bands and output"),
};
static const struct cs_table sheet_lengths_table = TABLE("lengths", sheet_lengths_keys);

static const struct cs_choice starts[] = {{"monday", 1}, {"midnight", 0}, {NULL, 0}};
static const struct cs_key curve_keys[] = {
    KEY("step", "Length of one weight.",
        QUANTITY(cs_traffic_sheet_text, step_s, SECONDS, "1 min", "1 day"), REQUIRED),
    KEY("starts", "The first weight: Monday 00:00, or midnight of any day.",
        CHOICE(cs_traffic_sheet_text, starts_monday, starts), DEFAULT("midnight", NULL)),
    KEY("weights", "Relative rates; scaled to mean 1.",
        NUMBERS(cs_traffic_sheet_text, weights, weight_count, "0", "1e12"), REQUIRED,
        .example = "a list of numbers"),
};
static const struct cs_table curve_table = TABLE("curve", curve_keys);

static const struct cs_key traffic_keys[] = {
    KEY("name", "Name of the sheet, as its file.", TEXT(cs_traffic_sheet_text, sheet.name),
        REQUIRED),
    KEY("title", "For people.", TEXT(cs_traffic_sheet_text, sheet.title)),
    KEY("licence", "Of the data it was derived from.", TEXT(cs_traffic_sheet_text, sheet.licence)),
    KEY("derived_from", "What was observed.", MAP(derived_table), .example = "a map"),
    KEY("lengths", "Lengths of prompts and answers.", MAP(sheet_lengths_table),
        PRESENT(cs_traffic_sheet_text, sheet.has_lengths),
        .example = "a map, with joint: below it"),
    KEY("curve", "Rate over a day or week.", MAP(curve_table),
        PRESENT(cs_traffic_sheet_text, sheet.has_curve),
        .example = "a map of step, starts and weights"),
    KEY("sources", "Where each figure comes from.", NODE(cs_traffic_sheet_text, sheet.node),
        .example = "a map of sources"),
    KEY("notes", "What else to know.", TEXT(cs_traffic_sheet_text, sheet.notes)),
};
const struct cs_table cs_table_traffic =
    TABLE_OF(cs_traffic_sheet_text, "a traffic sheet", traffic_keys);
