#include "collector/events/outbox_join.h"

#include "shared/base/alloc.h"

#include <string.h>

/* A group from ${first} on: as many rows as fit. */
static struct join_group gather(const struct join_row *rows, size_t n, size_t first,
                                const struct join_limits *limits, bool *full)
{
    struct join_group group = {.first = first, .n = 1, .split = rows[first].count > limits->most};
    uint64_t events = rows[first].count;
    size_t bytes = rows[first].size;
    while (first + group.n < n) {
        const struct join_row *next = &rows[first + group.n];
        if (events + next->count > limits->most || bytes + next->size > limits->bytes)
            break;
        events += next->count;
        bytes += next->size;
        group.n++;
    }
    *full = events >= limits->most || bytes >= limits->bytes || first + group.n < n;
    return group;
}

size_t join_rows(const struct join_row *rows, size_t n, const struct join_limits *limits, bool more,
                 int64_t now_ms, struct join_group *groups, int64_t *due_ms)
{
    size_t ngroups = 0;
    *due_ms = 0;
    for (size_t first = 0; first < n;) {
        bool full;
        struct join_group group = gather(rows, n, first, limits, &full);
        int64_t until_ms = rows[first].created_ms + limits->wait_ms;
        if (!full && more)
            break;
        /* A clock that was set back must not make it wait for longer. */
        if (!full && now_ms < until_ms && now_ms >= rows[first].created_ms - limits->wait_ms) {
            *due_ms = until_ms;
            break;
        }
        groups[ngroups++] = group;
        first += group.n;
    }
    return ngroups;
}

char *join_texts(const char *const *texts, size_t n)
{
    size_t size = 3, used = 0;
    for (size_t i = 0; i < n; i++)
        size += strlen(texts[i]);
    char *out = xcalloc(size, 1);
    out[used++] = '[';
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(texts[i]);
        if (len <= 2)
            continue;
        if (used > 1)
            out[used++] = ',';
        memcpy(out + used, texts[i] + 1, len - 2);
        used += len - 2;
    }
    out[used] = ']';
    return out;
}
