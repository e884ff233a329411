#include "collector/store/cache.h"
#include "shared/base/clock.h"
#include "tests/unit/collector/parts.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

/* Far beyond any test: where a take returns, it was not the interval. */
enum { NEVER_MS = 600000 };

static size_t append(struct cache *cache, uint32_t number)
{
    struct record_head head = {.type = RECORD_HEARTBEAT, .device = number};
    return cache_append(cache, &head, NULL);
}

/* The numbers of what was taken, in order; they must grow. */
static size_t check_taken(const struct cache_chunks *chunks, uint32_t *next, uint64_t *skipped)
{
    const struct cache_chunk *chunk;
    struct record_head head;
    const uint8_t *body;
    size_t n = 0;
    TAILQ_FOREACH (chunk, chunks, link) {
        uint32_t in_chunk = 0;
        for (size_t at = 0; record_next(chunk->bytes, chunk->size, &at, &head, &body) > 0;) {
            assert_true(head.device >= *next);
            *skipped += head.device - *next;
            *next = head.device + 1;
            in_chunk++;
        }
        assert_int_equal(in_chunk, chunk->records);
        n += in_chunk;
    }
    return n;
}

static struct cache_stats stats_of(struct cache *cache)
{
    struct cache_stats stats;
    cache_stats(cache, &stats);
    return stats;
}

static void holds_what_it_is_given(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100000, NEVER_MS);
    struct cache_chunks chunks;
    uint32_t next = 0;
    uint64_t skipped = 0;
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(append(cache, i), 0);
    cache_close(cache);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), 10000);
    assert_int_equal(check_taken(&chunks, &next, &skipped), 10000);
    assert_int_equal(skipped, 0);
    assert_int_equal(stats_of(cache).in_flight, 10000);
    cache_done(cache, &chunks);
    assert_int_equal(stats_of(cache).in_flight, 0);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), 0);
    assert_int_equal(stats_of(cache).peak, 10000);
    cache_free(cache);
    cache_free(NULL);
}

static void bodies_come_whole_whatever_their_size(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX + 10000];
    struct cache *cache = cache_new(1000, NEVER_MS);
    struct cache_chunks chunks;
    for (uint32_t i = 0; i < 40; i++) {
        struct record_head head = {.type = RECORD_PACKET,
                                   .device = i,
                                   .body_size = 1 + i * (uint32_t)(sizeof(body) - 1) / 39};
        memset(body, (int)i, sizeof(body));
        assert_int_equal(cache_append(cache, &head, body), 0);
    }
    cache_close(cache);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), 40);
    struct cache_chunk *chunk;
    uint32_t i = 0;
    TAILQ_FOREACH (chunk, &chunks, link) {
        struct record_head head;
        const uint8_t *bytes;
        assert_true(chunk->size <= chunk->room);
        for (size_t at = 0; record_next(chunk->bytes, chunk->size, &at, &head, &bytes) > 0; i++) {
            assert_int_equal(head.device, i);
            assert_int_equal(head.body_size, 1 + i * (uint32_t)(sizeof(body) - 1) / 39);
            assert_int_equal(bytes[0], i);
            assert_int_equal(bytes[head.body_size - 1], i);
        }
    }
    assert_int_equal(i, 40);
    cache_done(cache, &chunks);
    cache_free(cache);
}

static void the_bound_drops_the_oldest(void **state)
{
    (void)state;
    static const size_t bounds[] = {10, 16, 100, 1000, 5000};
    for (size_t b = 0; b < sizeof(bounds) / sizeof(*bounds); b++) {
        struct cache *cache = cache_new(bounds[b], NEVER_MS);
        struct cache_chunks chunks;
        uint64_t dropped = 0, skipped = 0;
        uint32_t next = 0;
        for (uint32_t i = 0; i < 10000; i++) {
            size_t now = append(cache, i);
            assert_true(now <= bounds[b] / 16 + 1); /* little at a time */
            dropped += now;
            assert_true(stats_of(cache).waiting <= bounds[b]);
        }
        struct cache_stats stats = stats_of(cache);
        assert_int_equal(stats.dropped, dropped);
        assert_int_equal(stats.waiting, 10000 - dropped);
        assert_true(stats.waiting >= bounds[b] - bounds[b] / 16 - 1);
        cache_close(cache);
        cache_take(cache, SIZE_MAX, &chunks);
        assert_int_equal(check_taken(&chunks, &next, &skipped), 10000 - dropped);
        assert_int_equal(skipped, dropped);
        assert_int_equal(next, 10000); /* the newest are there */
        cache_done(cache, &chunks);
        cache_free(cache);
    }
}

