/* What the files of the outbox share: the loop's side (outbox.c), the thread (outbox_thread.c), and
 * its statements (outbox_load.c, outbox_write.c, outbox_jobs.c, outbox_house.c). */
#ifndef DTUHUB_COLLECTOR_EVENTS_OUTBOX_PARTS_H
#define DTUHUB_COLLECTOR_EVENTS_OUTBOX_PARTS_H

#include "collector/events/outbox.h"
#include "collector/events/outbox_given.h"
#include "collector/store/rowset.h"
#include "shared/base/log.h"
#include "shared/db/db.h"
#include "shared/db/statement.h"

#include <pthread.h>
#include <sys/queue.h>

/** A target as the thread needs it. */
struct outbox_target {
    char *name;
    uint32_t batch_max;
    int64_t batch_wait_ms, keep_ms;
    size_t room;
    char **blocked; /* NULL-terminated, or NULL */
    bool look;      /* there may be rows to load */
    int64_t due_ms; /* monotonic: look again then; 0: not by time */
};

/** A result that waits to be written. */
struct outbox_result {
    STAILQ_ENTRY(outbox_result) link;
    struct delivery_try result; /* texts are copies */
};
STAILQ_HEAD(outbox_results, outbox_result);

/** What else the loop asks for. */
enum job_kind { JOB_DISABLE, JOB_ENABLE, JOB_FORGET, JOB_REPLAY };
struct outbox_job {
    STAILQ_ENTRY(outbox_job) link;
    enum job_kind kind;
    char *target, *reason;
    struct outbox_range range;
    outbox_done *done;
    void *cookie;
};
STAILQ_HEAD(outbox_jobs, outbox_job);

/** What the thread has to say to the loop. */
enum tell_kind {
    TELL_LOADED,
    TELL_DISABLED,
    TELL_RESTORED,
    TELL_GAVE_UP,
    TELL_COUNTED,
    TELL_DONE,
};
struct outbox_tell {
    STAILQ_ENTRY(outbox_tell) link;
    enum tell_kind kind;
    struct delivery *delivery;
    char *target, *text;
    struct alarm **alarms;
    size_t n;
    int64_t number, since_ms;
    outbox_done *done;
    void *cookie;
};
STAILQ_HEAD(outbox_tells, outbox_tell);

struct outbox {
    pthread_t thread;
    struct mysql_section mysql; /* of the thread */
    char *collector;

    /* the loop's */
    struct outbox_ops ops;
    struct event *wake;
    int wake_fd; /* an eventfd: there is something to tell */

    /* the thread's */
    MYSQL *conn;
    bool bulk;
    struct given *given;
    struct rowset *tries;
    size_t results_at_once;
    bool introduced, restored;
    int64_t turn_ms, next_ms, house_ms; /* monotonic: the last turn; the next; the next house */
    int64_t backoff_ms;
    struct log_limit complaint;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;
    struct mysql_section login; /* for the next connection */
    bool stopping, released, house_due;
    bool ended; /* the thread is about to return */
    int fd;     /* of the connection, or -1 */
    struct outbox_target *targets;
    size_t ntargets;
    struct outbox_results results;
    size_t nresults;
    struct outbox_jobs jobs;
    struct outbox_tells tells;
    struct outbox_status status;
};

/** outbox_run(outbox): the thread. */
void *outbox_run(void *outbox);

/** outbox_tell(outbox, tell): to the loop; taken over. outbox_tell_free(tell): one unheard. */
void outbox_tell(struct outbox *outbox, struct outbox_tell *tell);
void outbox_tell_free(struct outbox_tell *tell);
void outbox_job_free(struct outbox_job *job);
void outbox_result_free(struct outbox_result *result);

/** outbox_where(outbox, sql, target): "WHERE collector = ... AND status
 * = 'pending' AND target = ...". */
void outbox_where(struct outbox *outbox, struct statement *sql, const char *target);

/* The thread's work; 0, or -1 with ${error} filled. */

/** outbox_load(outbox, error): join and give out what there is room for. */
int outbox_load(struct outbox *outbox, struct db_error *error);

/** outbox_write(outbox, error): the results that wait. */
int outbox_write(struct outbox *outbox, struct db_error *error);

/** outbox_work(outbox, error): the jobs that wait. outbox_fail_replays(outbox, text): those that
 * somebody waits for cannot be done now. */
int outbox_work(struct outbox *outbox, struct db_error *error);
void outbox_fail_replays(struct outbox *outbox, const char *text);

/** outbox_introduce(outbox, error): tell what an earlier life left: disabled targets, alarms. */
int outbox_introduce(struct outbox *outbox, struct db_error *error);

/** outbox_house(outbox, error): give up what is too old or not configured, and count. */
int outbox_house(struct outbox *outbox, struct db_error *error);

#endif
