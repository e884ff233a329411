/*
 * One HTTP request as a handler sees it: method, raw path, decoded parameters and cookies. Made
 * from the FastCGI variables, which are hostile text. Pure; a request belongs to one thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_REQUEST_H
#define DTUHUB_WEBAPP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum http_method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

enum { REQUEST_PARAMS_MAX = 64 };

/** What the web server says; any of them but read_body may be NULL. */
struct request_source {
    const char *method;          /* REQUEST_METHOD */
    const char *uri;             /* REQUEST_URI: raw, with its query */
    const char *cookie;          /* HTTP_COOKIE */
    const char *accept_language; /* HTTP_ACCEPT_LANGUAGE */
    const char *host;            /* HTTP_HOST, shown to people as the server's name */
    const char *content_type;    /* CONTENT_TYPE */
    /* read_body(body, out, size): the next bytes of the body, at most ${size}; 0 at its end. */
    size_t (*read_body)(void *body, char *out, size_t size);
    void *body;
};

struct request_param {
    const char *name;
    const char *value; /* decoded */
};

struct request {
    enum http_method method;
    char *path;        /* raw, still percent-encoded, begins with '/' */
    const char *query; /* raw, "" where there is none */
    struct request_param params[REQUEST_PARAMS_MAX];
    size_t nparams;
    size_t nquery; /* how many of them came in the query: those from the path follow */
    struct request_source source; /* as given; the strings stay the caller's */
    char *memory;                 /* what path, query and params point into */
};

/**
 * request_parse(request, source): fill ${request}. Return 0, or -1 where it is not a request (no
 * path, a broken escape, too many parameters). Call request_clear() in both cases; ${source}'s
 * strings must live as long.
 */
int request_parse(struct request *request, const struct request_source *source);

void request_clear(struct request *request);

/** request_param(request, name): the first value of ${name}, or NULL. */
const char *request_param(const struct request *request, const char *name);

/** request_add_param(request, name, value): append a parameter taken from the path; both must live
 * as long. -1 where there is no room. */
int request_add_param(struct request *request, const char *name, const char *value);

/** request_cookie(request, name, out, size): copy the cookie's value; false where it is absent or
 * longer. */
bool request_cookie(const struct request *request, const char *name, char *out, size_t size);

#endif
