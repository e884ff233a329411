/*
 * A span: some of the records that lie in chunks, counted from the first record of the first chunk.
 * So a writer can store a part of what it took without copying it. Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_SPAN_H
#define DTUHUB_COLLECTOR_STORE_SPAN_H

#include "collector/store/cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    const struct cache_chunks *chunks;
    size_t first, count;     /* a count beyond the end means all that follow */
    const uint8_t *left_out; /* by number from the first record: not 0: passed over; NULL: none */
};

/** Where a walk through a span is. */
struct span_walk {
    const struct cache_chunk *chunk;
    size_t at;     /* offset in the chunk */
    size_t passed; /* records of the chunk before ${at} */
    size_t skip;   /* records still before the span */
    size_t left;   /* records of the span still to come */
    size_t index;  /* of the record that came last, counted as a span's ${first} */
    const uint8_t *left_out;
    size_t broken; /* chunks whose bytes made no sense: the rest of each was passed over */
};

/** span_all(chunks): everything in them. */
struct span span_all(const struct cache_chunks *chunks);

/** span_begin(span): a walk that stands before the span's first record. */
struct span_walk span_begin(const struct span *span);

/** span_next(walk, head, body): the next record; false at the end. */
bool span_next(struct span_walk *walk, struct record_head *head, const uint8_t **body);

#endif
