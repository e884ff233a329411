#include "collector/storage_watch.h"

#include "collector/collector.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BEHIND_MS = 60000,     /* a record that waits longer is worth an event */
    CAUGHT_UP_MS = 10000,  /* and this is the end of it */
    LOST_AGAIN_MS = 60000, /* losses are told together */
};

struct storage_watch {
    struct collector *collector;
    struct event *timer;
    uint64_t lost;        /* told so far */
    uint64_t seen;        /* a second ago */
    int64_t lost_told_ms; /* monotonic */
    bool behind, failed;  /* told */
};

static void tell(struct storage_watch *watch, enum event_kind kind, const char *details)
{
    struct collector *collector = watch->collector;
    /* Of no device: the table's default. */
    recorder_event(&collector->hub.env.recorder, names_device(store_names(collector->store), ""),
                   clock_wall_ms(), kind, details);
}

static void watch_losses(struct storage_watch *watch, const struct store_status *status)
{
    char text[RECORD_DETAILS_MAX];
    uint64_t lost = status->cache.dropped + status->journal.dropped;
    int64_t now_ms = clock_mono_ms();
    /* While records are being dropped, this one would soon be among them. */
    bool goes_on = lost != watch->seen;
    if (lost == watch->lost)
        watch->lost_told_ms = now_ms;
    watch->seen = lost;
    if (lost == watch->lost || (goes_on && now_ms < watch->lost_told_ms + LOST_AGAIN_MS))
        return;
    snprintf(text, sizeof(text), "%llu records were dropped unstored, the oldest ones",
             (unsigned long long)(lost - watch->lost));
    watch->lost = lost;
    watch->lost_told_ms = now_ms;
    tell(watch, EVENT_STORAGE_LOST, text);
}

static void watch_delay(struct storage_watch *watch, const struct journal_status *journal)
{
    char text[RECORD_DETAILS_MAX];
    int64_t age_ms = journal->oldest_ms > 0 ? clock_wall_ms() - journal->oldest_ms : 0;
    if (age_ms < CAUGHT_UP_MS)
        watch->behind = false;
    if (age_ms < BEHIND_MS || watch->behind)
        return;
    watch->behind = true;
    snprintf(text, sizeof(text), "%llu records wait in the journal, the oldest for %lld s",
             (unsigned long long)journal->depth, (long long)(age_ms / 1000));
    tell(watch, EVENT_STORAGE_BEHIND, text);
}

static void watch_journal(struct storage_watch *watch, const struct journal_status *journal)
{
    char text[RECORD_DETAILS_MAX];
    if (watch->failed == !journal->ok)
        return;
    watch->failed = !journal->ok;
    if (journal->ok)
        return;
    snprintf(text, sizeof(text), "the journal cannot be written: %.160s", journal->error);
    tell(watch, EVENT_STORAGE_BEHIND, text);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct storage_watch *watch = cookie;
    struct store_status status;
    (void)fd, (void)what;
    store_status(watch->collector->store, &status);
    watch_losses(watch, &status);
    watch_delay(watch, &status.journal);
    watch_journal(watch, &status.journal);
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
