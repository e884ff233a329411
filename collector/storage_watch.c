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

/* Of the oldest record that is not stored, wherever it is. */
static int64_t oldest_age_ms(const struct store_status *store)
{
    int64_t since_ms = store->writer.waits_since_ms, oldest_ms = store->journal.oldest_ms;
    int64_t held_ms = since_ms > 0 ? clock_mono_ms() - since_ms : 0;
    int64_t kept_ms = oldest_ms > 0 ? clock_wall_ms() - oldest_ms : 0;
    return held_ms > kept_ms ? held_ms : kept_ms;
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct storage_watch *watch = cookie;
    struct store_status status;
    (void)fd, (void)what;
    store_status(watch->collector->store, &status);
    const struct storage_facts facts = {.lost = status.cache.dropped + status.journal.dropped +
                                                status.journal.missing,
                                        .waiting = status.journal.depth,
                                        .oldest_ms = status.journal.oldest_ms,
                                        .journal_ok = status.journal.ok,
                                        .journal_error = status.journal.error};
    storage_signs_look(&watch->signs, &facts, clock_mono_ms(), clock_wall_ms(), tell,
                       watch->collector);
    storage_lag_look(&watch->collector->lag, oldest_age_ms(&status), clock_mono_ms());
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