static void ignore(void *cookie)
{
    (void)cookie;
}

static void a_number_says_which_records_were_dropped(void **state)
{
    (void)state;
    enum { MOST = 160, COUNT = 10000 };
    struct fates *fates = fates_new(ignore, NULL);
    struct cache *cache = cache_new(MOST, NEVER_MS);
    struct cache_chunks chunks;
    struct fate *out;
    cache_watch(cache, 2, fates);
    for (uint32_t n = 1; n <= COUNT; n++) {
        append(cache, n);
        assert_int_equal(cache_last(cache), n);
    }
    uint64_t dropped = stats_of(cache).dropped;
    assert_true(dropped >= COUNT - MOST);
    assert_int_equal(fates_take(fates, &out), 1);
    assert_int_equal(out->stream, 2);
    assert_int_equal(out->first, 1);
    assert_int_equal(out->last, dropped);
    assert_false(out->kept);
    free(out);

    cache_close(cache);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), COUNT - dropped);
    assert_int_equal(fates_take(fates, &out), 0); /* taken is not stored */
    free(out);
    cache_tell(cache, &chunks, true);
    cache_done(cache, &chunks);
    assert_int_equal(fates_take(fates, &out), 1);
    assert_int_equal(out->first, dropped + 1);
    assert_int_equal(out->last, COUNT);
    assert_true(out->kept);
    free(out);
    cache_free(cache);
    fates_free(fates);
}

static void what_is_in_flight_counts_and_stays(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100, 1);
    struct cache_chunks chunks, rest;
    uint64_t skipped = 0;
    uint32_t next = 0;
    for (uint32_t i = 0; i < 100; i++)
        append(cache, i);
    size_t taken = cache_take(cache, 51, &chunks);
    assert_true(taken >= 51 && taken < 51 + 7);
    for (uint32_t i = 100; i < 200; i++) {
        append(cache, i);
        struct cache_stats stats = stats_of(cache);
        assert_true(stats.waiting + stats.in_flight <= 100);
        assert_int_equal(stats.in_flight, taken);
    }
    assert_int_equal(check_taken(&chunks, &next, &skipped), taken);
    assert_int_equal(skipped, 0);
    cache_done(cache, &chunks);
    cache_take(cache, SIZE_MAX, &rest);
    check_taken(&rest, &next, &skipped);
    assert_int_equal(next, 200);
    cache_done(cache, &rest);
    cache_free(cache);
}

static void a_record_waits_for_the_flush_interval(void **state)
{
    (void)state;
    struct cache *cache = cache_new(1000, 60);
    struct cache_chunks chunks;
    int64_t start_ms = clock_mono_ms();
    append(cache, 1);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), 1);
    assert_true(clock_mono_ms() - start_ms >= 60);
    cache_done(cache, &chunks);
    cache_free(cache);
}

/* The rest by threads: a take that returns at all was woken by what the test does. */
struct taker {
    pthread_t thread;
    _Atomic pid_t tid;
    struct cache *cache;
    size_t taken;
};

static void *take_once(void *cookie)
{
    struct taker *taker = cookie;
    struct cache_chunks chunks;
    taker->tid = gettid();
    taker->taken = cache_take(taker->cache, SIZE_MAX, &chunks);
    cache_done(taker->cache, &chunks);
    return NULL;
}

static char thread_state(pid_t tid)
{
    char path[64], state = '?';
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = '?';
    if (file != NULL)
        fclose(file);
    return state;
}

/* Until it waits inside of cache_take(): so it is a signal that wakes it, and no check before. */
static void wait_asleep(struct taker *taker)
{
    int64_t deadline_ms = clock_mono_ms() + 30000;
    while (taker->tid == 0 || thread_state(taker->tid) != 'S') {
        assert_true(clock_mono_ms() < deadline_ms);
        sched_yield();
    }
}

static void start(struct taker *taker, struct cache *cache)
{
    *taker = (struct taker){.cache = cache};
    assert_int_equal(pthread_create(&taker->thread, NULL, take_once, taker), 0);
    wait_asleep(taker);
}

static size_t finish(struct taker *taker)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    assert_int_equal(pthread_timedjoin_np(taker->thread, NULL, &until), 0);
    return taker->taken;
}

