/* Records: one simulated run in one file, with all that it takes to make it again.
 *
 * `capsim run --record FILE` writes one, `capsim view FILE` replays it, wherever it was carried.
 * Nothing of the run itself is kept but what it came to: same input, same bytes, so the scenario
 * of that one fleet (spec/pin.h), the sheets it names and its trace are the run. The file is a
 * gzip stream (`zcat` shows it) of a line `capsim record 1` and sections, each a line `name size`
 * and as many bytes: record.yaml (who wrote it, which fleet, what it came to), scenario.yaml, the
 * sheets at their places in a catalogue, trace.csv or trace.jsonl, and `end 0`.
 *
 * The one rule: a record is read whole or refused; it names nothing outside itself, and no file is
 * unpacked. Same run, same bytes. Memory is the arena of the command or the catalogue.
 */
#ifndef CS_CLI_RECORD_H
#define CS_CLI_RECORD_H
#include "cli/opt.h"
#include "plan/plan.h"

struct cs_record {
    const char *version; /* of the capsim that wrote it; NULL: it is no record */
    /* What replication 0 came to: counted requests, their tokens; all steps and busy time. */
    uint64_t requests, completed, input_tokens, output_tokens, steps, busy_ps;
    const struct cs_trace *trace; /* of its scenario, for cs_plan_settings; NULL: none */
};

/* Whether a file begins as a record does; an unreadable one does not. */
bool cs_record_is(const char *path);
/* The scenario of a record: one option with its fleet given. Its sheets are those of the catalogue
 * from then on, of which nothing may have been loaded yet. NULL: the errors are in cli->diags (exit
 * status 3, 4 where the file cannot be read). */
const struct cs_scenario *cs_record_load(struct cs_cli *cli, struct cs_catalog *catalog,
                                         const char *path, struct cs_record *record);
/* The scenario of a file that is one, changed by `sets`, or a record, of which nothing can be set;
 * record->version tells: NULL for a scenario. NULL: as above. */
const struct cs_scenario *cs_record_open(struct cs_cli *cli, struct cs_catalog *catalog,
                                         const char *path, const struct cs_opt_list *sets,
                                         struct cs_record *record);
/* Whether replication 0, followed to its end, came to what was recorded. It does not where another
 * version of capsim simulates otherwise. */
bool cs_record_agrees(const struct cs_record *record, const struct cs_result *result);
/* Writes the fleet of an option of the answer, simulated once more; false: the errors are in
 * cli->diags, and a file of that name is as it was. */
bool cs_record_write(struct cs_cli *cli, const struct cs_answer *answer, size_t option,
                     const char *path);

#endif
