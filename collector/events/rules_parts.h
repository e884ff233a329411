/*
 * Inside of the rules at work (collector/events/rules.h).
 *
 * A rule that runs is a rule_run. A device keeps the runs that are for it, and a spot for each
 * point that some rule names; a spot has a watch for each rule on that point. So an answer of a
 * device that no rule is for costs one look; and of a device's points only those count that a rule
 * names. What time brings is on one wheel: a watch stands on it for the earliest moment at which it
 * may have something to do, and is not moved when that becomes later.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_RULES_PARTS_H
#define DTUHUB_COLLECTOR_EVENTS_RULES_PARTS_H

#include "collector/events/rule.h"
#include "collector/events/rules.h"
#include "collector/events/rules_text.h"
#include "collector/poll/wheel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uthash.h>

struct rule_run {
    const struct rule_def *def;
    int64_t *told_ms; /* monotonic times of what was told within the limit's time, oldest first */
    size_t ntold, room;
    uint64_t held;          /* over the limit, not yet in the log */
    int64_t next_log_ms;    /* monotonic */
    struct rule_run *next;  /* during a reload: what it becomes; NULL: it ends */
    enum rules_reason ends; /* and why */
};

/* A name that points have. */
struct topic {
    UT_hash_handle hh;
    bool named; /* some rule is about it */
    char name[];
};

LIST_HEAD(watch_list, watch);

/* A point of a device; or all of it. */
struct spot {
    struct watched_device *device;
    const struct topic *topic; /* NULL: the whole device */
    char *unit;
    int decimals;
    bool is_float;
    bool stale; /* the device's rules changed: there may be more to watch */
    struct watch_list watches;
};

struct watch {
    struct wheel_timer timer;
    LIST_ENTRY(watch) link;
    TAILQ_ENTRY(watch) open; /* where ${alarm} is not NULL */
    struct spot *spot;
    struct rule_run *run;
    struct rule_state state;
    struct alarm *alarm;
    bool seen;  /* a value came */
    bool told;  /* the alarm went to webhooks */
    bool waits; /* it did not: it is told when the quiet hours end */
};

struct watched_device {
    uint32_t ref;
    char *id, *name, *tags, *address;
    char *profile; /* NULL: not known: it has not come since the start */
    uint16_t port;
    bool came;
    struct rule_run **runs; /* that are for it */
    size_t nruns;
    struct spot **spots;
    size_t nspots, next_spot; /* ${next_spot}: where the next point of an answer is likely found */
    struct spot whole;
};

struct rules {
    struct bus *bus;
    struct data_config *config;
    struct rules_ops ops;
    bool wants_answers, restored;
    struct rule_run *runs;
    size_t nruns;
    struct topic *topics;
    struct watched_device **devices; /* by ref; NULL: not seen */
    size_t ndevices;
    struct wheel *wheel;
    TAILQ_HEAD(open_watches, watch) open; /* the newest first */
    size_t nopen[SEVERITIES];
    struct rules_counts counts;
    int64_t wall_ms, mono_ms; /* the last told */
};

/* rules_index.c: what is watched. */

/** rules_device_get(rules, ref, id): the device; a new one is not watched yet. */
struct watched_device *rules_device_get(struct rules *rules, uint32_t ref, const char *id);

/** rules_device_take(rules, device, event): what an event says of it now, which has come. */
void rules_device_take(struct rules *rules, struct watched_device *device,
                       const struct event_device *event);

/** rules_device_configure(rules, device): the same as far as the configuration says it. */
void rules_device_configure(struct rules *rules, struct watched_device *device);

/** rules_topic(rules, name): made where it is new; rules_topics_renew(rules): after a reload. */
struct topic *rules_topic(struct rules *rules, const char *name);
void rules_topics_renew(struct rules *rules);

/** rules_spot(rules, device, topic, point): the device's spot, with a watch for each of its rules
 * that is for the point. ${point} NULL: made without them, where it is new. */
struct spot *rules_spot(struct rules *rules, struct watched_device *device,
                        const struct topic *topic, const struct point_def *point);

/** rules_watch(rules, spot, run): the spot's watch of that rule; made where there is none. */
struct watch *rules_watch(struct rules *rules, struct spot *spot, struct rule_run *run);

/** rules_drop(rules, watch, reason): an open alarm is cleared. */
void rules_drop(struct rules *rules, struct watch *watch, enum rules_reason reason);

void rules_index_free(struct rules *rules);

/** rules_each_watch(rules, call): all of them; ${call} may drop its own. */
void rules_each_watch(struct rules *rules, void (*call)(struct rules *rules, struct watch *watch));

/** rule_is_whole(rule): it is about all of a device. */
bool rule_is_whole(const struct rule_def *rule);

/* rules_alarm.c: the life of alarms. */

/** rules_judge(rules, watch, verdict, value): do what the rule's state says; ${value} NULL: by
 * time. */
void rules_judge(struct rules *rules, struct watch *watch, enum rule_verdict verdict,
                 const struct reg_value *value);

/** rules_tell_delayed(rules, watch): the quiet hours may be over. */
void rules_tell_delayed(struct rules *rules, struct watch *watch);

/** rules_clear(rules, watch, value, reason): its alarm is over. */
void rules_clear(struct rules *rules, struct watch *watch, const struct reg_value *value,
                 enum rules_reason reason);

/** rules_clear_alarm(rules, device, alarm, reason): one that no rule watches; freed here. */
void rules_clear_alarm(struct rules *rules, const struct watched_device *device,
                       struct alarm *alarm, enum rules_reason reason);

/** rules_adopt(rules, watch, alarm): an alarm of an earlier life is the watch's. */
void rules_adopt(struct rules *rules, struct watch *watch, struct alarm *alarm);

/** rules_arm(rules, watch): see to it that it is looked at when time brings something. */
void rules_arm(struct rules *rules, struct watch *watch);

/* rules_quiet.c: when webhooks hear of an alarm. */

/** rules_is_quiet(rule, wall_ms): whether that moment is in its quiet hours. */
bool rules_is_quiet(const struct rule_def *rule, int64_t wall_ms);

/** rules_may_tell(rules, watch): whether webhooks are called about the watch's alarm, which is
 * raised or raised again now; counted and remembered. */
bool rules_may_tell(struct rules *rules, struct watch *watch);

/** rules_was_untold(rules, rule, alarm): whether it was raised in the quiet hours that it is now,
 * so that nobody can have been told. */
bool rules_was_untold(const struct rules *rules, const struct rule_def *rule,
                      const struct alarm *alarm);

/** rules_log_held(rules): say what limits held back. */
void rules_log_held(struct rules *rules);

/* rules_reload.c */

void rules_runs_free(struct rules *rules);

#endif
