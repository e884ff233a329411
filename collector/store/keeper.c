#include "collector/store/keeper.h"

#include "collector/store/keeper_move.h"
#include "collector/store/keeper_partitions.h"
#include "collector/store/keeper_retention.h"
#include "collector/store/keeper_rollup.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/db/schema.h"

#include <mysqld_error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    RETRY_MS = 2000,
    ELSEWHERE_MS = 10000, /* between two looks whether the other collector's keeper is gone */
    BUSY_MS = 100,        /* between two turns while much is left to do */
    STOP_MS = 200,        /* for the statement under way to end by itself */
    BREAK_MS = 700,
    COMPLAIN_AGAIN_MS = 600000,
};

/* What is done in a look; each may be forbidden to the account without the others. */
enum duty { DUTY_PARTITIONS, DUTY_RETENTION, DUTY_ROLLUP, DUTIES };

static const struct {
    const char *name, *rights;
} duties[DUTIES] = {
    [DUTY_PARTITIONS] = {"partitions cannot be made or dropped", "ALTER, CREATE, DROP, INSERT"},
    [DUTY_RETENTION] = {"old rows cannot be deleted", "SELECT, DELETE"},
    [DUTY_ROLLUP] = {"readings cannot be rolled up", "SELECT, INSERT, UPDATE, DELETE"},
};

struct keeper {
    pthread_t thread;
    struct mysql_section mysql; /* strings are copies */
    struct keeper_job job;
    struct keeper_rollup *rollup;
    bool denied[DUTIES]; /* the log has said so */
    struct log_limit complaint, in_use;
    int64_t next_check_ms; /* monotonic */
    bool more;             /* old rows are left */
    bool moving;           /* rows are being moved into partitions */
    bool held;             /* and roll-ups wait for that */
    bool elsewhere;        /* another collector's keeper works */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    bool stopping;
    bool changed; /* new settings */
    int fd;       /* of the connection, or -1 */
    struct retention_section retention;
    struct mysql_section login; /* for the next connection */
    struct keeper_status status;
};

const char *keeper_time(int64_t wall_ms, char buf[KEEPER_TIME_SIZE])
{
    char iso[CLOCK_ISO_SIZE];
    clock_iso(wall_ms, iso);
    snprintf(buf, KEEPER_TIME_SIZE, "%.10s %.8s", iso, iso + 11);
    return buf;
}

/* Wait until then or for news; false where the collector stops. */
static bool pause_ms(void *cookie, int64_t ms)
{
    struct keeper *keeper = cookie;
    int64_t until_ms = clock_mono_ms() + ms;
    struct timespec ts = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->stopping && !keeper->changed && ms > 0) {
        if (pthread_cond_timedwait(&keeper->wake, &keeper->lock, &ts) != 0)
            break;
    }
    bool go_on = !keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return go_on;
}

static void take_settings(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->changed)
        keeper->next_check_ms = 0;
    keeper->changed = false;
    keeper->job.retention = keeper->retention;
    mysql_section_log_in_as(&keeper->mysql, &keeper->login);
    pthread_mutex_unlock(&keeper->lock);
}

/* The connection */

static void set_fd(struct keeper *keeper, int fd)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->fd = fd;
    keeper->status.working = keeper->status.working && fd >= 0;
    pthread_mutex_unlock(&keeper->lock);
}

static void disconnect(struct keeper *keeper)
{
    set_fd(keeper, -1);
    db_close(keeper->job.conn);
    keeper->job.conn = NULL;
}

static int query_number(MYSQL *conn, const char *sql, int64_t *number, struct db_error *error)
{
    MYSQL_RES *rows = db_query(conn, sql, error);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    *number = row != NULL && row[0] != NULL ? strtoll(row[0], NULL, 10) : 0;
    mysql_free_result(rows);
    return 0;
}

