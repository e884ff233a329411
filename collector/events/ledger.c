#include "collector/events/ledger.h"

#include "shared/base/alloc.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MOST = 48000 }; /* of one record, which holds more than that */

struct ledger {
    struct recorder *recorder;
    struct names *names;
    char *collector;
    const struct webhook_config *webhooks;
    bool wants_data; /* some target is called about data_received */
    char json[RECORD_BODY_MAX];
};

/* The name of the rule that an alarm's event is of. */
static const char *rule_of(const struct bus_event *event)
{
    struct json_object *rule = NULL;
    if (event->data != NULL)
        json_object_object_get_ex(event->data, "rule", &rule);
    return rule != NULL ? json_object_get_string(rule) : NULL;
}

static void add_target(struct news *news, const struct webhook_target *target, unsigned joinable)
{
    if (news->ntargets < NEWS_TARGETS_MAX)
        news->targets[news->ntargets++] = (struct news_target){.name = target->name,
                                                               .name_size = strlen(target->name),
                                                               .joinable = (uint16_t)joinable};
}

/* A target is not told that it is not called: what it does not take would be told it again. */
static const char *target_of(const struct bus_event *event)
{
    struct json_object *target = NULL;
    if (event->kind != EVENT_WEBHOOK_DEAD && event->kind != EVENT_WEBHOOK_DISABLED)
        return NULL;
    json_object_object_get_ex(event->data, "target", &target);
    return json_object_get_string(target);
}

static void choose_targets(const struct ledger *ledger, const struct bus_event *event,
                           struct news *news)
{
    const struct event_device *device = event->device;
    const struct webhook_subject subject = {
        .kind = event->kind,
        .severity = event->severity,
        .device_id = device != NULL ? device->id : NULL,
        .profile = device != NULL ? device->profile : NULL,
        .tags = device != NULL ? device->tags : NULL,
        .rule = rule_of(event),
        .target = target_of(event),
    };
    for (size_t i = 0; i < ledger->webhooks->ntargets; i++) {
        const struct webhook_target *target = &ledger->webhooks->targets[i];
        if (webhook_target_wants(target, &subject))
            add_target(news, target, 0);
    }
}

static void on_event(void *cookie, const struct bus_event *event)
{
    struct ledger *ledger = cookie;
    struct json_object *object = event_json(event, ledger->collector);
    struct news news = {.severity = event->severity, .count = 1};
    memcpy(news.id, event->id, sizeof(news.id));
    news.message = event->message != NULL ? event->message : "";
    news.message_size = strlen(news.message);
    news.json = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &news.json_size);
    if (!event->quiet)
        choose_targets(ledger, event, &news);
    recorder_news(ledger->recorder,
                  event->device != NULL ? event->device->ref : names_device(ledger->names, ""),
                  event->ts_ms, event->kind, &news);
    json_object_put(object);
}

/* Data */

/* Readings that go into one record. */
struct run {
    struct ledger *ledger;
    const struct event_answer *answer;
    const char *id; /* of the answer; its readings have it with a number */
    struct news news;
    size_t used;
};

static void end_run(struct run *run)
{
    if (run->news.count > 0) {
        run->news.json = run->ledger->json;
        run->news.json_size = run->used;
        recorder_news(run->ledger->recorder, run->answer->device->ref, run->answer->ts_ms,
                      EVENT_DATA_RECEIVED, &run->news);
    }
    run->news.count = 0;
    run->used = 0;
}

static void add_reading(struct run *run, size_t i, unsigned most)
{
    char id[EVENT_ID_SIZE + 8];
    size_t size;
    if (most == 1)
        snprintf(id, sizeof(id), "%s", run->id);
    else
        snprintf(id, sizeof(id), "%s.%zu", run->id, i);
    struct json_object *object = event_reading_json(run->answer, i, id, run->ledger->collector);
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
    if (run->news.count >= most || run->used + size + 1 > JSON_MOST)
        end_run(run);
    if (size < JSON_MOST) {
        if (run->news.count == 0)
            snprintf(run->news.id, sizeof(run->news.id), "%s", run->id);
        else
            run->ledger->json[run->used++] = ',';
        memcpy(run->ledger->json + run->used, text, size);
        run->used += size;
        run->news.count++;
    }
    json_object_put(object);
}

/* The answer's readings for these targets, so many in a record. */
static void record_readings(struct ledger *ledger, const struct event_answer *answer,
                            const struct news *targets, unsigned most)
{
    char id[EVENT_ID_SIZE];
    struct run run = {.ledger = ledger, .answer = answer, .id = id, .news = *targets};
    if (targets->ntargets == 0)
        return;
    event_id_new(answer->ts_ms, id);
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->readings[i].stored)
            add_reading(&run, i, most);
        if (most == 1 && run.news.count > 0) {
            end_run(&run);
            event_id_new(answer->ts_ms, id);
        }
    }
    end_run(&run);
}

static void on_answer(void *cookie, const struct event_answer *answer)
{
    struct ledger *ledger = cookie;
    struct news alone = {0}, joined = {0};
    unsigned least = WEBHOOK_BATCH_MAX;
    const struct webhook_subject subject = {
        .kind = EVENT_DATA_RECEIVED,
        .severity = SEVERITY_INFO,
        .device_id = answer->device->id,
        .profile = answer->device->profile,
        .tags = answer->device->tags,
    };
    for (size_t i = 0; i < ledger->webhooks->ntargets; i++) {
        const struct webhook_target *target = &ledger->webhooks->targets[i];
        if (!webhook_target_wants(target, &subject))
            continue;
        if (target->batch_max > 1)
            add_target(&joined, target, target->batch_max);
        else
            add_target(&alone, target, 0);
        if (target->batch_max > 1 && target->batch_max < least)
            least = target->batch_max;
    }
    record_readings(ledger, answer, &alone, 1);
    record_readings(ledger, answer, &joined, least);
}

struct ledger *ledger_new(struct bus *bus, struct recorder *recorder, struct names *names,
                          const char *collector, const struct webhook_config *webhooks)
{
    struct ledger *ledger = xcalloc(1, sizeof(*ledger));
    ledger->recorder = recorder;
    ledger->names = names;
    ledger->collector = xstrdup(collector);
    ledger_configure(ledger, webhooks);
    bus_listen(bus, &(struct bus_listener){.event = on_event,
                                           .answer = on_answer,
                                           .wants_answers = &ledger->wants_data,
                                           .cookie = ledger});
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    free(ledger->collector);
    free(ledger);
}

void ledger_configure(struct ledger *ledger, const struct webhook_config *webhooks)
{
    ledger->webhooks = webhooks;
    ledger->wants_data = false;
    for (size_t i = 0; i < webhooks->ntargets; i++)
        ledger->wants_data |= webhooks->targets[i].kinds & event_kind_mask(EVENT_DATA_RECEIVED);
}
