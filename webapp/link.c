#include "webapp/link.h"

#include "webapp/http/percent.h"

#include <stdlib.h>
#include <string.h>

static struct printbuf *start(const char *text)
{
    struct printbuf *out = printbuf_new();
    if (out == NULL || printbuf_memappend(out, text, (int)strlen(text)) < 0)
        abort();
    return out;
}

static char *finish(struct printbuf *out)
{
    char *text = strdup(out->buf);
    if (text == NULL)
        abort();
    printbuf_free(out);
    return text;
}

char *link_device(const char *before, const char *device_id, const char *after)
{
    struct printbuf *out = start(before);
    printbuf_memappend(out, "/", 1);
    percent_encode(device_id, out);
    printbuf_memappend(out, after, (int)strlen(after));
    return finish(out);
}

char *link_query(const char *path, const struct link_param *params)
{
    struct printbuf *out = start(path);
    const char *between = "?";
    for (; params->name != NULL; params++) {
        if (params->text == NULL)
            continue;
        printbuf_memappend(out, between, 1);
        percent_encode(params->name, out);
        printbuf_memappend(out, "=", 1);
        percent_encode(params->text, out);
        between = "&";
    }
    return finish(out);
}
