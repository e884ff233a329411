#include "collector/poll/exchange.h"

#include <string.h>

static bool same_shape(const struct adu_request *a, const struct adu_request *b)
{
    return a->unit == b->unit && a->function == b->function &&
           adu_read_data_size(a) == adu_read_data_size(b);
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

int64_t exchange_ready_ms(struct exchange *exchange, const struct adu_request *request,
                          int64_t now_ms)
{
    int64_t ready_ms = exchange->quiet_until_ms > now_ms ? exchange->quiet_until_ms : now_ms;
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (open_debt(debt, now_ms) && same_shape(&debt->request, request) &&
            debt->until_ms > ready_ms)
            ready_ms = debt->until_ms;
    }
    return ready_ms;
}

void exchange_sent(struct exchange *exchange, const struct exchange_timing *timing,
                   const struct adu_request *request, int64_t now_ms)
{
    exchange->repeats = exchange->waiting ? exchange->repeats + 1 : 0;
    exchange->waiting = true;
    exchange->request = *request;
    exchange->sent_ms = now_ms;
    exchange->deadline_ms = now_ms + timing->response_timeout_ms;
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
    place->request = exchange->request;
    place->until_ms = now_ms + LATE_WINDOW * timing->response_timeout_ms;
}

/* An answer that fits no outstanding request may settle a debt. */
static bool settle(struct exchange *exchange, const uint8_t *frame, size_t len, int64_t now_ms)
{
    struct exchange_debt *oldest = NULL;
    struct adu_reply ignored;
    for (size_t i = 0; i < EXCHANGE_DEBTS; i++) {
        struct exchange_debt *debt = &exchange->debts[i];
        if (!open_debt(debt, now_ms) || (oldest != NULL && oldest->until_ms <= debt->until_ms))
            continue;
        enum adu_verdict verdict = adu_check_reply(&debt->request, frame, len, &ignored);
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
        if (open_debt(debt, now_ms) && debt->request.unit == request->unit &&
            debt->request.function == request->function && !same_request(&debt->request, request))
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
        if (open_debt(debt, now_ms) && same_shape(&debt->request, &exchange->request) &&
            debt->until_ms < until_ms)
            debt->until_ms = until_ms;
    }
}

enum exchange_result exchange_answer(struct exchange *exchange,
                                     const struct exchange_timing *timing, const uint8_t *frame,
                                     size_t len, int64_t now_ms, struct adu_reply *reply,
                                     enum adu_verdict *verdict)
{
    *verdict = ADU_OK;
    if (exchange->waiting) {
        *verdict = adu_check_reply(&exchange->request, frame, len, reply);
        if (*verdict == ADU_OK ||
            (*verdict == ADU_EXCEPTION && !owed_by_another(exchange, now_ms))) {
            prolong_debts(exchange, timing, now_ms);
            exchange->waiting = false;
            exchange->quiet_until_ms = now_ms + timing->request_gap_ms;
            return *verdict == ADU_OK ? EXCHANGE_ANSWERED : EXCHANGE_REFUSED;
        }
    }
    return settle(exchange, frame, len, now_ms) ? EXCHANGE_LATE : EXCHANGE_UNEXPECTED;
}

enum exchange_timeout exchange_timeout(struct exchange *exchange,
                                       const struct exchange_timing *timing, int64_t now_ms)
{
    owe(exchange, timing, now_ms);
    if (exchange->repeats < timing->retries)
        return EXCHANGE_REPEAT;
    exchange->waiting = false;
    exchange->quiet_until_ms = now_ms + timing->request_gap_ms;
    return EXCHANGE_GIVE_UP;
}
