/*
 * One of the streams that records are stored in, and how what is for all of them is divided.
 */
#ifndef DTUHUB_COLLECTOR_STORE_STREAM_H
#define DTUHUB_COLLECTOR_STORE_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    unsigned number; /* from 0 */
    unsigned count;  /* streams that the configuration asks for */
    bool several;    /* there are others beside it */
};

/** stream_left(stream): it is there only for what an earlier start left: no device is in it. */
bool stream_left(const struct stream *stream);

/** stream_share(stream, total): its part of ${total}; nothing where stream_left(). */
uint64_t stream_share(const struct stream *stream, uint64_t total);

/** stream_cache_size(stream, total): how many records its cache holds, of ${total} in all. */
size_t stream_cache_size(const struct stream *stream, size_t total);

enum { STREAM_PART_SIZE = 12 };

/** stream_part(stream, out): what its threads add to the name of a module in the log: its number,
 * or nothing where it is the only one. Return ${out}. */
const char *stream_part(const struct stream *stream, char out[STREAM_PART_SIZE]);

/** What the journals of all streams have, in bytes. */
struct stream_budget {
    unsigned streams;           /* those left by an earlier start included; before any starts */
    atomic_bool grows;          /* somebody has written since the start */
    atomic_uint_least64_t data; /* in files */
    atomic_uint_least64_t disk; /* on the disk, logs and reserves included */
};

/** stream_over_budget(stream, budget, own, total): whether all hold more than ${total} together and
 * it is this one, which holds ${own}, that has more than its share. */
bool stream_over_budget(const struct stream *stream, struct stream_budget *budget, uint64_t own,
                        uint64_t total);

#endif
