/* API cache: what an API that keeps prompts for a while would find of them again.
 *
 * Vendors bill prompt tokens that they find in their cache at a lower price. What is found follows
 * from the traffic: a prefix that a group of requests shares, the conversation so far, or blocks
 * known by hash, as long as the last request with it is not older than the vendor keeps it. Its
 * memory is taken as unlimited and its replicas as one, which is the best a vendor can do.
 *
 * The rule: one state serves APIs that keep prompts for different times, since it remembers when
 * each piece was last used and nothing else. Memory: the arena given, and uthash's until dropped.
 */
#ifndef CS_PLAN_APICACHE_H
#define CS_PLAN_APICACHE_H
#include "serve/workload.h"

struct cs_apicache;
struct cs_apicache *cs_apicache_new(struct cs_arena *arena);
void cs_apicache_drop(struct cs_apicache *cache);
/* Tokens from the front of the prompt that were used at most kept_s ago; *shared: those that later
 * requests may have in common with it, found ones included. */
double cs_apicache_find(const struct cs_apicache *cache, const struct cs_arrival *arrival,
                        double kept_s, double *shared);
/* The request was served: what it shares is used now. */
void cs_apicache_use(struct cs_apicache *cache, const struct cs_arrival *arrival);

#endif
