/*
 * Writes: ahead of polls, one after the other, each read back.
 *
 * A write that stays unanswered is not repeated; reading back says whether it came through.
 */
#include "collector/session_parts.h"
#include "shared/base/log.h"

#include <string.h>

int session_write(struct session *session, struct write_order *order, struct session_time now)
{
    if (!session->registered || session->closing || session->plan->profile->link.listen_only ||
        session->norders >= SESSION_ORDERS_MAX)
        return -1;
    order->due_ms = now.mono_ms;
    TAILQ_INSERT_TAIL(&session->orders, order, link);
    session->norders++;
    log_info("session", session->who, "write of %s%s%s by %s: slave %u, function %u, address %u",
             order->value, order->point[0] ? " to " : "", order->point, order->actor,
             order->request.unit, order->request.function, order->request.start);
    return 0;
}

/* The first one is over, with ${result}. */
static void hand_back(struct session *session, struct write_result *result, int64_t now_ms)
{
    struct write_order *order = TAILQ_FIRST(&session->orders);
    result->took_ms = now_ms - order->due_ms;
    TAILQ_REMOVE(&session->orders, order, link);
    session->norders--;
    session->writing = session->write_taken = false;
    session->env->metrics->writes++;
    session->env->metrics->writes_failed += result->status != WRITE_DONE;
    log_info("session", session->who, "write to slave %u, address %u: %s after %lld ms",
             order->request.unit, order->request.start, write_status_name(result->status),
             (long long)result->took_ms);
    order->done(order, result);
}

static void finish(struct session *session, enum write_status status, int64_t now_ms)
{
    struct write_result result = {.status = status};
    hand_back(session, &result, now_ms);
}

static const struct adu_request *next_request(const struct session *session)
{
    const struct write_order *order = TAILQ_FIRST(&session->orders);
    return session->writing ? &order->read_back : &order->request;
}

static void cancel_overdue(struct session *session, int64_t now_ms)
{
    struct write_order *order;
    while (!session->writing && (order = TAILQ_FIRST(&session->orders)) != NULL &&
           now_ms - order->due_ms >= SESSION_ORDER_WAIT_MS)
        finish(session, WRITE_CANCELLED, now_ms);
}

static int64_t ready_ms(struct session *session, int64_t now_ms)
{
    return exchange_ready_ms(&session->exchange, &session->plan->timing, next_request(session),
                             now_ms);
}

/* When the gap before it is over. Where it may not go then, a late answer is still owed that could
 * be taken for its own. */
static int64_t free_ms(const struct session *session, int64_t now_ms)
{
    return exchange_free_ms(&session->exchange, &session->plan->timing, next_request(session)->unit,
                            now_ms);
}

bool session_write_send(struct session *session, struct session_time now)
{
    cancel_overdue(session, now.mono_ms);
    if (TAILQ_EMPTY(&session->orders))
        return false;
    if (now.mono_ms < ready_ms(session, now.mono_ms))
        return now.mono_ms < free_ms(session, now.mono_ms);
    const struct write_order *order = TAILQ_FIRST(&session->orders);
    session->task = session->writing ? SESSION_READ_BACK : SESSION_WRITE;
    session->writing = true;
    session_query(session, session->task == SESSION_WRITE ? &order->request : &order->read_back,
                  order->data, now.mono_ms);
    return true;
}

bool session_write_next_ms(struct session *session, int64_t now_ms, int64_t *next_ms)
{
    *next_ms = INT64_MAX;
    if (TAILQ_EMPTY(&session->orders))
        return false;
    int64_t over_ms = TAILQ_FIRST(&session->orders)->due_ms + SESSION_ORDER_WAIT_MS;
    *next_ms = ready_ms(session, now_ms);
    bool gap = now_ms < free_ms(session, now_ms), first = gap || *next_ms <= now_ms;
    if (gap)
        *next_ms = free_ms(session, now_ms);
    if (!session->writing && over_ms < *next_ms)
        *next_ms = over_ms;
    return first;
}

/* What is read back tells whether a write that the slave said yes to is there. Where the slave said
 * nothing, it may still carry it out. */
static enum write_status unverified(const struct session *session)
{
    return session->write_taken ? WRITE_NOT_VERIFIED : WRITE_TIMEOUT;
}

static void read_back(struct session *session, const struct adu_reply *reply, int64_t now_ms)
{
    const struct write_order *order = TAILQ_FIRST(&session->orders);
    struct write_result result = {.read = true};
    result.size = reply->size < sizeof(result.data) ? reply->size : sizeof(result.data);
    memcpy(result.data, reply->data, result.size);
    result.status =
        write_verified(order, result.data, result.size) ? WRITE_DONE : unverified(session);
    hand_back(session, &result, now_ms);
}

void session_write_answered(struct session *session, const struct adu_reply *reply, bool exception,
                            struct session_time now)
{
    if (!session->writing)
        return;
    bool back = session->task == SESSION_READ_BACK;
    if (exception) {
        struct write_result result = {.status = back ? unverified(session) : WRITE_EXCEPTION,
                                      .exception = reply->exception};
        hand_back(session, &result, now.mono_ms);
    } else if (back) {
        read_back(session, reply, now.mono_ms);
    } else {
        session->write_taken = true; /* its read-back goes out next */
    }
}

void session_write_timed_out(struct session *session, struct session_time now)
{
    if (session->writing && session->task == SESSION_READ_BACK)
        finish(session, unverified(session), now.mono_ms);
}

void session_write_end_all(struct session *session, int64_t now_ms)
{
    while (!TAILQ_EMPTY(&session->orders))
        finish(session, session->writing ? WRITE_LINE_LOST : WRITE_CANCELLED, now_ms);
}
