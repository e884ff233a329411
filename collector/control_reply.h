/*
 * Answers of the control channel. Each call answers the request, and ends it for the caller.
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_REPLY_H
#define DTUHUB_COLLECTOR_CONTROL_REPLY_H

#include <event2/http.h>
#include <json-c/json_object.h>
#include <stddef.h>

/** control_reply(request, status, type, text, len): ${len} bytes of the media type ${type}. */
void control_reply(struct evhttp_request *request, int status, const char *type, const char *text,
                   size_t len);

void control_reply_text(struct evhttp_request *request, int status, const char *text);

/** control_reply_json(request, status, json): takes ${json} over. */
void control_reply_json(struct evhttp_request *request, int status, struct json_object *json);

/** control_reply_error(request, status, fmt, ...): {"error": text}. */
void control_reply_error(struct evhttp_request *request, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
