/*
 * The body of a request that changes something: a JSON object with known members. Pure but for the
 * bytes it asks for; any thread.
 *
 * Nothing but application/json is read: a page of another site can make a browser post a form or
 * text to us, but not that, without asking us first.
 */
#ifndef DTUHUB_WEBAPP_HTTP_BODY_H
#define DTUHUB_WEBAPP_HTTP_BODY_H

#include "webapp/http/request.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

/* The collector, whom it is passed on to, reads no more bytes and no deeper. */
enum { BODY_MAX_BYTES = 32 << 10, BODY_DEPTH = 8 };

enum body_verdict { BODY_GOOD, BODY_OTHER_TYPE, BODY_TOO_LARGE, BODY_NO_OBJECT };

/** body_read(source, out): the object, the caller's; an empty body is an empty object. */
enum body_verdict body_read(const struct request_source *source, struct json_object **out);

enum member_type {
    MEMBER_TEXT,   /* 1 to max bytes, without NUL */
    MEMBER_TIME,   /* see moment_parse(), or a number of milliseconds */
    MEMBER_FLAG,   /* true or false */
    MEMBER_OBJECT, /* of any members */
};

struct member_rule {
    const char *name; /* NULL ends a list of rules */
    enum member_type type;
    bool required;
    int64_t max; /* MEMBER_TEXT */
};

struct member_fault {
    const char *name; /* of the member; lives as long as the body and the rules */
    const char *key;  /* of the text that says what is wrong; {name} and {allowed} are to fill in */
    int64_t max;      /* {allowed} */
};

/**
 * body_check(body, rules, zone_min, fault): whether ${body} has the members that ${rules} want, and
 * no others; null is as if it were not there, and so is an empty text. Times become ISO 8601 in
 * UTC; those without a zone are in ${zone_min}. 0, or -1 with the first ${fault}.
 */
int body_check(struct json_object *body, const struct member_rule *rules, int zone_min,
               struct member_fault *fault);

/** body_text(body, name): the text of a member, or NULL where it is not given. */
const char *body_text(struct json_object *body, const char *name);

#endif
