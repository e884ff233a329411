#include "collector/poll/exchange.h"

#include <string.h>

static bool same_shape(const struct adu_request *a, const struct adu_request *b)
{
    if (a->unit != b->unit || a->function != b->function)
        return false;
    if (adu_writes(a->function)) /* the answer echoes them */
        return a->start == b->start && a->count == b->count && a->value == b->value;
    return adu_read_data_size(a) == adu_read_data_size(b);
}

static bool same_request(const struct adu_request *a, const struct adu_request *b)
{
    return same_shape(a, b) && a->start == b->start && a->count == b->count;
}

static bool open_debt(struct exchange_debt *debt, int64_t now_ms)
{
    if (debt->until_ms != 0 && debt->until_ms <= now_ms)
        debt->until_ms = 0;
    return debt->until_ms != 0;
}

size_t exchange_expected(struct exchange *exchange, int64_t now_ms,
                         struct expectation out[1 + EXCHANGE_DEBTS])
{
    size_t n = 0;
    if (exchange->waiting)
        out[n++] = (struct expectation){exchange->request, exchange->transaction};
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        if (open_debt(&exchange->debts[i], now_ms))
            out[n++] = exchange->debts[i].owed;
    }
    return n;
}

int64_t exchange_free_ms(const struct exchange *exchange, const struct exchange_timing *timing,
                         uint8_t unit, int64_t now_ms)
{
    int64_t free_ms = exchange->quiet_until_ms > now_ms ? exchange->quiet_until_ms : now_ms;
    int64_t gap_ms = timing->request_gap_ms;
    if (!timing->transactions && exchange->open_until_ms > free_ms)
        free_ms = exchange->open_until_ms;
    if (exchange->ended_ms == 0)
        return free_ms;
    if (unit != exchange->request.unit && timing->slave_gap_ms > gap_ms)
        gap_ms = timing->slave_gap_ms;
    return exchange->ended_ms + gap_ms > free_ms ? exchange->ended_ms + gap_ms : free_ms;
}

int64_t exchange_ready_ms(struct exchange *exchange, const struct exchange_timing *timing,
                          const struct adu_request *request, int64_t now_ms)
{
    int64_t ready_ms = exchange_free_ms(exchange, timing, request->unit, now_ms);
    for (size_t i = 0; i < EXCHANGE_DEBTS && !timing->transactions; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (open_debt(debt, now_ms) && same_shape(&debt->owed.request, request) &&
            debt->until_ms > ready_ms)
            ready_ms = debt->until_ms;
    }
    return ready_ms;
}

void exchange_sent(struct exchange *exchange, const struct exchange_timing *timing,
                   const struct adu_request *request, int64_t now_ms)
{
    bool again = exchange->waiting;
    exchange->repeats = again ? exchange->repeats + 1 : 0;
    exchange->transaction = (uint16_t)(exchange->transaction + !again);
    exchange->waiting = true;
    exchange->request = *request;
    exchange->sent_ms = now_ms;
    exchange->deadline_ms = now_ms + timing->response_timeout_ms;
}

static void end(struct exchange *exchange, int64_t now_ms)
{
    exchange->waiting = false;
    exchange->ended_ms = now_ms;
}

/* Remember that an answer to the outstanding request may still come. */
static void owe(struct exchange *exchange, const struct exchange_timing *timing, int64_t now_ms)
{
    struct exchange_debt *place = &exchange->debts[0];
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (!open_debt(debt, now_ms)) {
            place = debt;
            break;
        }
        if (debt->until_ms < place->until_ms)
            place = debt; /* all are taken: the oldest is the least likely to be paid */
    }
    place->owed = (struct expectation){exchange->request, exchange->transaction};
    place->until_ms = now_ms + LATE_WINDOW * timing->response_timeout_ms;
}

/* What a frame is to a request: its answer, its refusal, or why it is neither. */
static enum adu_verdict hold_against(const struct expectation *expected,
                                     const struct exchange_timing *timing,
                                     const struct frame *frame, struct adu_reply *reply)
{
    if (!frame->intact)
        return ADU_BAD_CRC;
    if (timing->transactions && frame->transaction != expected->transaction)
        return ADU_WRONG_TRANSACTION;
    return adu_check_reply(&expected->request, frame->adu, frame->adu_size, reply);
}

/* An answer that fits no outstanding request may settle a debt. */
static bool settle(struct exchange *exchange, const struct exchange_timing *timing,
                   const struct frame *frame, int64_t now_ms)
{
    struct exchange_debt *oldest = NULL;
    struct adu_reply ignored;
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (!open_debt(debt, now_ms) || (oldest != NULL && oldest->until_ms <= debt->until_ms))
            continue;
        enum adu_verdict verdict = hold_against(&debt->owed, timing, frame, &ignored);
        if (verdict == ADU_OK || verdict == ADU_EXCEPTION)
            oldest = debt;
    }
    if (oldest == NULL)
        return false;
    oldest->until_ms = 0;
    return true;
}

/* An exception names slave and function only: may it be what another request still owes? */
static bool owed_by_another(struct exchange *exchange, int64_t now_ms)
{
    const struct adu_request *request = &exchange->request;
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        const struct adu_request *owed = &debt->owed.request;
        if (open_debt(debt, now_ms) && owed->unit == request->unit &&
            owed->function == request->function && !same_request(owed, request))
            return true;
    }
    return false;
}

/* Which of several owed answers came cannot be seen: the last of them may come as late as one to
 * the request that was answered now. */
static void prolong_debts(struct exchange *exchange, const struct exchange_timing *timing,
                          int64_t now_ms)
{
    int64_t until_ms = exchange->deadline_ms + LATE_WINDOW * timing->response_timeout_ms;
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (open_debt(debt, now_ms) && same_shape(&debt->owed.request, &exchange->request) &&
            debt->until_ms < until_ms)
            debt->until_ms = until_ms;
    }
}

enum exchange_result exchange_answer(struct exchange *exchange,
                                     const struct exchange_timing *timing,
                                     const struct frame *frame, int64_t now_ms,
                                     struct adu_reply *reply, enum adu_verdict *verdict)
{
    const struct expectation outstanding = {exchange->request, exchange->transaction};
    *verdict = ADU_OK;
    if (exchange->waiting) {
        *verdict = hold_against(&outstanding, timing, frame, reply);
        if (*verdict == ADU_OK || (*verdict == ADU_EXCEPTION &&
                                   (timing->transactions || !owed_by_another(exchange, now_ms)))) {
            prolong_debts(exchange, timing, now_ms);
            end(exchange, now_ms);
            return *verdict == ADU_OK ? EXCHANGE_ANSWERED : EXCHANGE_REFUSED;
        }
    }
    return settle(exchange, timing, frame, now_ms) ? EXCHANGE_LATE : EXCHANGE_UNEXPECTED;
}

enum exchange_timeout exchange_timeout(struct exchange *exchange,
                                       const struct exchange_timing *timing, bool again,
                                       int64_t now_ms)
{
    owe(exchange, timing, now_ms);
    if (again && exchange->repeats < timing->retries)
        return EXCHANGE_REPEAT;
    end(exchange, now_ms);
    return EXCHANGE_GIVE_UP;
}
