#include "collector/promises.h"

#include "collector/store/spread.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(promise_queue, promise);

struct promises {
    struct promise_queue waiting[STREAMS_MAX]; /* in the order of their records */
    struct promise_queue due;                  /* each the first of its line */
    size_t n, most;                            /* of all */
};

struct promises *promises_new(size_t most)
{
    struct promises *promises = xcalloc(1, sizeof(*promises));
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        TAILQ_INIT(&promises->waiting[i]);
    TAILQ_INIT(&promises->due);
    promises->most = most;
    return promises;
}

void promises_free(struct promises *promises)
{
    free(promises);
}

static struct promise_queue *waiting_of(struct promises *promises, const struct promise *promise)
{
    return &promises->waiting[promise->receipt.stream];
}

int promises_add(struct promises *promises, struct promise_line *line,
                 const struct promise *promise, const uint8_t *bytes)
{
    if (promises->n >= promises->most)
        return -1;
    struct promise *added = xcalloc(1, sizeof(*added) + promise->size);
    *added = *promise;
    added->state = PROMISE_WAITS;
    added->line = line;
    memcpy(added->bytes, bytes, promise->size);
    TAILQ_INSERT_TAIL(waiting_of(promises, added), added, link);
    STAILQ_INSERT_TAIL(line, added, behind);
    promises->n++;
    return 0;
}

/* Where it became the first of its line, or settled. */
static void look_at(struct promises *promises, struct promise *promise)
{
    if (promise->state == PROMISE_WAITS || STAILQ_FIRST(promise->line) != promise)
        return;
    promise->due = true;
    TAILQ_REMOVE(waiting_of(promises, promise), promise, link);
    TAILQ_INSERT_TAIL(&promises->due, promise, link);
}

void promises_settle(struct promises *promises, const struct fate *fate)
{
    struct promise *promise = TAILQ_FIRST(&promises->waiting[fate->stream]), *next;
    for (; promise != NULL && promise->receipt.number <= fate->last; promise = next) {
        next = TAILQ_NEXT(promise, link);
        if (promise->receipt.number < fate->first || promise->state != PROMISE_WAITS)
            continue;
        promise->state = fate->kept ? PROMISE_KEPT : PROMISE_BROKEN;
        look_at(promises, promise);
    }
}

struct promise *promises_next(struct promises *promises)
{
    struct promise *promise = TAILQ_FIRST(&promises->due);
    if (promise == NULL)
        return NULL;
    TAILQ_REMOVE(&promises->due, promise, link);
    promises->n--;
    STAILQ_REMOVE_HEAD(promise->line, behind);
    struct promise *behind = STAILQ_FIRST(promise->line);
    if (behind != NULL)
        look_at(promises, behind);
    promise->line = NULL;
    return promise;
}

void promises_forget(struct promises *promises, struct promise_line *line)
{
    struct promise *promise;
    while ((promise = STAILQ_FIRST(line)) != NULL) {
        TAILQ_REMOVE(promise->due ? &promises->due : waiting_of(promises, promise), promise, link);
        STAILQ_REMOVE_HEAD(line, behind);
        promises->n--;
        free(promise);
    }
}

static void look_for_oldest(const struct promise_queue *queue, int64_t now_ms,
                            struct promises_stats *out)
{
    const struct promise *first = TAILQ_FIRST(queue);
    if (first != NULL && now_ms - first->since_ms > out->oldest_ms)
        out->oldest_ms = now_ms - first->since_ms;
}

void promises_stats(const struct promises *promises, int64_t now_ms, struct promises_stats *out)
{
    *out = (struct promises_stats){0};
    if (promises == NULL)
        return;
    out->waiting = promises->n;
    look_for_oldest(&promises->due, now_ms, out);
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        look_for_oldest(&promises->waiting[i], now_ms, out);
}
