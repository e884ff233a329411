#include "collector/poll/plan.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

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

static int64_t either(int64_t own, int64_t standard)
{
    return own >= 0 ? own : standard;
}

/* Without a silence of its own a line has one that a slow serial port behind a mobile network does
 * not reach in the middle of a packet. */
enum { IDLE_MS = 200 };

static void set_times(struct plan *plan, const struct plan_defaults *defaults)
{
    const struct link_timing *own = &plan->profile->link.timing;
    plan->timing = (struct exchange_timing){
        .response_timeout_ms = either(own->response_timeout, defaults->response_timeout_ms),
        .request_gap_ms = either(own->request_gap, defaults->request_gap_ms),
        .slave_gap_ms = either(own->slave_gap, defaults->slave_gap_ms),
        .retries = (uint32_t)either(own->retries, defaults->retries),
        .transactions = plan->framing->transactions,
    };
    plan->heartbeat_timeout_ms = either(own->heartbeat_timeout, defaults->heartbeat_timeout_ms);
    plan->registration_timeout_ms =
        either(own->registration_timeout, defaults->registration_timeout_ms);
    plan->idle_ms = either(own->idle, IDLE_MS);
    plan->after_connect_ms = either(own->after_connect, 0);
    plan->talk_within_ms = either(own->talk_within, 0);
    plan->stagger_ms = defaults->stagger_ms;
    plan->max_missed = (uint32_t)either(own->max_missed, defaults->max_missed);
    plan->max_timeouts = (uint32_t)either(own->max_timeouts, defaults->max_timeouts);
}

static void add_task(struct plan *plan, size_t i, struct names *names)
{
    const struct profile *profile = plan->profile;
    const struct query_task *query = &profile->tasks[i];
    struct plan_task *task = &plan->tasks[i];
    int64_t *cycle_ms = &plan->cycle_ms[query->slave];
    task->task = query;
    task->phase_ms = phase_of(profile, i);
    task->points = xcalloc(query->npoints, sizeof(*task->points));
    for (size_t p = 0; p < query->npoints; p++)
        task->points[p] = names_point(names, profile->name, query->points[p].point);
    plan->answers[i] = (struct expectation){.request = query->request};
    if (query->trigger == TRIGGER_TIMER && (*cycle_ms == 0 || query->interval_ms < *cycle_ms))
        *cycle_ms = query->interval_ms;
}

static void make_plan(struct plan *plan, const struct profile *profile, struct names *names,
                      const struct plan_defaults *defaults)
{
    plan->profile = profile;
    plan->framing = framing_of(profile->link.framing);
    set_times(plan, defaults);
    plan->ntasks = profile->ntasks;
    plan->tasks = xcalloc(plan->ntasks, sizeof(*plan->tasks));
    plan->answers = xcalloc(plan->ntasks, sizeof(*plan->answers));
    plan->cycle_ms = xcalloc(profile->nslaves, sizeof(*plan->cycle_ms));
    for (size_t i = 0; i < plan->ntasks; i++)
        add_task(plan, i, names);
    for (size_t i = 0; i < profile->npoints; i++)
        plan->stores_on_change |= profile->points[i].on_change;
}

static int compare_secrets(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Looked for in what strangers send: so by their first byte, and not each of thousands. */
static void list_secrets(struct plan_set *set)
{
    const struct data_config *config = set->config;
    size_t n = 0;
    set->secrets = xcalloc(config->ndevices, sizeof(*set->secrets));
    for (size_t i = 0; i < config->ndevices; i++) {
        const char *secret = config->devices[i].secret;
        if (secret != NULL && secret[0] != '\0')
            set->secrets[n++] = secret;
    }
    qsort(set->secrets, n, sizeof(*set->secrets), compare_secrets);
    for (size_t byte = 0, i = 0; byte <= 256; byte++) {
        while (i < n && (uint8_t)set->secrets[i][0] < byte)
            i++;
        set->secrets_from[byte] = i;
    }
}

struct plan_set *plan_set_new(struct data_config *config, struct names *names,
                              const struct plan_defaults *defaults)
{
    struct plan_set *set = xcalloc(1, sizeof(*set));
    set->holders = 1;
    set->config = data_config_hold(config);
    set->nplans = config->nprofiles;
    set->plans = xcalloc(set->nplans, sizeof(*set->plans));
    for (size_t i = 0; i < set->nplans; i++)
        make_plan(&set->plans[i], &config->profiles[i], names, defaults);
    list_secrets(set);
    return set;
}

struct plan_set *plan_set_hold(struct plan_set *set)
{
    set->holders++;
    return set;
}

void plan_set_release(struct plan_set *set)
{
    if (set == NULL || --set->holders > 0)
        return;
    for (size_t i = 0; i < set->nplans; i++) {
        struct plan *plan = &set->plans[i];
        for (size_t t = 0; t < plan->ntasks; t++)
            free(plan->tasks[t].points);
        free(plan->tasks);
        free(plan->answers);
        free(plan->cycle_ms);
    }
    free(set->plans);
    free(set->secrets);
    data_config_release(set->config);
    free(set);
}

const struct plan *plan_set_find(const struct plan_set *set, const char *profile)
{
    for (size_t i = 0; i < set->nplans; i++) {
        if (strcmp(set->plans[i].profile->name, profile) == 0)
            return &set->plans[i];
    }
    return NULL;
}
