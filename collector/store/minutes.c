#include "collector/store/minutes.h"

#include "shared/base/alloc.h"

#include <stdlib.h>

enum { MINUTE_MS = 60000 };

struct minute *minutes_at(struct minutes *minutes, int64_t ts_ms)
{
    int64_t start_ms = ts_ms - ts_ms % MINUTE_MS;
    for (size_t i = minutes->count; i-- > 0;) {
        if (minutes->items[i].start_ms == start_ms)
            return &minutes->items[i];
    }
    if (minutes->count == minutes->room) {
        minutes->room = minutes->room ? 2 * minutes->room : 8;
        minutes->items = xreallocarray(minutes->items, minutes->room, sizeof(*minutes->items));
    }
    struct minute *minute = &minutes->items[minutes->count++];
    *minute = (struct minute){.start_ms = start_ms};
    return minute;
}

void minutes_add(struct minutes *minutes, const struct minutes *more)
{
    for (size_t i = 0; i < more->count; i++) {
        const struct minute *from = &more->items[i];
        struct minute *minute = minutes_at(minutes, from->start_ms);
        minute->readings += from->readings;
        minute->heartbeats += from->heartbeats;
        minute->packets += from->packets;
    }
}

static int by_start(const void *a, const void *b)
{
    const struct minute *one = a, *other = b;
    return (one->start_ms > other->start_ms) - (one->start_ms < other->start_ms);
}

void minutes_rows(struct minutes *minutes, unsigned stream, struct rowset *rows)
{
    if (minutes->count > 1)
        qsort(minutes->items, minutes->count, sizeof(*minutes->items), by_start);
    for (size_t i = 0; i < minutes->count; i++) {
        rowset_add_time(rows, minutes->items[i].start_ms);
        rowset_add_uint(rows, stream);
        rowset_add_uint(rows, minutes->items[i].readings);
        rowset_add_uint(rows, minutes->items[i].heartbeats);
        rowset_add_uint(rows, minutes->items[i].packets);
    }
}

void minutes_clear(struct minutes *minutes)
{
    minutes->count = 0;
}

void minutes_free(struct minutes *minutes)
{
    free(minutes->items);
}
