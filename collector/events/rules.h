/*
 * All rules at work: which rule watches which point of which device, the alarms that are open, and
 * the events alarm_raised, alarm_cleared, alarm_acknowledged and no_data on the bus.
 *
 * It listens to answers on the bus and to device_online (a device that comes is watched from then
 * on, also while it is away). A reload keeps the state of each rule whose name stays and whose
 * condition, point and hysteresis are the same; alarms of rules that are gone are cleared. Until
 * rules_restored() nothing is raised but changes, which leave no alarm open (values are taken in
 * all the same): an alarm that an earlier life left open must not be raised a second time.
 *
 * Webhooks: an alarm that is raised in the rule's quiet hours is told when they end, where it is
 * still raised and nobody has acknowledged it; one over the rule's limit is not. Of an alarm that
 * was not told, the end is not told either.
 *
 * The events carry, besides what all do (collector/events/event.h): rule, alarm (its id: that of
 * the event that raised it), data_point (none of a whole device), value, raw_value, unit,
 * condition, hysteresis, message_en and message_zh; all with the rule's severity. alarm_raised that
 * comes once more says "repeated", or "delayed" where quiet hours held it back; alarm_cleared says
 * "duration" in seconds, and "reason" where it was not the value; alarm_acknowledged says actor and
 * comment. no_data comes before the alarm that it raises, and does not name the rule.
 *
 * Belongs to the loop's thread. rules_tick() looks at time; everything else is told by the bus.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_RULES_H
#define DTUHUB_COLLECTOR_EVENTS_RULES_H

#include "collector/alarm.h"
#include "collector/events/bus.h"
#include "shared/config/data_config.h"
#include "shared/config/rule_config.h"

#include <json-c/json_object.h>

struct rules;

/** What it needs of others. */
struct rules_ops {
    /* Put an alarm's life on record (collector/store/recorder.h). */
    void (*record)(void *cookie, uint32_t device, const struct alarm *alarm, int64_t ts_ms);
    /* The reference of a device (collector/store/names.h). */
    uint32_t (*device)(void *cookie, const char *id);
    void *cookie;
};

/** What it did, and what it holds. */
struct rules_counts {
    uint64_t raised, repeated, cleared; /* alarms */
    uint64_t held;                      /* of the raised and repeated ones: over a rule's limit */
    uint64_t judged;                    /* values shown to a rule */
    uint64_t matched;                   /* rules looked at for a device */
    size_t rules, states;               /* now; a state is one rule on one point of one device */
};

/** rules_new(bus, config, ops): ${config} is held as long as its rules run. */
struct rules *rules_new(struct bus *bus, struct data_config *config, const struct rules_ops *ops);
void rules_free(struct rules *rules);

/** rules_configure(rules, config, wall_ms, mono_ms): a reload. */
void rules_configure(struct rules *rules, struct data_config *config, int64_t wall_ms,
                     int64_t mono_ms);

/** rules_restore(rules, alarms, n, wall_ms, mono_ms): alarms that an earlier life left open; taken
 * over, but for the array. Those whose rule is gone are cleared. rules_restored(): that is all, or
 * nobody can tell: from now on alarms are raised. */
void rules_restore(struct rules *rules, struct alarm **alarms, size_t n, int64_t wall_ms,
                   int64_t mono_ms);
void rules_restored(struct rules *rules, int64_t wall_ms, int64_t mono_ms);

/** rules_tick(rules, wall_ms, mono_ms): once a second. */
void rules_tick(struct rules *rules, int64_t wall_ms, int64_t mono_ms);

/** rules_acknowledge(rules, id, actor, comment, wall_ms): 0; -1 where no alarm of that id is open.
 * A second one changes actor and comment. */
int rules_acknowledge(struct rules *rules, const char *id, const char *actor, const char *comment,
                      int64_t wall_ms);

/** rules_open_alarms(rules): a list of alarm_json(), the newest first; the caller's.
 * rules_open_count(rules, severity). */
struct json_object *rules_open_alarms(const struct rules *rules);
size_t rules_open_count(const struct rules *rules, enum severity severity);

/** rules_counts(rules, out). */
void rules_counts(const struct rules *rules, struct rules_counts *out);

#endif
