/*
 * A session: one DTU's life on one line, from its first byte to the end.
 *
 * It decides and does no I/O: bytes and the time come in, what is to be done goes out through
 * session_ops, and what happened goes to the recorder. So a test drives it with a fake clock and no
 * socket.
 *
 * Registration comes first and has a deadline; it chooses the profile (session_register.c), and
 * devices: may refuse it (session_admit.c). Then the stream is cut into packets (session_stream.c):
 * heartbeats are answered and trigger their tasks, data packets are acknowledged once they are
 * safe (an acknowledgement that promises nothing goes at once), polls go out by plan, one at a
 * time, answers are
 * checked and decoded; writes go ahead of polls (session_poll.c, session_write.c). After max_missed
 * heartbeat times without any packet the session becomes active: it probes the line with a query,
 * and the line is closed only where that stays unanswered too. A line that nobody knows may be kept
 * in quarantine: its heartbeats are answered, and nothing else happens. Belongs to the loop's
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_SESSION_H
#define DTUHUB_COLLECTOR_SESSION_H

#include "collector/events/bus.h"
#include "collector/link/framing.h"
#include "collector/log_budget.h"
#include "collector/metrics.h"
#include "collector/net/refusals.h"
#include "collector/poll/change.h"
#include "collector/poll/decode.h"
#include "collector/poll/exchange.h"
#include "collector/poll/plan.h"
#include "collector/poll/schedule.h"
#include "collector/poll/slaves.h"
#include "collector/poll/write.h"
#include "collector/profile_counts.h"
#include "collector/promises.h"
#include "collector/record.h"
#include "collector/store/names.h"
#include "collector/store/recorder.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    SESSION_READ_MOST = 4096,      /* bytes of one session_input() */
    SESSION_ORDERS_MAX = 16,       /* writes that wait on one line */
    SESSION_ORDER_WAIT_MS = 30000, /* a write that was not sent by then is cancelled */
    SESSION_NOISE_MOST = 65536,    /* bytes in a row that fit nothing: then the line is closed */
    /* Packets of one line that are stored in a minute. A serial line has no more; one that floods
     * would push everybody's records out of the cache. */
    SESSION_KEPT_MOST = 12000,
};

/** What all sessions share; a reload changes the plans in place. */
struct session_env {
    struct plan_set *plans; /* held by the environment */
    uint16_t main_port;     /* of profiles without a port of their own */
    struct names *names;
    struct recorder recorder;
    struct promises *promises; /* NULL: no journal keeps records, nobody waits for it */
    struct metrics *metrics;
    struct profile_table *profiles;   /* NULL: nobody counts by profile */
    size_t strangers, strangers_most; /* ids let in that devices: does not name; more than that (0:
                                         no limit) go into quarantine */
    struct refusals *refusals;        /* lines that never registered; NULL: nobody asks */
    struct record_body scratch;
    struct bus *bus;
    bool stopping;               /* events of lines that are closed now call nobody */
    struct decoded_list decoded; /* of the last answer, where anybody listens */
    struct log_budget budget;    /* of log lines about lines */
    /* What is held back of a line's stream, and what came in behind it. */
    uint8_t stream[FRAMING_HELD + SESSION_READ_MOST];
};

struct session;

struct session_ops {
    /* send(cookie, bytes, len): to the DTU, in order. */
    void (*send)(void *cookie, const uint8_t *bytes, size_t len);

    /* registered(cookie): session->id is known. The owner ends an older session of that id here,
     * before this one's connect is recorded. */
    void (*registered)(void *cookie);

    /* quarantined(cookie): session->id is known, and nobody knows it. */
    void (*quarantined)(void *cookie);

    /* close(cookie, reason): the line is to be closed and session_end() called with ${reason};
     * later is as good as now. ${reason} lives as long as the session. */
    void (*close)(void *cookie, const char *reason);
};

TAILQ_HEAD(session_orders, write_order);

/* Whose request is outstanding, where it is no task's. */
enum { SESSION_PROBE = -1, SESSION_WRITE = -2, SESSION_READ_BACK = -3, SESSION_NOBODY = -4 };

