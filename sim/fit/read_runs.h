/* Recorded runs: a folder of index.csv, requests/ and perhaps runs.csv, as cases.
 *
 * index.csv names a file of requests for each run, with the engine's limits; every one becomes a
 * REPLAY of its arrivals, whole and by stage. runs.csv holds figures of runs, of which those that
 * have no file are ONLINE cases: drawn from the workload's nominal profile. What the two do not
 * say stands in a manifest (manifest.h).
 *
 * The one rule: both sides have the same denominators. The recorded output_tokens are a client's
 * recount; the manifest's true length is simulated, and divides the measured decode time too.
 * Everything belongs to the arena of `cases`.
 */
#ifndef CS_FIT_READ_RUNS_H
#define CS_FIT_READ_RUNS_H
#include "fit/case.h"

/* False: something could not be read; the errors are in `diags`. Runs that cannot be simulated (no
 * sheet, a workload that the manifest lacks) are skipped with their reason. */
bool cs_read_runs(const char *folder, struct cs_catalog *catalog, struct cs_cases *cases,
                  struct cs_diags *diags);

#endif
