#include "collector/store/sift.h"

#include "collector/store/set_aside.h"
#include "collector/store/suspects.h"
#include "collector/store/writer_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOVE_MOST_MS = 1000, /* how far a reading is moved whose key the database has already */
    FEW_RECORDS = 8,     /* for which to prepare a statement costs more than its text */
    ASIDE_AT_ONCE = 1000,
};

/* Where a record is; a span leaves out all but the open ones. */
enum state { OPEN, LATER, IN, OUT };

struct sift {
    struct writer *writer;
    const struct parcel *parcel;
    uint8_t *states;
    struct exception *exceptions;
    size_t count, room; /* of exceptions */
    struct batch_counts counts;
    bool marked; /* the savepoint is behind all that is in */
};

struct sift *sift_new(struct writer *writer, const struct parcel *parcel)
{
    struct sift *sift = xcalloc(1, sizeof(*sift));
    sift->writer = writer;
    sift->parcel = parcel;
    sift->states = xcalloc(parcel->records + 1, 1);
    return sift;
}

void sift_free(struct sift *sift)
{
    for (size_t i = 0; i < sift->count; i++)
        free(sift->exceptions[i].reason);
    free(sift->exceptions);
    free(sift->states);
    free(sift);
}

const struct batch_counts *sift_counts(const struct sift *sift)
{
    return &sift->counts;
}

const struct exception *sift_exceptions(const struct sift *sift, size_t *count)
{
    *count = sift->count;
    return sift->exceptions;
}

bool sift_record(const struct sift *sift, size_t index, struct record_head *head,
                 const uint8_t **body)
{
    struct span span = {.chunks = &sift->parcel->chunks, .first = index, .count = 1};
    struct span_walk walk = span_begin(&span);
    return span_next(&walk, head, body);
}

/* Exceptions */

static void add_exception(struct sift *sift, size_t index, int64_t shift_ms, const char *reason)
{
    if (sift->count == sift->room) {
        sift->room = sift->room ? 2 * sift->room : 16;
        sift->exceptions = xreallocarray(sift->exceptions, sift->room, sizeof(*sift->exceptions));
    }
    sift->exceptions[sift->count++] = (struct exception){
        .index = index, .shift_ms = shift_ms, .reason = reason ? xstrdup(reason) : NULL};
}

bool sift_refuse(struct sift *sift, size_t index, const struct db_error *error)
{
    if (sift->states[index] == OUT)
        return false;
    sift->states[index] = OUT;
    add_exception(sift, index, 0, error->text[0] ? error->text : "refused");
    return true;
}

static int by_index(const void *a, const void *b)
{
    const struct exception *one = a, *other = b;
    return (one->index > other->index) - (one->index < other->index);
}

/* Forget who was moved in the transaction before, or everybody. */
static void drop_exceptions(struct sift *sift, bool all)
{
    size_t left = 0;
    for (size_t i = 0; i < sift->count; i++) {
        struct exception *exception = &sift->exceptions[i];
        if (exception->reason != NULL && !all) {
            sift->exceptions[left++] = *exception;
            continue;
        }
        if (exception->reason != NULL)
            sift->states[exception->index] = OPEN;
        free(exception->reason);
    }
    sift->count = left;
}

/* The rows of a part of the records */

static void suspect(struct sift *sift, size_t index)
{
    struct record_head head;
    const uint8_t *body;
    if (sift_record(sift, index, &head, &body))
        suspects_note(sift->writer->suspects, head.device, head.type, clock_mono_ms());
}

/* Suspects come later. Return how many others are open; ${index} is the last of them. */
static size_t put_off(struct sift *sift, const struct span *span, size_t *index)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    int64_t now_ms = clock_mono_ms();
    size_t open = 0;
    while (span_next(&walk, &head, &body)) {
        if (suspects_has(sift->writer->suspects, head.device, head.type, now_ms)) {
            sift->states[walk.index] = LATER;
        } else {
            *index = walk.index;
            open++;
        }
    }
    return open;
}

