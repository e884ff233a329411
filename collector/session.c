#include "collector/session.h"

#include "collector/session_event.h"
#include "collector/session_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAY_AGAIN_MS = 60000 };

void session_start(struct session *session, struct session_env *env, const struct session_ops *ops,
                   void *cookie, const struct session_origin *origin)
{
    memset(session, 0, sizeof(*session));
    session->env = env;
    session->ops = ops;
    session->cookie = cookie;
    session->peer = origin->peer;
    session->port = origin->port;
    session->task = SESSION_NOBODY;
    TAILQ_INIT(&session->orders);
    STAILQ_INIT(&session->promises);
    session->noises = (struct log_limit)LOG_LIMIT(10, SAY_AGAIN_MS);
    session->packets = (struct log_limit)LOG_LIMIT(SESSION_KEPT_MOST, SAY_AGAIN_MS);
    char who[LOG_PEER_SIZE];
    session->id = xstrdup("");
    session->who = xstrdup(log_peer(session->peer.address, session->peer.port, who, sizeof(who)));
}

void session_open(struct session *session, const char *device_id, struct session_time now)
{
    session->opened_ms = session->life_ms = session->heard_ms = session->spoke_ms = now.mono_ms;
    session->life_wall_ms = now.wall_ms;
    if (device_id != NULL)
        session_dialled(session, device_id, now);
    else
        session_by_source(session, true, now);
}

void session_close(struct session *session, const char *fmt, ...)
{
    if (session->closing)
        return;
    va_list args;
    va_start(args, fmt);
    session->reason = xvasprintf(fmt, args);
    va_end(args);
    session->closing = true;
    session->ops->close(session->cookie, session->reason);
}

void session_send(struct session *session, const uint8_t *bytes, size_t len, int64_t now_ms)
{
    session->spoke_ms = now_ms;
    session->ops->send(session->cookie, bytes, len);
}

void session_view(struct session *session, struct expectation expected[1 + EXCHANGE_DEBTS],
                  bool settled, int64_t now_ms, struct framing_view *view)
{
    const struct plan *plan = session->plan;
    *view = (struct framing_view){.link = &plan->profile->link,
                                  .settled = settled,
                                  .registration = session->registration,
                                  .registration_size = session->registration_size};
    if (plan->profile->link.listen_only) {
        view->expected = plan->answers;
        view->nexpected = plan->ntasks;
        return;
    }
    view->expected = expected;
    view->nexpected = exchange_expected(&session->exchange, now_ms, expected);
}

const char *session_key(const struct session *session)
{
    return session->id[0] != '\0' ? session->id : session->peer.address;
}

void session_count_in(struct session *session, struct profile_counts *counts)
{
    if (session->counted)
        session->counts->lines--;
    session->counts = counts;
    session->counted = counts != NULL && session->registered;
    session_count(session, lines, session->counted);
}

/* The stream */

static void hold(struct session *session, const uint8_t *bytes, size_t len)
{
    if (len != session->held_size) {
        free(session->held);
        session->held = len > 0 ? xcalloc(len, 1) : NULL;
    }
    session->held_size = len;
    if (len > 0)
        memcpy(session->held, bytes, len);
}

static int64_t idle_ms(const struct session *session)
{
    if (session->plan != NULL)
        return session->plan->idle_ms;
    const struct plan_set *plans = session->env->plans;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < plans->nplans; i++) {
        if (plans->plans[i].idle_ms > longest_ms)
            longest_ms = plans->plans[i].idle_ms;
    }
    return longest_ms;
}

/* ${answered}: an answer came before what is held back now. However long the chatter, a poll waits
 * for one idle time only. */
static void note_open(struct session *session, bool answered, bool settled, int64_t now_ms)
{
    struct exchange *exchange = &session->exchange;
    if (session->held_size == 0 || settled)
        exchange->open_until_ms = 0;
    else if (answered || exchange->open_until_ms == 0)
        exchange->open_until_ms = now_ms + idle_ms(session);
}

/* Take packets out of what is held back and the ${len} bytes behind it. */
static void consume(struct session *session, const uint8_t *bytes, size_t len, bool settled,
                    struct session_time now)
{
    uint8_t *stream = session->env->stream;
    size_t whole = session->held_size + len, at = 0;
    bool waited = session->exchange.waiting;
    if (session->held_size > 0)
        memcpy(stream, session->held, session->held_size);
    if (len > 0)
        memcpy(stream + session->held_size, bytes, len);
    while (at < whole && !session->closing) {
        bool known = session->registered || session->quarantined;
        size_t used = known ? session_take(session, stream + at, whole - at, settled, now)
                            : session_first_packet(session, stream + at, whole - at, settled, now);
        if (used == 0 && (known || !(session->registered || session->quarantined)))
            break;
        at += used;
    }
    if (!session->closing && whole - at > FRAMING_HELD)
        session_close(session, "protocol error: %zu bytes that make no packet", whole - at);
    if (session->closing)
        at = whole;
    session->settled = settled;
    hold(session, stream + at, whole - at);
    note_open(session, waited && !session->exchange.waiting, settled, now.mono_ms);
}

