#include "collector/events/hide.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS_MOST = 128, SHORTEST = 4, SEGMENT_SHORTEST = 8 };

struct hidden {
    char *parts[PARTS_MOST];
    size_t n;
};

static void add(struct hidden *hidden, const char *text, size_t size, size_t shortest)
{
    if (size >= shortest && hidden->n < PARTS_MOST)
        hidden->parts[hidden->n++] = xstrndup(text, size);
}

/* Parts of ${text} between any of ${marks}. */
static void add_parts(struct hidden *hidden, const char *text, size_t size, const char *marks,
                      size_t shortest)
{
    const char *end = text + size;
    while (text < end) {
        size_t len = strcspn(text, marks);
        if (len > (size_t)(end - text))
            len = (size_t)(end - text);
        add(hidden, text, len, shortest);
        text += len + 1;
    }
}

static void add_url(struct hidden *hidden, const char *url)
{
    const char *slashes = strstr(url, "://");
    const char *tail = slashes != NULL ? slashes + 3 + strcspn(slashes + 3, "/?#") : url;
    size_t path = strcspn(tail, "?#");
    add(hidden, tail, strlen(tail), SHORTEST);
    add(hidden, tail, path, SHORTEST);
    add_parts(hidden, tail, path, "/", SEGMENT_SHORTEST);
    add_parts(hidden, tail + path, strlen(tail + path), "?&=#", SHORTEST);
}

struct hidden *hidden_new(const struct webhook_target *target)
{
    struct hidden *hidden = xcalloc(1, sizeof(*hidden));
    if (target->url != NULL)
        add_url(hidden, target->url);
    for (size_t i = 0; i < target->nheaders; i++) {
        const char *value = target->headers[i].value;
        add(hidden, value, strlen(value), SHORTEST);
        add_parts(hidden, value, strlen(value), " ", SEGMENT_SHORTEST); /* "Bearer TOKEN" */
    }
    if (target->secret != NULL) {
        add(hidden, target->secret, strlen(target->secret), SHORTEST);
        add_parts(hidden, target->secret, strlen(target->secret), " _", SEGMENT_SHORTEST);
    }
    return hidden;
}

void hidden_free(struct hidden *hidden)
{
    if (hidden == NULL)
        return;
    for (size_t i = 0; i < hidden->n; i++) {
        explicit_bzero(hidden->parts[i], strlen(hidden->parts[i]));
        free(hidden->parts[i]);
    }
    free(hidden);
}

void hidden_mask(const struct hidden *hidden, char *text, size_t size)
{
    for (size_t i = 0; i < hidden->n; i++) {
        size_t len = strlen(hidden->parts[i]);
        char *at = text;
        while ((at = memmem(at, size - (size_t)(at - text), hidden->parts[i], len)) != NULL) {
            memset(at, '*', len);
            at += len;
        }
    }
}