static void take_in(struct sift *sift, const struct span *span, const struct batch_counts *counts)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    while (span_next(&walk, &head, &body))
        sift->states[walk.index] = IN;
    sift->counts.records += counts->records;
    sift->counts.readings += counts->readings;
    sift->counts.packets += counts->packets;
    sift->counts.heartbeats += counts->heartbeats;
    sift->counts.deliveries += counts->deliveries;
    sift->counts.broken += counts->broken;
    batch_keep(sift->writer->batch);
    sift->marked = false;
}

/* One attempt to insert what is open in the span, ${shift_ms} later than it asks for. */
static enum sifted try_part(struct sift *sift, const struct span *span, int64_t shift_ms,
                            struct db_error *error)
{
    struct writer *writer = sift->writer;
    struct batch_counts counts;
    struct db_error lost;
    if (!sift->marked && db_run(writer->link.conn, "SAVEPOINT part", error) != 0)
        return SIFT_FAULT;
    sift->marked = true;
    batch_shift(writer->batch, shift_ms);
    batch_fill(writer->batch, span, &counts);
    bool bulk = writer->link.bulk && counts.records > FEW_RECORDS;
    if (batch_insert(writer->batch, writer->link.conn, bulk, error) == 0) {
        take_in(sift, span, &counts);
        return SIFT_DONE;
    }
    if (!writer_means_row(writer, error))
        return SIFT_FAULT;
    /* Some errors end more than their statement: then there is no savepoint any more. */
    return db_run(writer->link.conn, "ROLLBACK TO part", &lost) == 0 ? SIFT_REFUSED : SIFT_TORN;
}

/* One record that may be refused. */
static enum sifted sift_alone(struct sift *sift, size_t index, struct db_error *error)
{
    struct span span = {.chunks = &sift->parcel->chunks, .first = index, .count = 1};
    struct record_head head;
    const uint8_t *body;
    if (!sift_record(sift, index, &head, &body))
        return SIFT_DONE;
    for (int64_t shift_ms = 0;; shift_ms++) {
        enum sifted sifted = try_part(sift, &span, shift_ms, error);
        if (sifted == SIFT_DONE && shift_ms > 0)
            add_exception(sift, index, shift_ms, NULL);
        if (sifted != SIFT_REFUSED)
            return sifted;
        suspects_note(sift->writer->suspects, head.device, head.type, clock_mono_ms());
        if (error->code != ER_DUP_ENTRY || head.type != RECORD_SAMPLES || shift_ms == MOVE_MOST_MS)
            break;
    }
    sift_refuse(sift, index, error);
    return SIFT_DONE;
}

/* All that is not suspect. Whom the first half makes suspect is put off in the second. */
static enum sifted sift_part(struct sift *sift, size_t first, size_t count, struct db_error *error)
{
    struct span span = {&sift->parcel->chunks, first, count, sift->states};
    size_t index;
    size_t open = put_off(sift, &span, &index);
    if (open == 0)
        return SIFT_DONE;
    if (open == 1)
        return sift_alone(sift, index, error);
    enum sifted sifted = try_part(sift, &span, 0, error);
    if (sifted != SIFT_REFUSED)
        return sifted;
    sifted = sift_part(sift, first, count / 2, error);
    if (sifted != SIFT_DONE)
        return sifted;
    return sift_part(sift, first + count / 2, count - count / 2, error);
}

static enum sifted sift_later(struct sift *sift, const struct span *span, struct db_error *error)
{
    enum sifted sifted = SIFT_DONE;
    for (size_t i = span->first; sifted == SIFT_DONE && i < span->first + span->count; i++) {
        if (sift->states[i] == LATER)
            sifted = sift_alone(sift, i, error);
    }
    return sifted;
}

/* What is out */

