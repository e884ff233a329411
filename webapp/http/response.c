#include "webapp/http/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int response_init(struct response *response, response_sink sink, void *cookie, bool without_body)
{
    *response = (struct response){.sink = sink, .cookie = cookie, .without_body = without_body};
    response->head = printbuf_new();
    return response->head != NULL ? 0 : -1;
}

void response_clear(struct response *response)
{
    if (response->head != NULL)
        printbuf_free(response->head);
    response->head = NULL;
}

static void append(struct printbuf *out, const char *text)
{
    printbuf_memappend(out, text, (int)strlen(text));
}

void response_header(struct response *response, const char *name, const char *value)
{
    if (response->status != 0)
        abort();
    append(response->head, name);
    append(response->head, ": ");
    for (const char *p = value; *p != '\0'; p++) {
        if ((unsigned char)*p >= 0x20 && *p != 0x7f)
            printbuf_memappend(response->head, p, 1);
    }
    append(response->head, "\r\n");
}

const char *response_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 303:
        return "See Other";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Status";
    }
}

static void deliver(struct response *response, const char *bytes, size_t len)
{
    if (!response->broken && len > 0 && response->sink(response->cookie, bytes, len) != 0)
        response->broken = true;
}

void response_begin(struct response *response, int status, const char *type)
{
    char line[64];
    if (type != NULL)
        response_header(response, "Content-Type", type);
    snprintf(line, sizeof(line), "%d %s", status, response_reason(status));
    response_header(response, "Status", line);
    append(response->head, "\r\n");
    response->status = status;
    deliver(response, response->head->buf, (size_t)response->head->bpos);
    printbuf_free(response->head);
    response->head = NULL;
}

int response_write(struct response *response, const char *bytes, size_t len)
{
    if (response->status == 0)
        abort();
    if (!response->without_body)
        deliver(response, bytes, len);
    return response->broken ? -1 : 0;
}

void response_flush(struct response *response)
{
    if (!response->broken && response->sink(response->cookie, NULL, 0) != 0)
        response->broken = true;
}

void response_send(struct response *response, int status, const char *type, const char *body,
                   size_t len)
{
    char number[24];
    snprintf(number, sizeof(number), "%zu", len);
    response_header(response, "Content-Length", number);
    response_begin(response, status, type);
    response_write(response, body, len);
}
