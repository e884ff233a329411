/*
 * A session's requests: polls by plan, the probe of a silent line, and what their answers mean.
 */
#include "collector/poll/decode.h"
#include "collector/session_event.h"
#include "collector/session_parts.h"
#include "shared/base/log.h"

#include <stdio.h>

/* What is asked of a silent line where the plan has no task to ask: any answer will do, a refusal
 * too. */
static const struct adu_request bare_probe = {
    .unit = 1, .function = FC_READ_HOLDING_REGISTERS, .start = 0, .count = 1};

void session_query(struct session *session, const struct adu_request *request, const uint8_t *data,
                   int64_t now_ms)
{
    const struct plan *plan = session->plan;
    struct expectation expected[1 + EXCHANGE_DEBTS];
    struct framing_view view;
    uint8_t adu[ADU_MAX], bytes[FRAMING_LONGEST];
    size_t len = adu_build(request, data, adu);
    exchange_sent(&session->exchange, &plan->timing, request, now_ms);
    session_view(session, expected, false, now_ms, &view);
    size_t size = plan->framing->wrap(&view, adu, len, session->exchange.transaction, bytes);
    session_send(session, bytes, size, now_ms);
}

/* The slave that a request is for; NULL where the plan does not know it (a write, the probe). */
static struct slave_state *slave_of(const struct session *session, uint8_t unit)
{
    const struct profile *profile = session->plan->profile;
    for (size_t i = 0; i < profile->nslaves; i++) {
        if (profile->slaves[i].unit == unit)
            return &session->slaves[i];
    }
    return NULL;
}

static const char *task_name(const struct session *session, char buf[64])
{
    const struct adu_request *request = &session->exchange.request;
    if (session->task >= 0 && session->plan->tasks[session->task].task->id <= 65535)
        snprintf(buf, 64, "task %u", session->plan->tasks[session->task].task->id);
    else if (session->task >= 0)
        snprintf(buf, 64, "the read of %d to %d (function %d)", request->start,
                 request->start + request->count - 1, request->function);
    else
        snprintf(buf, 64, "%s",
                 session->task == SESSION_WRITE       ? "a write"
                 : session->task == SESSION_READ_BACK ? "the read-back of a write"
                                                      : "the probe");
    return buf;
}

/* Answers */

static void store_samples(struct session *session, int task, const struct adu_reply *reply,
                          struct session_time now)
{
    struct session_env *env = session->env;
    env->scratch.size = 0;
    env->scratch.count = 0;
    size_t samples = decode_samples(&session->plan->tasks[task], reply->data, reply->size,
                                    session->changes, now.mono_ms, &env->scratch,
                                    bus_wants_answers(env->bus) ? &env->decoded : NULL);
    env->metrics->samples += samples;
    session_count(session, samples, samples);
    /* A stored reading is told, also where the collector dies. */
    recorder_hold(&env->recorder, session->device);
    recorder_samples(&env->recorder, session->device, now.wall_ms, &env->scratch);
    if (bus_wants_answers(env->bus))
        session_tell_answer(session, env->decoded.items, env->decoded.count, now);
    recorder_release(&env->recorder);
}

static void slave_answered(struct session *session, bool exception, struct session_time now)
{
    struct session_env *env = session->env;
    uint8_t unit = session->exchange.request.unit;
    struct slave_state *slave = slave_of(session, unit);
    session->answers++;
    session->timeouts_in_row = 0;
    if (slave == NULL || !slaves_answered(slave, exception, now.wall_ms))
        return;
    char details[64];
    snprintf(details, sizeof(details), "slave %u answers again", unit);
    env->metrics->slaves_alive++;
    session_say(session, LOG_SLAVE, LOGL_INFO, "%s", details);
    session_raise(session, EVENT_SLAVE_ALIVE, details, session_slave(unit), now.wall_ms);
}

static void answered(struct session *session, const struct adu_reply *reply,
                     struct session_time now)
{
    session->env->metrics->polls_answered++;
    session_count(session, answers, 1);
    slave_answered(session, false, now);
    if (session->task >= 0)
        store_samples(session, session->task, reply, now);
    else if (session->task == SESSION_WRITE || session->task == SESSION_READ_BACK)
        session_write_answered(session, reply, false, now);
}

static void refused(struct session *session, const struct adu_reply *reply, struct session_time now)
{
    char task[64];
    session->env->metrics->polls_refused++;
    session_count(session, exceptions, 1);
    slave_answered(session, true, now);
    session_say(session, LOG_EXCEPTION, LOGL_WARN, "%s refused by slave %u: exception %02X, %s",
                task_name(session, task), session->exchange.request.unit, reply->exception,
                adu_exception_name(reply->exception));
    if (session->task == SESSION_WRITE || session->task == SESSION_READ_BACK)
        session_write_answered(session, reply, true, now);
}

