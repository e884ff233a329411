/*
 * The live stream: GET /live on the control channel, Server-Sent Events. Each event of the bus, and
 * the newest values of answers, once a second and device at the most. A viewer that comes back with
 * Last-Event-ID gets what it missed as far as the last LIVE_KEPT events hold it; one that does not
 * read fast enough is closed. ?device=ID and ?kinds=a,b narrow it.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_LIVE_H
#define DTUHUB_COLLECTOR_EVENTS_LIVE_H

#include "collector/events/bus.h"

#include <event2/event.h>
#include <event2/http.h>
#include <stddef.h>

enum { LIVE_KEPT = 4096, LIVE_VIEWERS_MOST = 2000 };

struct live;

struct live *live_new(struct event_base *base, struct bus *bus, const char *collector);
void live_free(struct live *live);

/** live_serve(live, request): answers it, now and for as long as the viewer stays. */
void live_serve(struct live *live, struct evhttp_request *request);

size_t live_viewers(const struct live *live);

#endif
