/*
 * One HTTP response on its way out: first the headers, then the body. A header after the first byte
 * of the body is a fault of the program and aborts. A response belongs to one thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_RESPONSE_H
#define DTUHUB_WEBAPP_HTTP_RESPONSE_H

#include <json-c/printbuf.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * Takes bytes on their way to the web server; none at all (len 0) asks to send on what is held
 * back. Return 0, or -1 where nobody listens any more.
 */
typedef int (*response_sink)(void *cookie, const char *bytes, size_t len);

struct response {
    response_sink sink;
    void *cookie;
    struct printbuf *head; /* NULL once it is sent */
    int status;            /* 0 until response_begin() */
    bool without_body;     /* the answer to HEAD: the body is counted and dropped */
    bool broken;           /* the sink failed: everything after it is dropped */
};

/** response_init(response, sink, cookie, without_body): 0, or -1 where memory is out. End with
 * response_clear(). */
int response_init(struct response *response, response_sink sink, void *cookie, bool without_body);

void response_clear(struct response *response);

/** response_header(response, name, value): control bytes in ${value} are left out. Before
 * response_begin() only. */
void response_header(struct response *response, const char *name, const char *value);

/** response_begin(response, status, type): send the head; the body follows in pieces. */
void response_begin(struct response *response, int status, const char *type);

/** response_write(response, bytes, len): send a piece of the body. 0, or -1 where the client is
 * gone. */
int response_write(struct response *response, const char *bytes, size_t len);

/** response_flush(response): let nothing wait in a buffer. */
void response_flush(struct response *response);

/** response_send(response, status, type, body, len): head with Content-Length, and the whole body.
 */
void response_send(struct response *response, int status, const char *type, const char *body,
                   size_t len);

/** response_reason(status): "Not Found" and the like; never NULL. */
const char *response_reason(int status);

#endif