struct session {
    struct session_env *env;
    const struct session_ops *ops;
    void *cookie;
    struct record_connection peer;
    uint16_t port; /* of ours that was dialled; 0: we dialled */

    bool registered, quarantined, closing;
    bool secretive; /* its registration carries a secret: it is not stored */
    bool silent;    /* max_missed was reached, and nothing came since */
    bool probe_wanted, probing;
    uint32_t missed; /* heartbeats */
    uint32_t device;
    char *id;     /* printable; "" before registration */
    char *who;    /* id, tab, peer: for log lines */
    char *reason; /* why it is closing; NULL: it is not */

    int64_t opened_ms, life_ms; /* monotonic: the line stood; last packet */
    int64_t registered_wall_ms, life_wall_ms;

    /* The stream */
    uint8_t *held; /* what is held back of it; NULL where nothing is */
    size_t held_size;
    int64_t heard_ms; /* monotonic: last bytes */
    uint8_t *registration;
    size_t registration_size;
    bool settled; /* what is held back was looked at after a silence */
    bool keep;    /* the packet that is looked at */

    bool counted; /* among the lines of its profile */

    /* Polls */
    struct plan_set *plans; /* held, of ${plan} */
    const struct plan *plan;
    struct profile_counts *counts; /* of the plan's profile; NULL: nobody counts */
    struct schedule schedule;
    struct exchange exchange;
    struct slave_state *slaves;   /* as plan->profile->slaves */
    struct change_state *changes; /* by the point's index, or NULL */
    int task;                     /* whose request is outstanding or was last */
    uint32_t timeouts_in_row;
    int64_t spoke_ms; /* monotonic: when something was sent last */

    /* Writes: the first one may be under way. */
    struct session_orders orders;
    unsigned norders;
    bool writing;     /* the first one was sent */
    bool write_taken; /* and the slave said yes */

    struct promise_line promises; /* acknowledgements that wait */

    uint64_t heartbeats, answers, timeouts, noise_bytes, noise_in_row;
    struct log_limit noises;  /* on noise that is kept */
    struct log_limit packets; /* on what is stored of it */
};

/** The moment of an input: both clocks, read once. */
struct session_time {
    int64_t mono_ms, wall_ms;
};

/** Where a session's line comes from; the texts are copied. */
struct session_origin {
    struct record_connection peer;
    uint16_t port;         /* of ours that was dialled; 0: we dialled */
    const char *device_id; /* whom we dialled; else NULL */
};

/** session_start(session, env, ops, cookie, origin, now): a line stands. ${env} and ${ops} must
 * outlive the session. A line that we dialled, or whose profile needs no registration, is
 * registered at session_open(). */
void session_start(struct session *session, struct session_env *env, const struct session_ops *ops,
                   void *cookie, const struct session_origin *origin);

/** session_open(session, device_id, now): behind session_start(), once the owner may be called. */
void session_open(struct session *session, const char *device_id, struct session_time now);

/** session_input(session, bytes, len, now): at most SESSION_READ_MOST bytes came in. */
void session_input(struct session *session, const uint8_t *bytes, size_t len,
                   struct session_time now);

/** session_promised(session, promise, now): one of its promises is due: acknowledge the packet; or,
 * where its record was dropped, close the line: an acknowledgement names no packet, so a later one
 * would be taken for it. */
void session_promised(struct session *session, const struct promise *promise,
                      struct session_time now);

/** session_tick(session, now): time passed; to be called at session_next_ms() at the latest. */
void session_tick(struct session *session, struct session_time now);

/** session_next_ms(session, now_ms): when session_tick() is wanted (monotonic). */
int64_t session_next_ms(struct session *session, int64_t now_ms);

/** session_adopt(session, now): a reload: take over the environment's plans. A line whose device is
 * of no profile any more, or of one that speaks otherwise, is closed. */
void session_adopt(struct session *session, struct session_time now);

/** session_write(session, order, now): put a write in the queue. 0, or -1 where it is full or the
 * line does not take any: the order stays the caller's. See write.h. */
int session_write(struct session *session, struct write_order *order, struct session_time now);

/** session_end(session, reason, now): the line is closed. Records it, and frees what the session
 * holds (not the session). */
void session_end(struct session *session, const char *reason, struct session_time now);

#endif
