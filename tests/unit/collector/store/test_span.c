#include "collector/store/recorder.h"
#include "collector/store/span.h"
#include "tests/unit/collector/parts.h"

enum { RECORDS = 23, AT_ONCE = 5 };

/* Records whose times count from 0, some in a chunk. */
static struct cache *fill(struct cache_chunks *chunks)
{
    struct cache *cache = cache_new(AT_ONCE * 16, 1); /* a sixteenth of it and one is a chunk */
    struct recorder recorder;
    recorder_init(&recorder, cache);
    for (int i = 0; i < RECORDS; i++)
        recorder_heartbeat(&recorder, 0, i);
    cache_take(cache, SIZE_MAX, chunks);
    return cache;
}

static void every_part_is_found(void **state)
{
    struct cache_chunks chunks;
    struct cache *cache = fill(&chunks);
    struct record_head head;
    const uint8_t *body;
    (void)state;
    assert_non_null(TAILQ_NEXT(TAILQ_FIRST(&chunks), link));
    for (size_t first = 0; first <= RECORDS + 1; first++) {
        for (size_t count = 0; first + count <= RECORDS + 2; count++) {
            struct span span = {&chunks, first, count};
            struct span_walk walk = span_begin(&span);
            size_t seen = 0;
            while (span_next(&walk, &head, &body))
                assert_int_equal(head.ts_ms, first + seen++);
            size_t end = first + count < RECORDS ? first + count : RECORDS;
            assert_int_equal(seen, end > first ? end - first : 0);
            assert_int_equal(walk.broken, 0);
        }
    }
    cache_done(cache, &chunks);
    cache_free(cache);
}

/* What cannot be read counts all the same: the numbers of the records behind it stay. */
static void a_torn_chunk_keeps_the_numbers_behind_it(void **state)
{
    struct cache_chunks chunks;
    struct cache *cache = fill(&chunks);
    struct record_head head;
    const uint8_t *body;
    (void)state;
    struct cache_chunk *torn = TAILQ_NEXT(TAILQ_FIRST(&chunks), link);
    size_t before = TAILQ_FIRST(&chunks)->records, behind = before + torn->records;
    torn->size -= 1;
    struct span span = span_all(&chunks);
    struct span_walk walk = span_begin(&span);
    size_t seen = 0;
    int64_t last = -1;
    for (; span_next(&walk, &head, &body); seen++, last = head.ts_ms)
        assert_int_equal(head.ts_ms, seen == behind - 1 ? (int64_t)behind : last + 1);
    assert_int_equal(seen, RECORDS - 1);
    assert_int_equal(last, RECORDS - 1);
    assert_int_equal(walk.broken, 1);

    span = (struct span){&chunks, behind - 1, 2};
    walk = span_begin(&span);
    assert_true(span_next(&walk, &head, &body));
    assert_int_equal(head.ts_ms, behind);
    assert_false(span_next(&walk, &head, &body));
    cache_done(cache, &chunks);
    cache_free(cache);
}

/* Also behind a torn chunk, whose records count. */
static void records_can_be_left_out(void **state)
{
    struct cache_chunks chunks;
    struct cache *cache = fill(&chunks);
    uint8_t left_out[RECORDS];
    struct record_head head;
    const uint8_t *body;
    (void)state;
    for (int i = 0; i < RECORDS; i++)
        left_out[i] = i % 3 != 1;
    TAILQ_NEXT(TAILQ_FIRST(&chunks), link)->size -= 1;
    for (size_t first = 0; first < RECORDS; first++) {
        struct span span = {&chunks, first, RECORDS - first, left_out};
        struct span_walk walk = span_begin(&span);
        int64_t last = -1;
        while (span_next(&walk, &head, &body)) {
            assert_int_equal(walk.index, head.ts_ms);
            assert_int_equal(head.ts_ms % 3, 1);
            assert_true(head.ts_ms > last);
            last = head.ts_ms;
        }
        assert_true(last >= RECORDS - 3 || first > RECORDS - 2);
    }
    cache_done(cache, &chunks);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_found),
        cmocka_unit_test(a_torn_chunk_keeps_the_numbers_behind_it),
        cmocka_unit_test(records_can_be_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
