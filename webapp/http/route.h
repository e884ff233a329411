/*
 * The matching of a request to one line of a route table. Pure; any thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_ROUTE_H
#define DTUHUB_WEBAPP_HTTP_ROUTE_H

#include "webapp/http/params.h"
#include "webapp/http/request.h"

#include <stddef.h>

struct call; /* what a handler gets: webapp/call.h */

/** How a handler ended. Everything but OUTCOME_DONE is turned into an error page or a JSON error.
 */
enum outcome {
    OUTCOME_DONE,      /* the response is sent */
    OUTCOME_BAD_PARAM, /* 400; call->fault says which */
    OUTCOME_NOT_FOUND, /* 404 */
    OUTCOME_DATABASE,  /* 503: the database cannot be asked */
    OUTCOME_COLLECTOR, /* 503: the collector does not answer */
    OUTCOME_BUSY,      /* 503 with Retry-After: too many of these at once */
    OUTCOME_REFUSED,   /* call->refusal says how and why */
    OUTCOME_INTERNAL,  /* 500 */
};

/** Who may call. Everybody is both until accounts exist. */
enum role {
    ROLE_VIEWER,
    ROLE_OPERATOR, /* acknowledges, calls and enables */
};

enum route_kind { ROUTE_PAGE, ROUTE_API }; /* how its errors look: HTML or JSON */

struct route {
    enum http_method method; /* METHOD_GET serves HEAD too; METHOD_POST takes a JSON object */
    const char *pattern;     /* "/device/{id}": {id} is one path segment */
    enum role role;
    enum route_kind kind;
    const struct param_rule
        *params; /* the path's {id} is checked by the rule of that name; may be NULL */
    enum outcome (*handler)(struct call *call);
};

enum { ROUTE_SEGMENT_MAX = 1024 };

struct route_match {
    const struct route *route; /* NULL where no line fits */
    int path_known;            /* another method would have fitted */
    char
        segment[ROUTE_SEGMENT_MAX]; /* decoded text of the pattern's {name}; "" where it has none */
    char name[16];
};

/**
 * route_match(routes, n, method, path, out): find the line for ${method} and the raw ${path}.
 * Segments are split before they are decoded, so that an encoded slash stays inside of its segment.
 */
void route_match(const struct route *routes, size_t n, enum http_method method, const char *path,
                 struct route_match *out);

#endif