static void the_watermark_wakes(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100, NEVER_MS);
    struct taker taker;
    start(&taker, cache);
    for (uint32_t i = 0; i < 25; i++)
        append(cache, i);
    wait_asleep(&taker);
    append(cache, 25);
    assert_int_equal(finish(&taker), 26);
    cache_free(cache);
}

static void closing_wakes(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100, NEVER_MS);
    struct taker taker;
    start(&taker, cache);
    cache_close(cache);
    assert_int_equal(finish(&taker), 0);
    cache_free(cache);
    cache = cache_new(100, NEVER_MS);
    append(cache, 1);
    start(&taker, cache);
    cache_close(cache);
    assert_int_equal(finish(&taker), 1);
    cache_free(cache);
}

static void a_shorter_interval_takes_effect_at_once(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100, NEVER_MS);
    struct taker taker;
    append(cache, 1);
    start(&taker, cache);
    cache_configure(cache, 100, 1);
    assert_int_equal(finish(&taker), 1);
    cache_free(cache);
}

enum { STREAM = 200000 };

static void *drain(void *cookie)
{
    struct taker *taker = cookie;
    struct cache_chunks chunks;
    uint32_t next = 0;
    uint64_t skipped = 0;
    size_t n;
    while ((n = cache_take(taker->cache, 500, &chunks)) > 0) {
        assert_int_equal(check_taken(&chunks, &next, &skipped), n);
        taker->taken += n;
        cache_done(taker->cache, &chunks);
    }
    assert_int_equal(skipped + (STREAM - next), STREAM - taker->taken);
    return NULL;
}

enum { PAIRS = 3000, BODY = 30000 };

/* Pairs of a large record and a small one: the second often begins a chunk. */
static void *append_pairs(void *cookie)
{
    static const uint8_t body[BODY];
    for (uint32_t i = 0; i < PAIRS; i++) {
        const struct record_head large = {
            .type = RECORD_PACKET, .body_size = i % 3 == 0 ? BODY : 10, .device = 2 * i};
        const struct record_head next = {
            .type = RECORD_PACKET, .body_size = i % 2 == 0 ? BODY : 10, .device = 2 * i + 1};
        cache_hold(cookie);
        cache_append(cookie, &large, body);
        cache_append(cookie, &next, body);
        cache_release(cookie);
    }
    cache_close(cookie);
    return NULL;
}

static void what_is_held_together_is_taken_together(void **state)
{
    (void)state;
    struct cache *cache = cache_new(100000, 0);
    struct cache_chunks chunks;
    pthread_t thread;
    uint32_t next = 0;
    uint64_t skipped = 0;
    size_t taken;
    assert_int_equal(pthread_create(&thread, NULL, append_pairs, cache), 0);
    while ((taken = cache_take(cache, 1, &chunks)) > 0) {
        assert_int_equal(check_taken(&chunks, &next, &skipped), taken);
        assert_int_equal(taken % 2, 0);
        cache_done(cache, &chunks);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(next, 2 * PAIRS);
    assert_int_equal(skipped, 0);
    cache_free(cache);
}

static void two_threads_lose_only_what_is_counted(void **state)
{
    (void)state;
    struct cache *cache = cache_new(2000, 1);
    struct taker taker = {.cache = cache};
    uint64_t dropped = 0;
    assert_int_equal(pthread_create(&taker.thread, NULL, drain, &taker), 0);
    for (uint32_t i = 0; i < STREAM; i++)
        dropped += append(cache, i);
    cache_close(cache);
    assert_int_equal(finish(&taker), STREAM - dropped);
    struct cache_stats stats = stats_of(cache);
    assert_int_equal(stats.appended, STREAM);
    assert_int_equal(stats.dropped, dropped);
    assert_int_equal(stats.waiting + stats.in_flight, 0);
    assert_true(stats.peak <= 2001);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_it_is_given),
        cmocka_unit_test(bodies_come_whole_whatever_their_size),
        cmocka_unit_test(the_bound_drops_the_oldest),
        cmocka_unit_test(a_number_says_which_records_were_dropped),
        cmocka_unit_test(what_is_in_flight_counts_and_stays),
        cmocka_unit_test(a_record_waits_for_the_flush_interval),
        cmocka_unit_test(the_watermark_wakes),
        cmocka_unit_test(closing_wakes),
        cmocka_unit_test(a_shorter_interval_takes_effect_at_once),
        cmocka_unit_test(what_is_held_together_is_taken_together),
        cmocka_unit_test(two_threads_lose_only_what_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
