#include "collector/store/sift.h"
#include "collector/store/writer_parts.h"
#include "shared/base/clock.h"

enum { STRANGE_MOST = 5 }; /* from this time on an unknown error is taken to mean a row */

/* A parcel on its way. Its records count from ${base} + 1. */
struct delivery {
    const struct parcel *parcel;
    uint64_t base;
    bool based; /* ${base} is known: from the journal, or from the database */
    uint64_t seek;
    struct sift *sift;
};

/* All of it in one transaction, or a part where the database refuses the transaction as such. */
struct attempt {
    struct span span;
    bool tried;
};

enum place {
    PLACE_TORN = -2,  /* a fault that may be due to the transaction, and not to a row of it */
    PLACE_FAULT = -1, /* any other */
    PLACE_NEXT,
    PLACE_STORED,
    PLACE_ELSEWHERE,
    PLACE_WAIT, /* it is not our turn yet */
};

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

/* The rows are made anew for each attempt: numbers may have changed. */
static enum place transact(struct writer *writer, const struct delivery *delivery,
                           const struct attempt *attempt, struct db_error *error)
{
    MYSQL *conn = writer->link.conn;
    const struct span *span = &attempt->span;
    if (sift_resolve(delivery->sift, span, error) != SIFT_DONE ||
        db_run(conn, "START TRANSACTION", error) != 0)
        return PLACE_FAULT;
    enum sifted sifted = sift_insert(delivery->sift, span, delivery->base, error);
    if (sifted != SIFT_DONE)
        return sifted == SIFT_TORN ? PLACE_TORN : PLACE_FAULT;
    if (positions_write(writer->positions, conn, delivery->parcel->journal,
                        last_seq(delivery, span), error) != 0 ||
        db_run(conn, "COMMIT", error) != 0)
        return PLACE_TORN;
    return PLACE_STORED;
}

static void tell_of(struct writer *writer, const struct sift *sift,
                    const struct exception *exception)
{
    struct record_head head;
    const uint8_t *body;
    if (!sift_record(sift, exception->index, &head, &body))
        return;
    const char *device = directory_device_id(writer->directory, head.device);
    if (exception->reason != NULL)
        log_at_limit(&writer->rejections, LOGL_ERROR, "writer", device,
                     "the database refuses a record of the kind %s, it is kept in "
                     "rejected_records: %s",
                     set_aside_kind(head.type), exception->reason);
    else
        log_at_limit(&writer->moves, LOGL_WARN, "writer", device,
                     "a second reading of one moment: stored %lld ms later; was the clock set "
                     "back?",
                     (long long)exception->shift_ms);
}

/* Say and count what of the span is not stored as it was. */
static void finish_exceptions(struct writer *writer, const struct delivery *delivery,
                              const struct span *span)
{
    uint64_t moved = 0, rejected = 0;
    size_t count;
    const struct exception *exceptions = sift_exceptions(delivery->sift, &count);
    for (size_t i = 0; i < count; i++) {
        if (exceptions[i].index < span->first || exceptions[i].index - span->first >= span->count)
            continue;
        tell_of(writer, delivery->sift, &exceptions[i]);
        rejected += exceptions[i].reason != NULL;
        moved += exceptions[i].reason == NULL;
    }
    pthread_mutex_lock(&writer->lock);
    writer->status.rejected += rejected;
    writer->status.moved += moved;
    pthread_mutex_unlock(&writer->lock);
}

static void add_counts(struct writer *writer, const struct delivery *delivery,
                       const struct attempt *attempt)
{
    const struct batch_counts *counts = sift_counts(delivery->sift);
    struct writer_status *status = &writer->status;
    pthread_mutex_lock(&writer->lock);
    status->records += counts->records;
    status->readings += counts->readings;
    status->packets += counts->packets;
    status->heartbeats += counts->heartbeats;
    status->batches++;
    status->last_commit_ms = clock_wall_ms();
    if (delivery->parcel->journal[0] == '\0')
        writer->in_hand -= attempt->span.count;
    pthread_mutex_unlock(&writer->lock);
}

