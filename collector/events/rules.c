/* All rules at work: what they are told. */
#include "collector/events/rules.h"

#include "collector/events/rules_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdlib.h>

static void feed(struct rules *rules, struct watch *watch, const struct reg_value *value)
{
    enum rule_verdict verdict = rule_value(watch->run->def, &watch->state, value, rules->mono_ms);
    rules->counts.judged++;
    watch->seen = true;
    if (verdict != RULE_NOTHING)
        rules_judge(rules, watch, verdict, value);
    rules_arm(rules, watch);
}

static void feed_spot(struct rules *rules, const struct spot *spot, const struct reg_value *value)
{
    struct watch *watch;
    LIST_FOREACH (watch, &spot->watches, link) {
        feed(rules, watch, value);
    }
}

static void on_answer(void *cookie, const struct event_answer *answer)
{
    static const struct reg_value some = {0};
    struct rules *rules = cookie;
    rules->wall_ms = answer->ts_ms;
    rules->mono_ms = answer->mono_ms;
    struct watched_device *device =
        rules_device_get(rules, answer->device->ref, answer->device->id);
    rules_device_take(rules, device, answer->device);
    if (device->nruns == 0)
        return;
    feed_spot(rules, &device->whole, &some);
    for (size_t i = 0; i < answer->count; i++) {
        const struct event_reading *reading = &answer->readings[i];
        const struct topic *topic = rules_topic(rules, reading->point->name);
        if (topic->named)
            feed_spot(rules, rules_spot(rules, device, topic, reading->point), reading->value);
    }
}

static void on_event(void *cookie, const struct bus_event *event)
{
    struct rules *rules = cookie;
    if (event->kind != EVENT_DEVICE_ONLINE || event->device == NULL)
        return;
    rules->wall_ms = event->ts_ms;
    rules_device_take(rules, rules_device_get(rules, event->device->ref, event->device->id),
                      event->device);
}

static void on_time(void *cookie, struct wheel_timer *timer)
{
    struct rules *rules = cookie;
    struct watch *watch = (struct watch *)timer; /* its first member */
    enum rule_verdict verdict = rule_time(watch->run->def, &watch->state, rules->mono_ms);
    if (verdict != RULE_NOTHING)
        rules_judge(rules, watch, verdict, NULL);
    rules_tell_delayed(rules, watch);
    rules_arm(rules, watch);
}

_Static_assert(offsetof(struct watch, timer) == 0, "on_time() finds the watch by its timer");

void rules_tick(struct rules *rules, int64_t wall_ms, int64_t mono_ms)
{
    rules->wall_ms = wall_ms;
    rules->mono_ms = mono_ms;
    wheel_advance(rules->wheel, mono_ms, on_time, rules);
    rules_log_held(rules);
}

struct rules *rules_new(struct bus *bus, struct data_config *config, const struct rules_ops *ops)
{
    struct rules *rules = xcalloc(1, sizeof(*rules));
    rules->bus = bus;
    rules->ops = *ops;
    rules->wheel = wheel_new(0);
    TAILQ_INIT(&rules->open);
    rules_configure(rules, config, clock_wall_ms(), clock_mono_ms());
    bus_listen(bus, &(struct bus_listener){.event = on_event,
                                           .answer = on_answer,
                                           .wants_answers = &rules->wants_answers,
                                           .cookie = rules});
    return rules;
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    rules_index_free(rules);
    rules_runs_free(rules);
    wheel_free(rules->wheel);
    free(rules);
}

struct json_object *rules_open_alarms(const struct rules *rules)
{
    struct json_object *list = json_object_new_array();
    struct watch *watch;
    TAILQ_FOREACH (watch, &rules->open, open) {
        json_object_array_add(list, alarm_json(watch->alarm));
    }
    return list;
}

size_t rules_open_count(const struct rules *rules, enum severity severity)
{
    return rules->nopen[severity];
}

void rules_counts(const struct rules *rules, struct rules_counts *out)
{
    *out = rules->counts;
    out->rules = rules->nruns;
}
