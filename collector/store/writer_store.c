#include "collector/store/set_aside.h"
#include "collector/store/writer_parts.h"
#include "shared/base/clock.h"

#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

enum {
    MOVE_MOST_MS = 1000, /* how far a reading is moved whose key the database has already */
    STRANGE_MOST = 5,    /* from this time on an unknown error is taken to mean a row */
};

/* A parcel on its way. Its records count from ${base} + 1. */
struct delivery {
    const struct parcel *parcel;
    uint64_t base;
    bool based; /* ${base} is known: from the journal, or from the database */
    uint64_t seek;
};

/* A part of it, in one transaction. */
struct attempt {
    struct span span;
    bool tried;
    int64_t shift_ms;           /* by which its samples are moved */
    char reason[DB_ERROR_SIZE]; /* why its only record is set aside; "": it is not */
    struct batch_counts counts;
};

enum place { PLACE_FAULT = -1, PLACE_NEXT, PLACE_STORED, PLACE_ELSEWHERE };

/* The database was replaced, or restored from a backup. */
static enum place go_back(struct writer *writer, struct delivery *delivery, uint64_t position)
{
    const char *journal = delivery->parcel->journal;
    log_warn("writer", NULL,
             "the database knows less than was stored: it was replaced; %s from record %llu on",
             journal[0] ? "the journal is stored again" : "counting goes on",
             (unsigned long long)position);
    directory_forget(writer->directory);
    batch_forget(writer->batch);
    delivery->based = false;
    if (journal[0] == '\0')
        return PLACE_NEXT;
    delivery->seek = position;
    return PLACE_ELSEWHERE;
}

/* Where the database is: before the attempt's records, amid them, or behind them. Not knowing
 * whether the last attempt was committed is no reason to write it again. */
static enum place locate(struct writer *writer, struct delivery *delivery, struct attempt *attempt,
                         struct db_error *error)
{
    struct span *span = &attempt->span;
    uint64_t position;
    int fewer = positions_get(writer->positions, writer->link.conn, delivery->parcel->journal,
                              &position, error);
    if (fewer < 0)
        return PLACE_FAULT;
    if (fewer > 0 && go_back(writer, delivery, position) == PLACE_ELSEWHERE)
        return PLACE_ELSEWHERE;
    if (!delivery->based) {
        delivery->base = position - span->first;
        delivery->based = true;
    }
    if (position <= delivery->base + span->first)
        return PLACE_NEXT;
    uint64_t done = position - delivery->base - span->first;
    if (done >= span->count) {
        if (!attempt->tried)
            delivery->seek = position;
        return PLACE_STORED;
    }
    span->first += (size_t)done;
    span->count -= (size_t)done;
    return PLACE_NEXT;
}

static uint64_t last_seq(const struct delivery *delivery, const struct span *span)
{
    return delivery->base + span->first + span->count;
}

static bool first_record(const struct span *span, struct set_aside *out)
{
    struct span_walk walk = span_begin(span);
    return span_next(&walk, &out->head, &out->body);
}

/* The rows are made anew for each attempt: numbers may have changed. */
static int insert_rows(struct writer *writer, struct attempt *attempt, struct db_error *error)
{
    batch_want(writer->batch, &attempt->span);
    if (directory_resolve(writer->directory, writer->link.conn, error) != 0)
        return -1;
    batch_shift(writer->batch, attempt->shift_ms);
    batch_fill(writer->batch, &attempt->span, &attempt->counts);
    if (db_run(writer->link.conn, "START TRANSACTION", error) != 0)
        return -1;
    return batch_insert(writer->batch, writer->link.conn, writer->link.bulk, error);
}

static int insert_aside(struct writer *writer, const struct delivery *delivery,
                        const struct attempt *attempt, struct db_error *error)
{
    struct set_aside record = {
        .collector = writer->link.collector,
        .journal = delivery->parcel->journal,
        .seq = last_seq(delivery, &attempt->span),
        .reason = attempt->reason,
    };
    if (db_run(writer->link.conn, "START TRANSACTION", error) != 0)
        return -1;
    if (!first_record(&attempt->span, &record))
        return 0;
    directory_want_id(writer->directory, record.head.device);
    record.device = directory_device_id(writer->directory, record.head.device);
    return set_aside_insert(&record, writer->names, writer->link.conn, error);
}

