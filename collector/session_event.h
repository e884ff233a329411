/*
 * What a session tells the bus (collector/events/bus.h). Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_SESSION_EVENT_H
#define DTUHUB_COLLECTOR_SESSION_EVENT_H

#include "collector/events/bus.h"
#include "collector/session.h"

#include <json-c/json_object.h>

/** session_event_device(session, out): the session's device; the texts are the session's and the
 * configuration's. */
void session_event_device(const struct session *session, struct event_device *out);

/** session_raise(session, kind, message, data, wall_ms): an event of its device. ${message} and
 * ${data} may be NULL; ${data} is released here. */
void session_raise(const struct session *session, enum event_kind kind, const char *message,
                   struct json_object *data, int64_t wall_ms);

/** session_tell_answer(session, values, n, now): what an answer brought, where anybody listens. */
void session_tell_answer(const struct session *session, const struct decoded *values, size_t n,
                         struct session_time now);

/** session_reason(reason), session_slave(unit): {"reason": reason}, {"slave": unit}, for
 * session_raise(). */
struct json_object *session_reason(const char *reason);
struct json_object *session_slave(unsigned unit);

#endif
