/*
 * The live stream: GET /live on the control channel, Server-Sent Events (WHATWG HTML, "Server-sent
 * events").
 *
 *   event: hello     first; data says whose stream it is
 *   event: KIND      each event of the bus (collector/events/event.h); its id counts up
 *   event: values    {"device_id", "time", "values": {point: {"value", "unit"}}}: the newest values
 * of the devices that the viewer asks for, once a second at the most event: reset     what came
 * since Last-Event-ID is not kept any more: read the page's state anew
 *
 * ?devices=a,b asks for the values of these; ?kinds=a,b narrows the events to these, "" to none. A
 * viewer that comes back with Last-Event-ID (or ?last_event_id=) gets what it missed, as far as the
 * last LIVE_KEPT events hold it. One that does not read fast enough is closed: it comes back by
 * itself, and misses nothing.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_LIVE_H
#define DTUHUB_COLLECTOR_EVENTS_LIVE_H

#include "collector/events/bus.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stddef.h>

enum { LIVE_KEPT = 4096, LIVE_VIEWERS_MOST = 2000, LIVE_DEVICES_MOST = 200 };

struct live;

struct live *live_new(struct event_base *base, struct bus *bus, const char *collector);
void live_free(struct live *live);

/** live_serve(live, request): answers it, now and for as long as the viewer stays. */
void live_serve(struct live *live, struct evhttp_request *request);

size_t live_viewers(const struct live *live);

#endif
