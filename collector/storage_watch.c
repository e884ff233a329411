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
    /* Of no device: the table's default. */
    recorder_event(&collector->hub.env.recorder, names_device(collector->names, ""),
                   clock_wall_ms(), kind, details);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct storage_watch *watch = cookie;
    struct journal_status journal;
    struct cache_stats cache;
    (void)fd, (void)what;
    journal_status(watch->collector->journal, &journal);
    cache_stats(watch->collector->cache, &cache);
    const struct storage_facts facts = {.lost = cache.dropped + journal.dropped + journal.missing,
                                        .waiting = journal.depth,
                                        .oldest_ms = journal.oldest_ms,
                                        .journal_ok = journal.ok,
                                        .journal_error = journal.error};
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
