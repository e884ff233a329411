/* The life of alarms: raised, raised again, acknowledged, cleared. */
#include "collector/events/rules_parts.h"
#include "shared/base/alloc.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITION_SIZE = 160, MINUTE_MS = 60000 };

/* What an event says */

static void add_text(struct json_object *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_object_add(object, key, json_object_new_string(text));
}

/* The number that is shown: the one that came now, or the last. False where there is none. */
static bool number_of(const struct watch *watch, const struct reg_value *value, double *out)
{
    if (watch->run->def->when.condition == RULE_NO_DATA)
        return false;
    *out = value != NULL ? value->number : watch->state.last;
    return value != NULL ? value->has_number : watch->state.has_last;
}

/* As text with the point's decimals; NULL where there is no value. */
static char *shown(const struct watch *watch, const struct reg_value *value)
{
    double number;
    if (watch->run->def->when.condition == RULE_NO_DATA)
        return NULL;
    if (value != NULL && value->text[0] != '\0')
        return xstrdup(value->text);
    if (!number_of(watch, value, &number))
        return NULL;
    return rules_text_number(number, watch->spot->decimals, watch->spot->is_float);
}

static void add_value(struct json_object *data, const struct watch *watch,
                      const struct reg_value *value)
{
    double number;
    char *text = shown(watch, value);
    if (number_of(watch, value, &number))
        json_object_object_add(data, "value", json_object_new_double_s(number, text));
    else if (text != NULL)
        json_object_object_add(data, "value", json_object_new_string(text));
    free(text);
    if (value != NULL && value->has_raw && watch->run->def->when.condition != RULE_NO_DATA)
        json_object_object_add(data, "raw_value", json_object_new_uint64(value->raw));
    add_text(data, "unit", watch->spot->unit != NULL ? watch->spot->unit : "");
}

/* What every event of an alarm says; ${watch} NULL: nobody watches it any more. */
static struct json_object *data_of(const struct alarm *alarm, const struct watch *watch,
                                   const struct reg_value *value)
{
    struct json_object *data = json_object_new_object();
    char condition[CONDITION_SIZE];
    add_text(data, "rule", alarm->rule);
    add_text(data, "alarm", alarm->id);
    add_text(data, "data_point", alarm->point);
    if (watch == NULL)
        return data;
    rule_expr_text(&watch->run->def->when, condition, sizeof(condition));
    add_value(data, watch, value);
    add_text(data, "condition", condition);
    if (watch->run->def->hysteresis > 0)
        json_object_object_add(data, "hysteresis",
                               json_object_new_double(watch->run->def->hysteresis));
    return data;
}

static struct event_device device_of(const struct watched_device *device)
{
    return (struct event_device){.ref = device->ref,
                                 .id = device->id,
                                 .name = device->name,
                                 .tags = device->tags,
                                 .profile = device->profile != NULL ? device->profile : "",
                                 .address = device->address,
                                 .port = device->port};
}

/* ${data} is released here. */
static void raise_event(struct rules *rules, enum event_kind kind,
                        const struct watched_device *device, const struct alarm *alarm,
                        struct json_object *data, bool quiet)
{
    const struct event_device from = device_of(device);
    struct json_object *message = NULL;
    struct bus_event event = {.kind = kind,
                              .severity = alarm->severity,
                              .has_severity = true,
                              .ts_ms = rules->wall_ms,
                              .device = &from,
                              .data = data,
                              .quiet = quiet};
    if (json_object_object_get_ex(data, "message_en", &message))
        event.message = json_object_get_string(message);
    if (kind == EVENT_ALARM_RAISED && !json_object_object_get_ex(data, "repeated", NULL) &&
        !json_object_object_get_ex(data, "delayed", NULL))
        memcpy(event.id, alarm->id, sizeof(event.id));
    bus_raise(rules->bus, &event);
    json_object_put(data);
}

