#include "collector/store/writer.h"

#include "collector/store/batch.h"
#include "collector/store/directory.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/db/db.h"
#include "shared/db/schema.h"

#include <mysqld_error.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH_RECORDS = 20000,
    STREAM = 0,
    BACKOFF_FIRST_MS = 250,
    BACKOFF_LAST_MS = 10000,
    LOCK_RETRY_MS = 50,
    COMPLAIN_AGAIN_MS = 30000,
};

struct writer {
    pthread_t thread;
    struct mysql_section mysql; /* strings are copies */
    char *collector;
    struct cache *cache;
    struct journal *journal;
    struct directory *directory;
    struct batch *batch;

    MYSQL *conn;       /* the thread's */
    bool started;      /* the first connection was made and tidied up after an earlier life */
    uint64_t position; /* records committed in this stream */
    int64_t backoff_ms;
    struct log_limit complaint;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t stop;
    bool stopping;
    int64_t give_up_ms; /* monotonic; once stopping */
    size_t lost;        /* records of the batch that could not be stored before the end */
    struct writer_status status;
};

static void set_up(struct writer *writer, const char *error)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.up = error == NULL;
    snprintf(writer->status.error, sizeof(writer->status.error), "%s", error ? error : "");
    pthread_mutex_unlock(&writer->lock);
}

static bool nothing_to_store(struct writer *writer)
{
    struct cache_stats stats;
    cache_stats(writer->cache, &stats);
    return stats.waiting + stats.in_flight == 0;
}

/* Wait before the next attempt; false where the collector stops, and time is over or there is
 * nothing left to store. */
static bool pause_ms(struct writer *writer, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;
    bool go_on = true;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        int64_t now_ms = clock_mono_ms();
        if (writer->stopping && (now_ms >= writer->give_up_ms || nothing_to_store(writer))) {
            go_on = false;
            break;
        }
        if (now_ms >= until_ms)
            break;
        int64_t next_ms = until_ms;
        if (writer->stopping && writer->give_up_ms < next_ms)
            next_ms = writer->give_up_ms;
        struct timespec ts = {.tv_sec = next_ms / 1000, .tv_nsec = next_ms % 1000 * 1000000};
        pthread_cond_timedwait(&writer->stop, &writer->lock, &ts);
    }
    pthread_mutex_unlock(&writer->lock);
    return go_on;
}

static bool back_off(struct writer *writer)
{
    int64_t ms = writer->backoff_ms;
    writer->backoff_ms = ms * 2 < BACKOFF_LAST_MS ? ms * 2 : BACKOFF_LAST_MS;
    return pause_ms(writer, ms / 2 + random() % (ms / 2 + 1));
}

static void complain(struct writer *writer, const char *text)
{
    set_up(writer, text);
    log_at_limit(&writer->complaint, LOGL_ERROR, "writer", NULL, "%s; records wait in the cache",
                 text);
}

static void disconnect(struct writer *writer)
{
    db_close(writer->conn);
    writer->conn = NULL;
}

