#include "collector/store/outage.h"
#include "tests/unit/collector/parts.h"

static void it_is_told_once_all_that_waited_is_stored(void **state)
{
    struct outage outage = {0};
    (void)state;
    outage_failed(&outage, 1000);
    outage_failed(&outage, 300000);
    assert_true(outage_goes_on(&outage));
    assert_false(outage_stored(&outage, 1000, 2500, 313000));
    assert_true(outage_goes_on(&outage));
    assert_false(outage_stored(&outage, 1000, 1600, 313100)); /* a hundred are new */
    assert_true(outage_stored(&outage, 500, 900, 313200));
    assert_int_equal(outage.lasted_ms, 312000);
    assert_int_equal(outage.stored, 2500);
}

static void what_was_stored_before_is_not_waited_for(void **state)
{
    struct outage outage = {0};
    (void)state;
    outage_failed(&outage, 1000);
    assert_false(outage_stored(&outage, 0, 2500, 7000));
    assert_true(outage_stored(&outage, 40, 40, 7100));
    assert_int_equal(outage.stored, 40);
}

static void nothing_may_have_waited(void **state)
{
    struct outage outage = {0};
    (void)state;
    outage_failed(&outage, 1000);
    assert_true(outage_stored(&outage, 0, 0, 1000 + OUTAGE_TOLD_MS));
    assert_int_equal(outage.stored, 0);
}

static void a_short_one_is_not_told(void **state)
{
    struct outage outage = {0};
    (void)state;
    assert_false(outage_goes_on(&outage));
    outage_failed(&outage, 1000);
    assert_false(outage_stored(&outage, 10, 10, 999 + OUTAGE_TOLD_MS));
    assert_false(outage_goes_on(&outage));
}

static void another_one_starts_anew(void **state)
{
    struct outage outage = {0};
    (void)state;
    outage_failed(&outage, 1000);
    assert_false(outage_stored(&outage, 100, 500, 11000));
    outage_failed(&outage, 12000);
    assert_true(outage_stored(&outage, 600, 600, 20000));
    assert_int_equal(outage.lasted_ms, 8000);
    assert_int_equal(outage.stored, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_once_all_that_waited_is_stored),
        cmocka_unit_test(what_was_stored_before_is_not_waited_for),
        cmocka_unit_test(nothing_may_have_waited),
        cmocka_unit_test(a_short_one_is_not_told),
        cmocka_unit_test(another_one_starts_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
