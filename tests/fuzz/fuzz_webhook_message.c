/*
 * What a target is sent, from hostile bytes. Input: a byte for the format, a byte for the target's
 * other keys, a template, 0xFF, and the events as the outbox keeps them. Every format but the
 * template is valid JSON whatever the events hold; so is a template that is a skeleton of JSON,
 * whose tags stand inside of quotes.
 */
#include "collector/events/message.h"
#include "shared/base/text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* As strict as a receiver may be. */
static struct json_object *parse_json(const char *text, size_t len)
{
    struct json_tokener *tokener = json_tokener_new();
    require(tokener != NULL && len < INT32_MAX);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        object = json_tokener_parse_ex(tokener, "", 1); /* the end of a number */
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) < len) {
        json_object_put(object);
        object = NULL;
    }
    json_tokener_free(tokener);
    return object;
}

static int is_json(const char *text, size_t len)
{
    struct json_object *object = parse_json(text, len);
    json_object_put(object);
    return object != NULL;
}

static int is_utf8(const char *text)
{
    size_t left = strlen(text), step;
    while (left > 0 && (step = text_utf8_length((const uint8_t *)text, left)) > 0) {
        text += step;
        left -= step;
    }
    return left == 0;
}

/* The same object with every value a letter. */
static struct json_object *harmless(struct json_object *value)
{
    struct json_object *out;
    if (json_object_is_type(value, json_type_array)) {
        out = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(value); i++)
            json_object_array_add(out, harmless(json_object_array_get_idx(value, i)));
        return out;
    }
    if (!json_object_is_type(value, json_type_object))
        return json_object_new_string("x");
    out = json_object_new_object();
    json_object_object_foreach(value, key, member)
    {
        json_object_object_add(out, key, harmless(member));
    }
    return out;
}

/* Nothing but {{name}}: what is left out or repeated by a section takes commas with it, and
 * {{{name}}} is for those who know what they do. */
static int has_names_only(const char *text)
{
    while ((text = strstr(text, "{{")) != NULL) {
        text += 2;
        text += strspn(text, " \t\r\n");
        if (*text == '\0' || strchr("{&#^/!><$=", *text) != NULL)
            return 0;
    }
    return 1;
}

/* Whether the template makes JSON of values that mean nothing to JSON. */
static int is_skeleton(const struct webhook_target *target, const char *text,
                       struct json_object *events)
{
    char error[MESSAGE_ERROR_SIZE];
    struct message message;
    if (!has_names_only(text) || !is_utf8(text))
        return 0;
    struct json_object *list = harmless(events);
    int good = message_make(target, "msg_1", list, 0, &message, error) == 0 &&
               is_json(message.body, message.size);
    message_clear(&message);
    json_object_put(list);
    return good;
}

static void check(const struct webhook_target *target, const char *text, struct json_object *events)
{
    char error[MESSAGE_ERROR_SIZE] = "";
    struct message message;
    if (message_make(target, "msg_1", events, 1700000000000, &message, error) != 0) {
        require(error[0] != '\0' && message.body == NULL && message.headers == NULL);
        return;
    }
    require(strlen(message.url) > 0 && strpbrk(message.url, "\r\n ") == NULL);
    for (char **header = message.headers; *header != NULL; header++)
        require(strpbrk(*header, "\r\n") == NULL && strstr(*header, ": ") != NULL);
    if (target->format != WEBHOOK_TEMPLATE || is_skeleton(target, text, events))
        require(is_json(message.body, message.size));
    message_clear(&message);
}

static struct webhook_target target_of(uint8_t format, uint8_t keys)
{
    return (struct webhook_target){
        .name = (char *)"t",
        .url = (char *)(keys & 1 ? "http://127.0.0.1/?a=b" : "http://127.0.0.1/"),
        .method = (char *)"POST",
        .language = keys & 2 ? "zh" : "en",
        .format = format % WEBHOOK_FORMATS,
        .content_type = (char *)"application/json",
        .secret = keys & 4 ? (char *)"whsec_c2VjcmV0 other" : NULL,
        .batch_max = keys & 8 ? 10 : 1,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char error[MUSTACHE_ERROR_SIZE];
    const uint8_t *end = len > 2 ? memchr(data + 2, 0xFF, len - 2) : NULL;
    if (end == NULL)
        return 0;
    struct webhook_target target = target_of(data[0], data[1]);
    char *text = strndup((const char *)data + 2, (size_t)(end - data - 2));
    require(text != NULL);
    target.body = mustache_parse("body", text, strlen(text), error);
    struct json_object *events = parse_json((const char *)end + 1, len - (size_t)(end - data) - 1);
    if (target.body != NULL)
        check(&target, text, events);
    json_object_put(events);
    mustache_free(target.body);
    free(text);
    return 0;
}
