#include "collector/events/message.h"

#include "collector/events/message_text.h"
#include "collector/events/sign.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_OF_OURS = 6, WECOM_MOST = 2048, ROBOT_MOST = 16000 };

/* What a message is made from. */
struct making {
    const struct webhook_target *target;
    const char *id;
    struct json_object *events; /* at least one */
    int64_t now_ms;
    struct message *out;
    size_t nheaders;
};

static struct json_object *first_event(const struct making *making)
{
    return json_object_array_get_idx(making->events, 0);
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) && value != NULL
               ? json_object_get_string(value)
               : "";
}

static void add_header(struct making *making, const char *name, const char *value)
{
    making->out->headers[making->nheaders++] = xasprintf("%s: %s", name, value);
}

static void set_body(struct making *making, struct json_object *json)
{
    making->out->body = xstrdup(json_object_to_json_string_length(
        json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &making->out->size));
    json_object_put(json);
}

static void copy(struct json_object *to, struct json_object *from, const char *key)
{
    struct json_object *value;
    if (json_object_object_get_ex(from, key, &value))
        json_object_object_add(to, key, json_object_get(value));
}

/* Events go as a list where the target may get several. */
static bool is_list(const struct making *making)
{
    return json_object_array_length(making->events) > 1 ||
           (making->target->batch_max > 1 &&
            strcmp(text_of(first_event(making), "type"),
                   event_kind_info(EVENT_DATA_RECEIVED)->name) == 0);
}

/* In the original's short form the body is exactly this. */
static void make_original(struct making *making)
{
    static const char *const of_line[] = {"device_id", "ip", "port", NULL};
    static const char *const of_data[] = {"device_id", "data_point", "value", "raw_value", NULL};
    struct json_object *event = first_event(making), *body = json_object_new_object();
    bool data = json_object_object_get_ex(event, "data_point", NULL);
    for (const char *const *key = data ? of_data : of_line; *key != NULL; key++)
        copy(body, event, *key);
    set_body(making, body);
}

static void make_plain(struct making *making)
{
    set_body(making, json_object_get(is_list(making) ? making->events : first_event(making)));
}

static void make_standard(struct making *making)
{
    struct json_object *event = first_event(making), *body = json_object_new_object();
    struct json_object *data = json_object_get(event);
    json_object_object_add(body, "type", json_object_new_string(text_of(event, "type")));
    json_object_object_add(body, "timestamp", json_object_new_string(text_of(event, "time")));
    if (is_list(making)) {
        json_object_put(data);
        data = json_object_new_object();
        json_object_object_add(data, "events", json_object_get(making->events));
    }
    json_object_object_add(body, "data", data);
    set_body(making, body);
}

static struct json_object *cloudevent(struct json_object *event)
{
    struct json_object *out = json_object_new_object();
    const char *device = text_of(event, "device_id"), *collector = text_of(event, "collector");
    char *type = xasprintf("dtuhub.%s", text_of(event, "type"));
    char *source = xasprintf("/dtuhub/%s", collector);
    json_object_object_add(out, "specversion", json_object_new_string("1.0"));
    copy(out, event, "id");
    json_object_object_add(out, "source", json_object_new_string(source));
    json_object_object_add(out, "type", json_object_new_string(type));
    copy(out, event, "time");
    if (device[0] != '\0')
        json_object_object_add(out, "subject", json_object_new_string(device));
    json_object_object_add(out, "datacontenttype", json_object_new_string("application/json"));
    json_object_object_add(out, "data", json_object_get(event));
    free(type);
    free(source);
    return out;
}

static void make_cloudevents(struct making *making)
{
    if (!is_list(making)) {
        set_body(making, cloudevent(first_event(making)));
        return;
    }
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(making->events); i++)
        json_object_array_add(list, cloudevent(json_object_array_get_idx(making->events, i)));
    set_body(making, list);
}

/* {"msgtype": "markdown", "markdown": {...}} */
static struct json_object *markdown(struct json_object *content)
{
    struct json_object *body = json_object_new_object();
    json_object_object_add(body, "msgtype", json_object_new_string("markdown"));
    json_object_object_add(body, "markdown", content);
    return body;
}

static struct json_object *new_text(char *text)
{
    struct json_object *out = json_object_new_string(text);
    free(text);
    return out;
}

static void make_dingtalk(struct making *making)
{
    const struct webhook_target *target = making->target;
    struct json_object *content = json_object_new_object();
    json_object_object_add(content, "title",
                           new_text(message_title(first_event(making), target->language)));
    json_object_object_add(
        content, "text", new_text(message_markdown(making->events, target->language, ROBOT_MOST)));
    set_body(making, markdown(content));
    if (target->secret == NULL)
        return;
    char sign[SIGN_SIZE];
    sign_dingtalk(target->secret, making->now_ms, sign);
    char *url =
        xasprintf("%s%ctimestamp=%lld&sign=%s", target->url,
                  strchr(target->url, '?') != NULL ? '&' : '?', (long long)making->now_ms, sign);
    free(making->out->url);
    making->out->url = url;
}

static void make_feishu(struct making *making)
{
    const struct webhook_target *target = making->target;
    struct json_object *body = json_object_new_object(), *content = json_object_new_object();
    int64_t ts_s = making->now_ms / 1000;
    if (target->secret != NULL) {
        char sign[SIGN_SIZE];
        sign_feishu(target->secret, ts_s, sign);
        json_object_object_add(body, "timestamp", new_text(xasprintf("%lld", (long long)ts_s)));
        json_object_object_add(body, "sign", json_object_new_string(sign));
    }
    json_object_object_add(content, "text",
                           new_text(message_plain(making->events, target->language, ROBOT_MOST)));
    json_object_object_add(body, "msg_type", json_object_new_string("text"));
    json_object_object_add(body, "content", content);
    set_body(making, body);
}

