/*
 * What the collector says of lines, as long as it runs: its own JSON, see collector/control.h. The
 * values are the caller's.
 */
#ifndef DTUHUB_WEBAPP_LINES_H
#define DTUHUB_WEBAPP_LINES_H

#include "webapp/call.h"

/** lines_all(call), lines_dead(call) (those with a dead slave), lines_quarantine(call),
 * lines_refusals(call), lines_dials(call), lines_expected(call), lines_missing(call) (those
 * expected that are not online): arrays; NULL where the collector does not answer. */
struct json_object *lines_all(struct call *call);
struct json_object *lines_dead(struct call *call);
struct json_object *lines_quarantine(struct call *call);
struct json_object *lines_refusals(struct call *call);
struct json_object *lines_dials(struct call *call);
struct json_object *lines_expected(struct call *call);
struct json_object *lines_missing(struct call *call);

/** lines_one(call, device_id, answered): the device's line. NULL where it is not online, or the
 * collector does not answer: ${answered} says which. */
struct json_object *lines_one(struct call *call, const char *device_id, bool *answered);

/** lines_publish(json): the instants in it, milliseconds, become ISO 8601 as in all of the API. */
void lines_publish(struct json_object *json);

#endif
