#include "collector/store/writer.h"

#include "collector/store/writer_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BACKOFF_FIRST_MS = 250,
    BACKOFF_LAST_MS = 10000,
    LOCK_RETRY_MS = 50,
    COMPLAIN_AGAIN_MS = 30000,
};

static void set_up(struct writer *writer, const char *error)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.up = error == NULL;
    snprintf(writer->status.error, sizeof(writer->status.error), "%s", error ? error : "");
    pthread_mutex_unlock(&writer->lock);
}

/* What is not stored now is stored by the next life: the journal has it, or takes it. */
static bool journal_keeps(struct writer *writer)
{
    struct journal_status status;
    journal_status(writer->journal, &status);
    return status.enabled && status.ok;
}

/* Whether ending now would lose nothing; lock held. */
static bool nothing_to_lose(struct writer *writer)
{
    struct cache_stats stats;
    if (writer->in_hand > 0)
        return false;
    if (journal_keeps(writer))
        return true;
    cache_stats(writer->cache, &stats);
    return stats.waiting + stats.in_flight == 0;
}

static bool time_is_up(const struct writer *writer)
{
    return writer->stopping && clock_mono_ms() >= writer->give_up_ms;
}

bool writer_over(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool over = time_is_up(writer);
    pthread_mutex_unlock(&writer->lock);
    return over;
}

bool writer_pause(struct writer *writer, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;
    bool go_on = true;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        if (time_is_up(writer) || (writer->stopping && nothing_to_lose(writer))) {
            go_on = false;
            break;
        }
        if (clock_mono_ms() >= until_ms)
            break;
        int64_t next_ms = until_ms;
        if (writer->stopping && writer->give_up_ms < next_ms)
            next_ms = writer->give_up_ms;
        struct timespec ts = {.tv_sec = next_ms / 1000, .tv_nsec = next_ms % 1000 * 1000000};
        pthread_cond_timedwait(&writer->change, &writer->lock, &ts);
    }
    pthread_mutex_unlock(&writer->lock);
    return go_on;
}

bool writer_back_off(struct writer *writer)
{
    int64_t ms = writer->backoff_ms > 0 ? writer->backoff_ms : BACKOFF_FIRST_MS;
    writer->backoff_ms = ms * 2 < BACKOFF_LAST_MS ? ms * 2 : BACKOFF_LAST_MS;
    return writer_pause(writer, ms / 2 + random() % (ms / 2 + 1));
}

static void complain(struct writer *writer, enum refusal refusal, const struct db_error *error)
{
    char text[DB_ERROR_SIZE + 256];
    const char *advice = refusal_advice(refusal, error->code);
    snprintf(text, sizeof(text), "%s%s%s", error->text, advice[0] ? ": " : "", advice);
    set_up(writer, text);
    log_at_limit(&writer->complaints[refusal], LOGL_ERROR, "writer", NULL,
                 "%s; records wait in the %s", text, journal_keeps(writer) ? "journal" : "cache");
}

static void note_connected(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.reconnects += writer->status.last_commit_ms != 0;
    writer->status.bulk = writer->link.bulk;
    bool was_up = writer->status.up;
    pthread_mutex_unlock(&writer->lock);
    set_up(writer, NULL);
    if (!was_up)
        log_info("writer", NULL, "database %s is ready, server %s, %s", writer->link.mysql.database,
                 mysql_get_server_info(writer->link.conn),
                 writer->link.bulk ? "bulk execution" : "multi-row INSERT");
}

int writer_reach(struct writer *writer)
{
    struct db_error error;
    if (writer->link.conn != NULL)
        return 0;
    if (link_open(&writer->link, &error) != 0) {
        complain(writer, refusal_of(error.code, error.state), &error);
        return -1;
    }
    positions_doubt(writer->positions);
    gate_claim(writer->gate);
    note_connected(writer);
    return 0;
}

static void count_retry(struct writer *writer, enum refusal refusal)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.retries++;
    writer->status.lock_retries += refusal == REFUSAL_LOCK;
    writer->status.lost_retries += refusal == REFUSAL_LOST;
    pthread_mutex_unlock(&writer->lock);
}

bool writer_recover(struct writer *writer, enum refusal refusal, const struct db_error *error)
{
    count_retry(writer, refusal);
    if (refusal == REFUSAL_LOCK) {
        mysql_query(writer->link.conn, "ROLLBACK");
        log_at_limit(&writer->complaints[refusal], LOGL_WARN, "writer", NULL,
                     "%s: %s; trying again", error->text, refusal_advice(refusal, error->code));
        return writer_pause(writer, LOCK_RETRY_MS);
    }
    /* A new connection is the surest rollback, and brings the schema up to date where a table was
     * missing. */
    complain(writer, refusal, error);
    link_close(&writer->link);
    return writer_back_off(writer);
}

static size_t batch_limit(struct writer *writer)
{
    struct cache_stats stats;
    cache_stats(writer->cache, &stats);
    size_t half = stats.max_size / 2 + 1; /* so that new records have room while a batch is stuck */
    return half < writer->size.now ? half : writer->size.now;
}

