#include "webapp/http/route.h"

#include "webapp/http/percent.h"

#include <stdio.h>
#include <string.h>

static int take_segment(const char *pattern, size_t plen, const char *path, size_t len,
                        struct route_match *out)
{
    if (len == 0 || len >= sizeof(out->segment) || plen - 2 >= sizeof(out->name))
        return -1;
    snprintf(out->name, sizeof(out->name), "%.*s", (int)(plen - 2), pattern + 1);
    return percent_decode(path, len, out->segment, false);
}

/* Both begin with '/'. Compare segment by segment. */
static int fits(const char *pattern, const char *path, struct route_match *out)
{
    while (*pattern == '/' && *path == '/') {
        size_t plen = strcspn(++pattern, "/"), len = strcspn(++path, "/");
        if (*pattern == '{') {
            if (take_segment(pattern, plen, path, len, out) != 0)
                return 0;
        } else if (plen != len || memcmp(pattern, path, len) != 0) {
            return 0;
        }
        pattern += plen;
        path += len;
    }
    return *pattern == '\0' && *path == '\0';
}

void route_match(const struct route *routes, size_t n, enum http_method method, const char *path,
                 struct route_match *out)
{
    if (method == METHOD_HEAD)
        method = METHOD_GET;
    *out = (struct route_match){.route = NULL};
    for (size_t i = 0; i < n; i++) {
        out->segment[0] = out->name[0] = '\0'; /* of a line that fitted half, or not the method */
        if (!fits(routes[i].pattern, path, out))
            continue;
        out->path_known = 1;
        if (routes[i].method == method) {
            out->route = &routes[i];
            return;
        }
    }
}
