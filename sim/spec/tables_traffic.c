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
#include "spec/tables.h"

#define AT(type, field) .offset = offsetof(struct type, field)
#define TABLE(rows) .keys = rows, .count = sizeof rows / sizeof rows[0]
#define TOKENS .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS, .high = "100M tokens"

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
    {.name = "mean", TOKENS, AT(cs_lengths_text, mean), .low = "1 token", .required = true,
     .doc = "Mean of the lengths themselves."},
    {.name = "sigma", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_lengths_text, sigma),
     .low = "0", .high = "5", .required = true, .doc = "Deviation of the logarithm."},
};
static const struct cs_table lognormal_table = {"lognormal", TABLE(lognormal_keys), .size = 0};
static const struct cs_key gamma_keys[] = {
    {.name = "mean", TOKENS, AT(cs_lengths_text, mean), .low = "1 token", .required = true,
     .doc = "Mean length."},
    {.name = "cv", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER, AT(cs_lengths_text, cv),
     .low = "0.01", .high = "100", .required = true, .doc = "Deviation over mean."},
};
static const struct cs_table gamma_table = {"gamma", TABLE(gamma_keys), .size = 0};
static const struct cs_key uniform_keys[] = {
    {.name = "min", TOKENS, AT(cs_lengths_text, from), .low = "1 token", .required = true,
     .bare = true, .doc = "Shortest."},
    {.name = "max", TOKENS, AT(cs_lengths_text, to), .low = "1 token", .required = true,
     .bare = true, .doc = "Longest."},
};
static const struct cs_table uniform_table = {"uniform", TABLE(uniform_keys), .size = 0};

static const struct cs_key lengths_keys[] = {
    {.name = "fixed", TOKENS, AT(cs_lengths_text, fixed), .low = "1 token",
     .present = offsetof(struct cs_lengths_text, has_fixed), .doc = "Always this length."},
    {.name = "lognormal", .kind = CS_KEY_MAP, .table = &lognormal_table,
     .present = offsetof(struct cs_lengths_text, has_lognormal),
     .example = "a map, such as {mean: 256 tokens, sigma: 0.25}", .doc = "Log-normal lengths."},
    {.name = "gamma", .kind = CS_KEY_MAP, .table = &gamma_table,
     .present = offsetof(struct cs_lengths_text, has_gamma),
     .example = "a map, such as {mean: 256 tokens, cv: 1.2}", .doc = "Gamma lengths."},
    {.name = "uniform", .kind = CS_KEY_MAP, .table = &uniform_table,
     .present = offsetof(struct cs_lengths_text, has_uniform),
     .example = "a map, such as {min: 100 tokens, max: 900 tokens}", .doc = "Equally likely."},
    {.name = "quantiles", .kind = CS_KEY_NODE, AT(cs_lengths_text, quantiles),
     .example = "a map, such as {p0: 1, p50: 300, p90: 900, p100: 4000}",
     .doc = "Tokens at percent ranks, p0 and p100 among them; straight lines between."},
    {.name = "min", TOKENS, AT(cs_lengths_text, min), .low = "1 token", .bare = true,
     .doc = "No shorter than this."},
    {.name = "max", TOKENS, AT(cs_lengths_text, max), .low = "1 token", .bare = true,
     .doc = "No longer than this."},
};
const struct cs_table cs_table_lengths = {"lengths", TABLE(lengths_keys),
                                          .size = sizeof(struct cs_lengths_text)};

static const struct cs_key pair_keys[] = {
    {.name = "input", .kind = CS_KEY_NODE, AT(cs_lengths_pair, input), .required = true,
     .table = &cs_table_lengths,
     .example = "tokens or a distribution, such as {lognormal: {mean: 512 tokens, sigma: 0.25}}",
     .doc = "Prompt lengths."},
    {.name = "output", .kind = CS_KEY_NODE, AT(cs_lengths_pair, output), .required = true,
     .table = &cs_table_lengths,
     .example = "tokens or a distribution, such as {lognormal: {mean: 256 tokens, sigma: 0.25}}",
     .doc = "Answer lengths."},
};
const struct cs_table cs_table_lengths_pair = {"traffic.lengths", TABLE(pair_keys),
                                               .size = sizeof(struct cs_lengths_pair)};

/* --- traffic sheets -------------------------------------------------------------------------- */

static const struct cs_key derived_keys[] = {
    {.name = "requests", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_REQUESTS,
     AT(cs_traffic_sheet_text, sheet.derived_requests), .low = "1", .doc = "Requests observed."},
    {.name = "mean_input", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_traffic_sheet_text, sheet.derived_mean_input), .low = "0 tokens",
     .doc = "Their mean prompt."},
    {.name = "mean_output", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_TOKENS,
     AT(cs_traffic_sheet_text, sheet.derived_mean_output), .low = "0 tokens",
     .doc = "Their mean answer."},
    {.name = "correlation", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_NUMBER,
     AT(cs_traffic_sheet_text, correlation), .low = "-1", .high = "1",
     .doc = "Of the ranks of prompt and answer."},
};
static const struct cs_table derived_table = {"derived_from", TABLE(derived_keys), .size = 0};

