/*
 * Which rows of the outbox go out in one call. Pure.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_OUTBOX_JOIN_H
#define DTUHUB_COLLECTOR_EVENTS_OUTBOX_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A row that may go out together with others. */
struct join_row {
    uint64_t id;
    uint32_t count; /* of its events */
    size_t size;    /* of their text */
    int64_t created_ms;
};

struct join_limits {
    uint32_t most;   /* events in one call */
    size_t bytes;    /* and bytes, about */
    int64_t wait_ms; /* the oldest waits so long for others */
};

/** Rows next to each other. One that holds more events than allowed is alone, and to be split. */
struct join_group {
    size_t first, n;
    bool split;
};

/**
 * join_rows(rows, n, limits, more, now_ms, groups, due_ms): put ${n} rows, in order of id, into
 * groups that are ready to go; there is room for ${n}. The last ones may have to wait for others:
 * until ${due_ms}, or, where ${more} rows are known to follow, for these (0). Return the number of
 * groups.
 */
size_t join_rows(const struct join_row *rows, size_t n, const struct join_limits *limits, bool more,
                 int64_t now_ms, struct join_group *groups, int64_t *due_ms);

/** join_texts(texts, n): one JSON list of what is in several; to be freed. */
char *join_texts(const char *const *texts, size_t n);

#endif