static void add_messages(struct json_object *data, const char *en, const char *zh)
{
    json_object_object_add(data, "message_en", json_object_new_string(en));
    json_object_object_add(data, "message_zh", json_object_new_string(zh));
}

/* What the rule's templates are rendered with: the event, and values as people are shown them. */
static struct json_object *context_of(const struct rules *rules, const struct watch *watch,
                                      const struct alarm *alarm, struct json_object *data,
                                      const struct reg_value *value)
{
    const struct watched_device *device = watch->spot->device;
    const struct event_device from = device_of(device);
    struct json_object *context = event_json(&(struct bus_event){.kind = EVENT_ALARM_RAISED,
                                                                 .severity = alarm->severity,
                                                                 .ts_ms = rules->wall_ms,
                                                                 .device = &from,
                                                                 .data = data},
                                             "");
    char *text = shown(watch, value);
    json_object_object_del(context, "collector");
    if (device->name[0] == '\0')
        add_text(context, "device_name", device->id);
    if (text != NULL)
        json_object_object_add(context, "value", json_object_new_string(text));
    free(text);
    return context;
}

/* Make the alarm's value and messages those of now, and put them into ${data}. */
static void say(const struct rules *rules, const struct watch *watch, struct alarm *alarm,
                struct json_object *data, const struct reg_value *value)
{
    const struct rule_def *rule = watch->run->def;
    struct json_object *context = context_of(rules, watch, alarm, data, value);
    free(alarm->message_en);
    free(alarm->message_zh);
    alarm->message_en = rules_text_raised(rule, context, RULES_EN);
    alarm->message_zh = rules_text_raised(rule, context, RULES_ZH);
    alarm->has_value = number_of(watch, value, &alarm->value);
    add_messages(data, alarm->message_en, alarm->message_zh);
    json_object_put(context);
}

/* The life */

static void record(struct rules *rules, const struct watched_device *device,
                   const struct alarm *alarm)
{
    rules->ops.record(rules->ops.cookie, device->ref, alarm, rules->wall_ms);
}

static struct alarm *new_alarm(const struct rules *rules, const struct watch *watch)
{
    struct alarm *alarm = xcalloc(1, sizeof(*alarm));
    const struct spot *spot = watch->spot;
    event_id_new(rules->wall_ms, alarm->id);
    alarm->rule = xstrdup(watch->run->def->name);
    alarm->point = xstrdup(spot->topic != NULL ? spot->topic->name : "");
    alarm->device_id = xstrdup(spot->device->id);
    alarm->severity = watch->run->def->severity;
    alarm->raised_ms = rules->wall_ms;
    alarm->actor = xstrdup("");
    alarm->comment = xstrdup("");
    return alarm;
}

static void open_alarm(struct rules *rules, struct watch *watch, struct alarm *alarm)
{
    struct watch *other;
    watch->alarm = alarm;
    rules->nopen[alarm->severity]++;
    TAILQ_FOREACH (other, &rules->open, open) {
        if (other->alarm->raised_ms <= alarm->raised_ms) {
            TAILQ_INSERT_BEFORE(other, watch, open);
            return;
        }
    }
    TAILQ_INSERT_TAIL(&rules->open, watch, open);
}

static void close_alarm(struct rules *rules, struct watch *watch)
{
    rules->nopen[watch->alarm->severity]--;
    TAILQ_REMOVE(&rules->open, watch, open);
    alarm_free(watch->alarm);
    watch->alarm = NULL;
    watch->told = watch->waits = false;
}

/* Silence is an event of its own as well; without the rule's name, since whoever wants all that a
 * rule says is told of the alarm. */
static void raise_no_data(struct rules *rules, const struct watch *watch, const struct alarm *alarm,
                          struct json_object *said, bool quiet)
{
    struct json_object *data = json_object_new_object();
    json_object_object_foreach(said, key, value)
    {
        if (strcmp(key, "rule") != 0)
            json_object_object_add(data, key, json_object_get(value));
    }
    raise_event(rules, EVENT_NO_DATA, watch->spot->device, alarm, data, quiet);
}