/* 1 where this is the one keeper of the database. */
static int prepare(MYSQL *conn, struct db_error *error)
{
    int64_t mine;
    if (schema_check(conn, error->text) != 0 ||
        db_run(conn, "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1", error) !=
            0 ||
        query_number(conn, "SELECT GET_LOCK(CONCAT('dtuhub_keeper.', MD5(DATABASE())), 0)", &mine,
                     error) != 0)
        return -1;
    return mine == 1;
}

static void note_away(struct keeper *keeper, bool away)
{
    pthread_mutex_lock(&keeper->lock);
    if (!away)
        keeper->status.away_since_ms = 0;
    else if (keeper->status.away_since_ms == 0)
        keeper->status.away_since_ms = clock_mono_ms();
    pthread_mutex_unlock(&keeper->lock);
}

/* That the database is away, or the tables are not there yet, is the writer's to say. */
static bool reach(struct keeper *keeper)
{
    struct db_error error = {0};
    if (keeper->job.conn != NULL)
        return true;
    keeper->job.conn = db_connect(&keeper->mysql, error.text);
    int mine = -1;
    if (keeper->job.conn != NULL) {
        set_fd(keeper, mysql_get_socket(keeper->job.conn));
        mine = prepare(keeper->job.conn, &error);
    }
    keeper->elsewhere = mine == 0;
    keeper->next_check_ms = 0;
    keeper->moving = true; /* for all that is known */
    if (mine != 1)
        disconnect(keeper);
    else
        keeper->job.bulk = keeper->mysql.bulk && db_has_bulk(keeper->job.conn);
    pthread_mutex_lock(&keeper->lock);
    keeper->status.working = mine == 1;
    snprintf(keeper->status.error, sizeof(keeper->status.error), "%.255s",
             mine < 0 ? error.text : "");
    pthread_mutex_unlock(&keeper->lock);
    if (mine <= 0) /* else it is to be seen */
        note_away(keeper, mine < 0);
    return mine == 1;
}

/* A clock that runs ahead must not make everything too old. */
static int read_clock(struct keeper *keeper, struct db_error *error)
{
    int64_t server_s;
    if (query_number(keeper->job.conn,
                     "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP())", &server_s,
                     error) != 0)
        return -1;
    int64_t mine_ms = clock_wall_ms();
    keeper->job.now_ms = mine_ms < server_s * 1000 ? mine_ms : server_s * 1000;
    return 0;
}

/* Faults */

static bool is_denied(unsigned code)
{
    return code == ER_TABLEACCESS_DENIED_ERROR || code == ER_DBACCESS_DENIED_ERROR ||
           code == ER_SPECIFIC_ACCESS_DENIED_ERROR || code == ER_COLUMNACCESS_DENIED_ERROR;
}

static void note_fault(struct keeper *keeper, enum duty duty, const char *table,
                       const struct db_error *error)
{
    pthread_mutex_lock(&keeper->lock);
    bool stopping = keeper->stopping;
    keeper->status.failures++;
    snprintf(keeper->status.error, sizeof(keeper->status.error), "%s: %.200s", table, error->text);
    pthread_mutex_unlock(&keeper->lock);
    if (stopping)
        return; /* it was broken off */
    if (is_denied(error->code)) {
        if (!keeper->denied[duty])
            log_error("keeper", NULL, "%s: %s; GRANT %s ON `%s`.* to the account '%s'",
                      duties[duty].name, error->text, duties[duty].rights, keeper->mysql.database,
                      keeper->mysql.user);
        keeper->denied[duty] = true;
    } else if (error->code == ER_LOCK_WAIT_TIMEOUT || error->code == ER_LOCK_DEADLOCK) {
        log_at_limit(&keeper->in_use, LOGL_INFO, "keeper", NULL, "%s is in use: %s; later", table,
                     error->text);
    } else if (db_connection_lost(error->code)) {
        log_at_limit(&keeper->complaint, LOGL_INFO, "keeper", NULL,
                     "the database ended the connection (%s, error %u): connecting again",
                     error->text, error->code);
    } else {
        log_at_limit(&keeper->complaint, LOGL_WARN, "keeper", NULL, "%s: %s (error %u); later",
                     table, error->text, error->code);
    }
}

