/*
 * The in-memory cache: where the loop puts records and the journal, or without one the writer,
 * takes them from.
 *
 * A queue of chunks of bytes (runs of records, see collector/record.h), bounded by a number of
 * records, those that a writer has taken but not yet stored included. The high watermark wakes the
 * writer before the flush interval is over. Where the bound is reached, the oldest chunk that waits
 * is dropped and its records are counted: newer data is worth more, and the loop never waits.
 * Records are numbered from 1 in the order of their coming, so that who waits for one to be safe
 * can be told what became of it.
 *
 * cache_append() and cache_last() belong to one thread, cache_take() and cache_done() to another;
 * the rest is for any.
 */
#ifndef DTUHUB_COLLECTOR_STORE_CACHE_H
#define DTUHUB_COLLECTOR_STORE_CACHE_H

#include "collector/record.h"
#include "collector/store/fate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct cache;

struct cache_chunk {
    TAILQ_ENTRY(cache_chunk) link;
    size_t size, room; /* bytes used and allocated */
    uint32_t records;
    uint64_t first; /* number of its first record; the others follow without a gap */
    bool joined;    /* not to be taken without the one before it */
    uint8_t bytes[];
};

TAILQ_HEAD(cache_chunks, cache_chunk);

struct cache_stats {
    size_t waiting;   /* records not yet taken */
    size_t in_flight; /* taken, not yet done */
    size_t max_size;
    size_t peak; /* most records held at once so far */
    uint64_t appended;
    uint64_t dropped;
};

struct cache *cache_new(size_t max_size, int64_t flush_interval_ms);
void cache_free(struct cache *cache);

/** cache_configure(cache, max_size, flush_interval_ms): new bounds, from a reload. */
void cache_configure(struct cache *cache, size_t max_size, int64_t flush_interval_ms);

/** cache_append(cache, head, body): append one record. Return the number of records dropped to make
 * room. */
size_t cache_append(struct cache *cache, const struct record_head *head, const void *body);

/** cache_last(cache): the number of the record that was appended last; 0 where it was not taken. */
uint64_t cache_last(const struct cache *cache);

/** cache_watch(cache, stream, fates): before the first record: tell there what becomes of each,
 * as one of that stream; ${fates} must outlive it. Without this call nobody is told. */
void cache_watch(struct cache *cache, unsigned stream, struct fates *fates);

/** cache_tell(cache, chunks, kept): what became of chunks that were taken. */
void cache_tell(struct cache *cache, const struct cache_chunks *chunks, bool kept);

/** cache_hold(cache), cache_release(cache): what is appended between the two is taken together, and
 * so comes into one group of the journal: all of it survives, or nothing. Only cache_append() in
 * between, and not for long: everybody else waits. */
void cache_hold(struct cache *cache);
void cache_release(struct cache *cache);

/**
 * cache_take(cache, most, out): wait until a flush is due (the flush interval of the oldest record
 * is over, the high watermark is reached, or the cache is closed), then move chunks to ${out}: all
 * that wait, but no more once
 * ${most} records are reached. Return the number of records; 0 only where the cache is closed and
 * empty.
 */
size_t cache_take(struct cache *cache, size_t most, struct cache_chunks *out);

/**
 * cache_take_between(cache, limit, from_ms, until_ms, out): the same for who writes in a rhythm of
 * his own: wait until there is something, and until ${from_ms} (monotonic) unless the high
 * watermark is reached or the cache is closed before; then move chunks to ${out} up to one of the
 * two limits (one chunk at the least). Return the number of records; 0 where it is ${until_ms} and
 * nothing came, or the cache is closed and empty.
 */
struct cache_limit {
    size_t records, bytes;
};
size_t cache_take_between(struct cache *cache, struct cache_limit limit, int64_t from_ms,
                          int64_t until_ms, struct cache_chunks *out);

/** cache_hand_on(cache, records): so many of those taken lie elsewhere now and do not count any
 * more; their chunks are the caller's. */
void cache_hand_on(struct cache *cache, size_t records);

/** cache_closed(cache): whether cache_close() was called. */
bool cache_closed(struct cache *cache);

/** cache_done(cache, chunks): what was taken is stored, or given up: free it. */
void cache_done(struct cache *cache, struct cache_chunks *chunks);

/** cache_close(cache): nothing more will be appended; what waits is due at once. */
void cache_close(struct cache *cache);

void cache_stats(struct cache *cache, struct cache_stats *out);

#endif
