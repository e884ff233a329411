/*
 * Which delivery is tried next: the order of one target's deliveries. Pure: no clock, no I/O.
 *
 * Deliveries of one device are tried one after the other (a lane), those of different devices side
 * by side, up to the target's concurrency; batches (of no one device) are one lane. A failed one
 * waits by the target's list of retries with jitter, or as long as Retry-After asks, and its lane
 * waits with it. After several failures in a row the target counts as down: then one delivery at a
 * time is tried, and the first success makes everything that waits due at once. A rate limit
 * (calls in a window) holds back what would be too much, it fails nothing. Times are the wall
 * clock's; where that is set back, waits are as long as they were.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_LANES_H
#define DTUHUB_COLLECTOR_EVENTS_LANES_H

#include "shared/config/webhook_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lanes;

/** A delivery as it waits; ${cookie} is the caller's. */
struct lane_item {
    uint64_t id;        /* webhook_deliveries.id: the order */
    const char *device; /* "" : of several or none */
    uint32_t attempts;
    int64_t created_ms, next_ms; /* wall clock; next_ms 0: at once */
    void *cookie;
};

enum lane_outcome { LANE_DELIVERED, LANE_AGAIN, LANE_DEAD };

/** What became of a try: for the outbox. */
struct lane_verdict {
    enum lane_outcome outcome;
    int64_t next_ms; /* of LANE_AGAIN: wall clock of the next try */
};

struct lanes *lanes_new(const struct webhook_target *target);
void lanes_free(struct lanes *lanes);

/** lanes_configure(lanes, target): a reload. ${target} must outlive the next call of anything. */
void lanes_configure(struct lanes *lanes, const struct webhook_target *target);

/** lanes_add(lanes, item): false where it is there already (by id). */
bool lanes_add(struct lanes *lanes, const struct lane_item *item);

/** lanes_remove(lanes, id): it was cancelled elsewhere; its cookie, or NULL. Not one under way. */
void *lanes_remove(struct lanes *lanes, uint64_t id);

/** lanes_next(lanes, now_ms, item): the next one to try now: 1 and it is under way; 0 where there
 * is none: then *due_ms is when to ask again (INT64_MAX: when something changes). */
int lanes_next(struct lanes *lanes, int64_t now_ms, struct lane_item *item, int64_t *due_ms);

/** How a try ended. */
struct lane_try {
    bool delivered;
    bool hopeless; /* of no use to try this one again */
    bool refused;  /* the target answered, and will not have this one: it is not down */
    int64_t retry_after_ms;
};

/** lanes_tried(lanes, id, end, random, now_ms): the try is over. ${random} is any number, for the
 * jitter. What is delivered or dead is out. */
struct lane_verdict lanes_tried(struct lanes *lanes, uint64_t id, const struct lane_try *end,
                                uint32_t random, int64_t now_ms);

/** lanes_count(lanes), lanes_under_way(lanes), lanes_is_down(lanes). lanes_blocked(): devices whose
 * lane waits for a retry, at most ${most} of them into ${out}, borrowed. lanes_ready(lanes): how
 * many are in the other lanes. */
size_t lanes_count(const struct lanes *lanes);
size_t lanes_ready(const struct lanes *lanes);
size_t lanes_under_way(const struct lanes *lanes);
bool lanes_is_down(const struct lanes *lanes);
size_t lanes_blocked(const struct lanes *lanes, const char **out, size_t most);

#endif
