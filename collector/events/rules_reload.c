/* What outlives a reload, and a start. */
#include "collector/events/rules_parts.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Reload */

static bool same_condition(const struct rule_expr *a, const struct rule_expr *b)
{
    return a->condition == b->condition && a->low == b->low && a->high == b->high &&
           a->bit == b->bit && a->time_ms == b->time_ms;
}

static struct rule_run *find_run(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->nruns; i++) {
        if (strcmp(rules->runs[i].def->name, name) == 0)
            return &rules->runs[i];
    }
    return NULL;
}

/* What was told counts for the new limit as well. */
static void carry_over(struct rule_run *old, struct rule_run *run)
{
    run->told_ms = old->told_ms;
    run->ntold = old->ntold;
    run->room = old->room;
    run->held = old->held;
    run->next_log_ms = old->next_log_ms;
    old->told_ms = NULL;
    if (same_condition(&old->def->when, &run->def->when) &&
        strcmp(old->def->point, run->def->point) == 0 &&
        old->def->hysteresis == run->def->hysteresis)
        old->next = run;
}

static struct rule_run *new_runs(const struct rules *rules, const struct rule_config *config)
{
    struct rule_run *runs = xcalloc(config->nrules + 1, sizeof(*runs));
    for (size_t i = 0; i < rules->nruns; i++)
        rules->runs[i].ends = CLEARED_RULE_REMOVED;
    for (size_t i = 0; i < config->nrules; i++) {
        runs[i].def = &config->rules[i];
        struct rule_run *old = find_run(rules, config->rules[i].name);
        if (old == NULL)
            continue;
        old->ends = CLEARED_RULE_CHANGED;
        carry_over(old, &runs[i]);
    }
    return runs;
}

static void move(struct rules *rules, struct watch *watch)
{
    if (watch->run->next == NULL) {
        rules_drop(rules, watch, watch->run->ends);
        return;
    }
    watch->run = watch->run->next;
    rules_arm(rules, watch);
}

static void free_runs(struct rule_run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(runs[i].told_ms);
    free(runs);
}

void rules_configure(struct rules *rules, struct data_config *config, int64_t wall_ms,
                     int64_t mono_ms)
{
    struct data_config *before = rules->config;
    struct rule_run *old = rules->runs;
    size_t nold = rules->nruns;
    rules->wall_ms = wall_ms;
    rules->mono_ms = mono_ms;
    struct rule_run *runs = new_runs(rules, &config->rules);
    rules_each_watch(rules, move);
    rules->config = data_config_hold(config);
    rules->runs = runs;
    rules->nruns = config->rules.nrules;
    rules->wants_answers = rules->nruns > 0;
    rules_topics_renew(rules);
    for (size_t i = 0; i < rules->ndevices; i++) {
        if (rules->devices[i] != NULL)
            rules_device_configure(rules, rules->devices[i]);
    }
    free_runs(old, nold);
    data_config_release(before);
}

void rules_runs_free(struct rules *rules)
{
    free_runs(rules->runs, rules->nruns);
    data_config_release(rules->config);
}

/* Start */

/* The spot that the alarm is about, where the rule is still about it. */
static struct spot *spot_of(struct rules *rules, struct watched_device *device,
                            const struct rule_run *run, const struct alarm *alarm)
{
    if (run->def->when.condition == RULE_CHANGES ||
        rule_is_whole(run->def) != (alarm->point[0] == '\0'))
        return NULL;
    for (size_t i = 0; i < device->nruns; i++) {
        if (device->runs[i] != run)
            continue;
        if (rule_is_whole(run->def))
            return &device->whole;
        if (rule_matches_point(run->def, alarm->point))
            return rules_spot(rules, device, rules_topic(rules, alarm->point), NULL);
    }
    return NULL;
}

/* A value that came before the alarm did is seen by the alarm's eyes: by its hysteresis. */
static void see_again(struct rules *rules, struct watch *watch, const struct rule_state *before)
{
    const struct rule_def *rule = watch->run->def;
    int known = before->has_last;
    const struct reg_value value = {
        .number = before->last, .raw = before->last_raw, .has_number = known, .has_raw = known};
    if (before->raised || !watch->seen || (!known && rule->when.condition != RULE_NO_DATA))
        return;
    rules_judge(rules, watch, rule_value(rule, &watch->state, &value, before->last_ms), &value);
}

static void take_over(struct rules *rules, struct watch *watch, struct alarm *alarm)
{
    struct rule_state before = watch->state;
    rule_restore(watch->run->def, &watch->state, rules->mono_ms);
    if (before.raised) {
        watch->state = before;
        watch->state.told_ms = rules->mono_ms;
    }
    rules_adopt(rules, watch, alarm);
    see_again(rules, watch, &before);
    rules_arm(rules, watch);
}

static void restore(struct rules *rules, struct alarm *alarm)
{
    uint32_t ref = rules->ops.device(rules->ops.cookie, alarm->device_id);
    struct watched_device *device = rules_device_get(rules, ref, alarm->device_id);
    struct rule_run *run = find_run(rules, alarm->rule);
    if (!device->came)
        rules_device_configure(rules, device);
    struct spot *spot = run != NULL ? spot_of(rules, device, run, alarm) : NULL;
    if (spot == NULL) {
        rules_clear_alarm(rules, device, alarm,
                          run != NULL ? CLEARED_RULE_CHANGED : CLEARED_RULE_REMOVED);
        return;
    }
    struct watch *watch = rules_watch(rules, spot, run);
    if (watch->alarm != NULL && watch->alarm->raised_ms > alarm->raised_ms) {
        rules_clear_alarm(rules, device, alarm, CLEARED_TWICE);
        return;
    }
    if (watch->alarm != NULL)
        rules_clear(rules, watch, NULL, CLEARED_TWICE);
    take_over(rules, watch, alarm);
}

void rules_restore(struct rules *rules, struct alarm **alarms, size_t n, int64_t wall_ms,
                   int64_t mono_ms)
{
    rules->wall_ms = wall_ms;
    rules->mono_ms = mono_ms;
    for (size_t i = 0; i < n; i++) {
        if (alarms[i]->state == ALARM_CLEARED)
            alarm_free(alarms[i]);
        else
            restore(rules, alarms[i]);
    }
}

/* What became true while nothing might be raised. */
static void raise_now(struct rules *rules, struct watch *watch)
{
    if (watch->state.raised && watch->alarm == NULL) {
        watch->state.told_ms = rules->mono_ms;
        rules_judge(rules, watch, RULE_RAISE, NULL);
        rules_arm(rules, watch);
    }
}

void rules_restored(struct rules *rules, int64_t wall_ms, int64_t mono_ms)
{
    rules->wall_ms = wall_ms;
    rules->mono_ms = mono_ms;
    if (rules->restored)
        return;
    rules->restored = true;
    rules_each_watch(rules, raise_now);
}
