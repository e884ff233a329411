#include "collector/net/dial.h"
#include "tests/unit/collector/parts.h"

static void it_waits_connects_and_stands(void **state)
{
    (void)state;
    struct dial dial;
    dial_init(&dial, 1000, 1500);
    assert_int_equal(dial.state, DIAL_WAITING);
    assert_int_equal(dial.next_ms, 1500);
    dial_put_off(&dial, 1700);
    assert_int_equal(dial.state, DIAL_WAITING);
    assert_int_equal(dial.next_ms, 1700);
    assert_int_equal(dial.since_ms, 1000);
    dial_started(&dial, 1700);
    assert_int_equal(dial.state, DIAL_CONNECTING);
    assert_int_equal(dial.next_ms, 1700 + DIAL_TIMEOUT_MS);
    dial_stands(&dial, 1800);
    assert_int_equal(dial.state, DIAL_ONLINE);
    assert_int_equal(dial.since_ms, 1800);
    assert_true(dial.next_ms == INT64_MAX);
    assert_int_equal(dial.failures, 0);
    assert_string_equal(dial.error, "");
}

static void pauses_grow_with_failures(void **state)
{
    (void)state;
    struct dial dial;
    static const int64_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    dial_init(&dial, 0, 0);
    for (unsigned i = 0; i < sizeof(pauses_ms) / sizeof(*pauses_ms); i++) {
        dial_started(&dial, 100);
        assert_int_equal(dial_failed(&dial, "refused", 200, 0.5), pauses_ms[i]);
        assert_int_equal(dial.state, DIAL_WAITING);
        assert_int_equal(dial.next_ms, 200 + pauses_ms[i]);
        assert_int_equal(dial.failures, i + 1);
        assert_string_equal(dial.error, "refused");
    }
}

static void a_line_that_lives_shortly_is_a_failure(void **state)
{
    (void)state;
    struct dial dial;
    dial_init(&dial, 0, 0);
    for (unsigned i = 1; i <= 3; i++) {
        dial_started(&dial, 0);
        dial_stands(&dial, 100);
        assert_int_equal(dial.failures, i - 1); /* not forgotten yet */
        assert_int_equal(dial_lost(&dial, 100 + DIAL_SHORT_LIFE_MS - 1, 0.5), 1000 << (i - 1));
        assert_int_equal(dial.failures, i);
        assert_string_equal(dial.error, "the line was lost after 60.0 s");
    }
    dial_stands(&dial, 0);
    dial_lost(&dial, 1234, 0.5);
    assert_string_equal(dial.error, "the line was lost after 1.2 s");
}

static void a_line_that_lived_is_dialled_again_soon(void **state)
{
    (void)state;
    struct dial dial;
    dial_init(&dial, 0, 0);
    for (unsigned i = 0; i < 5; i++)
        dial_failed(&dial, "refused", 0, 0.5);
    dial_stands(&dial, 100);
    assert_int_equal(dial_lost(&dial, 100 + DIAL_SHORT_LIFE_MS, 0.5), 1000);
    assert_int_equal(dial.state, DIAL_WAITING);
    assert_int_equal(dial.failures, 0);
    assert_string_equal(dial.error, "");
    assert_int_equal(dial_failed(&dial, "refused", 0, 0.5), 1000);
}

static void a_long_error_is_cut(void **state)
{
    (void)state;
    char error[1000];
    struct dial dial;
    memset(error, 'x', sizeof(error) - 1);
    error[sizeof(error) - 1] = '\0';
    dial_init(&dial, 0, 0);
    dial_failed(&dial, error, 0, 0.5);
    assert_int_equal(strlen(dial.error), DIAL_ERROR_SIZE - 1);
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(dial_state_name(DIAL_WAITING), "waiting");
    assert_string_equal(dial_state_name(DIAL_CONNECTING), "connecting");
    assert_string_equal(dial_state_name(DIAL_ONLINE), "online");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_connects_and_stands),
        cmocka_unit_test(pauses_grow_with_failures),
        cmocka_unit_test(a_line_that_lives_shortly_is_a_failure),
        cmocka_unit_test(a_line_that_lived_is_dialled_again_soon),
        cmocka_unit_test(a_long_error_is_cut),
        cmocka_unit_test(states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
