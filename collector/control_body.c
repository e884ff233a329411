#include "collector/control_body.h"

#include "collector/control_reply.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DEPTH_MOST = 8 };

static bool is_known(const char *key, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        if (strcmp(key, *keys) == 0)
            return true;
    }
    return false;
}

static struct json_object *parse(struct evhttp_request *request)
{
    struct evbuffer *buffer = evhttp_request_get_input_buffer(request);
    size_t size = evbuffer_get_length(buffer);
    const char *text = size > 0 ? (const char *)evbuffer_pullup(buffer, -1) : "";
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MOST);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *body = json_tokener_parse_ex(tokener, text, (int)size);
    if (!json_object_is_type(body, json_type_object) ||
        json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(body);
        body = NULL;
    }
    json_tokener_free(tokener);
    return body;
}

struct json_object *control_body(struct evhttp_request *request, const char *const *keys)
{
    struct json_object *body = parse(request);
    if (body == NULL) {
        control_reply_error(request, 400, "the body must be a JSON object");
        return NULL;
    }
    json_object_object_foreach(body, key, value)
    {
        (void)value;
        if (is_known(key, keys))
            continue;
        control_reply_error(request, 400, "unknown key \"%.64s\"", key);
        json_object_put(body);
        return NULL;
    }
    return body;
}

int control_body_text(struct evhttp_request *request, struct json_object *body, const char *key,
                      size_t most, const char **out)
{
    struct json_object *value;
    *out = NULL;
    if (!json_object_object_get_ex(body, key, &value) || value == NULL)
        return 0;
    if (!json_object_is_type(value, json_type_string) ||
        (size_t)json_object_get_string_len(value) > most ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value)) {
        control_reply_error(request, 400, "%s must be a text of at most %zu bytes", key, most);
        return -1;
    }
    *out = json_object_get_string(value);
    return 0;
}

/* "2026-01-31T23:59:59Z", with or without a fraction. */
static int parse_time(const char *text, int64_t *out)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    unsigned ms = 0;
    int used = 0;
    if (rest == NULL)
        return -1;
    if (*rest == '.' && (sscanf(rest, ".%3u%n", &ms, &used) != 1 || used != 4))
        return -1;
    rest += used;
    if (strcmp(rest, "Z") != 0)
        return -1;
    *out = (int64_t)timegm(&tm) * 1000 + ms;
    return 0;
}

int control_body_time(struct evhttp_request *request, struct json_object *body, const char *key,
                      int64_t *out)
{
    const char *text;
    *out = 0;
    if (control_body_text(request, body, key, 40, &text) != 0)
        return -1;
    if (text == NULL || parse_time(text, out) == 0)
        return 0;
    control_reply_error(request, 400, "%s must be a time like 2026-01-31T23:59:59Z", key);
    return -1;
}
