/*
 * Sifting: what one transaction writes of a parcel, and what of it the database refuses.
 *
 * All records are inserted at once. Where that is refused they are taken back to a savepoint and
 * inserted in halves, and halves of those, until a refused record is alone: it is out, and goes
 * into rejected_records at the end, in order with the others. A reading whose key is taken is tried
 * a millisecond or more later before. Records of a kind that was refused of their device a moment
 * ago come behind all others, one by one and in order. So a record never overtakes an earlier one
 * of its device and kind; other kinds are in other tables.
 *
 * Which records are out is known for longer than a transaction, so that a deadlock costs only the
 * time to write the rest again. Belongs to a writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_SIFT_H
#define DTUHUB_COLLECTOR_STORE_SIFT_H

#include "collector/store/batch.h"
#include "collector/store/journal.h"
#include "collector/store/span.h"
#include "shared/db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct sift;
struct writer;

enum sifted {
    SIFT_DONE,    /* each record is in, or out */
    SIFT_REFUSED, /* rows were, and are taken back; only within */
    SIFT_TORN,    /* rows were, and the transaction is lost with them */
    SIFT_FAULT,   /* nobody's row: to be tried again */
};

/** A record that is not stored as it is. */
struct exception {
    size_t index;     /* in the parcel */
    int64_t shift_ms; /* it is stored so much later */
    char *reason;     /* or it is out: why; else NULL */
};

/** sift_new(writer, parcel): both must outlive it. */
struct sift *sift_new(struct writer *writer, const struct parcel *parcel);
void sift_free(struct sift *sift);

/** sift_resolve(sift, span, error): before a transaction: numbers for what the records refer to.
 * What cannot have one is out. SIFT_DONE, or SIFT_FAULT with ${error} filled. */
enum sifted sift_resolve(struct sift *sift, const struct span *span, struct db_error *error);

/** sift_insert(sift, span, base, error): inside of the caller's transaction, of which this is all
 * but the position; the parcel's records count from ${base} + 1. With ${error} filled where it is
 * not SIFT_DONE. */
enum sifted sift_insert(struct sift *sift, const struct span *span, uint64_t base,
                        struct db_error *error);

/** sift_refuse(sift, index, error): the record is out; false where it was. */
bool sift_refuse(struct sift *sift, size_t index, const struct db_error *error);

/** sift_counts(sift): what the last transaction stores. */
const struct batch_counts *sift_counts(const struct sift *sift);

/** sift_exceptions(sift, count): in order, once a transaction is complete. */
const struct exception *sift_exceptions(const struct sift *sift, size_t *count);

/** sift_record(sift, index, head, body): the record; false where it cannot be read. */
bool sift_record(const struct sift *sift, size_t index, struct record_head *head,
                 const uint8_t **body);

#endif