/* A step is over; false where the look is to end. */
static bool after(struct keeper *keeper, enum duty duty, const char *table, int rc,
                  const struct db_error *error)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->status.counts = keeper->job.counts;
    pthread_mutex_unlock(&keeper->lock);
    if (rc >= 0)
        return pause_ms(keeper, 0);
    note_fault(keeper, duty, table, error);
    if (db_connection_lost(error->code))
        disconnect(keeper);
    return keeper->job.conn != NULL && pause_ms(keeper, 0);
}

/* A look */

static bool keep_partitions(struct keeper *keeper)
{
    bool ok = true, go_on = true;
    for (size_t i = 0; go_on && i < partitioned_tables_count; i++) {
        struct db_error error = {0};
        int rc = keeper_partitions(&keeper->job, &partitioned_tables[i], &error);
        ok = ok && rc >= 0;
        keeper->moving = keeper->moving || rc > 0;
        go_on = after(keeper, DUTY_PARTITIONS, partitioned_tables[i].name, rc, &error);
    }
    if (ok)
        keeper->denied[DUTY_PARTITIONS] = false;
    return ok && go_on;
}

static bool move_rows(struct keeper *keeper)
{
    bool ok = true, go_on = true, moving = false, held = false;
    for (size_t i = 0; go_on && i < partitioned_tables_count; i++) {
        struct db_error error = {0};
        struct move move;
        int rc = move_read(&keeper->job, &partitioned_tables[i], &move, &error);
        if (rc == 0 && move.phase != MOVE_NONE)
            rc = move_work(&keeper->job, &move, &error);
        ok = ok && rc >= 0;
        moving = moving || rc != 0;
        held = held || rc < 0 || move_holds_rollups(&move);
        go_on = after(keeper, DUTY_PARTITIONS, partitioned_tables[i].name, rc, &error);
    }
    keeper->moving = moving || !go_on;
    keeper->held = held || !go_on;
    return ok && go_on;
}

static bool delete_old(struct keeper *keeper)
{
    bool ok = true, go_on = true;
    keeper->more = false;
    for (size_t i = 0; go_on && i < retained_tables_count; i++) {
        struct db_error error = {0};
        int rc = keeper_retention(&keeper->job, &retained_tables[i], &error);
        ok = ok && rc >= 0;
        keeper->more = keeper->more || rc > 0;
        go_on = after(keeper, DUTY_RETENTION, retained_tables[i].name, rc, &error);
    }
    if (go_on) {
        struct db_error error = {0};
        int rc = keeper_retention_alarms(&keeper->job, &error);
        ok = ok && rc >= 0;
        keeper->more = keeper->more || rc > 0;
        go_on = after(keeper, DUTY_RETENTION, "alarms", rc, &error);
    }
    if (go_on && !keeper->held) {
        struct db_error error = {0};
        int rc = keeper_retention_minutes(&keeper->job, &error);
        ok = ok && rc >= 0;
        keeper->more = keeper->more || rc > 0;
        go_on = after(keeper, DUTY_RETENTION, "traffic_minutes", rc, &error);
    }
    if (ok)
        keeper->denied[DUTY_RETENTION] = false;
    return ok && go_on;
}

static bool roll_up(struct keeper *keeper)
{
    struct db_error error = {0};
    int rc = keeper_rollup(keeper->rollup, &keeper->job, &error);
    if (rc == 0)
        keeper->denied[DUTY_ROLLUP] = false;
    return after(keeper, DUTY_ROLLUP, "roll-ups", rc, &error) && rc == 0;
}

static void look(struct keeper *keeper)
{
    struct db_error error = {0};
    bool ok = read_clock(keeper, &error) == 0;
    note_away(keeper, !ok);
    if (!ok)
        after(keeper, DUTY_ROLLUP, "the database's clock", -1, &error);
    if (keeper->job.conn != NULL && clock_mono_ms() >= keeper->next_check_ms) {
        keeper->next_check_ms = clock_mono_ms() + keeper->job.retention.check_interval_ms;
        ok = keep_partitions(keeper) && ok;
        keeper->more = true;
    }
    if (keeper->job.conn != NULL && keeper->moving)
        ok = move_rows(keeper) && ok;
    if (keeper->job.conn != NULL && keeper->more)
        ok = delete_old(keeper) && ok;
    if (keeper->job.conn != NULL && !keeper->held)
        ok = roll_up(keeper) && ok;
    if (!ok)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->status.last_run_ms = clock_wall_ms();
    keeper->status.error[0] = '\0';
    pthread_mutex_unlock(&keeper->lock);
}

