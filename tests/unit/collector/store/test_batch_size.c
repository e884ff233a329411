#include "collector/store/batch_size.h"
#include "tests/unit/collector/parts.h"

static void it_grows_while_the_writer_is_behind(void **state)
{
    struct batch_size size = batch_size_first();
    (void)state;
    for (int i = 0; i < 20; i++)
        batch_size_adapt(&size, size.now, 10);
    assert_int_equal(size.now, BATCH_SIZE_MOST);
}

static void it_stays_while_the_writer_keeps_up(void **state)
{
    struct batch_size size = batch_size_first();
    (void)state;
    for (int i = 0; i < 20; i++)
        batch_size_adapt(&size, 7, 10);
    assert_int_equal(size.now, BATCH_SIZE_FIRST);
}

static void it_returns_when_the_writer_has_caught_up(void **state)
{
    struct batch_size size = {BATCH_SIZE_MOST};
    (void)state;
    batch_size_adapt(&size, BATCH_SIZE_MOST - 1, 10); /* one fewer is no sign */
    assert_int_equal(size.now, BATCH_SIZE_MOST);
    for (int i = 0; i < 20; i++)
        batch_size_adapt(&size, 1, 10);
    assert_int_equal(size.now, BATCH_SIZE_FIRST);
}

static void it_shrinks_while_transactions_are_slow(void **state)
{
    struct batch_size size = {BATCH_SIZE_MOST};
    (void)state;
    batch_size_adapt(&size, size.now, BATCH_SLOW_MS + 1);
    assert_int_equal(size.now, BATCH_SIZE_MOST / 2);
    for (int i = 0; i < 20; i++)
        batch_size_adapt(&size, size.now, BATCH_SLOW_MS + 1);
    assert_int_equal(size.now, BATCH_SIZE_LEAST);
    batch_size_adapt(&size, 1, 10);
    assert_int_equal(size.now, BATCH_SIZE_LEAST);
    batch_size_adapt(&size, BATCH_SIZE_LEAST, 10);
    assert_int_equal(size.now, 2 * BATCH_SIZE_LEAST);
}

static void neither_quick_nor_slow_changes_nothing(void **state)
{
    struct batch_size size = {5000};
    (void)state;
    batch_size_adapt(&size, 5000, BATCH_QUICK_MS);
    batch_size_adapt(&size, 5000, BATCH_SLOW_MS);
    assert_int_equal(size.now, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_while_the_writer_is_behind),
        cmocka_unit_test(it_stays_while_the_writer_keeps_up),
        cmocka_unit_test(it_returns_when_the_writer_has_caught_up),
        cmocka_unit_test(it_shrinks_while_transactions_are_slow),
        cmocka_unit_test(neither_quick_nor_slow_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
