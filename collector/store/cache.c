#include "collector/store/cache.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK_SIZE = 64 * 1024, WAKE_AT_MOST = 20000 };

struct cache {
    pthread_mutex_t lock;
    pthread_cond_t due;
    struct cache_chunks waiting;
    struct cache_stats stats;
    int64_t flush_interval_ms;
    int64_t oldest_ms; /* monotonic time of the oldest waiting record's arrival */
    uint64_t last;     /* of the one who appends */
    unsigned stream;   /* whose records ${fates} is told of */
    struct fates *fates;
    bool closed;
    bool held;         /* by the one who appends, and the lock with it */
    bool held_records; /* since then */
};

struct cache *cache_new(size_t max_size, int64_t flush_interval_ms)
{
    struct cache *cache = xcalloc(1, sizeof(*cache));
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&cache->due, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&cache->lock, NULL);
    TAILQ_INIT(&cache->waiting);
    cache->stats.max_size = max_size;
    cache->flush_interval_ms = flush_interval_ms;
    return cache;
}

static void free_chunks(struct cache_chunks *chunks)
{
    struct cache_chunk *chunk;
    while ((chunk = TAILQ_FIRST(chunks)) != NULL) {
        TAILQ_REMOVE(chunks, chunk, link);
        free(chunk);
    }
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    free_chunks(&cache->waiting);
    pthread_cond_destroy(&cache->due);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void cache_configure(struct cache *cache, size_t max_size, int64_t flush_interval_ms)
{
    pthread_mutex_lock(&cache->lock);
    cache->stats.max_size = max_size;
    cache->flush_interval_ms = flush_interval_ms;
    pthread_cond_signal(&cache->due);
    pthread_mutex_unlock(&cache->lock);
}

static size_t high_watermark(const struct cache *cache)
{
    size_t quarter = cache->stats.max_size / 4 + 1;
    return quarter < WAKE_AT_MOST ? quarter : WAKE_AT_MOST;
}

static void tell(const struct cache *cache, const struct cache_chunk *chunk, bool kept)
{
    if (cache->fates == NULL || chunk->records == 0)
        return;
    const struct fate fate = {.stream = cache->stream,
                              .first = chunk->first,
                              .last = chunk->first + chunk->records - 1,
                              .kept = kept};
    fates_tell(cache->fates, &fate);
}

void cache_tell(struct cache *cache, const struct cache_chunks *chunks, bool kept)
{
    const struct cache_chunk *chunk;
    TAILQ_FOREACH (chunk, chunks, link) {
        tell(cache, chunk, kept);
    }
}

void cache_watch(struct cache *cache, unsigned stream, struct fates *fates)
{
    cache->stream = stream;
    cache->fates = fates;
}

/* Make room for one record; what is in flight is the writer's and stays. */
static size_t drop_oldest(struct cache *cache)
{
    size_t dropped = 0;
    while (cache->stats.waiting + cache->stats.in_flight >= cache->stats.max_size) {
        struct cache_chunk *oldest = TAILQ_FIRST(&cache->waiting);
        if (oldest == NULL)
            break;
        TAILQ_REMOVE(&cache->waiting, oldest, link);
        dropped += oldest->records;
        tell(cache, oldest, false);
        cache->stats.waiting -= oldest->records;
        free(oldest);
    }
    cache->stats.dropped += dropped;
    return dropped;
}

/* The chunk that ${size} more bytes go into; small beside the whole cache, so that a drop is small
 * too. */
static struct cache_chunk *tail_chunk(struct cache *cache, size_t size)
{
    struct cache_chunk *tail = TAILQ_LAST(&cache->waiting, cache_chunks);
    if (tail != NULL && tail->room - tail->size >= size &&
        tail->records <= cache->stats.max_size / 16)
        return tail;
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    tail = malloc(sizeof(*tail) + room);
    if (tail == NULL)
        return NULL;
    tail->size = 0;
    tail->room = room;
    tail->records = 0;
    tail->first = cache->stats.appended + 1;
    tail->joined = cache->held_records;
    TAILQ_INSERT_TAIL(&cache->waiting, tail, link);
    return tail;
}

static void put(struct cache_chunk *chunk, const struct record_head *head, const void *body)
{
    memcpy(chunk->bytes + chunk->size, head, sizeof(*head));
    if (head->body_size > 0)
        memcpy(chunk->bytes + chunk->size + sizeof(*head), body, head->body_size);
    chunk->size += sizeof(*head) + head->body_size;
    chunk->records++;
}

static void count_appended(struct cache *cache)
{
    struct cache_stats *stats = &cache->stats;
    stats->appended++;
    stats->waiting++;
    if (stats->waiting + stats->in_flight > stats->peak)
        stats->peak = stats->waiting + stats->in_flight;
    if (stats->waiting == 1)
        cache->oldest_ms = clock_mono_ms();
    if (stats->waiting == 1 || stats->waiting == high_watermark(cache))
        pthread_cond_signal(&cache->due);
}

void cache_hold(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    cache->held = true;
    cache->held_records = false;
}

void cache_release(struct cache *cache)
{
    cache->held = cache->held_records = false;
    pthread_mutex_unlock(&cache->lock);
}

/* Lock held. */
static size_t append(struct cache *cache, const struct record_head *head, const void *body)
{
    size_t dropped = drop_oldest(cache);
    struct cache_chunk *chunk = tail_chunk(cache, sizeof(*head) + head->body_size);
    if (chunk != NULL) {
        put(chunk, head, body);
        count_appended(cache);
        cache->last = cache->stats.appended;
    } else {
        cache->last = 0;
        cache->stats.dropped++;
        dropped++;
    }
    cache->held_records = cache->held;
    return dropped;
}

size_t cache_append(struct cache *cache, const struct record_head *head, const void *body)
{
    bool held = cache->held; /* nobody but the caller's thread sets it */
    if (!held)
        pthread_mutex_lock(&cache->lock);
    size_t dropped = append(cache, head, body);
    if (!held)
        pthread_mutex_unlock(&cache->lock);
    return dropped;
}

uint64_t cache_last(const struct cache *cache)
{
    return cache->last;
}

/* Wait, lock held, until a flush is due. */
static void wait_due(struct cache *cache)
{
    while (!cache->closed && cache->stats.waiting < high_watermark(cache)) {
        if (cache->stats.waiting == 0) {
            pthread_cond_wait(&cache->due, &cache->lock);
            continue;
        }
        int64_t due_ms = cache->oldest_ms + cache->flush_interval_ms;
        if (clock_mono_ms() >= due_ms)
            return;
        struct timespec until = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
        pthread_cond_timedwait(&cache->due, &cache->lock, &until);
    }
}

/* Lock held. */
static size_t take(struct cache *cache, struct cache_limit limit, struct cache_chunks *out)
{
    size_t taken = 0, bytes = 0;
    struct cache_chunk *chunk;
    TAILQ_INIT(out);
    while ((chunk = TAILQ_FIRST(&cache->waiting)) != NULL &&
           ((taken < limit.records && bytes < limit.bytes) || chunk->joined)) {
        TAILQ_REMOVE(&cache->waiting, chunk, link);
        TAILQ_INSERT_TAIL(out, chunk, link);
        taken += chunk->records;
        bytes += chunk->size;
    }
    cache->stats.waiting -= taken;
    cache->stats.in_flight += taken;
    return taken;
}

size_t cache_take(struct cache *cache, size_t most, struct cache_chunks *out)
{
    pthread_mutex_lock(&cache->lock);
    wait_due(cache);
    size_t taken = take(cache, (struct cache_limit){most, SIZE_MAX}, out);
    pthread_mutex_unlock(&cache->lock);
    return taken;
}

/* Wait, lock held, until something may be taken, or ${until_ms}. */
static void wait_between(struct cache *cache, int64_t from_ms, int64_t until_ms)
{
    while (!cache->closed && cache->stats.waiting < high_watermark(cache)) {
        int64_t due_ms = cache->stats.waiting > 0 && from_ms < until_ms ? from_ms : until_ms;
        if (clock_mono_ms() >= due_ms)
            return;
        struct timespec until = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};
        pthread_cond_timedwait(&cache->due, &cache->lock, &until);
    }
}

