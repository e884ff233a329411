/*
 * The writer: a thread that takes parcels from the journal and stores them, a transaction each.
 * Each stream has one; see collector/store/gate.h for what they wait for at the start.
 *
 * A parcel is written with its journal's new position (table ingest_position) in the same
 * transaction. After a connection is made the writer first reads the position: so it knows whether
 * a COMMIT whose answer was lost did happen, what an earlier life has stored, and where to go on
 * when the database was restored from a backup; a record is stored once. What cannot be stored now
 * is tried again for as long as the collector runs; meanwhile the journal or the cache fills, and
 * its bound decides what is lost.
 *
 * Where the database refuses a value, the record goes into the table rejected_records, in the same
 * transaction as the others, which are stored. A reading whose key is taken is stored a millisecond
 * or more later instead. See sift.h.
 */
#ifndef DTUHUB_COLLECTOR_STORE_WRITER_H
#define DTUHUB_COLLECTOR_STORE_WRITER_H

#include "collector/store/cache.h"
#include "collector/store/gate.h"
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

/** What a writer works with. All of it must outlive the writer. */
struct writer_parts {
    struct stream stream; /* a copy is kept */
    struct gate *gate;    /* of the writers of all streams */
    unsigned place;       /* there */
    struct cache *cache;
    struct journal *journal;
    struct names *names;
};

/**
 * writer_start(config, parts): start the thread of a stream (the mysql section and server.name of
 * ${config} are copied). Return NULL where no thread can be made.
 */
struct writer *writer_start(const struct server_config *config, const struct writer_parts *parts);

/** writer_ask(writer, timeout_ms): close the cache: store what is left, within that time, and end.
 */
void writer_ask(struct writer *writer, int64_t timeout_ms);

/** writer_cut(writer): do not wait for an answer of the database any more. */
void writer_cut(struct writer *writer);

/**
 * writer_wait(writer, until_ms, lost): after writer_ask(): wait for its end, until then (monotonic)
 * at the most. Where the database is away and the journal has what is left, it comes soon. ${lost}
 * is the number of records that the writer had taken and that are neither stored nor in a journal;
 * what it did not take is the journal's to tell. Return true, the writer is freed; false where it
 * has not ended.
 */
bool writer_wait(struct writer *writer, int64_t until_ms, size_t *lost);

/**
 * writer_stop(writer, timeout_ms, lost): all of that, for one writer. False where it hangs all the
 * same: then what it works with must not be freed.
 */
bool writer_stop(struct writer *writer, int64_t timeout_ms, size_t *lost);

enum { WRITER_CUT_WAIT_MS = 6000 }; /* an attempt to connect takes 5 s at the most */

/** writer_status(writer, out): any thread. */
void writer_status(struct writer *writer, struct writer_status *out);

#endif
