/*
 * JSON bodies of the control channel: an object with known keys. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_BODY_H
#define DTUHUB_COLLECTOR_CONTROL_BODY_H

#include <event2/http.h>
#include <json-c/json_object.h>
#include <stdint.h>

/** control_body(request, keys): the body, with no other keys than ${keys} (NULL at the end); the
 * caller's. NULL: the request is answered with 400. */
struct json_object *control_body(struct evhttp_request *request, const char *const *keys);

/** control_body_text(request, body, key, most, out): a text of at most ${most} bytes, which lies in
 * ${body}; NULL where it is not given. 0, or -1: the request is answered with 400, and so is it
 * where ${most} is exceeded. */
int control_body_text(struct evhttp_request *request, struct json_object *body, const char *key,
                      size_t most, const char **out);

/** control_body_time(request, body, key, out): an RFC 3339 time in UTC as wall clock; 0 where it is
 * not given. 0, or -1 as above. */
int control_body_time(struct evhttp_request *request, struct json_object *body, const char *key,
                      int64_t *out);

#endif