static int set_aside(struct sift *sift, const struct exception *exception, uint64_t base)
{
    struct writer *writer = sift->writer;
    struct set_aside record = {
        .collector = writer->link.collector,
        .journal = sift->parcel->journal,
        .seq = base + exception->index + 1,
        .reason = exception->reason,
    };
    if (!sift_record(sift, exception->index, &record.head, &record.body))
        return 0;
    directory_want_id(writer->directory, record.head.device);
    record.device = directory_device_id(writer->directory, record.head.device);
    aside_rows_add(writer->aside, &record, writer->names);
    return 1;
}

static int insert_aside(struct sift *sift, const struct span *span, uint64_t base,
                        struct db_error *error)
{
    struct writer *writer = sift->writer;
    int added = 0;
    if (sift->count > 0)
        qsort(sift->exceptions, sift->count, sizeof(*sift->exceptions), by_index);
    for (size_t i = 0; i < sift->count; i++) {
        const struct exception *exception = &sift->exceptions[i];
        if (exception->reason == NULL || exception->index < span->first ||
            exception->index - span->first >= span->count)
            continue;
        added += set_aside(sift, exception, base);
        if (added % ASIDE_AT_ONCE == 0 &&
            aside_rows_insert(writer->aside, writer->link.conn, writer->link.bulk, error) != 0)
            return -1;
    }
    return aside_rows_insert(writer->aside, writer->link.conn, writer->link.bulk, error);
}

/* The whole */

static void begin(struct sift *sift, const struct span *span)
{
    drop_exceptions(sift, false);
    for (size_t i = span->first; i < span->first + span->count; i++) {
        if (sift->states[i] != OUT)
            sift->states[i] = OPEN;
    }
    memset(&sift->counts, 0, sizeof(sift->counts));
    sift->marked = false;
    batch_begin(sift->writer->batch);
}

static enum sifted resolve_part(struct sift *sift, const struct span *span, struct db_error *error)
{
    struct writer *writer = sift->writer;
    struct span half = *span;
    batch_want(writer->batch, span);
    if (directory_resolve(writer->directory, writer->link.conn, error) == 0)
        return SIFT_DONE;
    if (!writer_means_row(writer, error))
        return SIFT_FAULT;
    if (span->count == 1) {
        suspect(sift, span->first);
        sift_refuse(sift, span->first, error);
        return SIFT_DONE;
    }
    half.count = span->count / 2;
    if (resolve_part(sift, &half, error) != SIFT_DONE)
        return SIFT_FAULT;
    half.first += half.count;
    half.count = span->count - half.count;
    return resolve_part(sift, &half, error);
}

enum sifted sift_resolve(struct sift *sift, const struct span *span, struct db_error *error)
{
    struct span open = *span;
    size_t index;
    begin(sift, span);
    open.left_out = sift->states;
    put_off(sift, &open, &index);
    enum sifted sifted = resolve_part(sift, &open, error);
    open.left_out = NULL;
    open.count = 1;
    for (size_t i = span->first; sifted == SIFT_DONE && i < span->first + span->count; i++) {
        open.first = i;
        if (sift->states[i] == LATER)
            sifted = resolve_part(sift, &open, error);
    }
    return sifted;
}

enum sifted sift_insert(struct sift *sift, const struct span *span, uint64_t base,
                        struct db_error *error)
{
    struct writer *writer = sift->writer;
    begin(sift, span);
    enum sifted sifted = sift_part(sift, span->first, span->count, error);
    if (sifted == SIFT_DONE)
        sifted = sift_later(sift, span, error);
    if (sifted != SIFT_DONE)
        return sifted;
    if (insert_aside(sift, span, base, error) != 0) {
        drop_exceptions(sift, true); /* it was not their fault, then */
        return SIFT_FAULT;
    }
    return batch_insert_totals(writer->batch, writer->link.conn, false, error) == 0 ? SIFT_DONE
                                                                                    : SIFT_TORN;
}
