#include "collector/session.h"

#include "collector/poll/decode.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is asked of a silent line where the plan has no task to ask: any answer will do, a refusal
 * too. */
static const struct adu_request bare_probe = {
    .unit = 1, .function = FC_READ_HOLDING_REGISTERS, .start = 0, .count = 1};

enum { SAY_AGAIN_MS = 60000 };

static void describe(struct session *session)
{
    const struct record_connection *peer = &session->peer;
    int v6 = strchr(peer->address, ':') != NULL;
    snprintf(session->who, sizeof(session->who), "%s%s%s%s%s:%u", session->id,
             session->id[0] ? " " : "", v6 ? "[" : "", peer->address, v6 ? "]" : "",
             (unsigned)peer->port);
}

void session_start(struct session *session, struct session_env *env, const struct session_ops *ops,
                   void *cookie, const struct record_connection *peer, struct session_time now)
{
    memset(session, 0, sizeof(*session));
    session->env = env;
    session->ops = ops;
    session->cookie = cookie;
    session->peer = *peer;
    session->opened_ms = session->life_ms = now.mono_ms;
    session->life_wall_ms = now.wall_ms;
    session->task = -1;
    session->refusals = (struct log_limit)LOG_LIMIT(5, SAY_AGAIN_MS);
    session->silences = (struct log_limit)LOG_LIMIT(2, SAY_AGAIN_MS);
    describe(session);
}

static void end_line(struct session *session, const char *reason)
{
    if (session->closing)
        return;
    session->closing = true;
    session->ops->close(session->cookie, reason);
}

static void acknowledge(struct session *session, const struct token_def *token,
                        enum frame_kind kind, const uint8_t *packet, size_t len)
{
    uint8_t bytes[FRAMING_LONGEST];
    size_t size = framing_reply(session->env->framing, token, kind, packet, len, bytes);
    if (size > 0)
        session->ops->send(session->cookie, bytes, size);
}

static void take_plan(struct session *session, int64_t now_ms)
{
    struct plan *old = session->plan;
    session->plan = plan_hold(session->env->plan);
    schedule_start(&session->schedule, session->plan, now_ms,
                   (double)random() / ((double)RAND_MAX + 1));
    plan_release(old);
}

void session_adopt(struct session *session, struct session_time now)
{
    if (!session->registered || session->plan == session->env->plan)
        return;
    /* An answer still to come belongs to a task of the old plan: ask as if it were a probe, and
     * decode nothing. */
    session->task = -1;
    take_plan(session, now.mono_ms);
}

/* Registration */

static ssize_t register_device(struct session *session, const uint8_t *bytes, size_t len,
                               struct session_time now)
{
    struct session_env *env = session->env;
    struct token_match match;
    ssize_t used = env->framing->registration(&env->plan->profile->link, bytes, len, &match);
    if (used <= 0)
        return used;
    memcpy(session->id, match.id, sizeof(session->id));
    session->registered = true;
    session->registered_wall_ms = now.wall_ms;
    session->device = names_device(env->names, session->id);
    describe(session);
    env->metrics->registered++;
    session->ops->registered(session->cookie);
    recorder_connection(&env->recorder, session->device, now.wall_ms, EVENT_CONNECT, &session->peer,
                        "");
    recorder_packet(&env->recorder, session->device, now.wall_ms, PACKET_REGISTER, bytes,
                    (size_t)used);
    acknowledge(session, match.token, FRAME_REGISTRATION, bytes, (size_t)used);
    take_plan(session, now.mono_ms);
    log_info("session", session->who, "online, %zu tasks", session->plan->ntasks);
    return used;
}

/* Packets */

static void got_life(struct session *session, struct session_time now)
{
    if (session->silent)
        log_info("session", session->who, "alive after %u missed heartbeats", session->missed);
    session->life_ms = now.mono_ms;
    session->life_wall_ms = now.wall_ms;
    session->missed = 0;
    session->silent = session->probe_wanted = session->probing = false;
}

static void got_heartbeat(struct session *session, struct session_time now)
{
    struct session_env *env = session->env;
    env->metrics->heartbeats++;
    session->heartbeats++;
    recorder_heartbeat(&env->recorder, session->device, now.wall_ms);
    schedule_heartbeat(&session->schedule, session->plan, now.mono_ms);
}

static void got_samples(struct session *session, const struct adu_reply *reply,
                        struct session_time now)
{
    struct session_env *env = session->env;
    if (session->task < 0)
        return;
    env->scratch.size = 0;
    env->scratch.count = 0;
    env->metrics->samples += decode_samples(&session->plan->tasks[session->task], reply->data,
                                            reply->size, &env->scratch);
    recorder_samples(&env->recorder, session->device, now.wall_ms, &env->scratch);
}