/* The stored position, or 0 where the stream has none yet. */
static int read_position(struct writer *writer, uint64_t *position, struct db_error *error)
{
    char name[2 * 64 + 1], sql[256];
    mysql_real_escape_string(writer->conn, name, writer->collector, strnlen(writer->collector, 64));
    snprintf(sql, sizeof(sql),
             "SELECT seq FROM ingest_position WHERE collector = '%s' AND stream = %d", name,
             STREAM);
    MYSQL_RES *result = db_query(writer->conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    *position = row != NULL ? strtoull(row[0], NULL, 10) : 0;
    mysql_free_result(result);
    return 0;
}

/* Two collectors of one name would overwrite each other's position: only one may write. */
static int claim_name(struct writer *writer, struct db_error *error)
{
    char name[2 * 64 + 1], sql[256];
    mysql_real_escape_string(writer->conn, name, writer->collector, strnlen(writer->collector, 64));
    snprintf(sql, sizeof(sql),
             "SELECT GET_LOCK(CONCAT('dtuhub.', MD5(CONCAT(DATABASE(), '/', '%s'))), 1)", name);
    MYSQL_RES *result = db_query(writer->conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    bool mine = row != NULL && row[0] != NULL && row[0][0] == '1';
    mysql_free_result(result);
    if (mine)
        return 0;
    snprintf(error->text, sizeof(error->text),
             "another collector named '%s' writes to this database: give one of them another "
             "server.name",
             writer->collector);
    return -1;
}

/*
 * Whom an earlier life of this collector left online is offline until it dials in again, since it
 * was last heard of. One transaction, so that the history has each such end once.
 */
static int tidy_up(struct writer *writer, struct db_error *error)
{
    char name[2 * 64 + 1], record[448], update[256];
    mysql_real_escape_string(writer->conn, name, writer->collector, strnlen(writer->collector, 64));
    snprintf(record, sizeof(record),
             "INSERT INTO connection_history (device_id, event, `timestamp`, details) "
             "SELECT device_id, 'disconnect', last_seen, 'the collector ended unexpectedly' "
             "FROM devices WHERE status = 'online' AND collector = '%s'",
             name);
    snprintf(update, sizeof(update),
             "UPDATE devices SET status = 'offline' WHERE status = 'online' AND collector = '%s'",
             name);
    if (db_run(writer->conn, "START TRANSACTION", error) != 0 ||
        db_run(writer->conn, record, error) != 0)
        return -1;
    if (mysql_affected_rows(writer->conn) == 0)
        return db_run(writer->conn, "ROLLBACK", error); /* nobody was left online */
    if (db_run(writer->conn, update, error) != 0)
        return -1;
    return db_run(writer->conn, "COMMIT", error);
}

static int prepare(struct writer *writer, struct db_error *error)
{
    uint64_t position;
    if (schema_upgrade(writer->conn, error->text) != 0 || claim_name(writer, error) != 0 ||
        read_position(writer, &position, error) != 0)
        return -1;
    if (!writer->started) {
        if (tidy_up(writer, error) != 0)
            return -1;
        writer->position = position;
        writer->started = true;
    } else if (position < writer->position) {
        log_warn("writer", NULL, "the database knows less than was stored: it was replaced");
        directory_forget(writer->directory);
        writer->position = position;
    }
    return 0;
}

/* One attempt to be connected. */
static int reach(struct writer *writer)
{
    struct db_error error = {0};
    if (writer->conn != NULL)
        return 0;
    writer->conn = db_connect(&writer->mysql, error.text);
    if (writer->conn == NULL || prepare(writer, &error) != 0) {
        complain(writer, error.text);
        disconnect(writer);
        return -1;
    }
    pthread_mutex_lock(&writer->lock);
    writer->status.reconnects += writer->status.last_commit_ms != 0;
    writer->status.bulk = writer->mysql.bulk && db_has_bulk(writer->conn);
    bool was_up = writer->status.up;
    pthread_mutex_unlock(&writer->lock);
    set_up(writer, NULL);
    if (!was_up)
        log_info("writer", NULL, "database %s is ready, server %s, %s", writer->mysql.database,
                 mysql_get_server_info(writer->conn),
                 writer->status.bulk ? "bulk execution" : "multi-row INSERT");
    return 0;
}

static int write_position(struct writer *writer, uint64_t position, struct db_error *error)
{
    char name[2 * 64 + 1], sql[320];
    mysql_real_escape_string(writer->conn, name, writer->collector, strnlen(writer->collector, 64));
    snprintf(sql, sizeof(sql),
             "INSERT INTO ingest_position (collector, stream, seq) VALUES ('%s', %d, %llu) "
             "ON DUPLICATE KEY UPDATE seq = VALUES(seq)",
             name, STREAM, (unsigned long long)position);
    return db_run(writer->conn, sql, error);
}

/* The whole of a batch in one transaction. The rows are made anew for each attempt: numbers may
 * have changed. */
static int transact(struct writer *writer, const struct cache_chunks *chunks,
                    struct batch_counts *counts, struct db_error *error)
{
    batch_want(writer->batch, chunks);
    if (directory_resolve(writer->directory, writer->conn, error) != 0)
        return -1;
    batch_fill(writer->batch, chunks, counts);
    if (db_run(writer->conn, "START TRANSACTION", error) != 0 ||
        batch_insert(writer->batch, writer->conn, writer->status.bulk, error) != 0 ||
        write_position(writer, writer->position + counts->records, error) != 0 ||
        db_run(writer->conn, "COMMIT", error) != 0)
        return -1;
    return 0;
}

/* After a fault: decide how to go on; false where time is over. */
static bool recover(struct writer *writer, const struct db_error *error)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.retries++;
    pthread_mutex_unlock(&writer->lock);
    if (error->code == ER_LOCK_DEADLOCK || error->code == ER_LOCK_WAIT_TIMEOUT) {
        mysql_query(writer->conn, "ROLLBACK");
        log_at_limit(&writer->complaint, LOGL_WARN, "writer", NULL, "%s; trying again",
                     error->text);
        return pause_ms(writer, LOCK_RETRY_MS);
    }
    /* A new connection is the surest rollback, and brings the schema up to date where a table was
     * missing. */
    complain(writer, error->text);
    disconnect(writer);
    return back_off(writer);
}

static void count(struct writer *writer, const struct batch_counts *counts)
{
    pthread_mutex_lock(&writer->lock);
    writer->status.batches++;
    writer->status.records += counts->records;
    writer->status.readings += counts->readings;
    writer->status.packets += counts->packets;
    writer->status.heartbeats += counts->heartbeats;
    writer->status.last_commit_ms = clock_wall_ms();
    pthread_mutex_unlock(&writer->lock);
    if (counts->broken > 0)
        log_error("writer", NULL, "%llu chunks of records were not readable to their end",
                  (unsigned long long)counts->broken);
}

/* Store one batch, however long it takes; false where the collector stops first. */
static bool store(struct writer *writer, const struct cache_chunks *chunks)
{
    struct batch_counts counts = {0};
    uint64_t before = 0;
    bool tried = false;
    for (;;) {
        if (reach(writer) != 0) {
            if (!back_off(writer))
                return false;
            continue;
        }
        struct db_error error = {0};
        uint64_t stored = writer->position;
        /* Not knowing whether the last attempt was committed is no reason to write it again. */
        if (tried && read_position(writer, &stored, &error) != 0) {
            if (!recover(writer, &error))
                return false;
            continue;
        }
        if (tried && stored == before + counts.records && counts.records > 0) {
            writer->position = stored; /* the COMMIT whose answer was lost did happen */
            break;
        }
        before = writer->position;
        if (transact(writer, chunks, &counts, &error) == 0) {
            writer->position += counts.records;
            break;
        }
        tried = true;
        if (!recover(writer, &error))
            return false;
    }
    writer->backoff_ms = BACKOFF_FIRST_MS;
    batch_stored(writer->batch);
    count(writer, &counts);
    return true;
}

static size_t batch_limit(struct writer *writer)
{
    struct cache_stats stats;
    cache_stats(writer->cache, &stats);
    size_t half = stats.max_size / 2 + 1; /* so that new records have room while a batch is stuck */
    return half < BATCH_RECORDS ? half : BATCH_RECORDS;
}

static void *run(void *cookie)
{
    struct writer *writer = cookie;
    struct parcel parcel;
    mysql_thread_init();
    while (reach(writer) != 0 && back_off(writer)) {
    }
    while (journal_take(writer->journal, batch_limit(writer), &parcel) > 0) {
        size_t taken = parcel.records;
        bool stored = store(writer, &parcel.chunks);
        journal_done(writer->journal, &parcel, stored);
        if (!stored) {
            writer->lost = taken;
            break;
        }
    }
    disconnect(writer);
    mysql_thread_end();
    return NULL;
}

static void copy_mysql(struct mysql_section *to, const struct mysql_section *from)
{
    *to = *from;
    to->host = from->host ? xstrdup(from->host) : NULL;
    to->socket = from->socket ? xstrdup(from->socket) : NULL;
    to->user = xstrdup(from->user);
    to->password = xstrdup(from->password);
    to->database = xstrdup(from->database);
}

static void free_writer(struct writer *writer)
{
    batch_free(writer->batch);
    directory_free(writer->directory);
    free(writer->mysql.host);
    free(writer->mysql.socket);
    free(writer->mysql.user);
    explicit_bzero(writer->mysql.password, strlen(writer->mysql.password));
    free(writer->mysql.password);
    free(writer->mysql.database);
    free(writer->collector);
    pthread_cond_destroy(&writer->stop);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

struct writer *writer_start(const struct server_config *config, struct cache *cache,
                            struct journal *journal, struct names *names)
{
    struct writer *writer = xcalloc(1, sizeof(*writer));
    copy_mysql(&writer->mysql, &config->mysql);
    writer->collector = xstrdup(config->server.name);
    writer->cache = cache;
    writer->journal = journal;
    writer->directory = directory_new(names, writer->collector);
    writer->batch = batch_new(writer->directory, writer->collector);
    writer->backoff_ms = BACKOFF_FIRST_MS;
    writer->complaint = (struct log_limit)LOG_LIMIT(1, COMPLAIN_AGAIN_MS);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->stop, &attr);
    pthread_condattr_destroy(&attr);
    mysql_library_init(0, NULL, NULL);
    if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
        free_writer(writer);
        return NULL;
    }
    return writer;
}

size_t writer_stop(struct writer *writer, int64_t timeout_ms)
{
    struct cache_stats stats;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    writer->give_up_ms = clock_mono_ms() + timeout_ms;
    pthread_cond_signal(&writer->stop);
    pthread_mutex_unlock(&writer->lock);
    cache_close(writer->cache);

    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 1;
    bool ended = pthread_timedjoin_np(writer->thread, NULL, &until) == 0;
    cache_stats(writer->cache, &stats);
    size_t lost = stats.waiting + stats.in_flight;
    if (ended) {
        lost += writer->lost;
        free_writer(writer);
    } /* else it hangs in the database, and the process is about to exit anyway */
    return lost;
}

void writer_status(struct writer *writer, struct writer_status *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->status;
    pthread_mutex_unlock(&writer->lock);
}
