#include "collector/store/sift.h"
#include "collector/store/writer_parts.h"
#include "shared/base/clock.h"

enum {
    STRANGE_MOST = 5, /* from this time on an unknown error may mean a row */
    STRANGE_PATIENCE_MS = 600000,
    CHECK_AGAIN_MS = 10000,
    LOOK_AGAIN_MS = 1000,
};

/* A parcel on its way. Its records count from ${base} + 1. */
struct delivery {
    const struct parcel *parcel;
    uint64_t base;
    bool based; /* ${base} is known: from the journal, or from the database */
    bool gap_told;
    uint64_t seek;
    bool partly; /* some of it is stored */
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
    PLACE_WAIT,    /* it is not our turn yet */
    PLACE_UNKNOWN, /* the database is not where it was thought to be: look again */
};

/* The database was replaced, or restored from a backup. */
static enum place go_back(struct writer *writer, struct delivery *delivery, uint64_t position)
{
    const char *journal = delivery->parcel->journal;
    log_warn("writer", NULL,
             "the database knows less than was stored: it was replaced; %s from record %llu on",
             journal[0] ? "what the journal still holds is stored again" : "counting goes on",
             (unsigned long long)position);
    if (journal[0] != '\0' && position == 0)
        log_warn("writer", NULL,
                 "it has no position of this journal at all: if only ingest_position was lost, the "
                 "readings that are there are not stored again, but packets, heartbeats, "
                 "connections and events are: docs/backup.md says how to find them");
    directory_forget(writer->directory);
    batch_forget(writer->batch);
    delivery->based = false;
    return journal[0] == '\0' ? PLACE_NEXT : PLACE_ELSEWHERE;
}

/* Records that the database wants next, which were stored once and are not in the journal any more:
 * it was restored from before what the journal keeps. */
static void tell_gap(struct writer *writer, struct delivery *delivery, uint64_t position,
                     uint64_t before)
{
    const struct parcel *parcel = delivery->parcel;
    uint64_t most = positions_most(writer->positions, parcel->journal);
    uint64_t last = most > parcel->deleted_seq ? most : parcel->deleted_seq;
    if (delivery->gap_told || parcel->journal[0] == '\0')
        return;
    delivery->gap_told = true;
    if (last > before)
        last = before;
    if (last <= position)
        return;
    journal_missed(writer->journal, last - position);
    log_error(
        "writer", NULL,
        "records %llu to %llu (%llu) of the journal %s are missing in the database, which was "
        "restored from before them, or never had them, and the journal does not hold them any "
        "more: see journal.retention",
        (unsigned long long)position + 1, (unsigned long long)last,
        (unsigned long long)(last - position), parcel->journal);
}

static enum place wait_for_restore(struct writer *writer)
{
    log_at_limit(&writer->restores, LOGL_WARN, "writer", NULL,
                 "the database knows less than was stored, and its tables were made anew a moment "
                 "ago: it is being restored; records wait until that is over");
    return PLACE_UNKNOWN;
}

/* Where the database is: before the attempt's records, amid them, or behind them. Not knowing
 * whether the last attempt was committed is no reason to write it again. */
static enum place locate(struct writer *writer, struct delivery *delivery, struct attempt *attempt,
                         struct db_error *error)
{
    struct span *span = &attempt->span;
    uint64_t position;
    enum positions_answer answer = positions_get(writer->positions, writer->link.conn,
                                                 delivery->parcel->journal, &position, error);
    if (answer == POSITION_FAULT)
        return PLACE_FAULT;
    if (answer == POSITION_UNSETTLED)
        return wait_for_restore(writer);
    if (answer == POSITION_FEWER && go_back(writer, delivery, position) == PLACE_ELSEWHERE)
        return PLACE_ELSEWHERE;
    if (!delivery->based) {
        delivery->base = position - span->first;
        delivery->based = true;
    }
    if (position <= delivery->base + span->first) {
        tell_gap(writer, delivery, position, delivery->base + span->first);
        return PLACE_NEXT;
    }
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

/* Another database than a moment ago: its numbers of devices and points may be others, too. */
static enum place take_back(struct writer *writer)
{
    mysql_query(writer->link.conn, "ROLLBACK");
    positions_doubt(writer->positions);
    directory_forget(writer->directory);
    batch_forget(writer->batch);
    return PLACE_UNKNOWN;
}

/* Now and then: somebody may have deleted rows of theirs. */
static int check_points(struct writer *writer, struct db_error *error)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms < writer->checked_ms + CHECK_AGAIN_MS)
        return 0;
    writer->checked_ms = now_ms;
    return directory_check(writer->directory, writer->link.conn, error);
}

