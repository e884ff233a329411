/*
 * A batch: what one transaction writes, made from chunks of records.
 *
 * Times of one device and point are made unique here (a clock that is set back would otherwise give
 * a second reading the key of the first). Belongs to a writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_BATCH_H
#define DTUHUB_COLLECTOR_STORE_BATCH_H

#include "collector/store/cache.h"
#include "collector/store/directory.h"
#include "shared/db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct batch;

struct batch_counts {
    uint64_t records;
    uint64_t readings;
    uint64_t packets;
    uint64_t heartbeats;
    uint64_t broken; /* chunks cut short because their bytes made no sense: a fault of ours */
};

struct batch *batch_new(struct directory *directory, const char *collector);
void batch_free(struct batch *batch);

/** batch_want(batch, chunks): tell the directory what ${chunks} refer to. */
void batch_want(struct batch *batch, const struct cache_chunks *chunks);

/** batch_fill(batch, chunks, counts): replace the batch's rows by those of ${chunks}; the directory
 * knows all they refer to. */
void batch_fill(struct batch *batch, const struct cache_chunks *chunks,
                struct batch_counts *counts);

/** batch_stored(batch): what was filled in last is committed. Without this call the next fill is
 * another attempt, and gives the same records the same times again. */
void batch_stored(struct batch *batch);

/** batch_insert(batch, conn, bulk, error): all rows, inside of the caller's transaction. 0, or -1
 * with ${error} filled. */
int batch_insert(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error);

#endif