static const char *task_name(const struct session *session, char buf[32])
{
    if (session->task < 0)
        snprintf(buf, 32, "probe");
    else
        snprintf(buf, 32, "task %u", session->plan->tasks[session->task].task->id);
    return buf;
}

static void got_modbus(struct session *session, const struct frame *frame, struct session_time now)
{
    struct session_env *env = session->env;
    struct adu_reply reply;
    enum adu_verdict verdict;
    char task[32];
    env->metrics->modbus_packets++;
    switch (exchange_answer(&session->exchange, &env->timing, frame->adu, frame->adu_size,
                            now.mono_ms, &reply, &verdict)) {
    case EXCHANGE_ANSWERED:
        env->metrics->polls_answered++;
        session->answers++;
        got_samples(session, &reply, now);
        break;
    case EXCHANGE_REFUSED:
        env->metrics->polls_refused++;
        session->answers++;
        log_at_limit(&session->refusals, LOGL_WARN, "session", session->who,
                     "%s refused by slave %u: exception %02X, %s", task_name(session, task),
                     session->exchange.request.unit, reply.exception,
                     adu_exception_name(reply.exception));
        break;
    case EXCHANGE_LATE:
        env->metrics->answers_late++;
        log_debug("session", session->who, "late answer dropped");
        break;
    case EXCHANGE_UNEXPECTED:
        env->metrics->answers_unexpected++;
        env->metrics->crc_errors += verdict == ADU_BAD_CRC ||
                                    (verdict == ADU_OK && !adu_crc_ok(frame->adu, frame->adu_size));
        log_at_limit(&env->noise, LOGL_WARN, "session", session->who,
                     "Modbus packet of %zu bytes dropped: %s", frame->adu_size,
                     session->exchange.waiting ? adu_verdict_name(verdict) : "nothing was asked");
        break;
    }
}

static enum packet_type packet_type(enum frame_kind kind)
{
    static const enum packet_type types[] = {
        [FRAME_REGISTRATION] = PACKET_REGISTER,
        [FRAME_HEARTBEAT] = PACKET_HEARTBEAT,
        [FRAME_DATA] = PACKET_DATA,
        [FRAME_MODBUS] = PACKET_MODBUS,
    };
    return types[kind];
}

static ssize_t take_packet(struct session *session, const uint8_t *bytes, size_t len,
                           struct session_time now)
{
    struct session_env *env = session->env;
    struct frame frame;
    const struct framing_view view = {.link = &session->plan->profile->link};
    ssize_t used = env->framing->next(&view, bytes, len, &frame);
    if (used <= 0)
        return used;
    got_life(session, now);
    recorder_packet(&env->recorder, session->device, now.wall_ms, packet_type(frame.kind), bytes,
                    (size_t)used);
    switch (frame.kind) {
    case FRAME_HEARTBEAT:
        got_heartbeat(session, now);
        break;
    case FRAME_DATA:
        env->metrics->data_packets++;
        break;
    case FRAME_MODBUS:
        got_modbus(session, &frame, now);
        break;
    case FRAME_REGISTRATION:
    case FRAME_NOISE:
        break;
    }
    acknowledge(session, frame.token.token, frame.kind, bytes, (size_t)used);
    return used;
}

static void broken(struct session *session, uint8_t byte)
{
    session->env->metrics->protocol_errors++;
    log_at_limit(&session->env->noise, LOGL_WARN, "session", session->who,
                 "byte %02X starts no packet of the %s framing: closing", byte,
                 session->env->framing->name);
    end_line(session, "protocol error");
}

size_t session_input(struct session *session, const uint8_t *bytes, size_t len,
                     struct session_time now)
{
    size_t at = 0;
    while (at < len && !session->closing) {
        ssize_t used = session->registered ? take_packet(session, bytes + at, len - at, now)
                                           : register_device(session, bytes + at, len - at, now);
        if (used == FRAMING_BROKEN)
            broken(session, bytes[at]);
        if (used <= 0)
            break;
        at += (size_t)used;
    }
    session_tick(session, now);
    return at;
}

/* Polls */

static void send_query(struct session *session, const struct adu_request *request, int64_t now_ms)
{
    uint8_t adu[ADU_READ_REQUEST_SIZE], bytes[FRAMING_LONGEST];
    adu_build_read(request, adu);
    const struct framing_view view = {.link = &session->plan->profile->link};
    size_t size = session->env->framing->wrap(&view, adu, sizeof(adu), 0, bytes);
    exchange_sent(&session->exchange, &session->env->timing, request, now_ms);
    session->ops->send(session->cookie, bytes, size);
}

/* The probe goes ahead of what late answers may still be owed: whatever comes is a sign of life. */
static bool send_probe(struct session *session, int64_t now_ms)
{
    const struct plan *plan = session->plan;
    const struct adu_request *request =
        plan->ntasks > 0 ? &plan->tasks[0].task->request : &bare_probe;
    if (now_ms < session->exchange.quiet_until_ms)
        return false;
    session->probe_wanted = false;
    session->probing = true;
    session->task = -1;
    session->env->metrics->probes_sent++;
    send_query(session, request, now_ms);
    return true;
}