/* The rows are made anew for each attempt: numbers may have changed. */
static enum place transact(struct writer *writer, const struct delivery *delivery,
                           const struct attempt *attempt, struct db_error *error)
{
    MYSQL *conn = writer->link.conn;
    const struct span *span = &attempt->span;
    if (check_points(writer, error) != 0 ||
        sift_resolve(delivery->sift, span, error) != SIFT_DONE ||
        db_run(conn, "START TRANSACTION", error) != 0)
        return PLACE_FAULT;
    enum sifted sifted = sift_insert(delivery->sift, span, delivery->base, error);
    if (sifted != SIFT_DONE)
        return sifted == SIFT_TORN ? PLACE_TORN : PLACE_FAULT;
    int moved = positions_write(writer->positions, conn, delivery->parcel->journal,
                                last_seq(delivery, span), error);
    if (moved > 0)
        return take_back(writer);
    if (moved < 0 || db_run(conn, "COMMIT", error) != 0)
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
    else if (exception->there)
        log_at_limit(&writer->repeats, LOGL_WARN, "writer", device,
                     "readings of the journal are in the database already, and not stored again");
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
    uint64_t moved = 0, repeated = 0, rejected = 0;
    size_t count;
    const struct exception *exceptions = sift_exceptions(delivery->sift, &count);
    for (size_t i = 0; i < count; i++) {
        if (exceptions[i].index < span->first || exceptions[i].index - span->first >= span->count)
            continue;
        tell_of(writer, delivery->sift, &exceptions[i]);
        rejected += exceptions[i].reason != NULL;
        repeated += exceptions[i].there;
        moved += exceptions[i].reason == NULL && !exceptions[i].there;
    }
    pthread_mutex_lock(&writer->lock);
    writer->status.rejected += rejected;
    writer->status.moved += moved;
    writer->status.repeated += repeated;
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
    status->waits_since_ms = clock_mono_ms();
    if (delivery->parcel->journal[0] == '\0')
        writer->in_hand -= attempt->span.count;
    if (counts->deliveries > 0 && writer->listener.deliveries != NULL)
        writer->listener.deliveries(writer->listener.cookie);
    pthread_mutex_unlock(&writer->lock);
}

static void finish(struct writer *writer, struct delivery *delivery, struct attempt *attempt)
{
    struct db_error error;
    delivery->partly = true;
    positions_committed(writer->positions, delivery->parcel->journal,
                        last_seq(delivery, &attempt->span));
    batch_stored(writer->batch);
    finish_exceptions(writer, delivery, &attempt->span);
    add_counts(writer, delivery, attempt);
    if (delivery->parcel->earlier)
        writer->earlier.stored += attempt->span.count;
    writer_stores(writer, attempt->span.count);
    uint64_t broken = sift_counts(delivery->sift)->broken;
    if (broken > 0)
        log_error("writer", NULL, "%llu chunks of records were not readable to their end",
                  (unsigned long long)broken);
    writer->backoff_ms = 0;
    /* Not before everything of earlier lives is stored: their journals may still need theirs. */
    if (!writer->expired && !delivery->parcel->earlier && writer->stream.number == 0)
        writer->expired = positions_expire(writer->positions, writer->link.conn, &error) == 0;
}

/* One that nobody thought of, and that does not go away, may be a row's too: the sift asks whether
 * others are taken, and rejected_records takes the row only where the server takes anything. */
bool writer_means_row(const struct writer *writer, const struct db_error *error)
{
    enum refusal refusal = refusal_of(error->code, error->state);
    return refusal == REFUSAL_ROW ||
           (refusal == REFUSAL_OTHER && error->code == writer->strange_code &&
            writer->strange_count + 1 >= STRANGE_MOST);
}

bool writer_out_of_patience(const struct writer *writer)
{
    return writer->strange_count >= STRANGE_MOST &&
           clock_mono_ms() - writer->strange_since_ms >= STRANGE_PATIENCE_MS;
}

/* What the error means that ended an attempt. */
static enum refusal judge(struct writer *writer, const struct db_error *error)
{
    enum refusal refusal = refusal_of(error->code, error->state);
    if (refusal != REFUSAL_OTHER)
        return refusal;
    if (error->code != writer->strange_code)
        writer->strange_count = 0;
    if (writer->strange_count == 0)
        writer->strange_since_ms = clock_mono_ms();
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

/* One attempt: PLACE_STORED, PLACE_ELSEWHERE, PLACE_WAIT, PLACE_UNKNOWN, or a fault. */
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
    if (place == PLACE_UNKNOWN)
        attempt->tried = false; /* none of it is stored */
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

/* The transaction is refused with the one record that it has: it is the record's fault, unless
 * nobody knows the error and nothing else was taken either. */
static bool refuse_alone(struct writer *writer, const struct delivery *delivery, size_t index,
                         const struct db_error *error)
{
    bool doubtful = refusal_of(error->code, error->state) == REFUSAL_OTHER;
    if (doubtful && !delivery->partly && !writer_out_of_patience(writer))
        return false;
    return sift_refuse(delivery->sift, index, error);
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
            return place == PLACE_STORED ? OUTCOME_STORED : OUTCOME_BACK;
        if (place == PLACE_UNKNOWN) {
            writer->backoff_ms = LOOK_AGAIN_MS;
            if (!writer_back_off(writer))
                return OUTCOME_ENDED;
            continue;
        }
        enum refusal refusal = judge(writer, &error);
        const struct span *span = &attempt.span;
        bool torn = place == PLACE_TORN && refusal == REFUSAL_ROW;
        if (torn && (span->count > 1 || refuse_alone(writer, delivery, span->first, &error))) {
            mysql_query(writer->link.conn, "ROLLBACK");
            positions_doubt(writer->positions); /* the COMMIT may be what failed */
            if (span->count > 1)
                return store_halves(writer, delivery, span);
        } else if (!writer_recover(writer, refusal_of(error.code, error.state), &error)) {
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
    writer->status.waits_since_ms = started_ms;
    pthread_mutex_unlock(&writer->lock);
    writer->holds = true;
    enum outcome outcome = store_span(writer, &delivery, 0, parcel->records);
    if (outcome == OUTCOME_STORED) {
        writer->strange_count = 0;
        batch_size_adapt(&writer->size, parcel->records, clock_mono_ms() - started_ms);
    }
    writer->holds = false;
    if (outcome != OUTCOME_ENDED)
        writer_stores(writer, 0);
    pthread_mutex_lock(&writer->lock);
    writer->status.waits_since_ms = 0;
    pthread_mutex_unlock(&writer->lock);
    sift_free(delivery.sift);
    *seek = journalled ? delivery.seek : 0;
    return outcome;
}
