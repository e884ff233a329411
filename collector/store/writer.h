/*
 * The writer: a thread that takes parcels from the journal and stores them, a transaction each.
 *
 * A parcel is written with its journal's new position (table ingest_position) in the same
 * transaction. After a connection is made the writer first reads the position: so it knows whether
 * a COMMIT whose answer was lost did happen, what an earlier life has stored, and where to go on
 * when the database was restored from a backup; a record is stored once. What cannot be stored now
 * is tried again for as long as the collector runs; meanwhile the journal or the cache fills, and
 * its bound decides what is lost.
 *
 * Where the database refuses a value, the parcel is stored in halves, and halves of those, until
 * the record that it refuses is alone: that one goes into the table rejected_records, the others
 * are stored. A reading whose key is taken is stored a millisecond or more later instead.
 */
#ifndef DTUHUB_COLLECTOR_STORE_WRITER_H
#define DTUHUB_COLLECTOR_STORE_WRITER_H

#include "collector/store/cache.h"
#include "collector/store/journal.h"
#include "collector/store/names.h"
#include "shared/config/server_config.h"

#include <stdbool.h>
#include <stdint.h>

struct writer;

struct writer_status {
    bool up;         /* the last attempt to reach the database succeeded */
    bool bulk;       /* the server executes in bulk */
    char error[768]; /* why it is not up, or "" */
    uint64_t batches;
    uint64_t records, readings, packets, heartbeats; /* stored */
    uint64_t rejected;                               /* records set aside, in rejected_records */
    uint64_t moved;        /* records stored later than they ask for: the key was taken */
    uint64_t retries;      /* transactions that had to be tried again */
    uint64_t lock_retries; /* those of them that another transaction was in the way of */
    uint64_t lost_retries; /* those of them whose connection was lost */
    uint64_t reconnects;
    int64_t last_commit_ms; /* wall clock; 0: none yet */
};

/**
 * writer_start(config, cache, journal, names): start the thread. All must outlive it (the mysql
 * section and server.name of ${config} are copied). Return NULL where no thread can be made.
 */
struct writer *writer_start(const struct server_config *config, struct cache *cache,
                            struct journal *journal, struct names *names);

/**
 * writer_stop(writer, timeout_ms, lost): close the cache, let the writer store the rest, and end
 * it. Where the database is away and the journal has what is left, it does not wait. ${lost} is the
 * number of records that the writer had taken and that are neither stored nor in a journal; what it
 * did not take is the journal's to tell. Return true, the writer is freed; false where it hangs all
 * the same: then what it works with must not be freed.
 */
bool writer_stop(struct writer *writer, int64_t timeout_ms, size_t *lost);

/** Who wants to know what a writer did; called in its thread, must not block. */
struct writer_listener {
    void (*deliveries)(void *cookie); /* after a commit with deliveries to webhooks */
    void (*settled)(void *cookie);    /* all that earlier lives left is stored */
    void *cookie;
};

/** writer_listen(writer, listener): copied; what happened before is told now. NULL: no more calls
 * once this returns. */
void writer_listen(struct writer *writer, const struct writer_listener *listener);

/** writer_status(writer, out): any thread. */
void writer_status(struct writer *writer, struct writer_status *out);

#endif
