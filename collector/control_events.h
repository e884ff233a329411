/*
 * Alarms and webhooks on the control channel. Bodies are JSON objects; what is unknown in them is
 * refused with 400. Each answers the request, now or later. Belongs to the loop's thread.
 *
 *   GET  /alarms              open alarms, the newest first
 *   POST /alarms/acknowledge  {"id", "actor", "comment"}: 404 where it is not open
 *   GET  /webhooks            targets and their state
 *   POST /webhooks/test       {"event_type", "data", "target"}: call a target once, now, with an
 * event of that type; "data" goes into it; without "target" the short form's target of the type.
 * {"status": "success", "http_status"}, else 400 POST /webhooks/replay     {"delivery"}, or
 * {"from", "to", "target", "dead_only"} with times in RFC 3339: deliver again: {"replayed": n} POST
 * /webhooks/enable     {"target"}: call it again after it answered 410
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_EVENTS_H
#define DTUHUB_COLLECTOR_CONTROL_EVENTS_H

#include "collector/collector.h"
#include "collector/control_later.h"

void control_get_alarms(struct evhttp_request *request, struct collector *collector);
void control_get_webhooks(struct evhttp_request *request, struct collector *collector);

void control_acknowledge(struct evhttp_request *request, struct collector *collector,
                         struct control_laters *laters);
void control_webhook_test(struct evhttp_request *request, struct collector *collector,
                          struct control_laters *laters);
void control_webhook_replay(struct evhttp_request *request, struct collector *collector,
                            struct control_laters *laters);
void control_webhook_enable(struct evhttp_request *request, struct collector *collector,
                            struct control_laters *laters);

#endif