size_t cache_take_between(struct cache *cache, struct cache_limit limit, int64_t from_ms,
                          int64_t until_ms, struct cache_chunks *out)
{
    pthread_mutex_lock(&cache->lock);
    wait_between(cache, from_ms, until_ms);
    size_t taken = take(cache, limit, out);
    pthread_mutex_unlock(&cache->lock);
    return taken;
}

void cache_hand_on(struct cache *cache, size_t records)
{
    pthread_mutex_lock(&cache->lock);
    cache->stats.in_flight -= records;
    pthread_mutex_unlock(&cache->lock);
}

bool cache_closed(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    bool closed = cache->closed;
    pthread_mutex_unlock(&cache->lock);
    return closed;
}

void cache_done(struct cache *cache, struct cache_chunks *chunks)
{
    struct cache_chunk *chunk;
    size_t records = 0;
    TAILQ_FOREACH (chunk, chunks, link)
        records += chunk->records;
    free_chunks(chunks);
    pthread_mutex_lock(&cache->lock);
    cache->stats.in_flight -= records;
    pthread_mutex_unlock(&cache->lock);
}

void cache_close(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    cache->closed = true;
    pthread_cond_signal(&cache->due);
    pthread_mutex_unlock(&cache->lock);
}

void cache_stats(struct cache *cache, struct cache_stats *out)
{
    pthread_mutex_lock(&cache->lock);
    *out = cache->stats;
    pthread_mutex_unlock(&cache->lock);
}
