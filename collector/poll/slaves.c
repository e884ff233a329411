#include "collector/poll/slaves.h"

/* The shortest pause of a slave that failed: without it, one whose tasks are all sent with
 * heartbeats would be asked all of them in vain each time. */
enum { PAUSE_LEAST_MS = 1000 };

static int64_t later(int64_t pause_ms, const struct profile *profile)
{
    return pause_ms > profile->backoff_max_ms / 2 ? profile->backoff_max_ms : 2 * pause_ms;
}

bool slaves_answered(struct slave_state *slave, bool exception, int64_t wall_ms)
{
    bool changed = slave->liveness != SLAVE_ALIVE, was_dead = slave->liveness == SLAVE_DEAD;
    slave->answers++;
    slave->exceptions += exception;
    slave->failures = 0;
    slave->not_before_ms = slave->backoff_ms = 0;
    slave->answered_wall_ms = wall_ms;
    slave->liveness = SLAVE_ALIVE;
    if (changed)
        slave->since_wall_ms = wall_ms;
    return was_dead;
}

bool slaves_failed(struct slave_state *slave, const struct profile *profile, int64_t cycle_ms,
                   struct slaves_time now)
{
    int64_t pause_ms = cycle_ms > PAUSE_LEAST_MS ? cycle_ms : PAUSE_LEAST_MS;
    bool died = false;
    slave->timeouts++;
    slave->failures++;
    if (slave->failures < profile->dead_after) {
        slave->not_before_ms = now.mono_ms + pause_ms;
        return false;
    }
    if (slave->liveness != SLAVE_DEAD) {
        slave->liveness = SLAVE_DEAD;
        slave->since_wall_ms = now.wall_ms;
        slave->backoff_ms = pause_ms < profile->backoff_max_ms ? pause_ms : profile->backoff_max_ms;
        died = true;
    }
    slave->backoff_ms = later(slave->backoff_ms, profile);
    slave->not_before_ms = now.mono_ms + slave->backoff_ms;
    return died;
}

const char *slaves_liveness_name(enum slave_liveness liveness)
{
    static const char *const names[] = {
        [SLAVE_UNKNOWN] = "unknown", [SLAVE_ALIVE] = "alive", [SLAVE_DEAD] = "dead"};
    return names[liveness];
}