static void unexpected(struct session *session, const struct frame *frame, enum adu_verdict verdict)
{
    struct session_env *env = session->env;
    env->metrics->answers_unexpected++;
    env->metrics->crc_errors += !frame->intact;
    session_count(session, crc_errors, !frame->intact);
    session_say(session, LOG_NOISE, LOGL_WARN, "Modbus packet of %zu bytes dropped: %s",
                frame->adu_size,
                !frame->intact              ? adu_verdict_name(ADU_BAD_CRC)
                : session->exchange.waiting ? adu_verdict_name(verdict)
                                            : "nothing was asked");
}

/* Of a DTU that polls by itself: whose answer is it? The configuration has no two tasks of one
 * shape. */
static void overheard(struct session *session, const struct frame *frame, struct session_time now)
{
    const struct plan *plan = session->plan;
    for (size_t i = 0; frame->intact && i < plan->ntasks; i++) {
        struct adu_reply reply;
        enum adu_verdict verdict =
            adu_check_reply(&plan->tasks[i].task->request, frame->adu, frame->adu_size, &reply);
        if (verdict != ADU_OK && verdict != ADU_EXCEPTION)
            continue;
        session->exchange.request = plan->tasks[i].task->request;
        slave_answered(session, verdict == ADU_EXCEPTION, now);
        if (verdict == ADU_OK) {
            session->env->metrics->polls_answered++;
            session_count(session, answers, 1);
            if (session->keep)
                store_samples(session, (int)i, &reply, now);
        }
        return;
    }
    unexpected(session, frame, ADU_WRONG_SIZE);
}

void session_modbus(struct session *session, const struct frame *frame, struct session_time now)
{
    struct adu_reply reply;
    enum adu_verdict verdict;
    session->env->metrics->modbus_packets++;
    if (session->plan->profile->link.listen_only) {
        overheard(session, frame, now);
        return;
    }
    switch (exchange_answer(&session->exchange, &session->plan->timing, frame, now.mono_ms, &reply,
                            &verdict)) {
    case EXCHANGE_ANSWERED:
        answered(session, &reply, now);
        break;
    case EXCHANGE_REFUSED:
        refused(session, &reply, now);
        break;
    case EXCHANGE_LATE:
        session->env->metrics->answers_late++;
        log_debug("session", session->who, "late answer dropped");
        break;
    case EXCHANGE_UNEXPECTED:
        unexpected(session, frame, verdict);
        break;
    }
}

/* Time-outs */

static void slave_failed(struct session *session, struct session_time now)
{
    struct session_env *env = session->env;
    const struct profile *profile = session->plan->profile;
    struct slave_state *slave = slave_of(session, session->exchange.request.unit);
    if (slave == NULL)
        return;
    int64_t cycle_ms = session->plan->cycle_ms[slave - session->slaves];
    if (!slaves_failed(slave, profile, cycle_ms, (struct slaves_time){now.mono_ms, now.wall_ms}))
        return;
    char details[96];
    snprintf(details, sizeof(details), "slave %u left %u requests in a row unanswered",
             session->exchange.request.unit, slave->failures);
    env->metrics->slaves_dead++;
    session_say(session, LOG_SLAVE, LOGL_WARN, "%s: dead; it is asked less often until it answers",
                details);
    session_raise(session, EVENT_SLAVE_DEAD, details, session_slave(session->exchange.request.unit),
                  now.wall_ms);
}

static void given_up(struct session *session, struct session_time now)
{
    const struct plan *plan = session->plan;
    char task[64];
    session->env->metrics->polls_timed_out++;
    session_count(session, timeouts, 1);
    session->timeouts++;
    session->timeouts_in_row++;
    session_say(session, LOG_UNANSWERED, LOGL_WARN,
                "%s: no answer from slave %u within %lld ms, %u times", task_name(session, task),
                session->exchange.request.unit, (long long)plan->timing.response_timeout_ms,
                session->exchange.repeats + 1);
    if (session->task != SESSION_PROBE)
        slave_failed(session, now);
    if (session->task == SESSION_WRITE || session->task == SESSION_READ_BACK)
        session_write_timed_out(session, now);
    if (session->probing) {
        session_say(session, LOG_BROKEN, LOGL_INFO, "the probe stayed unanswered: closing");
        session_close(session, "heartbeat timeout, and the probe stayed unanswered");
    } else if (plan->max_timeouts > 0 && session->timeouts_in_row >= plan->max_timeouts) {
        session_say(session, LOG_BROKEN, LOGL_WARN,
                    "%u requests in a row stayed unanswered: closing", session->timeouts_in_row);
        session_close(session, "%u requests in a row unanswered", session->timeouts_in_row);
    }
}

