/*
 * The slaves behind one DTU, each with its own liveness. Pure; belongs to its session.
 *
 * A slave is dead after dead_after failed cycles in a row (a cycle: all that was asked of it since
 * the last time it was its turn stayed unanswered). A dead slave is asked one thing at a time,
 * without repetition, less and less often: so it costs its neighbours at most one time-out a cycle.
 * Any answer, an exception too, makes it alive, and all its tasks are due again.
 */
#ifndef DTUHUB_COLLECTOR_POLL_SLAVES_H
#define DTUHUB_COLLECTOR_POLL_SLAVES_H

#include "collector/poll/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slave_liveness { SLAVE_UNKNOWN, SLAVE_ALIVE, SLAVE_DEAD };

struct slave_state {
    enum slave_liveness liveness;
    uint32_t failures;        /* in a row */
    int64_t not_before_ms;    /* monotonic; 0: any time */
    int64_t backoff_ms;       /* of a dead one */
    int64_t since_wall_ms;    /* of the liveness */
    int64_t answered_wall_ms; /* its last answer; 0: none on this line */
    uint64_t answers, exceptions, timeouts;
};

#endif
