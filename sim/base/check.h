/* Assertions about ourselves: a broken invariant is our bug, never the user's.
 *
 * cs_check(condition) stays on in release builds. On failure it prints the condition, the place,
 * and the context that the run left (simulated time, scenario, seed, the command that repeats it)
 * and aborts (exit status 134). User errors go to diag.h instead; the two never mix.
 */
#ifndef CS_BASE_CHECK_H
#define CS_BASE_CHECK_H
#include <stdint.h>

/* What a failing check prints besides its condition. Thread-local; fields may be NULL. */
struct cs_check_context {
    const char *scenario;
    uint64_t seed;
    int64_t time_ps;
    const char *command;
};
struct cs_check_context *cs_check_context(void);
_Noreturn void cs_check_fail(const char *condition, const char *file, int line);

#define cs_check(condition) \
    ((condition) ? (void)0 : cs_check_fail(#condition, __FILE__, __LINE__))

#endif
