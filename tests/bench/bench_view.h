/* The bench's part about the window, which is there where the window is (see bench_view.c).
 *
 * It prints its rows of JSON itself, as the other parts do, without the brackets around them.
 * Scenarios are loaded by the bench's own loader, with --set texts.
 *
 * One thread.
 */
#ifndef TESTS_BENCH_VIEW_H
#define TESTS_BENCH_VIEW_H
#include <stddef.h>

struct cs_arena;
struct cs_scenario;
typedef const struct cs_scenario *bench_loader(struct cs_arena *arena, const char *path,
                                               const char *const *sets, size_t count);
void measure_view(bench_loader *load);

#endif
