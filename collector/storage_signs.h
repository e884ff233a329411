/*
 * What of the store is worth an event: records that were dropped, a journal that cannot be written,
 * and records that wait for the database for too long. Each is told once, and again only after it
 * was over. Pure; belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_STORAGE_SIGNS_H
#define DTUHUB_COLLECTOR_STORAGE_SIGNS_H

#include "collector/record.h"

enum {
    STORAGE_BEHIND_MS = 60000,     /* a record that waits longer is worth an event */
    STORAGE_CAUGHT_UP_MS = 10000,  /* and this is the end of it */
    STORAGE_LOST_AGAIN_MS = 60000, /* losses are told together */
};

struct storage_facts {
    uint64_t lost;     /* records dropped since the start */
    uint64_t waiting;  /* in the journal, for the database */
    int64_t oldest_ms; /* wall clock of the oldest of these; 0: none */
    bool journal_ok;
    const char *journal_error; /* why not */
};

/** A zeroed one has told nothing. */
struct storage_signs {
    uint64_t lost;        /* told so far */
    uint64_t seen;        /* at the last look */
    int64_t lost_told_ms; /* monotonic */
    bool behind, failed;  /* told */
};

typedef void storage_teller(void *cookie, enum event_kind kind, const char *details);

/** storage_signs_look(signs, facts, now_ms, wall_ms, tell, cookie): once a second; ${tell} is
 * called for each event. */
void storage_signs_look(struct storage_signs *signs, const struct storage_facts *facts,
                        int64_t now_ms, int64_t wall_ms, storage_teller *tell, void *cookie);

#endif