static void make_wecom(struct making *making)
{
    struct json_object *content = json_object_new_object();
    json_object_object_add(
        content, "content",
        new_text(message_markdown(making->events, making->target->language, WECOM_MOST)));
    set_body(making, markdown(content));
}

static int make_template(struct making *making, char error[MESSAGE_ERROR_SIZE])
{
    const struct webhook_target *target = making->target;
    struct json_object *all = json_object_new_object();
    struct json_object *contexts[] = {all, first_event(making)};
    json_object_object_add(all, "events", json_object_get(making->events));
    json_object_object_add(all, "count",
                           json_object_new_int((int)json_object_array_length(making->events)));
    json_object_object_add(all, "delivery", json_object_new_string(making->id));
    const struct mustache_view view = {
        .contexts = contexts,
        .ncontexts = 2,
        .escape = strstr(target->content_type, "json") != NULL ? MUSTACHE_JSON
                  : strstr(target->content_type, "html") != NULL ||
                          strstr(target->content_type, "xml") != NULL
                      ? MUSTACHE_HTML
                      : MUSTACHE_PLAIN,
    };
    making->out->body = mustache_render_text(target->body, &view, &making->out->size, error);
    json_object_put(all);
    return making->out->body != NULL ? 0 : -1;
}

static const char *content_type(const struct making *making)
{
    if (making->target->format == WEBHOOK_TEMPLATE)
        return making->target->content_type;
    if (making->target->format == WEBHOOK_CLOUDEVENTS)
        return is_list(making) ? "application/cloudevents-batch+json; charset=utf-8"
                               : "application/cloudevents+json; charset=utf-8";
    return "application/json; charset=utf-8";
}

/* Robots have a signature of their own; to all others the call says which one it is. */
static void add_identity(struct making *making)
{
    const struct webhook_target *target = making->target;
    char ts[24];
    snprintf(ts, sizeof(ts), "%lld", (long long)(making->now_ms / 1000));
    add_header(making, "webhook-id", making->id);
    add_header(making, "webhook-timestamp", ts);
    if (target->secret == NULL)
        return;
    char *signs = sign_standard(target->secret, making->id, making->now_ms / 1000,
                                making->out->body, making->out->size);
    add_header(making, "webhook-signature", signs);
    free(signs);
}

static int make_body(struct making *making, char error[MESSAGE_ERROR_SIZE])
{
    static void (*const makers[WEBHOOK_FORMATS])(struct making * making) = {
        [WEBHOOK_ORIGINAL] = make_original,
        [WEBHOOK_PLAIN] = make_plain,
        [WEBHOOK_STANDARD_WEBHOOKS] = make_standard,
        [WEBHOOK_CLOUDEVENTS] = make_cloudevents,
        [WEBHOOK_DINGTALK] = make_dingtalk,
        [WEBHOOK_FEISHU] = make_feishu,
        [WEBHOOK_WECOM] = make_wecom,
    };
    if (making->target->format == WEBHOOK_TEMPLATE)
        return make_template(making, error);
    makers[making->target->format](making);
    return 0;
}

/* "message" in the target's language, where the event has it in several. */
static struct json_object *in_language(struct json_object *events, const char *language)
{
    struct json_object *out = json_object_new_array();
    char key[16];
    snprintf(key, sizeof(key), "message_%.2s", language);
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        struct json_object *event = json_object_array_get_idx(events, i), *value, *own = NULL;
        if (!json_object_object_get_ex(event, key, &value)) {
            json_object_array_add(out, json_object_get(event));
            continue;
        }
        json_object_deep_copy(event, &own, NULL);
        json_object_object_add(own, "message", json_object_get(value));
        json_object_array_add(out, own);
    }
    return out;
}

/* Whether it is what the outbox keeps: anything else is damage. */
static bool are_events(struct json_object *events)
{
    if (!json_object_is_type(events, json_type_array) || json_object_array_length(events) == 0)
        return false;
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        struct json_object *event = json_object_array_get_idx(events, i);
        if (!json_object_is_type(event, json_type_object) || text_of(event, "type")[0] == '\0' ||
            text_of(event, "time")[0] == '\0')
            return false;
    }
    return true;
}

int message_make(const struct webhook_target *target, const char *id, struct json_object *events,
                 int64_t now_ms, struct message *out, char error[MESSAGE_ERROR_SIZE])
{
    *out = (struct message){.method = target->method};
    if (!are_events(events)) {
        snprintf(error, MESSAGE_ERROR_SIZE, "these are no events");
        return -1;
    }
    struct making making = {.target = target,
                            .id = id,
                            .events = in_language(events, target->language),
                            .now_ms = now_ms,
                            .out = out};
    out->url = xstrdup(target->url);
    out->headers = xcalloc(target->nheaders + HEADERS_OF_OURS, sizeof(*out->headers));
    int rc = make_body(&making, error);
    if (rc == 0) {
        add_header(&making, "Content-Type", content_type(&making));
        if (!webhook_is_robot(target->format))
            add_identity(&making);
        for (size_t i = 0; i < target->nheaders; i++)
            add_header(&making, target->headers[i].name, target->headers[i].value);
    } else {
        message_clear(out);
    }
    json_object_put(making.events);
    return rc;
}

void message_clear(struct message *message)
{
    for (char **header = message->headers; header != NULL && *header != NULL; header++)
        free(*header);
    free(message->headers);
    free(message->url);
    free(message->body);
    *message = (struct message){0};
}