/* The collector stops, and going on is of no use. */
static bool ends(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool over = time_is_up(writer) ||
                (writer->stopping && writer->link.conn == NULL && nothing_to_lose(writer));
    pthread_mutex_unlock(&writer->lock);
    return over;
}

/* Store what ${take} hands out, until it has no more; false where the collector stops first. */
static bool work_off(struct writer *writer,
                     size_t (*take)(struct journal *journal, size_t most, struct parcel *out))
{
    struct parcel parcel;
    enum outcome outcome = OUTCOME_STORED;
    while (outcome != OUTCOME_ENDED && !ends(writer) &&
           take(writer->journal, batch_limit(writer), &parcel) > 0) {
        uint64_t seek;
        char journal[JOURNAL_ID_SIZE];
        memcpy(journal, parcel.journal, sizeof(journal));
        outcome = writer_store(writer, &parcel, &seek);
        journal_done(writer->journal, &parcel, outcome == OUTCOME_STORED);
        if (seek > 0 || outcome == OUTCOME_SEEK)
            journal_seek(writer->journal, journal, seek);
    }
    return outcome != OUTCOME_ENDED;
}

/* Whom an earlier life left online need not wait for the first record of this one. */
static void arrive(struct writer *writer)
{
    struct db_error error;
    if (writer->link.conn != NULL && writer_enter(writer, &error) == GATE_TIDY)
        link_close(&writer->link); /* the next parcel tries it again, and complains */
}

static void *run(void *cookie)
{
    struct writer *writer = cookie;
    char part[STREAM_PART_SIZE];
    mysql_thread_init();
    log_thread_part(stream_part(&writer->stream, part));
    if (writer->stream.number == 0 || writer_wait_claim(writer)) {
        while (writer_reach(writer) != 0 && writer_back_off(writer)) {
        }
        if (work_off(writer, journal_take_earlier) && !journal_earlier(writer->journal)) {
            arrive(writer);
            work_off(writer, journal_take);
        }
    }
    link_close(&writer->link);
    mysql_thread_end();
    pthread_mutex_lock(&writer->lock);
    writer->ended = true;
    pthread_cond_signal(&writer->change);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static void free_writer(struct writer *writer)
{
    aside_rows_free(writer->aside);
    suspects_free(writer->suspects);
    batch_free(writer->batch);
    directory_free(writer->directory);
    positions_free(writer->positions);
    link_clear(&writer->link);
    pthread_cond_destroy(&writer->change);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

static void init_lock(struct writer *writer)
{
    pthread_condattr_t attr;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->change, &attr);
    pthread_condattr_destroy(&attr);
}

struct writer *writer_start(const struct server_config *config, const struct writer_parts *parts)
{
    struct writer *writer = xcalloc(1, sizeof(*writer));
    unsigned stream = parts->stream.number;
    link_init(&writer->link, config, stream);
    writer->stream = parts->stream;
    writer->gate = parts->gate;
    writer->place = parts->place;
    writer->cache = parts->cache;
    writer->journal = parts->journal;
    writer->names = parts->names;
    writer->directory = directory_new(parts->names, writer->link.collector);
    writer->batch = batch_new(writer->directory, writer->link.collector, stream);
    writer->suspects = suspects_new();
    writer->aside = aside_rows_new();
    writer->positions = positions_new(writer->link.collector, stream);
    writer->size = batch_size_first();
    for (int i = 0; i < REFUSALS; i++)
        writer->complaints[i] = (struct log_limit)LOG_LIMIT(1, COMPLAIN_AGAIN_MS);
    writer->rejections = writer->moves = (struct log_limit)LOG_LIMIT(5, COMPLAIN_AGAIN_MS);
    init_lock(writer);
    mysql_library_init(0, NULL, NULL);
    if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
        free_writer(writer);
        return NULL;
    }
    return writer;
}

void writer_ask(struct writer *writer, int64_t timeout_ms)
{
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    writer->give_up_ms = clock_mono_ms() + timeout_ms;
    pthread_cond_signal(&writer->change);
    pthread_mutex_unlock(&writer->lock);
    cache_close(writer->cache);
}

void writer_cut(struct writer *writer)
{
    link_cut(&writer->link);
}

bool writer_wait(struct writer *writer, int64_t until_ms, size_t *lost)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int rc = 0;
    pthread_mutex_lock(&writer->lock);
    while (!writer->ended && rc == 0)
        rc = pthread_cond_timedwait(&writer->change, &writer->lock, &until);
    bool ended = writer->ended;
    *lost = writer->in_hand;
    pthread_mutex_unlock(&writer->lock);
    if (ended) {
        pthread_join(writer->thread, NULL);
        free_writer(writer);
    }
    return ended;
}

bool writer_stop(struct writer *writer, int64_t timeout_ms, size_t *lost)
{
    writer_ask(writer, timeout_ms);
    if (writer_wait(writer, clock_mono_ms() + timeout_ms, lost))
        return true;
    writer_cut(writer); /* it waits for an answer of the database */
    return writer_wait(writer, clock_mono_ms() + WRITER_CUT_WAIT_MS, lost);
}

void writer_status(struct writer *writer, struct writer_status *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->status;
    pthread_mutex_unlock(&writer->lock);
}