void session_input(struct session *session, const uint8_t *bytes, size_t len,
                   struct session_time now)
{
    session->heard_ms = now.mono_ms;
    consume(session, bytes, len, false, now);
    session_tick(session, now);
}

/* Supervision */

static int64_t next_miss_ms(const struct session *session)
{
    return session->life_ms + ((int64_t)session->missed + 1) * session->plan->heartbeat_timeout_ms;
}

static void become_active(struct session *session, struct session_time now)
{
    struct session_env *env = session->env;
    const char *then = session->plan->profile->link.listen_only || session->quarantined
                           ? "closing the line"
                           : "probing the line";
    char details[64];
    session->silent = true; /* once, also where a reload moves max_missed meanwhile */
    snprintf(details, sizeof(details), "%u heartbeats missed, %s", session->missed, then);
    env->metrics->heartbeat_timeouts++;
    session_say(session, LOG_SILENT, LOGL_INFO, "%s", details);
    if (session->registered) {
        recorder_connection(&env->recorder, session->device, now.wall_ms, LINE_HEARTBEAT_TIMEOUT,
                            &session->peer, details);
        session_raise(session, EVENT_HEARTBEAT_TIMEOUT, details, NULL, now.wall_ms);
    }
    if (session->plan->profile->link.listen_only || session->quarantined)
        session_close(session, "heartbeat timeout");
    else
        session->probe_wanted = true;
}

static void count_missed(struct session *session, struct session_time now)
{
    while (now.mono_ms >= next_miss_ms(session) && !session->closing) {
        session->missed++;
        log_debug("session", session->who, "%u heartbeats missed", session->missed);
        if (!session->silent && session->missed >= session->plan->max_missed)
            become_active(session, now);
    }
}

void session_tick(struct session *session, struct session_time now)
{
    if (session->closing)
        return;
    if (session->held_size > 0 && now.mono_ms >= session->heard_ms + idle_ms(session))
        consume(session, NULL, 0, true, now);
    if (session->closing)
        return;
    if (!session->registered && !session->quarantined) {
        if (now.mono_ms >= session_deadline_ms(session))
            session_unregistered(session, now);
        return;
    }
    count_missed(session, now);
    if (session->registered && !session->closing)
        session_poll(session, now);
}

int64_t session_next_ms(struct session *session, int64_t now_ms)
{
    int64_t next_ms = session->held_size > 0 && !session->settled
                          ? session->heard_ms + idle_ms(session)
                          : INT64_MAX;
    int64_t other_ms = !session->registered && !session->quarantined ? session_deadline_ms(session)
                                                                     : next_miss_ms(session);
    if (other_ms < next_ms)
        next_ms = other_ms;
    if (session->registered) {
        other_ms = session_poll_next_ms(session, now_ms);
        if (other_ms < next_ms)
            next_ms = other_ms;
    }
    return next_ms;
}

void session_end(struct session *session, const char *reason, struct session_time now)
{
    struct session_env *env = session->env;
    session->closing = true;
    env->metrics->closed++;
    session_write_end_all(session, now.mono_ms);
    if (env->promises != NULL)
        promises_forget(env->promises, &session->promises);
    if (session->registered) {
        session_say(session, LOG_OFFLINE, LOGL_INFO, "offline: %s", reason);
        recorder_connection(&env->recorder, session->device, now.wall_ms, LINE_DISCONNECT,
                            &session->peer, reason);
        session_raise(session, EVENT_DEVICE_OFFLINE, reason, session_reason(reason), now.wall_ms);
    }
    session_count_in(session, NULL);
    schedule_clear(&session->schedule);
    free(session->held);
    free(session->registration);
    free(session->slaves);
    free(session->changes);
    session->held = session->registration = NULL;
    session->slaves = NULL;
    session->changes = NULL;
    session->held_size = session->registration_size = 0;
    free(session->id);
    free(session->who);
    free(session->reason);
    session->id = session->who = session->reason = NULL;
    plan_set_release(session->plans);
    session->plans = NULL;
    session->plan = NULL;
}
