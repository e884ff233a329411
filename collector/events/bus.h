/*
 * The bus: who notices something raises an event, who wants to know listens. Listeners are called
 * at once, in the order in which they came, in the loop's thread; they must not block. An event
 * raised by a listener is delivered after the present one.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_BUS_H
#define DTUHUB_COLLECTOR_EVENTS_BUS_H

#include "collector/events/event.h"

#include <stdbool.h>
#include <stdint.h>

struct bus;

/** The calls; either may be NULL. What they are given is borrowed for the call. */
struct bus_listener {
    void (*event)(void *cookie, const struct bus_event *event);
    void (*answer)(void *cookie, const struct event_answer *answer);
    const bool *wants_answers; /* looked at before each; NULL: always */
    void *cookie;
};

struct bus *bus_new(void);
void bus_free(struct bus *bus);

/** bus_listen(bus, listener): the struct is copied. */
void bus_listen(struct bus *bus, const struct bus_listener *listener);

/* All of these take NULL for a bus that nobody listens to. */

/** bus_raise(bus, event): fills in what is missing (id, severity, ts_ms) in a copy. */
void bus_raise(struct bus *bus, const struct bus_event *event);

/** bus_answer(bus, answer), bus_wants_answers(bus): whether anybody listens to answers: else they
 * need not be made. */
void bus_answer(struct bus *bus, const struct event_answer *answer);
bool bus_wants_answers(const struct bus *bus);

/** bus_count(bus, kind): how many of the kind were raised. */
uint64_t bus_count(const struct bus *bus, enum event_kind kind);

#endif