static int transact(struct writer *writer, const struct delivery *delivery, struct attempt *attempt,
                    struct db_error *error)
{
    int rc = attempt->reason[0] != '\0' ? insert_aside(writer, delivery, attempt, error)
                                        : insert_rows(writer, attempt, error);
    if (rc != 0 || positions_write(writer->positions, writer->link.conn, delivery->parcel->journal,
                                   last_seq(delivery, &attempt->span), error) != 0)
        return -1;
    return db_run(writer->link.conn, "COMMIT", error);
}

static void tell_of_record(struct writer *writer, const struct attempt *attempt)
{
    struct set_aside record = {0};
    if (!first_record(&attempt->span, &record))
        return;
    const char *device = directory_device_id(writer->directory, record.head.device);
    if (attempt->reason[0] != '\0')
        log_at_limit(&writer->rejections, LOGL_ERROR, "writer", device,
                     "the database refuses a record of the kind %s, it is kept in "
                     "rejected_records: %s",
                     set_aside_kind(record.head.type), attempt->reason);
    else if (attempt->shift_ms > 0)
        log_at_limit(&writer->moves, LOGL_WARN, "writer", device,
                     "a second reading of one moment: stored %lld ms later; was the clock set "
                     "back?",
                     (long long)attempt->shift_ms);
}

static void add_counts(struct writer *writer, const struct delivery *delivery,
                       const struct attempt *attempt)
{
    const struct batch_counts *counts = &attempt->counts;
    struct writer_status *status = &writer->status;
    pthread_mutex_lock(&writer->lock);
    if (attempt->reason[0] != '\0') {
        status->rejected++;
    } else {
        status->records += counts->records;
        status->readings += counts->readings;
        status->packets += counts->packets;
        status->heartbeats += counts->heartbeats;
        status->moved += attempt->shift_ms > 0;
    }
    status->batches++;
    status->last_commit_ms = clock_wall_ms();
    if (delivery->parcel->journal[0] == '\0')
        writer->in_hand -= attempt->span.count;
    if (counts->deliveries > 0 && writer->listener.deliveries != NULL)
        writer->listener.deliveries(writer->listener.cookie);
    pthread_mutex_unlock(&writer->lock);
}

static void finish(struct writer *writer, const struct delivery *delivery, struct attempt *attempt)
{
    struct db_error error;
    positions_committed(writer->positions, delivery->parcel->journal,
                        last_seq(delivery, &attempt->span));
    if (attempt->reason[0] == '\0')
        batch_stored(writer->batch);
    add_counts(writer, delivery, attempt);
    tell_of_record(writer, attempt);
    if (attempt->counts.broken > 0)
        log_error("writer", NULL, "%llu chunks of records were not readable to their end",
                  (unsigned long long)attempt->counts.broken);
    writer->backoff_ms = 0;
    /* Not before everything of earlier lives is stored: their journals may still need theirs. */
    if (!writer->expired && !delivery->parcel->earlier)
        writer->expired = positions_expire(writer->positions, writer->link.conn, &error) == 0;
}

/* What the error means. One that nobody thought of, and that does not go away, may be a row's too:
 * if it is not, rejected_records will not take the row either. */
static enum refusal judge(struct writer *writer, const struct db_error *error)
{
    enum refusal refusal = refusal_of(error->code, error->state);
    if (refusal != REFUSAL_OTHER)
        return refusal;
    if (error->code != writer->strange_code)
        writer->strange_count = 0;
    writer->strange_code = error->code;
    return ++writer->strange_count >= STRANGE_MOST ? REFUSAL_ROW : refusal;
}

/* The only record of the attempt is refused: a reading whose key is taken is moved, anything else
 * set aside. */
