/*
 * A session: one DTU's life on one line, from its first byte to the end.
 *
 * It decides and does no I/O: bytes and the time come in, what is to be done goes out through
 * session_ops, and what happened goes to the recorder. So a test drives it with a fake clock and no
 * socket.
 *
 * Registration comes first and has a deadline. Then: heartbeats are answered and trigger their
 * tasks, polls go out by plan, one at a time, answers are checked and decoded. After max_missed
 * heartbeat times without any packet the session becomes active: it probes the line with a query,
 * and the line is closed only where that stays unanswered too. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_SESSION_H
#define DTUHUB_COLLECTOR_SESSION_H

#include "collector/link/framing.h"
#include "collector/metrics.h"
#include "collector/poll/exchange.h"
#include "collector/poll/plan.h"
#include "collector/poll/schedule.h"
#include "collector/record.h"
#include "collector/store/names.h"
#include "collector/store/recorder.h"

#include <stdbool.h>
#include <stdint.h>

/** What all sessions share; a reload changes the numbers and the plan in place. */
struct session_env {
    const struct framing *framing;
    struct plan *plan; /* held by the environment */
    struct names *names;
    struct recorder recorder;
    struct metrics *metrics;
    struct exchange_timing timing;
    int64_t registration_timeout_ms;
    int64_t heartbeat_timeout_ms;
    uint32_t max_missed;
    struct record_body scratch;
    struct log_limit noise; /* on lines about hostile or broken peers */
};

struct session;

struct session_ops {
    /* send(cookie, bytes, len): to the DTU, in order. */
    void (*send)(void *cookie, const uint8_t *bytes, size_t len);

    /* registered(cookie): session->id is known. The owner ends an older session of that id here,
     * before this one's connect is recorded. */
    void (*registered)(void *cookie);

    /* close(cookie, reason): the line is to be closed and session_end() called with ${reason};
     * later is as good as now. */
    void (*close)(void *cookie, const char *reason);
};

struct session {
    struct session_env *env;
    const struct session_ops *ops;
    void *cookie;
    struct record_connection peer;

    bool registered, closing;
    char id[LINK_ID_SIZE];       /* printable; "" before registration */
    char who[LINK_ID_SIZE + 64]; /* id and peer, for log lines */
    uint32_t device;

    int64_t opened_ms, life_ms; /* monotonic: accepted; last packet */
    int64_t registered_wall_ms, life_wall_ms;
    uint32_t missed; /* heartbeats */
    bool silent;     /* max_missed was reached, and nothing came since */
    bool probe_wanted, probing;

    struct plan *plan;
    struct schedule schedule;
    struct exchange exchange;
    int task; /* whose request is outstanding; -1: the probe */

    uint64_t heartbeats, answers, timeouts;
    struct log_limit refusals, silences; /* on lines about this device, whatever others do */
};

/** The moment of an input: both clocks, read once. */
struct session_time {
    int64_t mono_ms, wall_ms;
};

/** session_start(session, env, ops, cookie, peer, now): a line was accepted. ${env} and ${ops} must
 * outlive the session. */
void session_start(struct session *session, struct session_env *env, const struct session_ops *ops,
                   void *cookie, const struct record_connection *peer, struct session_time now);

/**
 * session_input(session, bytes, len, now): bytes came in, those not consumed the last time in
 * front. Return how many were consumed; the rest, at most FRAMING_LONGEST - 1, is the start of a
 * packet.
 */
size_t session_input(struct session *session, const uint8_t *bytes, size_t len,
                     struct session_time now);

/** session_tick(session, now): time passed; to be called at session_next_ms() at the latest. */
void session_tick(struct session *session, struct session_time now);

/** session_next_ms(session, now_ms): when session_tick() is wanted (monotonic). */
int64_t session_next_ms(struct session *session, int64_t now_ms);

/** session_adopt(session, now): a reload: take over the environment's plan. */
void session_adopt(struct session *session, struct session_time now);

/** session_end(session, reason, now): the line is closed. Records it, and frees what the session
 * holds (not the session). */
void session_end(struct session *session, const char *reason, struct session_time now);

#endif
