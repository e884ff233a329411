#include "collector/events/live_ring.h"

#include "shared/base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live_ring {
    struct live_entry *entries; /* number n lies at n modulo ${most} */
    size_t most;
    uint64_t last; /* number of the last one; they count from 1 */
    int64_t start_ms;
};

struct live_ring *live_ring_new(size_t most, int64_t start_ms)
{
    struct live_ring *ring = xcalloc(1, sizeof(*ring));
    ring->entries = xcalloc(most, sizeof(*ring->entries));
    ring->most = most;
    ring->start_ms = start_ms;
    return ring;
}

void live_ring_free(struct live_ring *ring)
{
    for (size_t i = 0; i < ring->most; i++)
        free(ring->entries[i].text);
    free(ring->entries);
    free(ring);
}

const struct live_entry *live_ring_add(struct live_ring *ring, enum event_kind kind,
                                       const char *json)
{
    struct live_entry *entry = &ring->entries[++ring->last % ring->most];
    free(entry->text);
    entry->kind = kind;
    entry->number = ring->last;
    entry->text = xasprintf("id: %lld-%llu\nevent: %s\ndata: %s\n\n", (long long)ring->start_ms,
                            (unsigned long long)ring->last, event_kind_info(kind)->name, json);
    entry->size = strlen(entry->text);
    return entry;
}

int live_ring_find(const struct live_ring *ring, const char *id, uint64_t *at)
{
    long long start;
    unsigned long long number;
    int used = 0;
    if (strlen(id) > 48 || sscanf(id, "%lld-%llu%n", &start, &number, &used) != 2 ||
        id[used] != '\0' || start != ring->start_ms || number > ring->last ||
        ring->last - number > ring->most)
        return -1;
    *at = number;
    return 0;
}

const struct live_entry *live_ring_next(const struct live_ring *ring, uint64_t *at)
{
    if (*at >= ring->last)
        return NULL;
    return &ring->entries[++*at % ring->most];
}

char *live_ring_last_id(const struct live_ring *ring)
{
    return xasprintf("%lld-%llu", (long long)ring->start_ms, (unsigned long long)ring->last);
}
