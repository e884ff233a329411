/*
 * One Modbus exchange after another on one line: at most one request is outstanding. Pure; belongs
 * to its session.
 *
 * RTU has no transaction id: an answer says which slave and function it is of and how many bytes it
 * has, but not which request it answers. So an answer that comes after its time-out could be taken
 * for the answer to a later request of the same shape (slave, function, size). Therefore every
 * request that was given up, and every repetition whose answer did not come yet, leaves a debt:
 * until the owed answer came, or LATE_WINDOW time-outs passed, no request of that shape goes out
 * (repetitions of the outstanding one apart: they ask for the same registers). An answer that
 * settles a debt while nothing is outstanding is dropped as late. An exception does not even say a
 * size: while another request to the same slave and function is owed, it settles that debt, and the
 * outstanding request is left to its deadline.
 */
#ifndef DTUHUB_COLLECTOR_POLL_EXCHANGE_H
#define DTUHUB_COLLECTOR_POLL_EXCHANGE_H

#include "shared/modbus/adu.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXCHANGE_DEBTS = 4, LATE_WINDOW = 3 };

struct exchange_debt {
    struct adu_request request;
    int64_t until_ms;
};

struct exchange {
    bool waiting; /* a request is outstanding */
    struct adu_request request;
    int64_t sent_ms, deadline_ms;
    uint32_t repeats;                           /* of the outstanding request, so far */
    int64_t quiet_until_ms;                     /* the gap after an answer */
    struct exchange_debt debts[EXCHANGE_DEBTS]; /* until_ms 0: free */
};

struct exchange_timing {
    int64_t response_timeout_ms;
    int64_t request_gap_ms;
    uint32_t retries;
};

/** exchange_ready_ms(exchange, request, now_ms): when ${request} may go out: now or later; not
 * while one is outstanding. */
int64_t exchange_ready_ms(struct exchange *exchange, const struct adu_request *request,
                          int64_t now_ms);

/** exchange_sent(exchange, timing, request, now_ms): ${request} went out, for the first time or
 * again. */
void exchange_sent(struct exchange *exchange, const struct exchange_timing *timing,
                   const struct adu_request *request, int64_t now_ms);

enum exchange_result {
    EXCHANGE_ANSWERED,   /* ${reply} holds the data of the outstanding request */
    EXCHANGE_REFUSED,    /* ${reply} holds the exception's code */
    EXCHANGE_LATE,       /* the answer to a request that was given up: dropped */
    EXCHANGE_UNEXPECTED, /* fits nothing that was asked: see ${verdict} for what is wrong with it */
};

/**
 * exchange_answer(exchange, timing, frame, len, now_ms, reply, verdict): a whole RTU frame came in.
 * Only ANSWERED and REFUSED end the outstanding request; anything else leaves it to its deadline.
 */
enum exchange_result exchange_answer(struct exchange *exchange,
                                     const struct exchange_timing *timing, const uint8_t *frame,
                                     size_t len, int64_t now_ms, struct adu_reply *reply,
                                     enum adu_verdict *verdict);

enum exchange_timeout { EXCHANGE_REPEAT, EXCHANGE_GIVE_UP };

/** exchange_timeout(exchange, timing, now_ms): the deadline passed: send the request again, or give
 * it up (it is not outstanding any more). */
enum exchange_timeout exchange_timeout(struct exchange *exchange,
                                       const struct exchange_timing *timing, int64_t now_ms);

#endif
