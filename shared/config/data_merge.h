/*
 * Points that lie near to each other are read together: as few reads as the limits allow.
 *
 * From left to right, a read takes each next point as long as it can. That is the least number of
 * reads: a point that a read cannot take, because it would become too long or the gap is too wide,
 * no read that began earlier could take either, nor those behind it. (Several bits as one point,
 * with function 1 or 2, may cost a read more, see struct merge_limits.) Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_DATA_MERGE_H
#define DTUHUB_CONFIG_DATA_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct merge_limits {
    uint32_t max_gap;    /* addresses between two points that are read along */
    uint32_t max_length; /* addresses of one read */
    bool bits; /* addresses are bits, eight to a byte of the answer: a point must lie in one, two or
                  four bytes of it, since that is what can be decoded; where it would lie in three
                  or five it begins a read of its own */
};

/* A point: the addresses from ${first} to ${end} - 1, no more than max_length of them. */
struct merge_span {
    uint32_t first, end;
    size_t read; /* filled: which read has it */
};

struct merge_read {
    uint32_t start, length;
};

/**
 * data_merge(spans, n, limits, reads): the reads of ${n} spans, which are in the order of ${first}.
 * ${reads} has room for n. Return their number; they are in the order of their start, and each
 * begins and ends with a point.
 */
size_t data_merge(struct merge_span *spans, size_t n, const struct merge_limits *limits,
                  struct merge_read *reads);

#endif
