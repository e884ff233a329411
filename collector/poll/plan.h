/*
 * A plan: a profile made ready for polling, shared by all sessions that run by it; and the set of
 * all plans of one configuration.
 *
 * Immutable and counted; belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_POLL_PLAN_H
#define DTUHUB_COLLECTOR_POLL_PLAN_H

#include "collector/link/framing.h"
#include "collector/poll/exchange.h"
#include "collector/store/names.h"
#include "shared/config/data_config.h"

#include <stddef.h>
#include <stdint.h>

struct plan_task {
    const struct query_task *task;
    uint32_t *points; /* references of task->points, in their order */
    int64_t phase_ms; /* when in a session's life it is due first */
};

/** What server_config.yml says where a profile's line says nothing. */
struct plan_defaults {
    int64_t response_timeout_ms, request_gap_ms, slave_gap_ms;
    int64_t heartbeat_timeout_ms, registration_timeout_ms;
    int64_t stagger_ms; /* first polls of lines are spread over it */
    uint32_t max_missed, max_timeouts, retries;
};

struct plan {
    const struct profile *profile;
    const struct framing *framing;
    struct exchange_timing timing;
    int64_t heartbeat_timeout_ms, registration_timeout_ms;
    int64_t idle_ms, after_connect_ms, talk_within_ms, stagger_ms;
    uint32_t max_missed, max_timeouts; /* max_timeouts 0: never */
    struct plan_task *tasks;
    size_t ntasks;
    int64_t *cycle_ms;           /* of each slave: its shortest interval, 0 where it has none */
    struct expectation *answers; /* of each task: what a listen-only line is searched for */
    bool stores_on_change;       /* a point of it does */
};

struct plan_set {
    unsigned holders;
    struct data_config *config;
    struct plan *plans; /* as config->profiles */
    size_t nplans;
    const char **secrets;     /* those of the configuration's devices, by strcmp() */
    size_t secrets_from[257]; /* where those begin whose first byte is this one */
};

/** plan_set_new(config, names, defaults): hold ${config} and make its plans; held once. */
struct plan_set *plan_set_new(struct data_config *config, struct names *names,
                              const struct plan_defaults *defaults);
struct plan_set *plan_set_hold(struct plan_set *set);

/** plan_set_release(set): free it with its last holder. NULL is allowed. */
void plan_set_release(struct plan_set *set);

/** plan_set_find(set, profile): the plan of the profile of that name, or NULL. */
const struct plan *plan_set_find(const struct plan_set *set, const char *profile);

#endif
