/* Crossover, printed: for people (text with a drawing), as JSON, and as a page with a plot.
 *
 * All three say the same: where hosting and each API change rank, with both intervals; the cheapest
 * option along the axis; what would move the crossing; and the cost curves themselves.
 */
#ifndef CS_OUT_CROSSOVER_H
#define CS_OUT_CROSSOVER_H
#include "out/text.h"
#include "plan/crossover.h"

/* One value of a second axis, with the crossover there; `value` NULL: there is none. */
struct cs_crossover_at {
    const char *value;
    struct cs_crossover crossover;
};

extern const char cs_crossover_basis[]; /* what points and intervals rest on */
/* x of the axis, with its unit: "5.26M tokens/day", "62 %". */
const char *cs_crossover_x(struct cs_arena *arena, const struct cs_along *along, double x);
/* An interval of it: "5.2M–6.1M"; an end beyond the range is "below 1M" or "above 500M"; without
 * width "unmoved": the same fleet at both ends. */
const char *cs_crossover_interval(struct cs_arena *arena, const struct cs_crossover *c, double lo,
                                  double hi);
/* An option in few words: "llama-4-scout h100-sxm-80gb int4". */
const char *cs_crossover_option(struct cs_arena *arena, const struct cs_crossover *c,
                                size_t option);
/* Where hosting and an API change rank: "from 5.26M tokens/day on", "never: ...". */
const char *cs_crossover_words(struct cs_arena *arena, const struct cs_crossover *c, size_t api);

void cs_crossover_print(const struct cs_crossover *c, const struct cs_text *text);
/* Crossings along the first axis for each value of the second. */
void cs_crossover_print_table(const struct cs_crossover_at *rows, size_t count, const char *key,
                              const struct cs_text *text);
void cs_crossover_print_json(const struct cs_crossover_at *rows, size_t count, const char *key,
                             FILE *out);
void cs_crossover_print_html(const struct cs_crossover *c, FILE *out);
enum { CS_CROSSOVER_COLOURS = 6 }; /* of the lines of APIs: classes c0 .. c5 */
/* Parts of that page, for others: the drawing, wide or square; who is crossed where, with the keys
 * of the lines; and the curves as a table. Scratch in the arena. */
void cs_crossover_print_plot(const struct cs_crossover *c, bool wide, struct cs_arena *arena,
                             FILE *out);
void cs_crossover_print_against(const struct cs_crossover *c, struct cs_arena *arena, FILE *out);
void cs_crossover_print_points(const struct cs_crossover *c, struct cs_arena *arena, FILE *out);
/* The drawing alone, as a file of its own. */
void cs_crossover_print_svg(const struct cs_crossover *c, FILE *out);

#endif
