#include "collector/control_events.h"

#include "collector/control_body.h"
#include "collector/control_reply.h"
#include "shared/base/clock.h"
#include "shared/base/text.h"

#include <json-c/json.h>
#include <string.h>

void control_get_alarms(struct evhttp_request *request, struct collector *collector)
{
    control_reply_json(request, 200, rules_open_alarms(collector->rules));
}

void control_get_webhooks(struct evhttp_request *request, struct collector *collector)
{
    control_reply_json(request, 200, webhooks_json(collector->webhooks));
}

void control_acknowledge(struct evhttp_request *request, struct collector *collector,
                         struct control_laters *laters)
{
    static const char *const keys[] = {"id", "actor", "comment", NULL};
    struct json_object *body = control_body(request, keys);
    const char *id, *actor, *comment;
    (void)laters;
    if (body == NULL)
        return;
    if (control_body_text(request, body, "id", EVENT_ID_SIZE - 1, &id) == 0 &&
        control_body_text(request, body, "actor", ALARM_ACTOR_MAX, &actor) == 0 &&
        control_body_text(request, body, "comment", ALARM_COMMENT_MAX, &comment) == 0) {
        if (id == NULL || actor == NULL || actor[0] == '\0')
            control_reply_error(request, 400, "id and actor must be given");
        else if (rules_acknowledge(collector->rules, id, actor, comment != NULL ? comment : "",
                                   clock_wall_ms()) != 0)
            control_reply_error(request, 404, "no alarm of this id is open");
        else
            control_reply_json(request, 200, json_object_new_object());
    }
    json_object_put(body);
}

/* Test */

/* Any bytes may come; JSON takes UTF-8 alone. */
static struct json_object *printable(const char *bytes, size_t size)
{
    char text[4 * DELIVERY_ANSWER_MOST + 1];
    size_t most = size < DELIVERY_ANSWER_MOST ? size : DELIVERY_ANSWER_MOST;
    return json_object_new_string_len(text, (int)text_printable(bytes, most, text, sizeof(text)));
}

static void on_tested(void *cookie, const struct call_result *result)
{
    struct evhttp_request *request = control_later_take(cookie);
    bool good = result->status >= 200 && result->status < 300 && result->error[0] == '\0';
    struct json_object *answer = json_object_new_object();
    if (request == NULL) {
        json_object_put(answer);
        return;
    }
    json_object_object_add(answer, "status", json_object_new_string(good ? "success" : "error"));
    json_object_object_add(answer, "http_status", json_object_new_int64(result->status));
    if (!good)
        json_object_object_add(answer, "error",
                               json_object_new_string(result->error[0] != '\0'
                                                          ? result->error
                                                          : "the target refused it"));
    json_object_object_add(answer, "took_ms", json_object_new_int64(result->took_ms));
    json_object_object_add(answer, "answer", printable(result->body, result->size));
    control_reply_json(request, good ? 200 : 400, answer);
}

/* An event as it would be raised, with what the caller says in it. */
static struct json_object *test_event(const struct collector *collector, enum event_kind kind,
                                      struct json_object *body)
{
    struct json_object *data = NULL;
    struct bus_event event = {.kind = kind, .ts_ms = clock_wall_ms()};
    json_object_object_get_ex(body, "data", &data);
    event.severity = event_kind_info(kind)->severity;
    event.data = data;
    event_id_new(event.ts_ms, event.id);
    return event_json(&event, collector->started->server.name);
}

static void test(struct evhttp_request *request, struct collector *collector,
                 struct control_laters *laters, struct json_object *body)
{
    const char *type, *target;
    struct json_object *data;
    if (control_body_text(request, body, "event_type", 64, &type) != 0 ||
        control_body_text(request, body, "target", WEBHOOK_NAME_MAX, &target) != 0)
        return;
    enum event_kind kind = type != NULL ? event_kind_find(type) : EVENT_NONE;
    if (kind == EVENT_NONE) {
        control_reply_error(request, 400, "event_type must be the name of a kind of event");
        return;
    }
    if (json_object_object_get_ex(body, "data", &data) &&
        !json_object_is_type(data, json_type_object)) {
        control_reply_error(request, 400, "data must be an object");
        return;
    }
    struct json_object *event = test_event(collector, kind, body);
    struct control_later *later = control_later(laters, request);
    if (webhooks_test(collector->webhooks, target, event, on_tested, later) != 0)
        control_reply_error(control_later_take(later), 400,
                            target != NULL ? "no target is named so"
                                           : "no webhook is configured for this event: name a "
                                             "target");
    json_object_put(event);
}

void control_webhook_test(struct evhttp_request *request, struct collector *collector,
                          struct control_laters *laters)
{
    static const char *const keys[] = {"event_type", "data", "target", NULL};
    struct json_object *body = control_body(request, keys);
    if (body != NULL)
        test(request, collector, laters, body);
    json_object_put(body);
}

/* Replay */

static void on_replayed(void *cookie, int64_t rows, const char *error)
{
    struct evhttp_request *request = control_later_take(cookie);
    if (request == NULL)
        return;
    if (rows < 0) {
        control_reply_error(request, 503, "%s", error);
        return;
    }
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "replayed", json_object_new_int64(rows));
    control_reply_json(request, 200, answer);
}

/* 0, or -1 where the request is answered. */
static int read_range(struct evhttp_request *request, struct json_object *body,
                      struct outbox_range *out)
{
    struct json_object *value;
    if (json_object_object_get_ex(body, "delivery", &value))
        out->id = json_object_get_uint64(value);
    if (json_object_object_get_ex(body, "dead_only", &value))
        out->dead_only = json_object_get_boolean(value);
    if (control_body_text(request, body, "target", WEBHOOK_NAME_MAX, &out->target) != 0 ||
        control_body_time(request, body, "from", &out->from_ms) != 0 ||
        control_body_time(request, body, "to", &out->to_ms) != 0)
        return -1;
    if (out->id > 0 || (out->from_ms > 0 && out->to_ms >= out->from_ms))
        return 0;
    control_reply_error(request, 400, "delivery, or from and to, must be given");
    return -1;
}

void control_webhook_replay(struct evhttp_request *request, struct collector *collector,
                            struct control_laters *laters)
{
    static const char *const keys[] = {"delivery", "target", "from", "to", "dead_only", NULL};
    struct json_object *body = control_body(request, keys);
    struct outbox_range range = {0};
    if (body != NULL && read_range(request, body, &range) == 0)
        outbox_replay(collector->outbox, &range, on_replayed, control_later(laters, request));
    json_object_put(body);
}

void control_webhook_enable(struct evhttp_request *request, struct collector *collector,
                            struct control_laters *laters)
{
    static const char *const keys[] = {"target", NULL};
    struct json_object *body = control_body(request, keys);
    const char *target;
    (void)laters;
    if (body == NULL)
        return;
    if (control_body_text(request, body, "target", WEBHOOK_NAME_MAX, &target) == 0) {
        if (target == NULL || webhooks_enable(collector->webhooks, target) != 0)
            control_reply_error(request, 404, "no target is named so");
        else
            control_reply_json(request, 200, json_object_new_object());
    }
    json_object_put(body);
}
