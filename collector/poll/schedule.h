/*
 * When each task of a session is due, and which one is next. Pure; belongs to its session.
 *
 * A timer task keeps its grid: it is due at first + k * interval, whatever the line does in
 * between; instants that passed while it could not run are left out and counted. A heartbeat task
 * becomes due with a heartbeat. Of several due tasks the one that has waited longest goes first. A
 * slave that does not answer is left in peace for a while: its tasks wait (see slaves.h).
 */
#ifndef DTUHUB_COLLECTOR_POLL_SCHEDULE_H
#define DTUHUB_COLLECTOR_POLL_SCHEDULE_H

#include "collector/poll/exchange.h"
#include "collector/poll/plan.h"
#include "collector/poll/slaves.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_NEVER INT64_MAX

struct schedule {
    size_t ntasks;
    int64_t *due_ms; /* monotonic, by task; SCHEDULE_NEVER */
};

/** schedule_start(schedule, plan, now_ms, jitter): set all timers; ${jitter} in 0..1 moves this
 * session's grid, so that sessions do not poll in step. Heartbeat tasks are due with the next one.
 */
void schedule_start(struct schedule *schedule, const struct plan *plan, int64_t now_ms,
                    double jitter);

/** schedule_clear(schedule): free it; nothing is due. */
void schedule_clear(struct schedule *schedule);

/** schedule_heartbeat(schedule, plan, now_ms): all heartbeat tasks become due, but for those that
 * still are. */
void schedule_heartbeat(struct schedule *schedule, const struct plan *plan, int64_t now_ms);

/** What a task has to wait for besides its time. */
struct schedule_wait {
    struct exchange *exchange;
    const struct slave_state *slaves; /* as plan->profile->slaves */
};

/**
 * schedule_pick(schedule, plan, wait, now_ms, start_ms): the task that may go out first, given
 * what the line still owes and which slaves are asked, and when; -1 and SCHEDULE_NEVER where none
 * is due at any time. For a line without an outstanding request.
 */
int schedule_pick(const struct schedule *schedule, const struct plan *plan,
                  const struct schedule_wait *wait, int64_t now_ms, int64_t *start_ms);

/** schedule_hasten(schedule, plan, wait, now_ms): the timer task that is due next is due now, of
 * those that nothing but the gap holds back. false where there is none. */
bool schedule_hasten(struct schedule *schedule, const struct plan *plan,
                     const struct schedule_wait *wait, int64_t now_ms);

/**
 * schedule_ran(schedule, plan, task, now_ms): ${task} goes out now: set its next time. Return the
 * number of instants of its grid that were missed.
 */
uint64_t schedule_ran(struct schedule *schedule, const struct plan *plan, int task, int64_t now_ms);

#endif