static void raise_alarm(struct rules *rules, struct watch *watch, const struct reg_value *value)
{
    const struct watched_device *device = watch->spot->device;
    struct alarm *alarm = new_alarm(rules, watch);
    struct json_object *data = data_of(alarm, watch, value);
    enum rule_condition condition = watch->run->def->when.condition;
    bool quiet = !rules_may_tell(rules, watch);
    rules->counts.raised++;
    say(rules, watch, alarm, data, value);
    if (condition == RULE_NO_DATA)
        raise_no_data(rules, watch, alarm, data, quiet);
    if (condition != RULE_CHANGES) {
        open_alarm(rules, watch, alarm);
    } else {
        alarm->state = ALARM_CLEARED;
        alarm->cleared_ms = alarm->raised_ms;
        watch->told = watch->waits = false;
    }
    raise_event(rules, EVENT_ALARM_RAISED, device, alarm, data, quiet);
    record(rules, device, alarm);
    if (condition == RULE_CHANGES)
        alarm_free(alarm);
}

/* ${how}: "repeated" or "delayed". */
static void raise_again(struct rules *rules, struct watch *watch, const char *how)
{
    struct json_object *data = data_of(watch->alarm, watch, NULL);
    bool quiet = !rules_may_tell(rules, watch);
    json_object_object_add(data, how, json_object_new_boolean(1));
    say(rules, watch, watch->alarm, data, NULL);
    rules->counts.repeated++;
    raise_event(rules, EVENT_ALARM_RAISED, watch->spot->device, watch->alarm, data, quiet);
    record(rules, watch->spot->device, watch->alarm);
}

static void add_cleared(struct json_object *data, const struct alarm *alarm, const char *now[2],
                        enum rules_reason reason)
{
    int64_t after_ms = alarm->cleared_ms - alarm->raised_ms;
    char *en = rules_text_cleared(alarm->message_en, after_ms, now[RULES_EN], RULES_EN);
    char *zh = rules_text_cleared(alarm->message_zh, after_ms, now[RULES_ZH], RULES_ZH);
    add_messages(data, en, zh);
    json_object_object_add(data, "duration",
                           json_object_new_int64(after_ms > 0 ? after_ms / 1000 : 0));
    add_text(data, "reason", rules_reason_text(reason, RULES_EN));
    free(en);
    free(zh);
}

static void end_alarm(struct rules *rules, const struct watched_device *device, struct alarm *alarm,
                      struct json_object *data, const char *now[2], enum rules_reason reason,
                      bool quiet)
{
    alarm->state = ALARM_CLEARED;
    alarm->cleared_ms = rules->wall_ms;
    rules->counts.cleared++;
    add_cleared(data, alarm, now, reason);
    raise_event(rules, EVENT_ALARM_CLEARED, device, alarm, data, quiet);
    record(rules, device, alarm);
}

void rules_clear_alarm(struct rules *rules, const struct watched_device *device,
                       struct alarm *alarm, enum rules_reason reason)
{
    const char *now[2] = {rules_reason_text(reason, RULES_EN), rules_reason_text(reason, RULES_ZH)};
    end_alarm(rules, device, alarm, data_of(alarm, NULL, NULL), now, reason, false);
    alarm_free(alarm);
}

void rules_clear(struct rules *rules, struct watch *watch, const struct reg_value *value,
                 enum rules_reason reason)
{
    bool quiet = !watch->told || rules_is_quiet(watch->run->def, rules->wall_ms);
    char *text = shown(watch, value), *with_unit = NULL;
    const char *unit = watch->spot->unit, *now[2];
    if (text != NULL)
        with_unit = xasprintf("%s%s%s", text, unit[0] != '\0' ? " " : "", unit);
    for (enum rules_language i = RULES_EN; i <= RULES_ZH; i++) {
        now[i] = rules_reason_text(reason, i);
        if (reason == CLEARED_BY_VALUE && with_unit != NULL)
            now[i] = with_unit;
    }
    end_alarm(rules, watch->spot->device, watch->alarm, data_of(watch->alarm, watch, value), now,
              reason, quiet);
    close_alarm(rules, watch);
    free(with_unit);
    free(text);
}

