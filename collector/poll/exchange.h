/*
 * One Modbus exchange after another on one line: at most one request is outstanding. Pure; belongs
 * to its session.
 *
 * Where the framing has transactions (mbap), an answer names its request. RTU has none: an answer
 * says which slave and function it is of and how many bytes it has, but not which request it
 * answers. So an answer that comes after its time-out could be taken for the answer to a later
 * request of the same shape (slave, function, size). Therefore every request that was given up, and
 * every repetition whose answer did not come yet, leaves a debt: until the owed answer came, or
 * LATE_WINDOW time-outs passed, no request of that shape goes out (repetitions of the outstanding
 * one apart: they ask for the same registers). An answer that settles a debt while nothing is
 * outstanding is dropped as late. An exception does not even say a size: while another request to
 * the same slave and function is owed, it settles that debt, and the outstanding request is left to
 * its deadline.
 */
#ifndef DTUHUB_COLLECTOR_POLL_EXCHANGE_H
#define DTUHUB_COLLECTOR_POLL_EXCHANGE_H

#include "collector/link/framing.h"
#include "shared/modbus/adu.h"

#include <stdbool.h>
#include <stdint.h>

enum { EXCHANGE_DEBTS = 4, LATE_WINDOW = 3 };

struct exchange_debt {
    struct expectation owed;
    int64_t until_ms;
};

struct exchange {
    bool waiting; /* a request is outstanding */
    struct adu_request request;
    uint16_t transaction; /* of the outstanding request, or the last one */
    int64_t sent_ms, deadline_ms;
    uint32_t repeats;       /* of the outstanding request, so far */
    int64_t quiet_until_ms; /* no request before this: a pause that the owner wants */
    int64_t open_until_ms;  /* nor before this: what came in is not whole. Its rest would look like
                               the answer, though it began before the request; 0: all is */
    int64_t ended_ms;       /* the last exchange; 0: none yet */
    struct exchange_debt debts[EXCHANGE_DEBTS]; /* until_ms 0: free */
};

struct exchange_timing {
    int64_t response_timeout_ms;
    int64_t request_gap_ms;
    int64_t slave_gap_ms; /* where the next request is for another slave */
    uint32_t retries;
    bool transactions; /* the framing's */
};

/** exchange_expected(exchange, now_ms, out): what may still be answered: the outstanding request,
 * then what is owed. Return how many. */
size_t exchange_expected(struct exchange *exchange, int64_t now_ms,
                         struct expectation out[1 + EXCHANGE_DEBTS]);

/** exchange_ready_ms(exchange, timing, request, now_ms): when ${request} may go out: now or later;
 * not while one is outstanding. */
int64_t exchange_ready_ms(struct exchange *exchange, const struct exchange_timing *timing,
                          const struct adu_request *request, int64_t now_ms);

/** exchange_free_ms(exchange, timing, unit, now_ms): the same without a look at what is owed: when
 * the gap before a request to ${unit} is over. */
int64_t exchange_free_ms(const struct exchange *exchange, const struct exchange_timing *timing,
                         uint8_t unit, int64_t now_ms);

/** exchange_sent(exchange, timing, request, now_ms): ${request} goes out, for the first time or
 * again; exchange->transaction is the number that it goes with. */
void exchange_sent(struct exchange *exchange, const struct exchange_timing *timing,
                   const struct adu_request *request, int64_t now_ms);

enum exchange_result {
    EXCHANGE_ANSWERED,   /* ${reply} holds the data of the outstanding request */
    EXCHANGE_REFUSED,    /* ${reply} holds the exception's code */
    EXCHANGE_LATE,       /* the answer to a request that was given up: dropped */
    EXCHANGE_UNEXPECTED, /* fits nothing that was asked: see ${verdict} for what is wrong with it */
};

/**
 * exchange_answer(exchange, timing, frame, now_ms, reply, verdict): a packet of Modbus came in
 * (FRAME_MODBUS). Only ANSWERED and REFUSED end the outstanding request; anything else leaves it to
 * its deadline. ${reply} points into the frame.
 */
enum exchange_result exchange_answer(struct exchange *exchange,
                                     const struct exchange_timing *timing,
                                     const struct frame *frame, int64_t now_ms,
                                     struct adu_reply *reply, enum adu_verdict *verdict);

enum exchange_timeout { EXCHANGE_REPEAT, EXCHANGE_GIVE_UP };

/** exchange_timeout(exchange, timing, again, now_ms): the deadline passed: send the request again
 * (only where ${again}, and not more than timing->retries times), or give it up (it is not
 * outstanding any more). */
enum exchange_timeout exchange_timeout(struct exchange *exchange,
                                       const struct exchange_timing *timing, bool again,
                                       int64_t now_ms);

#endif
