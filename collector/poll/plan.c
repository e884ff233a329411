#include "collector/poll/plan.h"

#include "shared/base/alloc.h"

#include <stdlib.h>

/* A new session's first polls come within this time, so that a person who connects a DTU sees
 * values soon. */
enum { FIRST_POLLS_MS = 5000 };

/*
 * Tasks of one interval are spread evenly over it, or over FIRST_POLLS_MS where it is longer: so
 * they do not wait for each other on the one line they share.
 */
static int64_t phase_of(const struct profile *profile, size_t index)
{
    const struct query_task *task = &profile->tasks[index];
    int64_t span = task->interval_ms < FIRST_POLLS_MS ? task->interval_ms : FIRST_POLLS_MS;
    size_t peers = 0, before = 0;
    for (size_t i = 0; i < profile->ntasks; i++) {
        const struct query_task *other = &profile->tasks[i];
        if (other->trigger != TRIGGER_TIMER)
            continue;
        peers++;
        before += i < index;
    }
    return peers > 0 ? span * (int64_t)before / (int64_t)peers : 0;
}

struct plan *plan_new(struct data_config *config, struct names *names)
{
    struct plan *plan = xcalloc(1, sizeof(*plan));
    plan->holders = 1;
    plan->config = data_config_hold(config);
    plan->profile = &config->profiles[0];
    plan->ntasks = config->profiles[0].ntasks;
    plan->tasks = xcalloc(plan->ntasks, sizeof(*plan->tasks));
    for (size_t i = 0; i < plan->ntasks; i++) {
        struct plan_task *task = &plan->tasks[i];
        task->task = &config->profiles[0].tasks[i];
        task->phase_ms = phase_of(plan->profile, i);
        task->points = xcalloc(task->task->npoints, sizeof(*task->points));
        for (size_t p = 0; p < task->task->npoints; p++)
            task->points[p] = names_point(names, plan->profile->name, task->task->points[p].point);
    }
    return plan;
}

struct plan *plan_hold(struct plan *plan)
{
    plan->holders++;
    return plan;
}

void plan_release(struct plan *plan)
{
    if (plan == NULL || --plan->holders > 0)
        return;
    for (size_t i = 0; i < plan->ntasks; i++)
        free(plan->tasks[i].points);
    free(plan->tasks);
    data_config_release(plan->config);
    free(plan);
}