void rules_judge(struct rules *rules, struct watch *watch, enum rule_verdict verdict,
                 const struct reg_value *value)
{
    bool changes = watch->run->def->when.condition == RULE_CHANGES;
    if (verdict == RULE_RAISE && watch->alarm == NULL && (rules->restored || changes))
        raise_alarm(rules, watch, value);
    else if (verdict == RULE_CLEAR && watch->alarm != NULL)
        rules_clear(rules, watch, value, CLEARED_BY_VALUE);
    else if (verdict == RULE_REPEAT && watch->alarm != NULL && watch->alarm->state == ALARM_RAISED)
        raise_again(rules, watch, "repeated");
}

static bool is_waiting(const struct watch *watch)
{
    return watch->waits && watch->alarm != NULL && watch->alarm->state == ALARM_RAISED;
}

void rules_tell_delayed(struct rules *rules, struct watch *watch)
{
    if (is_waiting(watch) && !rules_is_quiet(watch->run->def, rules->wall_ms))
        raise_again(rules, watch, "delayed");
}

void rules_arm(struct rules *rules, struct watch *watch)
{
    int64_t due_ms = rule_due_ms(watch->run->def, &watch->state);
    /* The clock on the wall may jump, so each minute it is looked at. */
    int64_t minute_ms = rules->mono_ms + MINUTE_MS - rules->wall_ms % MINUTE_MS;
    if (is_waiting(watch) && minute_ms < due_ms)
        due_ms = minute_ms;
    if (due_ms < INT64_MAX && (watch->timer.due_ms == 0 || due_ms < watch->timer.due_ms))
        wheel_set(rules->wheel, &watch->timer, due_ms);
}

void rules_adopt(struct rules *rules, struct watch *watch, struct alarm *alarm)
{
    open_alarm(rules, watch, alarm);
    watch->waits = rules_was_untold(rules, watch->run->def, alarm);
    watch->told = !watch->waits;
}

int rules_acknowledge(struct rules *rules, const char *id, const char *actor, const char *comment,
                      int64_t wall_ms)
{
    struct watch *watch;
    TAILQ_FOREACH (watch, &rules->open, open) {
        if (strcmp(watch->alarm->id, id) == 0)
            break;
    }
    if (watch == NULL)
        return -1;
    struct alarm *alarm = watch->alarm;
    rules->wall_ms = wall_ms;
    free(alarm->actor);
    free(alarm->comment);
    alarm->actor = rules_text_cut(xstrdup(actor), ALARM_ACTOR_MAX);
    alarm->comment = rules_text_cut(xstrdup(comment), ALARM_COMMENT_MAX);
    alarm->state = ALARM_ACKNOWLEDGED;
    alarm->acknowledged_ms = wall_ms;
    char *en = rules_text_acknowledged(alarm->actor, alarm->comment, RULES_EN);
    char *zh = rules_text_acknowledged(alarm->actor, alarm->comment, RULES_ZH);
    struct json_object *data = data_of(alarm, watch, NULL);
    add_messages(data, en, zh);
    add_text(data, "actor", alarm->actor);
    add_text(data, "comment", alarm->comment);
    bool quiet = !watch->told || rules_is_quiet(watch->run->def, wall_ms);
    raise_event(rules, EVENT_ALARM_ACKNOWLEDGED, watch->spot->device, alarm, data, quiet);
    record(rules, watch->spot->device, alarm);
    free(en);
    free(zh);
    return 0;
}
