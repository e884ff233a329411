#include "tests/sim/dtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pauses_double_up_to_a_bound(void **state)
{
    (void)state;
    static const int64_t factors[] = {1, 1, 2, 4, 8, 16, 32, 32, 32};
    for (unsigned failures = 0; failures < 9; failures++) {
        int64_t middle = 4000 * factors[failures];
        int64_t least = INT64_MAX, most = 0;
        for (uint64_t chance = 0; chance < 200000; chance += 7) {
            int64_t pause = dtu_backoff_ms(4000, failures, chance * UINT64_C(0x9e3779b97f4a7c15));
            least = pause < least ? pause : least;
            most = pause > most ? pause : most;
        }
        assert_in_range(least, middle * 3 / 4, middle * 4 / 5);
        assert_in_range(most, middle * 6 / 5, middle * 5 / 4);
    }
    assert_int_equal(dtu_backoff_ms(4000, UINT32_MAX, 0), 96000);
    assert_int_equal(dtu_backoff_ms(1, 1, UINT64_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
