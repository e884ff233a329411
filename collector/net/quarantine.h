/*
 * The devices that came and that nobody knows: what an operator looks at to take a new DTU in, or
 * to see who knocks. Bounded: ids come from strangers, so at most QUARANTINE_MAX are kept, and the
 * one not seen for longest goes first.
 *
 * Pure; belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_QUARANTINE_H
#define DTUHUB_COLLECTOR_NET_QUARANTINE_H

#include "collector/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUARANTINE_MAX = 1000 };

struct quarantine;

struct quarantine_entry {
    const char *id;
    const char *profile;           /* the one whose registration its packet fitted; "" where none */
    struct record_connection peer; /* the last one */
    int64_t first_ms, last_ms;     /* wall clock */
    uint64_t times;
};

struct quarantine *quarantine_new(void);

/** quarantine_free(quarantine): NULL is allowed. */
void quarantine_free(struct quarantine *quarantine);

/** quarantine_seen(quarantine, id, profile, peer, wall_ms): ${id} came, by ${profile} (NULL: none
 * known), from ${peer}; all are copied. Return true where it was not on the list. */
bool quarantine_seen(struct quarantine *quarantine, const char *id, const char *profile,
                     const struct record_connection *peer, int64_t wall_ms);

/** quarantine_forget(quarantine, id): it is known now; return whether it was on the list. */
bool quarantine_forget(struct quarantine *quarantine, const char *id);

/** quarantine_holds(quarantine, id): whether it is on the list. */
bool quarantine_holds(const struct quarantine *quarantine, const char *id);

/** quarantine_clear(quarantine): forget all. */
void quarantine_clear(struct quarantine *quarantine);

/** quarantine_each(quarantine, each, cookie): call each() for every entry, the one seen last first.
 * It may forget the entry it was called for, and must not change the list otherwise. */
void quarantine_each(const struct quarantine *quarantine,
                     void (*each)(void *cookie, const struct quarantine_entry *entry),
                     void *cookie);

size_t quarantine_count(const struct quarantine *quarantine);

#endif
