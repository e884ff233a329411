/* The outbox's thread: its connection, and when it does what. */
#include "collector/events/outbox_parts.h"
#include "collector/store/refusal.h"
#include "shared/base/clock.h"
#include "shared/db/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAP_MS = 20, /* between two turns, so that what comes in quick succession is taken together */
    HOUSE_MS = 10000,
    BACKOFF_FIRST_MS = 250,
    BACKOFF_LAST_MS = 5000,
    RESULTS_FOR_LOADING = 10000, /* where more wait to be written, nothing is loaded */
};

/* The connection */

static void set_state(struct outbox *outbox, bool up, const char *error)
{
    pthread_mutex_lock(&outbox->lock);
    outbox->fd = outbox->conn != NULL ? mysql_get_socket(outbox->conn) : -1;
    outbox->status.up = up;
    snprintf(outbox->status.error, sizeof(outbox->status.error), "%.255s", error);
    pthread_mutex_unlock(&outbox->lock);
}

static void disconnect(struct outbox *outbox, const char *why)
{
    MYSQL *conn = outbox->conn;
    outbox->conn = NULL;
    set_state(outbox, false, why);
    db_close(conn);
}

/* That the database is away, or the tables are not there yet, is the writer's to say. */
static int reach(struct outbox *outbox)
{
    struct db_error error = {0};
    if (outbox->conn != NULL)
        return 0;
    pthread_mutex_lock(&outbox->lock);
    mysql_section_log_in_as(&outbox->mysql, &outbox->login);
    pthread_mutex_unlock(&outbox->lock);
    outbox->conn = db_connect(&outbox->mysql, error.text);
    if (outbox->conn != NULL && schema_check(outbox->conn, error.text) == 0) {
        set_state(outbox, true, "");
        outbox->bulk = outbox->mysql.bulk && db_has_bulk(outbox->conn);
        return 0;
    }
    disconnect(outbox, error.text);
    return -1;
}

static void back_off(struct outbox *outbox)
{
    int64_t ms = outbox->backoff_ms > 0 ? outbox->backoff_ms : BACKOFF_FIRST_MS;
    outbox->backoff_ms = ms * 2 < BACKOFF_LAST_MS ? ms * 2 : BACKOFF_LAST_MS;
    outbox->next_ms = clock_mono_ms() + ms;
}

static void recover(struct outbox *outbox, const struct db_error *error)
{
    enum refusal refusal = refusal_of(error->code, error->state);
    mysql_query(outbox->conn, "ROLLBACK");
    if (refusal == REFUSAL_LOCK) {
        outbox->next_ms = clock_mono_ms() + GAP_MS;
        return;
    }
    if (refusal != REFUSAL_LOST)
        log_at_limit(&outbox->complaint, LOGL_ERROR, "outbox", NULL, "%s (error %u): %s; later",
                     error->text, error->code, refusal_advice(refusal, error->code));
    disconnect(outbox, error->text);
    back_off(outbox);
}

/* A turn */

static bool may_load(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    bool may = outbox->nresults < RESULTS_FOR_LOADING && !outbox->stopping;
    pthread_mutex_unlock(&outbox->lock);
    return may;
}

static bool take_house_due(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    bool due = outbox->house_due || clock_mono_ms() >= outbox->house_ms;
    outbox->house_due = false;
    pthread_mutex_unlock(&outbox->lock);
    return due;
}

static int keep_house(struct outbox *outbox, struct db_error *error)
{
    if (!take_house_due(outbox))
        return 0;
    outbox->house_ms = clock_mono_ms() + HOUSE_MS;
    int rc = outbox_house(outbox, error);
    if (rc != 0)
        outbox->house_ms = 0;
    return rc;
}

static int work(struct outbox *outbox, struct db_error *error)
{
    if (outbox_introduce(outbox, error) != 0 || outbox_write(outbox, error) != 0 ||
        outbox_work(outbox, error) != 0 || keep_house(outbox, error) != 0)
        return -1;
    return may_load(outbox) ? outbox_load(outbox, error) : 0;
}

/* When a target asks to be looked at; lock held. */
static int64_t targets_due_ms(const struct outbox *outbox)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < outbox->ntargets; i++) {
        const struct outbox_target *target = &outbox->targets[i];
        if (target->room == 0 || outbox->nresults >= RESULTS_FOR_LOADING)
            continue;
        if (target->look)
            return 0;
        if (target->due_ms > 0 && target->due_ms < due_ms)
            due_ms = target->due_ms;
    }
    return due_ms;
}

/* When the next turn is; lock held. */
static int64_t turn_due_ms(const struct outbox *outbox)
{
    int64_t due_ms = outbox->house_ms, soon_ms = outbox->turn_ms + GAP_MS;
    if (outbox->next_ms > 0)
        return outbox->next_ms;
    if (!STAILQ_EMPTY(&outbox->results) || !STAILQ_EMPTY(&outbox->jobs) || outbox->house_due ||
        (outbox->released && !outbox->restored))
        return soon_ms;
    int64_t targets_ms = targets_due_ms(outbox);
    if (targets_ms < due_ms)
        due_ms = targets_ms;
    return due_ms > soon_ms ? due_ms : soon_ms;
}

/* Until the next turn; false where the collector stops. */
static bool rest(struct outbox *outbox)
{
    pthread_mutex_lock(&outbox->lock);
    while (!outbox->stopping) {
        int64_t due_ms = turn_due_ms(outbox);
        struct timespec ts = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
        if (clock_mono_ms() >= due_ms)
            break;
        pthread_cond_timedwait(&outbox->news, &outbox->lock, &ts);
    }
    bool go_on = !outbox->stopping;
    pthread_mutex_unlock(&outbox->lock);
    return go_on;
}

static void turn(struct outbox *outbox)
{
    struct db_error error = {0};
    outbox->turn_ms = clock_mono_ms();
    outbox->next_ms = 0;
    if (reach(outbox) != 0) {
        outbox_fail_replays(outbox, "the database is away");
        back_off(outbox);
    } else if (work(outbox, &error) != 0) {
        outbox_fail_replays(outbox, error.text);
        recover(outbox, &error);
    } else {
        outbox->backoff_ms = 0;
    }
}

/* What is still to be written, as long as that works. */
static void write_rest(struct outbox *outbox)
{
    struct db_error error = {0};
    bool left = true;
    while (left && outbox->conn != NULL) {
        if (outbox_write(outbox, &error) != 0 || outbox_work(outbox, &error) != 0)
            disconnect(outbox, error.text);
        pthread_mutex_lock(&outbox->lock);
        left = !STAILQ_EMPTY(&outbox->results) || !STAILQ_EMPTY(&outbox->jobs);
        pthread_mutex_unlock(&outbox->lock);
    }
}

void *outbox_run(void *cookie)
{
    struct outbox *outbox = cookie;
    mysql_thread_init();
    do {
        turn(outbox);
    } while (rest(outbox));
    write_rest(outbox);
    disconnect(outbox, "stopped");
    mysql_thread_end();
    pthread_mutex_lock(&outbox->lock);
    outbox->ended = true;
    pthread_cond_signal(&outbox->news);
    pthread_mutex_unlock(&outbox->lock);
    return NULL;
}