static void send_due(struct session *session, int64_t now_ms)
{
    struct metrics *metrics = session->env->metrics;
    int64_t start_ms;
    int task =
        schedule_pick(&session->schedule, session->plan, &session->exchange, now_ms, &start_ms);
    if (task < 0 || start_ms > now_ms)
        return;
    const struct query_task *query = session->plan->tasks[task].task;
    if (query->trigger == TRIGGER_TIMER)
        metrics_lateness(metrics, now_ms - session->schedule.due_ms[task]);
    metrics->polls_missed += schedule_ran(&session->schedule, session->plan, task, now_ms);
    metrics->polls_sent++;
    session->task = task;
    send_query(session, &query->request, now_ms);
}

static void poll_timed_out(struct session *session, int64_t now_ms)
{
    struct session_env *env = session->env;
    char task[32];
    if (exchange_timeout(&session->exchange, &env->timing, now_ms) == EXCHANGE_REPEAT) {
        env->metrics->polls_repeated++;
        send_query(session, &session->exchange.request, now_ms);
        return;
    }
    env->metrics->polls_timed_out++;
    session->timeouts++;
    if (session->probing) {
        log_info("session", session->who, "the probe stayed unanswered: closing");
        end_line(session, "heartbeat timeout, and the probe stayed unanswered");
        return;
    }
    log_at_limit(&session->silences, LOGL_WARN, "session", session->who,
                 "%s: no answer from slave %u within %lld ms, %u times", task_name(session, task),
                 session->exchange.request.unit, (long long)env->timing.response_timeout_ms,
                 session->exchange.repeats + 1);
}

static void poll(struct session *session, int64_t now_ms)
{
    if (session->exchange.waiting && now_ms >= session->exchange.deadline_ms)
        poll_timed_out(session, now_ms);
    if (session->exchange.waiting || session->closing)
        return;
    if (session->probe_wanted) {
        send_probe(session, now_ms);
        return;
    }
    send_due(session, now_ms);
}

/* Supervision */

static int64_t next_miss_ms(const struct session *session)
{
    return session->life_ms + ((int64_t)session->missed + 1) * session->env->heartbeat_timeout_ms;
}

static void count_missed(struct session *session, struct session_time now)
{
    struct session_env *env = session->env;
    while (now.mono_ms >= next_miss_ms(session)) {
        session->missed++;
        log_debug("session", session->who, "%u heartbeats missed", session->missed);
        if (session->silent || session->missed < env->max_missed)
            continue;
        session->silent = true; /* once, also where a reload moves max_missed meanwhile */
        char details[64];
        snprintf(details, sizeof(details), "%u heartbeats missed, probing the line",
                 session->missed);
        env->metrics->heartbeat_timeouts++;
        log_info("session", session->who, "%s", details);
        recorder_connection(&env->recorder, session->device, now.wall_ms, EVENT_HEARTBEAT_TIMEOUT,
                            &session->peer, details);
        session->probe_wanted = true;
    }
}

void session_tick(struct session *session, struct session_time now)
{
    if (session->closing)
        return;
    if (session->registered) {
        count_missed(session, now);
        poll(session, now.mono_ms);
        return;
    }
    if (now.mono_ms >= session->opened_ms + session->env->registration_timeout_ms) {
        session->env->metrics->registration_timeouts++;
        log_at_limit(&session->env->noise, LOGL_INFO, "session", session->who,
                     "no registration within %lld ms: closing",
                     (long long)session->env->registration_timeout_ms);
        end_line(session, "no registration in time");
    }
}

int64_t session_next_ms(struct session *session, int64_t now_ms)
{
    int64_t poll_ms;
    if (!session->registered)
        return session->opened_ms + session->env->registration_timeout_ms;
    if (session->exchange.waiting)
        poll_ms = session->exchange.deadline_ms;
    else if (session->probe_wanted)
        poll_ms = session->exchange.quiet_until_ms;
    else
        schedule_pick(&session->schedule, session->plan, &session->exchange, now_ms, &poll_ms);
    int64_t miss_ms = next_miss_ms(session);
    return poll_ms < miss_ms ? poll_ms : miss_ms;
}

void session_end(struct session *session, const char *reason, struct session_time now)
{
    struct session_env *env = session->env;
    session->closing = true;
    env->metrics->closed++;
    if (session->registered) {
        log_info("session", session->who, "offline: %s", reason);
        recorder_connection(&env->recorder, session->device, now.wall_ms, EVENT_DISCONNECT,
                            &session->peer, reason);
    }
    schedule_clear(&session->schedule);
    plan_release(session->plan);
    session->plan = NULL;
}
