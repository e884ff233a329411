/*
 * The slaves behind one DTU, each with its own liveness. Pure; belongs to its session.
 *
 * A slave that left a request unanswered is asked nothing more in this cycle (its shortest
 * interval), and in the next only one thing, once; after dead_after such cycles in a row it is
 * dead, and its pauses double up to backoff_max_ms. So it costs its neighbours at most one time-out
 * a cycle. Any answer, an exception too, makes it alive, and what waited for it is due at once.
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

/** Both clocks, read once. */
struct slaves_time {
    int64_t mono_ms, wall_ms;
};

/** slaves_answered(slave, exception, wall_ms): return true where it was dead. */
bool slaves_answered(struct slave_state *slave, bool exception, int64_t wall_ms);

/** slaves_failed(slave, profile, cycle_ms, now): a request stayed unanswered; ${cycle_ms} is the
 * slave's shortest interval. Return true where it is dead from now on. */
bool slaves_failed(struct slave_state *slave, const struct profile *profile, int64_t cycle_ms,
                   struct slaves_time now);

/** slaves_liveness_name(liveness): "unknown", "alive", "dead". */
const char *slaves_liveness_name(enum slave_liveness liveness);

#endif
