/*
 * A plan: a profile's tasks made ready for polling, shared by all sessions that run by it.
 *
 * Immutable and counted; belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_POLL_PLAN_H
#define DTUHUB_COLLECTOR_POLL_PLAN_H

#include "collector/store/names.h"
#include "shared/config/data_config.h"

#include <stddef.h>
#include <stdint.h>

struct plan_task {
    const struct query_task *task;
    uint32_t *points; /* references of task->points, in their order */
    int64_t phase_ms; /* when in a session's life it is due first */
};

struct plan {
    unsigned holders;
    struct data_config *config;
    const struct profile *profile;
    struct plan_task *tasks;
    size_t ntasks;
};

/** plan_new(config, names): hold ${config} and make its plan, held once. */
struct plan *plan_new(struct data_config *config, struct names *names);
struct plan *plan_hold(struct plan *plan);
void plan_release(struct plan *plan);

#endif