static int64_t until_next(const struct keeper *keeper)
{
    if (keeper->job.conn == NULL)
        return keeper->elsewhere ? ELSEWHERE_MS : RETRY_MS;
    bool busy = keeper->more || keeper->moving || keeper->job.counts.minutes_waiting > 0;
    int64_t ms = keeper->job.retention.rollup_interval_ms;
    int64_t check_ms = keeper->next_check_ms - clock_mono_ms();
    if (check_ms < ms)
        ms = check_ms > 0 ? check_ms : 0;
    return busy && ms > BUSY_MS ? BUSY_MS : ms;
}

static void *run(void *cookie)
{
    struct keeper *keeper = cookie;
    mysql_thread_init();
    do {
        take_settings(keeper);
        if (reach(keeper))
            look(keeper);
    } while (pause_ms(keeper, until_next(keeper)));
    disconnect(keeper);
    mysql_thread_end();
    return NULL;
}

/* Its life */

static void free_keeper(struct keeper *keeper)
{
    keeper_rollup_free(keeper->rollup);
    mysql_section_clear(&keeper->mysql);
    mysql_section_clear(&keeper->login);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

struct keeper *keeper_start(const struct server_config *config)
{
    struct keeper *keeper = xcalloc(1, sizeof(*keeper));
    mysql_section_copy(&keeper->mysql, &config->mysql);
    mysql_section_copy(&keeper->login, &config->mysql);
    keeper->retention = config->retention;
    keeper->job.pause = pause_ms;
    keeper->job.cookie = keeper;
    keeper->rollup = keeper_rollup_new();
    keeper->complaint = (struct log_limit)LOG_LIMIT(3, COMPLAIN_AGAIN_MS);
    keeper->in_use = (struct log_limit)LOG_LIMIT(3, COMPLAIN_AGAIN_MS);
    keeper->fd = -1;
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &attr);
    pthread_condattr_destroy(&attr);
    mysql_library_init(0, NULL, NULL);
    if (pthread_create(&keeper->thread, NULL, run, keeper) != 0) {
        free_keeper(keeper);
        return NULL;
    }
    return keeper;
}

void keeper_configure(struct keeper *keeper, const struct server_config *config)
{
    pthread_mutex_lock(&keeper->lock);
    keeper->retention = config->retention;
    mysql_section_log_in_as(&keeper->login, &config->mysql);
    keeper->changed = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
}

static bool ended_within(struct keeper *keeper, int64_t ms)
{
    struct timespec until;
    int64_t until_ms = clock_wall_ms() + ms;
    until.tv_sec = until_ms / 1000;
    until.tv_nsec = until_ms % 1000 * 1000000;
    return pthread_timedjoin_np(keeper->thread, NULL, &until) == 0;
}

void keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_signal(&keeper->wake);
    pthread_mutex_unlock(&keeper->lock);
    bool ended = ended_within(keeper, STOP_MS);
    if (!ended) {
        pthread_mutex_lock(&keeper->lock);
        if (keeper->fd >= 0)
            shutdown(keeper->fd, SHUT_RDWR);
        pthread_mutex_unlock(&keeper->lock);
        ended = ended_within(keeper, BREAK_MS);
    }
    if (ended)
        free_keeper(keeper);
    /* else it waits for a connection, and the process is about to exit anyway */
}

void keeper_status(struct keeper *keeper, struct keeper_status *out)
{
    pthread_mutex_lock(&keeper->lock);
    *out = keeper->status;
    pthread_mutex_unlock(&keeper->lock);
}