static const struct cs_key joint_keys[] = {
    {.name = "levels", .kind = CS_KEY_NUMBERS, .unit = CS_UNIT_NUMBER, .low = "0", .high = "100",
     AT(cs_traffic_sheet_text, levels),
     .count = offsetof(struct cs_traffic_sheet_text, level_count), .required = true,
     .example = "a list of percent ranks from 0 to 100", .doc = "Percent ranks."},
    {.name = "input", .kind = CS_KEY_NUMBERS, .unit = CS_UNIT_NUMBER, .low = "0",
     .high = "100000000", AT(cs_traffic_sheet_text, input),
     .count = offsetof(struct cs_traffic_sheet_text, input_count), .required = true,
     .example = "a list of tokens, one for each level", .doc = "Prompt tokens at those ranks."},
    {.name = "bands", .kind = CS_KEY_COUNT, AT(cs_traffic_sheet_text, bands), .low = "1",
     .high = "10000", .required = true, .doc = "Equal shares of the requests by rank of prompt."},
    {.name = "output", .kind = CS_KEY_NODE, AT(cs_traffic_sheet_text, output), .required = true,
     .example = "a list of rows, one for each band", .doc = "Answer tokens, a row for each band."},
};
static const struct cs_table joint_table = {"lengths.joint", TABLE(joint_keys), .size = 0};
static const struct cs_key sheet_lengths_keys[] = {
    {.name = "joint", .kind = CS_KEY_MAP, .table = &joint_table, .required = true,
     .example = "a map of levels, input, bands and output", .doc = "Measured pairs."},
};
static const struct cs_table sheet_lengths_table = {"lengths", TABLE(sheet_lengths_keys),
                                                    .size = 0};

static const struct cs_choice starts[] = {{"monday", 1}, {"midnight", 0}, {NULL, 0}};
static const struct cs_key curve_keys[] = {
    {.name = "step", .kind = CS_KEY_QUANTITY, .unit = CS_UNIT_SECONDS,
     AT(cs_traffic_sheet_text, step_s), .low = "1 min", .high = "1 day", .required = true,
     .doc = "Length of one weight."},
    {.name = "starts", .kind = CS_KEY_CHOICE, AT(cs_traffic_sheet_text, starts_monday),
     .choices = starts, .fallback = "midnight",
     .doc = "The first weight: Monday 00:00, or midnight of any day."},
    {.name = "weights", .kind = CS_KEY_NUMBERS, .unit = CS_UNIT_NUMBER, .low = "0", .high = "1e12",
     AT(cs_traffic_sheet_text, weights),
     .count = offsetof(struct cs_traffic_sheet_text, weight_count), .required = true,
     .example = "a list of numbers", .doc = "Relative rates; scaled to mean 1."},
};
static const struct cs_table curve_table = {"curve", TABLE(curve_keys), .size = 0};

static const struct cs_key traffic_keys[] = {
    {.name = "name", .kind = CS_KEY_TEXT, AT(cs_traffic_sheet_text, sheet.name), .required = true,
     .doc = "Name of the sheet, as its file."},
    {.name = "title", .kind = CS_KEY_TEXT, AT(cs_traffic_sheet_text, sheet.title),
     .doc = "For people."},
    {.name = "licence", .kind = CS_KEY_TEXT, AT(cs_traffic_sheet_text, sheet.licence),
     .doc = "Of the data it was derived from."},
    {.name = "derived_from", .kind = CS_KEY_MAP, .table = &derived_table, .example = "a map",
     .doc = "What was observed."},
    {.name = "lengths", .kind = CS_KEY_MAP, .table = &sheet_lengths_table,
     .present = offsetof(struct cs_traffic_sheet_text, sheet.has_lengths),
     .example = "a map, with joint: below it", .doc = "Lengths of prompts and answers."},
    {.name = "curve", .kind = CS_KEY_MAP, .table = &curve_table,
     .present = offsetof(struct cs_traffic_sheet_text, sheet.has_curve),
     .example = "a map of step, starts and weights", .doc = "Rate over a day or week."},
    {.name = "sources", .kind = CS_KEY_NODE, AT(cs_traffic_sheet_text, sheet.node),
     .example = "a map of sources", .doc = "Where each figure comes from."},
    {.name = "notes", .kind = CS_KEY_TEXT, AT(cs_traffic_sheet_text, sheet.notes),
     .doc = "What else to know."},
};
const struct cs_table cs_table_traffic = {"a traffic sheet", TABLE(traffic_keys),
                                          .size = sizeof(struct cs_traffic_sheet_text)};
