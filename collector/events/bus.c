#include "collector/events/bus.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { LISTENERS_MOST = 8 };

/* An event that a listener raised: it waits for the present one to be through. */
struct waiting {
    STAILQ_ENTRY(waiting) link;
    struct bus_event event;
    struct event_device device;
    char *texts[6];
};

struct bus {
    struct bus_listener listeners[LISTENERS_MOST];
    size_t n;
    bool busy;
    STAILQ_HEAD(waiting_list, waiting) waiting;
    uint64_t counts[EVENT_KINDS];
};

struct bus *bus_new(void)
{
    struct bus *bus = xcalloc(1, sizeof(*bus));
    STAILQ_INIT(&bus->waiting);
    return bus;
}

static void free_waiting(struct waiting *waiting)
{
    for (size_t i = 0; i < sizeof(waiting->texts) / sizeof(*waiting->texts); i++)
        free(waiting->texts[i]);
    json_object_put(waiting->event.data);
    free(waiting);
}

void bus_free(struct bus *bus)
{
    struct waiting *waiting;
    if (bus == NULL)
        return;
    while ((waiting = STAILQ_FIRST(&bus->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&bus->waiting, link);
        free_waiting(waiting);
    }
    free(bus);
}

void bus_listen(struct bus *bus, const struct bus_listener *listener)
{
    if (bus->n == LISTENERS_MOST)
        abort(); /* there are as many as this program has parts that listen */
    bus->listeners[bus->n++] = *listener;
}

static const char *keep(struct waiting *waiting, size_t i, const char *text)
{
    waiting->texts[i] = text != NULL ? xstrdup(text) : NULL;
    return waiting->texts[i];
}

static struct waiting *copy(const struct bus_event *event)
{
    struct waiting *waiting = xcalloc(1, sizeof(*waiting));
    waiting->event = *event;
    waiting->event.message = keep(waiting, 0, event->message);
    waiting->event.data = json_object_get(event->data);
    if (event->device == NULL)
        return waiting;
    waiting->device = *event->device;
    waiting->device.id = keep(waiting, 1, event->device->id);
    waiting->device.name = keep(waiting, 2, event->device->name);
    waiting->device.tags = keep(waiting, 3, event->device->tags);
    waiting->device.profile = keep(waiting, 4, event->device->profile);
    waiting->device.address = keep(waiting, 5, event->device->address);
    waiting->event.device = &waiting->device;
    return waiting;
}

static void tell(struct bus *bus, const struct bus_event *event)
{
    bus->counts[event->kind]++;
    for (size_t i = 0; i < bus->n; i++) {
        if (bus->listeners[i].event != NULL)
            bus->listeners[i].event(bus->listeners[i].cookie, event);
    }
}

void bus_raise(struct bus *bus, const struct bus_event *event)
{
    struct bus_event full = *event;
    struct waiting *waiting;
    if (bus == NULL)
        return;
    if (full.ts_ms == 0)
        full.ts_ms = clock_wall_ms();
    if (!full.has_severity)
        full.severity = event_kind_info(full.kind)->severity;
    full.has_severity = true;
    if (full.id[0] == '\0')
        event_id_new(full.ts_ms, full.id);
    if (bus->busy) {
        waiting = copy(&full);
        STAILQ_INSERT_TAIL(&bus->waiting, waiting, link);
        return;
    }
    bus->busy = true;
    tell(bus, &full);
    while ((waiting = STAILQ_FIRST(&bus->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&bus->waiting, link);
        tell(bus, &waiting->event);
        free_waiting(waiting);
    }
    bus->busy = false;
}

static bool listens(const struct bus_listener *listener)
{
    return listener->answer != NULL &&
           (listener->wants_answers == NULL || *listener->wants_answers);
}

void bus_answer(struct bus *bus, const struct event_answer *answer)
{
    for (size_t i = 0; bus != NULL && i < bus->n; i++) {
        if (listens(&bus->listeners[i]))
            bus->listeners[i].answer(bus->listeners[i].cookie, answer);
    }
}

bool bus_wants_answers(const struct bus *bus)
{
    for (size_t i = 0; bus != NULL && i < bus->n; i++) {
        if (listens(&bus->listeners[i]))
            return true;
    }
    return false;
}

uint64_t bus_count(const struct bus *bus, enum event_kind kind)
{
    return bus != NULL && kind < EVENT_KINDS ? bus->counts[kind] : 0;
}
