#include "collector/net/backoff.h"
#include "tests/unit/collector/parts.h"

static void pauses_double_up_to_a_minute(void **state)
{
    (void)state;
    static const int64_t pauses_ms[] = {1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (unsigned i = 0; i < sizeof(pauses_ms) / sizeof(*pauses_ms); i++)
        assert_int_equal(backoff_ms(i, 0.5), pauses_ms[i]);
    assert_int_equal(backoff_ms(UINT32_MAX, 0.5), 60000);
}

static void chance_makes_a_quarter_more_or_less(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(1, 0), 750);
    assert_int_equal(backoff_ms(1, 1), 1250);
    assert_int_equal(backoff_ms(99, 0), 45000);
    assert_int_equal(backoff_ms(99, 1), 75000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_a_minute),
        cmocka_unit_test(chance_makes_a_quarter_more_or_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
