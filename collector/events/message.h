/*
 * The request that one call of a webhook makes: URL, headers and body of each format; and what the
 * answer means. Pure; any thread.
 *
 * The events come as the outbox keeps them: a JSON list of event objects
 * (collector/events/event.h), one, or several where calls are batched.
 *
 * A target's own template is rendered with the first event's object as context, and above it
 * {"events": [all of them], "count": n, "delivery": its id}; {{name}} puts a text in as JSON needs
 * it inside of quotes where content_type is JSON (rendered values are escaped for JSON, not for
 * HTML). "message" is in the target's language.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_MESSAGE_H
#define DTUHUB_COLLECTOR_EVENTS_MESSAGE_H

#include "shared/config/webhook_config.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_ERROR_SIZE = 256 };

struct message {
    char *url;      /* with what a robot's signature adds */
    char **headers; /* "Name: value", NULL at the end; Content-Type included */
    char *body;
    size_t size;
    const char *method; /* the target's */
};

/** message_make(target, id, events, now_ms, out, error): ${id} is the delivery's, the same for each
 * try; ${now_ms} is the try's wall clock. 0, or -1 with ${error}: a template that cannot be
 * rendered. */
int message_make(const struct webhook_target *target, const char *id, struct json_object *events,
                 int64_t now_ms, struct message *out, char error[MESSAGE_ERROR_SIZE]);
void message_clear(struct message *message);

enum answer_verdict {
    ANSWER_DELIVERED,
    ANSWER_AGAIN,   /* try later */
    ANSWER_REFUSED, /* of no use to try this one again (body too large, 4xx that says so) */
    ANSWER_GONE,    /* 410: the target wants no more */
};

/**
 * message_judge(target, status, body, size, why): what an HTTP answer means. 2xx is delivered, but
 * a robot's 2xx with errcode or code other than 0 is not. Redirects are never followed, and are an
 * error. ${why} says it for people; "" where delivered.
 */
enum answer_verdict message_judge(const struct webhook_target *target, long status,
                                  const char *body, size_t size, char why[MESSAGE_ERROR_SIZE]);

/** message_retry_after(value, now_ms): what Retry-After asks for, as a wait in ms: seconds or an
 * HTTP date; 0 where it makes no sense; at most a day. */
int64_t message_retry_after(const char *value, int64_t now_ms);

/** message_visible_url(url): scheme, host and path without what may be a token: for logs and
 * pages; to be freed. */
char *message_visible_url(const char *url);

#endif
