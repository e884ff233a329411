#include "collector/control_reply.h"

#include "shared/base/alloc.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libevent has no words for some. */
static const char *reason(int status)
{
    switch (status) {
    case 409:
        return "Conflict";
    case 422:
        return "Unprocessable Content";
    case 502:
        return "Bad Gateway";
    case 504:
        return "Gateway Timeout";
    default:
        return NULL;
    }
}

void control_reply(struct evhttp_request *request, int status, const char *type, const char *text,
                   size_t len)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char size[24];
    evhttp_add_header(headers, "Content-Type", type);
    snprintf(size, sizeof(size), "%zu", len);
    evhttp_add_header(headers, "Content-Length", size);
    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) /* libevent would send it */
        evbuffer_add(body, text, len);
    evhttp_send_reply(request, status, reason(status), body);
    evbuffer_free(body);
}

void control_reply_text(struct evhttp_request *request, int status, const char *text)
{
    control_reply(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

void control_reply_json(struct evhttp_request *request, int status, struct json_object *json)
{
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_NOSLASHESCAPE);
    control_reply(request, status, "application/json", text, strlen(text));
    json_object_put(json);
}

void control_reply_error(struct evhttp_request *request, int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = xvasprintf(fmt, args);
    va_end(args);
    struct json_object *json = json_object_new_object();
    json_object_object_add(json, "error", json_object_new_string(text));
    free(text);
    control_reply_json(request, status, json);
}
