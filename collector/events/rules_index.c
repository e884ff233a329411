/* What is watched: devices, their points, and the rules on each. */
#include "collector/events/rules_parts.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { DEVICES_STEP = 64 };

bool rule_is_whole(const struct rule_def *rule)
{
    return rule->when.condition == RULE_NO_DATA && strcmp(rule->point, "*") == 0;
}

/* Whether the rule is about points of that name. */
static bool is_about(const struct rule_def *rule, const char *name)
{
    return !rule_is_whole(rule) && rule_matches_point(rule, name);
}

/* Topics */

static bool is_named(const struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->nruns; i++) {
        if (is_about(rules->runs[i].def, name))
            return true;
    }
    return false;
}

struct topic *rules_topic(struct rules *rules, const char *name)
{
    struct topic *topic;
    size_t len = strlen(name);
    HASH_FIND(hh, rules->topics, name, len, topic);
    if (topic != NULL)
        return topic;
    topic = xcalloc(1, sizeof(*topic) + len + 1);
    memcpy(topic->name, name, len);
    topic->named = is_named(rules, name);
    HASH_ADD_KEYPTR(hh, rules->topics, topic->name, len, topic);
    return topic;
}

void rules_topics_renew(struct rules *rules)
{
    for (struct topic *topic = rules->topics; topic != NULL; topic = topic->hh.next)
        topic->named = is_named(rules, topic->name);
}

/* Watches */

static struct watch *find_watch(const struct spot *spot, const struct rule_run *run)
{
    struct watch *watch;
    LIST_FOREACH (watch, &spot->watches, link) {
        if (watch->run == run)
            return watch;
    }
    return NULL;
}

struct watch *rules_watch(struct rules *rules, struct spot *spot, struct rule_run *run)
{
    struct watch *watch = find_watch(spot, run);
    if (watch != NULL)
        return watch;
    watch = xcalloc(1, sizeof(*watch));
    watch->spot = spot;
    watch->run = run;
    rule_begin(run->def, &watch->state, rules->mono_ms);
    LIST_INSERT_HEAD(&spot->watches, watch, link);
    rules->counts.states++;
    rules_arm(rules, watch);
    return watch;
}

static void free_watch(struct rules *rules, struct watch *watch)
{
    wheel_stop(rules->wheel, &watch->timer);
    LIST_REMOVE(watch, link);
    rules->counts.states--;
    free(watch);
}

void rules_drop(struct rules *rules, struct watch *watch, enum rules_reason reason)
{
    if (watch->alarm != NULL)
        rules_clear(rules, watch, NULL, reason);
    free_watch(rules, watch);
}

/* Spots */

static struct spot *find_spot(struct watched_device *device, const struct topic *topic)
{
    for (size_t i = 0; i < device->nspots; i++) {
        size_t at = (device->next_spot + i) % device->nspots;
        if (device->spots[at]->topic == topic) {
            device->next_spot = at + 1; /* points come in the same order each time */
            return device->spots[at];
        }
    }
    return NULL;
}

static struct spot *add_spot(struct watched_device *device, const struct topic *topic)
{
    struct spot *spot = xcalloc(1, sizeof(*spot));
    *spot = (struct spot){.device = device, .topic = topic, .decimals = -1, .stale = true};
    spot->unit = xstrdup("");
    device->spots = xreallocarray(device->spots, device->nspots + 1, sizeof(struct spot *));
    device->spots[device->nspots++] = spot;
    return spot;
}

static void replace(char **known, const char *text)
{
    if (*known != NULL && strcmp(*known, text) == 0)
        return;
    free(*known);
    *known = xstrdup(text);
}

static void watch_point(struct rules *rules, struct spot *spot, const struct point_def *point)
{
    replace(&spot->unit, point->unit);
    spot->decimals = point->decimals;
    spot->is_float = point->type.kind == REG_FLOAT;
    for (size_t i = 0; i < spot->device->nruns; i++) {
        struct rule_run *run = spot->device->runs[i];
        if (is_about(run->def, spot->topic->name))
            rules_watch(rules, spot, run);
    }
    spot->stale = false;
}

struct spot *rules_spot(struct rules *rules, struct watched_device *device,
                        const struct topic *topic, const struct point_def *point)
{
    struct spot *spot = find_spot(device, topic);
    if (spot == NULL)
        spot = add_spot(device, topic);
    if (spot->stale && point != NULL)
        watch_point(rules, spot, point);
    return spot;
}

/* Devices */

static void describe(const struct rules *rules, struct watched_device *device)
{
    const struct device_def *def = data_config_device(rules->config, device->id);
    replace(&device->name, def != NULL ? def->name : "");
    replace(&device->tags, def != NULL ? def->tags : "");
    if (def != NULL && def->profile != NULL)
        replace(&device->profile, def->profile->name);
}

