/*
 * The writer: a thread that takes what the cache holds and stores it, a transaction a batch.
 *
 * A batch is written with the stream's new position (table ingest_position) in the same
 * transaction. Where the connection breaks, the writer connects again with backoff and first reads
 * the position: so it knows whether a COMMIT whose answer was lost did happen, and a batch is
 * stored once. What cannot be stored now is tried again for as long as the collector runs;
 * meanwhile the cache fills, and its bound decides what is lost.
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
    char error[256]; /* why it is not up, or "" */
    uint64_t batches;
    uint64_t records, readings, packets, heartbeats; /* stored */
    uint64_t retries;                                /* batches that had to be written again */
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
 * writer_stop(writer, timeout_ms): close the cache, let the writer store the rest, and end it.
 * Return the number of records that could not be stored in time (0: all is stored). The writer is
 * freed.
 */
size_t writer_stop(struct writer *writer, int64_t timeout_ms);

/** writer_status(writer, out): any thread. */
void writer_status(struct writer *writer, struct writer_status *out);

#endif
