/*
 * Sums by the minute, on their way into the table traffic_minutes. Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_MINUTES_H
#define DTUHUB_COLLECTOR_STORE_MINUTES_H

#include "collector/store/rowset.h"

#include <stddef.h>
#include <stdint.h>

struct minute {
    int64_t start_ms;
    uint64_t readings, heartbeats, packets;
};

/** Zeroed: none. */
struct minutes {
    struct minute *items;
    size_t count, room;
};

/** minutes_at(minutes, ts_ms): the sums of the minute that ${ts_ms} is in; good until the next
 * call. */
struct minute *minutes_at(struct minutes *minutes, int64_t ts_ms);

/** minutes_add(minutes, more): add those of ${more}. */
void minutes_add(struct minutes *minutes, const struct minutes *more);

/** minutes_rows(minutes, stream, rows): add a row each, counted by the writer of that stream, in
 * the order of time: two collectors that add to the same minutes never wait for each other. */
void minutes_rows(struct minutes *minutes, unsigned stream, struct rowset *rows);

/** minutes_clear(minutes): none; memory is kept. */
void minutes_clear(struct minutes *minutes);
void minutes_free(struct minutes *minutes);

#endif
