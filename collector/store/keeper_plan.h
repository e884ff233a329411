/*
 * Which partitions a table should have: no database here.
 *
 * A table is partitioned by range of time, in days or months, with a last partition, pmax, for what
 * is later than all others. Bounds are made some units ahead, so that pmax stays empty and making
 * the next ones copies nothing. Where bounds are missing further back, because nobody made them for
 * a while, the partition that holds now is cut at its end only: it just lasts longer than others.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_PLAN_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum partition_unit { PARTITION_DAY, PARTITION_MONTH };

enum { PARTITION_NAME_SIZE = 65, PLAN_AHEAD_MAX = 7 };

#define PARTITION_END INT64_MAX /* MAXVALUE */

struct partition {
    char name[PARTITION_NAME_SIZE];
    int64_t below_ms; /* its rows are earlier; PARTITION_END: no bound */
    uint64_t rows;    /* as the server guesses */
};

/** One partition that is to become several: the bounds cut it, in ascending order; what is behind
 * the last one keeps its name and its own bound. */
struct partition_split {
    size_t index;
    int64_t bounds_ms[PLAN_AHEAD_MAX + 1];
    size_t nbounds;
};

/** plan_next(unit, at_ms): the first instant of the next day or month, UTC. */
int64_t plan_next(enum partition_unit unit, int64_t at_ms);

/** plan_name(unit, below_ms, name): of the partition that ends at ${below_ms}: the last day or
 * month in it, "p20260131" or "p202601". */
void plan_name(enum partition_unit unit, int64_t below_ms, char name[PARTITION_NAME_SIZE]);

/**
 * plan_split(parts, n, unit, ahead, now_ms, split): whether the present unit and the next ${ahead}
 * lack a bound, and which partition of ${parts} (in the table's order) to cut for the first of
 * them. More may be missing in another partition: ask again after that.
 */
bool plan_split(const struct partition *parts, size_t n, enum partition_unit unit, unsigned ahead,
                int64_t now_ms, struct partition_split *split);

/** plan_past(months, now_ms, bounds_ms): the first instants of the present month and of the
 * ${months} - 1 before it, in ascending order; return their number. */
size_t plan_past(unsigned months, int64_t now_ms, int64_t *bounds_ms);

/** plan_drops(parts, n, days, now_ms): how many partitions, the first of the table, hold only what
 * is older than ${days}; 0 days is for ever. The last partition always stays. */
size_t plan_drops(const struct partition *parts, size_t n, uint32_t days, int64_t now_ms);

/** plan_bound(text, below_ms): read a bound as the database describes it, MAXVALUE or
 * '2026-01-31 00:00:00' with or without quotes and time; 0, or -1. */
int plan_bound(const char *text, int64_t *below_ms);

#endif