static void narrow(struct attempt *attempt, const struct db_error *error)
{
    struct set_aside record = {0};
    if (error->code == ER_DUP_ENTRY && attempt->shift_ms < MOVE_MOST_MS &&
        first_record(&attempt->span, &record) && record.head.type == RECORD_SAMPLES)
        attempt->shift_ms++;
    else
        snprintf(attempt->reason, sizeof(attempt->reason), "%s",
                 error->text[0] ? error->text : "refused");
}

/* Connected, and tidied up after an earlier life before anything of this one is stored; else false,
 * with ${error} filled where it was an error of the connection made. */
static int make_ready(struct writer *writer, const struct parcel *parcel, struct db_error *error)
{
    if (writer->tidied || parcel->earlier)
        return 0;
    if (link_tidy_up(&writer->link, error) != 0)
        return -1;
    writer_settled(writer);
    return 0;
}

/* One attempt: PLACE_STORED, or PLACE_ELSEWHERE, or PLACE_FAULT. */
static enum place try_once(struct writer *writer, struct delivery *delivery,
                           struct attempt *attempt, struct db_error *error)
{
    if (make_ready(writer, delivery->parcel, error) != 0)
        return PLACE_FAULT;
    enum place place = locate(writer, delivery, attempt, error);
    if (place == PLACE_STORED && attempt->tried)
        finish(writer, delivery, attempt); /* the COMMIT whose answer was lost did happen */
    if (place != PLACE_NEXT)
        return place;
    attempt->tried = true;
    if (transact(writer, delivery, attempt, error) != 0)
        return PLACE_FAULT;
    finish(writer, delivery, attempt);
    return PLACE_STORED;
}

static enum outcome store_span(struct writer *writer, struct delivery *delivery, size_t first,
                               size_t count);

/* Something in it is refused: find it by halves, and store the rest in order. */
static enum outcome store_halves(struct writer *writer, struct delivery *delivery,
                                 const struct span *span)
{
    size_t half = span->count / 2;
    enum outcome outcome = store_span(writer, delivery, span->first, half);
    if (outcome != OUTCOME_STORED)
        return outcome;
    return store_span(writer, delivery, span->first + half, span->count - half);
}

static enum outcome store_span(struct writer *writer, struct delivery *delivery, size_t first,
                               size_t count)
{
    struct attempt attempt = {.span = {&delivery->parcel->chunks, first, count}};
    while (!writer_over(writer)) {
        struct db_error error = {0};
        if (writer_reach(writer) != 0) {
            if (!writer_back_off(writer))
                return OUTCOME_ENDED;
            continue;
        }
        enum place place = try_once(writer, delivery, &attempt, &error);
        if (place != PLACE_FAULT)
            return place == PLACE_STORED ? OUTCOME_STORED : OUTCOME_SEEK;
        enum refusal refusal = judge(writer, &error);
        if (refusal != REFUSAL_ROW || attempt.reason[0] != '\0' || !attempt.tried) {
            if (!writer_recover(writer, refusal, &error))
                return OUTCOME_ENDED;
            continue;
        }
        mysql_query(writer->link.conn, "ROLLBACK");
        positions_doubt(writer->positions); /* the COMMIT may be what failed */
        if (attempt.span.count > 1)
            return store_halves(writer, delivery, &attempt.span);
        narrow(&attempt, &error);
    }
    return OUTCOME_ENDED;
}

enum outcome writer_store(struct writer *writer, const struct parcel *parcel, uint64_t *seek)
{
    bool journalled = parcel->journal[0] != '\0';
    struct delivery delivery = {
        .parcel = parcel, .base = parcel->first_seq - 1, .based = journalled};
    int64_t started_ms = clock_mono_ms();
    pthread_mutex_lock(&writer->lock);
    writer->in_hand = journalled ? 0 : parcel->records;
    pthread_mutex_unlock(&writer->lock);
    enum outcome outcome = store_span(writer, &delivery, 0, parcel->records);
    if (outcome == OUTCOME_STORED) {
        writer->strange_count = 0;
        batch_size_adapt(&writer->size, parcel->records, clock_mono_ms() - started_ms);
    }
    *seek = journalled ? delivery.seek : 0;
    return outcome;
}