static void finish(struct writer *writer, const struct delivery *delivery, struct attempt *attempt)
{
    struct db_error error;
    positions_committed(writer->positions, delivery->parcel->journal,
                        last_seq(delivery, &attempt->span));
    batch_stored(writer->batch);
    finish_exceptions(writer, delivery, &attempt->span);
    add_counts(writer, delivery, attempt);
    uint64_t broken = sift_counts(delivery->sift)->broken;
    if (broken > 0)
        log_error("writer", NULL, "%llu chunks of records were not readable to their end",
                  (unsigned long long)broken);
    writer->backoff_ms = 0;
    /* Not before everything of earlier lives is stored: their journals may still need theirs. */
    if (!writer->expired && !delivery->parcel->earlier && writer->stream.number == 0)
        writer->expired = positions_expire(writer->positions, writer->link.conn, &error) == 0;
}

/* One that nobody thought of, and that does not go away, may be a row's too: if it is not,
 * rejected_records will not take the row either. */
bool writer_means_row(const struct writer *writer, const struct db_error *error)
{
    enum refusal refusal = refusal_of(error->code, error->state);
    return refusal == REFUSAL_ROW ||
           (refusal == REFUSAL_OTHER && error->code == writer->strange_code &&
            writer->strange_count + 1 >= STRANGE_MOST);
}

/* What the error means that ended an attempt. */
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

/* Everything of earlier lives is stored, and tidied up, before anything of this one is. */
static enum place make_ready(struct writer *writer, const struct parcel *parcel,
                             struct db_error *error)
{
    static const enum place places[] = {
        [GATE_SHUT] = PLACE_WAIT, [GATE_TIDY] = PLACE_FAULT, [GATE_OPEN] = PLACE_NEXT};
    return places[writer_may_store(writer, parcel, error)];
}

/* One attempt: PLACE_STORED, PLACE_ELSEWHERE, PLACE_WAIT, or a fault. */
static enum place try_once(struct writer *writer, struct delivery *delivery,
                           struct attempt *attempt, struct db_error *error)
{
    enum place place = make_ready(writer, delivery->parcel, error);
    if (place != PLACE_NEXT)
        return place;
    place = locate(writer, delivery, attempt, error);
    if (place == PLACE_STORED && attempt->tried)
        finish(writer, delivery, attempt); /* the COMMIT whose answer was lost did happen */
    if (place != PLACE_NEXT)
        return place;
    attempt->tried = true;
    place = transact(writer, delivery, attempt, error);
    if (place == PLACE_STORED)
        finish(writer, delivery, attempt);
    return place;
}

static enum outcome store_span(struct writer *writer, struct delivery *delivery, size_t first,
                               size_t count);

/* The transaction is refused: too large, say, or for a row that is nobody's record. Halves of it
 * may not be. */
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
        if (place == PLACE_WAIT) {
            if (!writer_wait_turn(writer))
                return OUTCOME_ENDED;
            continue;
        }
        if (place == PLACE_STORED || place == PLACE_ELSEWHERE)
            return place == PLACE_STORED ? OUTCOME_STORED : OUTCOME_SEEK;
        enum refusal refusal = judge(writer, &error);
        const struct span *span = &attempt.span;
        bool torn = place == PLACE_TORN && refusal == REFUSAL_ROW;
        if (torn && (span->count > 1 || sift_refuse(delivery->sift, span->first, &error))) {
            mysql_query(writer->link.conn, "ROLLBACK");
            positions_doubt(writer->positions); /* the COMMIT may be what failed */
            if (span->count > 1)
                return store_halves(writer, delivery, span);
        } else if (!writer_recover(writer, refusal, &error)) {
            return OUTCOME_ENDED;
        }
    }
    return OUTCOME_ENDED;
}

enum outcome writer_store(struct writer *writer, const struct parcel *parcel, uint64_t *seek)
{
    bool journalled = parcel->journal[0] != '\0';
    struct delivery delivery = {.parcel = parcel,
                                .base = parcel->first_seq - 1,
                                .based = journalled,
                                .sift = sift_new(writer, parcel)};
    int64_t started_ms = clock_mono_ms();
    pthread_mutex_lock(&writer->lock);
    writer->in_hand = journalled ? 0 : parcel->records;
    pthread_mutex_unlock(&writer->lock);
    enum outcome outcome = store_span(writer, &delivery, 0, parcel->records);
    if (outcome == OUTCOME_STORED) {
        writer->strange_count = 0;
        batch_size_adapt(&writer->size, parcel->records, clock_mono_ms() - started_ms);
    }
    sift_free(delivery.sift);
    *seek = journalled ? delivery.seek : 0;
    return outcome;
}
