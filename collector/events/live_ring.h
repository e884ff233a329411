/*
 * The last events of the live stream, as they went out. Pure but for memory.
 *
 * Each has an id, "START-N": when this program started, and a number that counts up: so an id of an
 * earlier life is not taken for one of this.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_LIVE_RING_H
#define DTUHUB_COLLECTOR_EVENTS_LIVE_RING_H

#include "shared/event/kind.h"

#include <stddef.h>
#include <stdint.h>

struct live_ring;

struct live_entry {
    enum event_kind kind;
    uint64_t number;
    char *text; /* "id: ...\nevent: ...\ndata: ...\n\n" */
    size_t size;
};

struct live_ring *live_ring_new(size_t most, int64_t start_ms);
void live_ring_free(struct live_ring *ring);

/** live_ring_add(ring, kind, json): ${json} is one line. What it returns is good until the next
 * call. */
const struct live_entry *live_ring_add(struct live_ring *ring, enum event_kind kind,
                                       const char *json);

/** live_ring_find(ring, id, at): stand behind the event ${id}: 0; -1 where it is not of this life,
 * or what follows it is not kept any more. */
int live_ring_find(const struct live_ring *ring, const char *id, uint64_t *at);

/** live_ring_next(ring, at): the next event, and step over it; NULL at the end. */
const struct live_entry *live_ring_next(const struct live_ring *ring, uint64_t *at);

/** live_ring_last_id(ring): the id of the last event so far, or of none; a new text. */
char *live_ring_last_id(const struct live_ring *ring);

#endif
