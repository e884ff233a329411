/*
 * What became of records: kept (in the journal's file, or in the database where that file cannot be
 * written), or dropped. The threads of the store tell it here, and the loop, woken, takes it from
 * here. Records are known by their stream and their number in the order of its cache.
 *
 * Any thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_FATE_H
#define DTUHUB_COLLECTOR_STORE_FATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A record's place: its number counts from 1 in the order of its stream's cache; 0: no cache took
 * it. */
struct receipt {
    unsigned stream;
    uint64_t number;
};

/** Of the records ${first} to ${last} of a stream. */
struct fate {
    unsigned stream;
    uint64_t first, last;
    bool kept;
};

struct fates;

/** fates_new(wake, cookie): wake(cookie) is called, by any thread, where there is news and there
 * was none before; it must not block. */
struct fates *fates_new(void (*wake)(void *cookie), void *cookie);
void fates_free(struct fates *fates);

/** fates_tell(fates, fate). */
void fates_tell(struct fates *fates, const struct fate *fate);

/** fates_take(fates, out): all news, in the order of its telling; ${out} is the caller's to free.
 * Return how many. */
size_t fates_take(struct fates *fates, struct fate **out);

#endif
