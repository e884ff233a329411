/*
 * A batch: what one transaction writes, made from chunks of records, in one part or in several:
 * each is filled in, inserted, and kept if that succeeded.
 *
 * Times of one device's samples only grow here (a clock that is set back a little would otherwise
 * give a second reading the key of the first), but for a clock that came back from far ahead: then
 * its own time is taken, and a key that the database has already is for the caller to move, see
 * batch_shift(). Belongs to a writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_BATCH_H
#define DTUHUB_COLLECTOR_STORE_BATCH_H

#include "collector/store/directory.h"
#include "collector/store/span.h"
#include "shared/db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct batch;

struct batch_counts {
    uint64_t records;
    uint64_t readings;
    uint64_t packets;
    uint64_t heartbeats;
    uint64_t deliveries; /* rows for the outbox */
    uint64_t broken;     /* chunks cut short because their bytes made no sense: a fault of ours */
};

/** batch_new(directory, collector, stream): for the writer of that stream of the collector. */
struct batch *batch_new(struct directory *directory, const char *collector, unsigned stream);
void batch_free(struct batch *batch);

/** batch_want(batch, span): tell the directory what the records of ${span} refer to. */
void batch_want(struct batch *batch, const struct span *span);

/** batch_begin(batch): of a transaction: what was kept and not stored was never written. */
void batch_begin(struct batch *batch);

/** batch_fill(batch, span, counts): replace the batch's rows by those of ${span}; the directory
 * knows all they refer to. */
void batch_fill(struct batch *batch, const struct span *span, struct batch_counts *counts);

/** batch_shift(batch, ms): from the next fill on, samples are so much later than they would be; 0
 * ends it. */
void batch_shift(struct batch *batch, int64_t ms);

/** batch_insert(batch, conn, bulk, error): what was filled in last, inside of the caller's
 * transaction, but for what it adds to the totals. 0, or -1 with ${error} filled. */
int batch_insert(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error);

/** batch_keep(batch): that was inserted, and stays in the transaction. Without this call the next
 * fill is another attempt, and gives the same records the same times again. */
void batch_keep(struct batch *batch);

/** batch_insert_totals(batch, conn, bulk, error): what all kept parts add to traffic_minutes; the
 * end of the transaction. 0, or -1 with ${error} filled. */
int batch_insert_totals(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error);

/** batch_stored(batch): the transaction is committed. */
void batch_stored(struct batch *batch);

/** batch_forget(batch): what was stored is not true any more: the database is another one. */
void batch_forget(struct batch *batch);

#endif
