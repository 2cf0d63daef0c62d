/* Control: what hands do to a show, whether by key, by button or by a test.
 *
 * Each act is one of enum cs_act (scene.h). Those that concern the fleet, the traffic or time are
 * done here, with a word of what happened for the message line; those that concern the window or
 * the program (a picture, the next scenario, the end) are the caller's.
 *
 * Nothing here knows of SDL; keys become acts in screen.c.
 */
#ifndef CS_VIZ_CONTROL_H
#define CS_VIZ_CONTROL_H
#include "viz/scene.h"

/* False: the act is the caller's. */
bool cs_control(struct cs_scene *s, enum cs_act act, int64_t value);
/* Forward by `seconds` of the clock on the wall at the scene's speed, spending at most `budget_s`
 * of `now()` seconds on it; notes how far it fell short. */
void cs_control_advance(struct cs_scene *s, double seconds, double budget_s, double (*now)(void));

#endif
