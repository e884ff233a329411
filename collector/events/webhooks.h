/*
 * Webhooks as a whole: who wants which event, and the calls: lanes decide, caller calls, the outbox
 * remembers. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_WEBHOOKS_H
#define DTUHUB_COLLECTOR_EVENTS_WEBHOOKS_H

#include "collector/events/bus.h"
#include "collector/events/caller.h"
#include "collector/events/outbox.h"
#include "shared/config/server_config.h"

#include <json-c/json_object.h>
#include <stdio.h>

struct webhooks;

/** webhooks_start(base, bus, outbox, config): ${outbox}'s calls go to webhooks_loaded() and so on.
 * ${config} must outlive it or the next webhooks_configure(). webhooks_stop(webhooks) gives calls
 * under way a second, in which it runs the loop; NULL is allowed. */
struct webhooks *webhooks_start(struct event_base *base, struct bus *bus, struct outbox *outbox,
                                const struct server_config *config);
void webhooks_configure(struct webhooks *webhooks, const struct server_config *config);
void webhooks_stop(struct webhooks *webhooks);

void webhooks_loaded(struct webhooks *webhooks, struct delivery *delivery);
void webhooks_disabled(struct webhooks *webhooks, const char *target, const char *reason);
void webhooks_gave_up(struct webhooks *webhooks, const char *target, size_t rows,
                      const char *reason);
void webhooks_counted(struct webhooks *webhooks, const char *target, uint64_t waiting,
                      int64_t oldest_ms);

/** webhooks_test(webhooks, target, event, done, cookie): call it now with that event object, once,
 * outside of the outbox. ${target} NULL: the short form's target of the event's type. done() gets
 * what came of it; never inside. 0, or -1: no such target, and done() is not called. */
typedef void webhooks_tested(void *cookie, const struct call_result *result);
int webhooks_test(struct webhooks *webhooks, const char *target, struct json_object *event,
                  webhooks_tested *done, void *cookie);

/** webhooks_enable(webhooks, target): after a 410; 0, or -1: no such target. */
int webhooks_enable(struct webhooks *webhooks, const char *target);

/** webhooks_json(webhooks): each target's state, counts and last result; no secrets; the caller's.
 */
struct json_object *webhooks_json(const struct webhooks *webhooks);

/** webhooks_print(webhooks, out): the same as metrics, in Prometheus' text format. */
void webhooks_print(const struct webhooks *webhooks, FILE *out);

#endif