struct watched_device *rules_device_get(struct rules *rules, uint32_t ref, const char *id)
{
    if (ref >= rules->ndevices) {
        size_t room = (size_t)ref + DEVICES_STEP + rules->ndevices;
        rules->devices = xreallocarray(rules->devices, room, sizeof(*rules->devices));
        memset(rules->devices + rules->ndevices, 0,
               (room - rules->ndevices) * sizeof(*rules->devices));
        rules->ndevices = room;
    }
    if (rules->devices[ref] != NULL)
        return rules->devices[ref];
    struct watched_device *device = rules->devices[ref] = xcalloc(1, sizeof(*device));
    device->ref = ref;
    device->id = xstrdup(id);
    device->address = xstrdup("");
    device->whole.device = device;
    device->whole.decimals = -1;
    describe(rules, device);
    return device;
}

/* While the profile is not known, it may be any. */
static bool matches(struct rules *rules, const struct rule_def *rule,
                    const struct watched_device *device)
{
    rules->counts.matched++;
    if (device->profile != NULL)
        return rule_matches_device(rule, device->id, device->profile, device->tags);
    struct rule_def any_profile = *rule;
    any_profile.profiles = NULL;
    return rule_matches_device(&any_profile, device->id, "", device->tags);
}

static bool is_of(const struct watched_device *device, const struct rule_run *run)
{
    for (size_t i = 0; i < device->nruns; i++) {
        if (device->runs[i] == run)
            return true;
    }
    return false;
}

static void renew_spot(struct rules *rules, struct spot *spot)
{
    struct watch *next;
    spot->stale = true;
    for (struct watch *watch = LIST_FIRST(&spot->watches); watch != NULL; watch = next) {
        next = LIST_NEXT(watch, link);
        if (!is_of(spot->device, watch->run))
            rules_drop(rules, watch, CLEARED_NOT_MATCHED);
    }
}

/* Silence is noticed from now on, and not from the first value: there may be none. */
static void watch_silence(struct rules *rules, struct watched_device *device, struct rule_run *run)
{
    const struct profile *profile = data_config_profile(rules->config, device->profile);
    if (rule_is_whole(run->def)) {
        rules_watch(rules, &device->whole, run);
        return;
    }
    for (size_t i = 0; profile != NULL && i < profile->npoints; i++) {
        const struct point_def *point = &profile->points[i];
        if (rule_matches_point(run->def, point->name))
            rules_spot(rules, device, rules_topic(rules, point->name), point);
    }
}

/* Which rules are for the device, and what they watch. */
static void renew(struct rules *rules, struct watched_device *device)
{
    device->nruns = 0;
    for (size_t i = 0; i < rules->nruns; i++) {
        struct rule_run *run = &rules->runs[i];
        if (!matches(rules, run->def, device))
            continue;
        device->runs = xreallocarray(device->runs, device->nruns + 1, sizeof(*device->runs));
        device->runs[device->nruns++] = run;
    }
    renew_spot(rules, &device->whole);
    for (size_t i = 0; i < device->nspots; i++)
        renew_spot(rules, device->spots[i]);
    for (size_t i = 0; device->came && i < device->nruns; i++) {
        if (device->runs[i]->def->when.condition == RULE_NO_DATA)
            watch_silence(rules, device, device->runs[i]);
    }
}

void rules_device_configure(struct rules *rules, struct watched_device *device)
{
    describe(rules, device);
    renew(rules, device);
}

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

void rules_device_take(struct rules *rules, struct watched_device *device,
                       const struct event_device *event)
{
    const char *tags = text_of(event->tags), *profile = text_of(event->profile);
    bool same =
        device->came && strcmp(device->tags, tags) == 0 && strcmp(device->profile, profile) == 0;
    replace(&device->name, text_of(event->name));
    replace(&device->address, text_of(event->address));
    device->port = event->port;
    if (same)
        return;
    device->came = true;
    replace(&device->tags, tags);
    replace(&device->profile, profile);
    renew(rules, device);
}

void rules_each_watch(struct rules *rules, void (*call)(struct rules *rules, struct watch *watch))
{
    for (size_t i = 0; i < rules->ndevices; i++) {
        struct watched_device *device = rules->devices[i];
        for (size_t n = 0; device != NULL && n <= device->nspots; n++) {
            struct spot *spot = n < device->nspots ? device->spots[n] : &device->whole;
            struct watch *next;
            for (struct watch *watch = LIST_FIRST(&spot->watches); watch != NULL; watch = next) {
                next = LIST_NEXT(watch, link);
                call(rules, watch);
            }
        }
    }
}

/* End */

static void free_one(struct rules *rules, struct watch *watch)
{
    alarm_free(watch->alarm);
    free_watch(rules, watch);
}

static void free_device(struct watched_device *device)
{
    if (device == NULL)
        return;
    for (size_t i = 0; i < device->nspots; i++) {
        free(device->spots[i]->unit);
        free(device->spots[i]);
    }
    free(device->spots);
    free(device->runs);
    free(device->id);
    free(device->name);
    free(device->tags);
    free(device->profile);
    free(device->address);
    free(device);
}

void rules_index_free(struct rules *rules)
{
    struct topic *topic, *next;
    rules_each_watch(rules, free_one);
    for (size_t i = 0; i < rules->ndevices; i++)
        free_device(rules->devices[i]);
    free(rules->devices);
    HASH_ITER (hh, rules->topics, topic, next) {
        HASH_DEL(rules->topics, topic);
        free(topic);
    }
}
