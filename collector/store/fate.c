#include "collector/store/fate.h"

#include "shared/base/alloc.h"

#include <pthread.h>
#include <stdlib.h>

struct fates {
    void (*wake)(void *cookie);
    void *cookie;
    pthread_mutex_t lock; /* guards what follows */
    struct fate *news;
    size_t n, room;
};

struct fates *fates_new(void (*wake)(void *cookie), void *cookie)
{
    struct fates *fates = xcalloc(1, sizeof(*fates));
    fates->wake = wake;
    fates->cookie = cookie;
    pthread_mutex_init(&fates->lock, NULL);
    return fates;
}

void fates_free(struct fates *fates)
{
    if (fates == NULL)
        return;
    pthread_mutex_destroy(&fates->lock);
    free(fates->news);
    free(fates);
}

/* So that what nobody takes for long stays short. */
static bool goes_on(const struct fates *fates, const struct fate *fate)
{
    const struct fate *last = &fates->news[fates->n - 1];
    return last->stream == fate->stream && last->kept == fate->kept &&
           last->last + 1 == fate->first;
}

static void append(struct fates *fates, const struct fate *fate)
{
    if (fates->n == fates->room) {
        fates->room = fates->room > 0 ? 2 * fates->room : 8;
        fates->news = xreallocarray(fates->news, fates->room, sizeof(*fates->news));
    }
    fates->news[fates->n++] = *fate;
}

void fates_tell(struct fates *fates, const struct fate *fate)
{
    pthread_mutex_lock(&fates->lock);
    bool first = fates->n == 0;
    if (!first && goes_on(fates, fate))
        fates->news[fates->n - 1].last = fate->last;
    else
        append(fates, fate);
    if (first)
        fates->wake(fates->cookie);
    pthread_mutex_unlock(&fates->lock);
}

size_t fates_take(struct fates *fates, struct fate **out)
{
    pthread_mutex_lock(&fates->lock);
    size_t n = fates->n;
    *out = fates->news;
    fates->news = NULL;
    fates->n = fates->room = 0;
    pthread_mutex_unlock(&fates->lock);
    return n;
}