/* Where other slaves wait, the next cycle is the repetition; and one that failed before is not
 * asked twice anyway. */
static bool may_repeat(const struct session *session)
{
    const struct slave_state *slave = slave_of(session, session->exchange.request.unit);
    if (session->task == SESSION_WRITE || session->task == SESSION_READ_BACK ||
        session->plan->profile->nslaves > 1)
        return false;
    return slave == NULL || slave->failures == 0;
}

static void timed_out(struct session *session, struct session_time now)
{
    if (exchange_timeout(&session->exchange, &session->plan->timing, may_repeat(session),
                         now.mono_ms) == EXCHANGE_GIVE_UP) {
        given_up(session, now);
        return;
    }
    session->env->metrics->polls_repeated++;
    session_count(session, repeated, 1);
    session_query(session, &session->exchange.request, NULL, now.mono_ms);
}

/* What goes out next */

static const struct adu_request *probe_request(const struct session *session)
{
    const struct plan *plan = session->plan;
    return plan->ntasks > 0 ? &plan->tasks[0].task->request : &bare_probe;
}

/* The probe goes ahead of what late answers may still be owed: whatever comes is a sign of life. */
static int64_t probe_ms(const struct session *session, int64_t now_ms)
{
    return exchange_free_ms(&session->exchange, &session->plan->timing,
                            probe_request(session)->unit, now_ms);
}

static void send_probe(struct session *session, int64_t now_ms)
{
    const struct adu_request *request = probe_request(session);
    if (now_ms < probe_ms(session, now_ms))
        return;
    session->probe_wanted = false;
    session->probing = session->silent; /* else it was sent for the DTU to hear something */
    session->task = SESSION_PROBE;
    session->env->metrics->probes_sent++;
    session_query(session, request, NULL, now_ms);
}

static struct schedule_wait wait_of(struct session *session)
{
    return (struct schedule_wait){&session->exchange, session->slaves};
}

static int pick(struct session *session, int64_t now_ms, int64_t *start_ms)
{
    const struct schedule_wait wait = wait_of(session);
    return schedule_pick(&session->schedule, session->plan, &wait, now_ms, start_ms);
}

static void send_due(struct session *session, int64_t now_ms)
{
    struct metrics *metrics = session->env->metrics;
    int64_t start_ms;
    int task = pick(session, now_ms, &start_ms);
    if (task < 0 || start_ms > now_ms)
        return;
    const struct query_task *query = session->plan->tasks[task].task;
    bool suspect = session->slaves[query->slave].failures > 0;
    if (query->trigger == TRIGGER_TIMER && !suspect)
        metrics_lateness(metrics, now_ms - session->schedule.due_ms[task]);
    uint64_t missed = schedule_ran(&session->schedule, session->plan, task, now_ms);
    if (!suspect)
        metrics->polls_missed += missed;
    metrics->polls_sent++;
    session_count(session, polls, 1);
    session->task = task;
    session_query(session, &query->request, NULL, now_ms);
}

static int64_t talk_ms(const struct session *session)
{
    const struct plan *plan = session->plan;
    return plan->talk_within_ms > 0 && !plan->profile->link.listen_only
               ? session->spoke_ms + plan->talk_within_ms
               : INT64_MAX;
}

/* A DTU that starts anew where its server is silent: ask something before its time. */
static void talk(struct session *session, int64_t now_ms)
{
    const struct schedule_wait wait = wait_of(session);
    if (now_ms < talk_ms(session))
        return;
    if (schedule_hasten(&session->schedule, session->plan, &wait, now_ms))
        session->spoke_ms = now_ms; /* it goes out once the gap is over */
    else
        session->probe_wanted = true;
}

void session_poll(struct session *session, struct session_time now)
{
    if (session->exchange.waiting && now.mono_ms >= session->exchange.deadline_ms)
        timed_out(session, now);
    if (session->exchange.waiting || session->closing || session->plan->profile->link.listen_only)
        return;
    if (!session->probe_wanted) {
        if (session_write_send(session, now))
            return;
        talk(session, now.mono_ms);
    }
    if (session->probe_wanted)
        send_probe(session, now.mono_ms);
    else
        send_due(session, now.mono_ms);
}

int64_t session_poll_next_ms(struct session *session, int64_t now_ms)
{
    int64_t next_ms, write_ms;
    if (session->plan->profile->link.listen_only)
        return INT64_MAX;
    if (session->exchange.waiting)
        return session->exchange.deadline_ms;
    if (session->probe_wanted)
        return probe_ms(session, now_ms);
    if (session_write_next_ms(session, now_ms, &write_ms))
        return write_ms;
    pick(session, now_ms, &next_ms);
    if (write_ms < next_ms)
        next_ms = write_ms;
    return talk_ms(session) < next_ms ? talk_ms(session) : next_ms;
}
