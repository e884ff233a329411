#include "collector/store/fate.h"
#include "tests/unit/collector/parts.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int woken;

static void wake(void *cookie)
{
    assert_ptr_equal(cookie, &woken);
    atomic_fetch_add(&woken, 1);
}

static void tell_of(struct fates *fates, unsigned stream, uint64_t first, uint64_t last, bool kept)
{
    const struct fate fate = {stream, first, last, kept};
    fates_tell(fates, &fate);
}

static void tell(struct fates *fates, uint64_t first, uint64_t last, bool kept)
{
    tell_of(fates, 3, first, last, kept);
}

static void news_come_in_order_and_wake_once(void **state)
{
    (void)state;
    struct fates *fates = fates_new(wake, &woken);
    struct fate *out;
    atomic_store(&woken, 0);
    tell(fates, 1, 10, true);
    tell(fates, 11, 20, true); /* goes on */
    tell(fates, 21, 25, false);
    tell(fates, 31, 40, false); /* a gap */
    tell(fates, 26, 30, true);
    tell_of(fates, 4, 31, 32, true); /* of another stream */
    assert_int_equal(atomic_load(&woken), 1);
    assert_int_equal(fates_take(fates, &out), 5);
    static const struct fate expected[] = {{3, 1, 20, true},
                                           {3, 21, 25, false},
                                           {3, 31, 40, false},
                                           {3, 26, 30, true},
                                           {4, 31, 32, true}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(out[i].stream, expected[i].stream);
        assert_int_equal(out[i].first, expected[i].first);
        assert_int_equal(out[i].last, expected[i].last);
        assert_int_equal(out[i].kept, expected[i].kept);
    }
    free(out);
    assert_int_equal(fates_take(fates, &out), 0);
    free(out);
    tell(fates, 41, 41, true);
    assert_int_equal(atomic_load(&woken), 2);
    fates_free(fates);
    fates_free(NULL);
}

enum { TOLD = 200000 };

static void *tell_many(void *cookie)
{
    for (uint64_t n = 1; n <= TOLD; n++)
        tell(cookie, n, n, n % 1000 != 0);
    return NULL;
}

static void nothing_is_missed_between_threads(void **state)
{
    (void)state;
    struct fates *fates = fates_new(wake, &woken);
    pthread_t thread;
    uint64_t next = 1;
    assert_int_equal(pthread_create(&thread, NULL, tell_many, fates), 0);
    while (next <= TOLD) {
        struct fate *out;
        size_t n = fates_take(fates, &out);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(out[i].first, next);
            assert_int_equal(out[i].kept, next % 1000 != 0);
            next = out[i].last + 1;
        }
        free(out);
        sched_yield();
    }
    pthread_join(thread, NULL);
    fates_free(fates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_come_in_order_and_wake_once),
        cmocka_unit_test(nothing_is_missed_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
