#include "collector/storage_watch.h"

#include "collector/collector.h"
#include "collector/storage_signs.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <event2/event.h>
#include <stdlib.h>

struct storage_watch {
    struct collector *collector;
    struct event *timer;
    struct storage_signs signs;
};

static void tell(void *cookie, enum event_kind kind, const char *details)
{
    struct collector *collector = cookie;
    bus_raise(collector->bus, &(struct bus_event){.kind = kind, .message = details});
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct storage_watch *watch = cookie;
    struct store_status status;
    (void)fd, (void)what;
    store_status(watch->collector->store, &status);
    const struct storage_facts facts = {.lost = status.cache.dropped + status.journal.dropped,
                                        .waiting = status.journal.depth,
                                        .oldest_ms = status.journal.oldest_ms,
                                        .journal_ok = status.journal.ok,
                                        .journal_error = status.journal.error};
    storage_signs_look(&watch->signs, &facts, clock_mono_ms(), clock_wall_ms(), tell,
                       watch->collector);
}

struct storage_watch *storage_watch_start(struct collector *collector)
{
    static const struct timeval second = {.tv_sec = 1};
    struct storage_watch *watch = xcalloc(1, sizeof(*watch));
    watch->collector = collector;
    watch->timer = event_new(collector->base, -1, EV_PERSIST, on_timer, watch);
    event_add(watch->timer, &second);
    return watch;
}

void storage_watch_stop(struct storage_watch *watch)
{
    if (watch == NULL)
        return;
    event_free(watch->timer);
    free(watch);
}
