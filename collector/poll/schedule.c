#include "collector/poll/schedule.h"

#include "shared/base/alloc.h"

#include <stdlib.h>

void schedule_clear(struct schedule *schedule)
{
    free(schedule->due_ms);
    schedule->due_ms = NULL;
    schedule->ntasks = 0;
}

/* The least interval bounds the jitter: so the phases that the plan spread stay spread. */
static int64_t jitter_span(const struct plan *plan)
{
    int64_t span = plan->stagger_ms;
    for (size_t i = 0; i < plan->ntasks; i++) {
        const struct query_task *task = plan->tasks[i].task;
        if (task->trigger == TRIGGER_TIMER && task->interval_ms < span)
            span = task->interval_ms;
    }
    return span;
}

void schedule_start(struct schedule *schedule, const struct plan *plan, int64_t now_ms,
                    double jitter)
{
    schedule_clear(schedule);
    schedule->ntasks = plan->ntasks;
    schedule->due_ms = xcalloc(plan->ntasks, sizeof(*schedule->due_ms));
    int64_t first_ms = now_ms + (int64_t)(jitter * (double)jitter_span(plan));
    for (size_t i = 0; i < plan->ntasks; i++)
        schedule->due_ms[i] = plan->tasks[i].task->trigger == TRIGGER_TIMER
                                  ? first_ms + plan->tasks[i].phase_ms
                                  : SCHEDULE_NEVER;
}

void schedule_heartbeat(struct schedule *schedule, const struct plan *plan, int64_t now_ms)
{
    for (size_t i = 0; i < schedule->ntasks; i++) {
        if (plan->tasks[i].task->trigger == TRIGGER_HEARTBEAT &&
            schedule->due_ms[i] == SCHEDULE_NEVER)
            schedule->due_ms[i] = now_ms;
    }
}

/* Whether its slave is asked, and no answer is owed that could be taken for its own. */
static bool may_go(const struct query_task *task, const struct plan *plan,
                   const struct schedule_wait *wait, int64_t now_ms)
{
    const struct adu_request *request = &task->request;
    return wait->slaves[task->slave].not_before_ms <= now_ms &&
           exchange_ready_ms(wait->exchange, &plan->timing, request, now_ms) <=
               exchange_free_ms(wait->exchange, &plan->timing, request->unit, now_ms);
}

bool schedule_hasten(struct schedule *schedule, const struct plan *plan,
                     const struct schedule_wait *wait, int64_t now_ms)
{
    int64_t *next_ms = NULL;
    for (size_t i = 0; i < schedule->ntasks; i++) {
        const struct query_task *task = plan->tasks[i].task;
        if (task->trigger == TRIGGER_TIMER && may_go(task, plan, wait, now_ms) &&
            (next_ms == NULL || schedule->due_ms[i] < *next_ms))
            next_ms = &schedule->due_ms[i];
    }
    if (next_ms == NULL)
        return false;
    if (*next_ms > now_ms)
        *next_ms = now_ms;
    return true;
}

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int schedule_pick(const struct schedule *schedule, const struct plan *plan,
                  const struct schedule_wait *wait, int64_t now_ms, int64_t *start_ms)
{
    int picked = -1;
    *start_ms = SCHEDULE_NEVER;
    for (size_t i = 0; i < schedule->ntasks; i++) {
        const struct query_task *task = plan->tasks[i].task;
        int64_t due_ms = schedule->due_ms[i];
        if (due_ms == SCHEDULE_NEVER)
            continue;
        int64_t wanted_ms = latest(due_ms, wait->slaves[task->slave].not_before_ms);
        if (wanted_ms > *start_ms) /* cannot be the first: spare the look at what is owed */
            continue;
        int64_t at_ms = latest(
            wanted_ms, exchange_ready_ms(wait->exchange, &plan->timing, &task->request, now_ms));
        if (at_ms < *start_ms || (at_ms == *start_ms && due_ms < schedule->due_ms[picked])) {
            *start_ms = at_ms;
            picked = (int)i;
        }
    }
    return picked;
}

uint64_t schedule_ran(struct schedule *schedule, const struct plan *plan, int task, int64_t now_ms)
{
    const struct query_task *query = plan->tasks[task].task;
    int64_t *due_ms = &schedule->due_ms[task];
    if (query->trigger == TRIGGER_HEARTBEAT) {
        *due_ms = SCHEDULE_NEVER;
        return 0;
    }
    int64_t missed = now_ms > *due_ms ? (now_ms - *due_ms) / query->interval_ms : 0;
    *due_ms += (missed + 1) * query->interval_ms;
    return (uint64_t)missed;
}
