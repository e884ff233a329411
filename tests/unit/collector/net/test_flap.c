#include "collector/net/flap.h"
#include "tests/unit/collector/parts.h"

enum { WINDOW_MS = 10000 };

struct calmed {
    size_t n;
    char last[32];
};

static void on_calm(void *cookie, const char *id)
{
    struct calmed *calmed = cookie;
    calmed->n++;
    snprintf(calmed->last, sizeof(calmed->last), "%s", id);
}

static size_t calm_at(struct flap *flap, int64_t now_ms)
{
    struct calmed calmed = {0};
    flap_calm(flap, now_ms, on_calm, &calmed);
    return calmed.n;
}

static void it_is_said_once_and_said_when_over(void **state)
{
    (void)state;
    struct flap *flap = flap_new(4, WINDOW_MS);
    struct calmed calmed = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(flap_registered(flap, "a", 1000 * i), FLAP_STEADY);
    assert_false(flap_flaps(flap, "a"));
    assert_int_equal(flap_registered(flap, "a", 3000), FLAP_BEGAN);
    assert_int_equal(flap_registered(flap, "a", 4000), FLAP_GOES_ON);
    assert_true(flap_flaps(flap, "a"));
    assert_int_equal(flap_count(flap), 1);
    assert_int_equal(flap_registered(flap, "b", 4000), FLAP_STEADY);
    assert_int_equal(calm_at(flap, 12999), 0); /* those at 3000 and 4000: half of 4 */
    flap_calm(flap, 13000, on_calm, &calmed);
    assert_int_equal(calmed.n, 1);
    assert_string_equal(calmed.last, "a");
    assert_int_equal(flap_count(flap), 0);
    assert_int_equal(calm_at(flap, 13001), 0);
    assert_int_equal(flap_registered(flap, "a", 14000), FLAP_STEADY); /* counts anew */
    flap_free(flap);
    flap_free(NULL);
}

static void a_slow_rhythm_is_steady(void **state)
{
    (void)state;
    struct flap *flap = flap_new(3, WINDOW_MS);
    for (int i = 0; i < 100; i++)
        assert_int_equal(flap_registered(flap, "a", INT64_C(5000) * i), FLAP_STEADY);
    assert_int_equal(flap_registered(flap, "a", 5000 * 99 + 4999), FLAP_BEGAN);
    flap_free(flap);
}

static void steady_devices_are_forgotten_after_a_window(void **state)
{
    (void)state;
    struct flap *flap = flap_new(3, WINDOW_MS);
    flap_registered(flap, "a", 0);
    flap_registered(flap, "b", 10);
    flap_registered(flap, "a", 20);
    assert_int_equal(calm_at(flap, WINDOW_MS + 9), 0);
    assert_int_equal(flap_remembered(flap), 2);
    calm_at(flap, WINDOW_MS + 10);
    assert_int_equal(flap_remembered(flap), 1);
    calm_at(flap, WINDOW_MS + 20);
    assert_int_equal(flap_remembered(flap), 0);
    flap_free(flap);
}

static void memory_is_bounded_and_flapping_devices_stay_longest(void **state)
{
    (void)state;
    struct flap *flap = flap_new(2, WINDOW_MS);
    char id[32];
    flap_registered(flap, "first", 0);
    assert_int_equal(flap_registered(flap, "first", 0), FLAP_BEGAN);
    for (int i = 0; i < FLAP_DEVICES_MAX + 1000; i++) {
        snprintf(id, sizeof(id), "%d", i);
        flap_registered(flap, id, 1);
    }
    assert_int_equal(flap_remembered(flap), FLAP_DEVICES_MAX);
    assert_true(flap_flaps(flap, "first"));
    assert_int_equal(flap_registered(flap, "0", 1), FLAP_STEADY); /* was forgotten */
    assert_int_equal(flap_registered(flap, id, 1), FLAP_BEGAN);   /* the last one was not */
    flap_free(flap);
}

static void a_table_full_of_flapping_devices_stays_bounded(void **state)
{
    (void)state;
    struct flap *flap = flap_new(2, WINDOW_MS);
    char id[32];
    for (int i = 0; i < FLAP_DEVICES_MAX + 10; i++) {
        snprintf(id, sizeof(id), "%d", i);
        flap_registered(flap, id, 1);
        flap_registered(flap, id, 1);
    }
    assert_int_equal(flap_remembered(flap), FLAP_DEVICES_MAX);
    assert_int_equal(flap_count(flap), FLAP_DEVICES_MAX);
    assert_false(flap_flaps(flap, "9"));
    assert_true(flap_flaps(flap, "10"));
    assert_int_equal(calm_at(flap, WINDOW_MS + 1), FLAP_DEVICES_MAX);
    flap_free(flap);
}

static void bounds_may_change(void **state)
{
    (void)state;
    struct flap *flap = flap_new(3, WINDOW_MS);
    for (int i = 0; i < 3; i++)
        flap_registered(flap, "a", i);
    assert_true(flap_flaps(flap, "a"));
    flap_configure(flap, 9, WINDOW_MS); /* 3 are fewer than half of 9 */
    assert_int_equal(calm_at(flap, 10), 1);
    for (int i = 0; i < 8; i++)
        assert_int_equal(flap_registered(flap, "b", i), FLAP_STEADY);
    flap_configure(flap, 4, WINDOW_MS);
    assert_int_equal(flap_registered(flap, "b", 100), FLAP_BEGAN);
    flap_configure(flap, 4, 50);
    assert_int_equal(calm_at(flap, 160), 1);
    flap_configure(flap, 1000, WINDOW_MS); /* FLAP_COUNT_MAX */
    for (int i = 0; i < FLAP_COUNT_MAX - 1; i++)
        assert_int_equal(flap_registered(flap, "c", i), FLAP_STEADY);
    assert_int_equal(flap_registered(flap, "c", 50), FLAP_BEGAN);
    flap_configure(flap, 2, 1);
    flap_registered(flap, "d", 60);
    flap_configure(flap, FLAP_COUNT_MAX, 1); /* has to remember more of the same device */
    for (int i = 0; i < FLAP_COUNT_MAX; i++)
        assert_int_equal(flap_registered(flap, "d", 70 + i), FLAP_STEADY);
    flap_configure(flap, 0, WINDOW_MS);
    assert_int_equal(flap_registered(flap, "c", 151), FLAP_STEADY);
    assert_int_equal(calm_at(flap, 152), 1);
    assert_int_equal(flap_count(flap), 0);
    flap_free(flap);
}

/* Against a naive count of all registrations. */
static void verdicts_are_as_counted_by_hand(void **state)
{
    (void)state;
    enum { DEVICES = 5, STEPS = 3000, COUNT = 5 };
    static int64_t times[DEVICES][STEPS];
    size_t n[DEVICES] = {0};
    bool flaps[DEVICES] = {false};
    uint64_t seed = 5;
    int64_t now_ms = 0;
    struct flap *flap = flap_new(COUNT, WINDOW_MS);
    for (int step = 0; step < STEPS; step++) {
        size_t d = parts_pick(&seed, DEVICES), calm = 0;
        now_ms += (int64_t)parts_pick(&seed, step % 1000 < 500 ? 600 : 3000);
        for (size_t i = 0; i < DEVICES; i++) {
            size_t in = 0;
            for (size_t k = 0; k < n[i]; k++)
                in += now_ms - times[i][k] < WINDOW_MS;
            if (flaps[i] && 2 * in < COUNT) {
                flaps[i] = false;
                n[i] = 0;
                calm++;
            }
        }
        assert_int_equal(calm_at(flap, now_ms), calm);
        times[d][n[d]++] = now_ms;
        size_t in = 0;
        for (size_t k = 0; k < n[d]; k++)
            in += now_ms - times[d][k] < WINDOW_MS;
        enum flap_verdict expected = flaps[d]      ? FLAP_GOES_ON
                                     : in >= COUNT ? FLAP_BEGAN
                                                   : FLAP_STEADY;
        flaps[d] = expected != FLAP_STEADY;
        char id[2] = {(char)('a' + d), '\0'};
        assert_int_equal(flap_registered(flap, id, now_ms), expected);
    }
    flap_free(flap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_said_once_and_said_when_over),
        cmocka_unit_test(a_slow_rhythm_is_steady),
        cmocka_unit_test(steady_devices_are_forgotten_after_a_window),
        cmocka_unit_test(memory_is_bounded_and_flapping_devices_stay_longest),
        cmocka_unit_test(a_table_full_of_flapping_devices_stays_bounded),
        cmocka_unit_test(bounds_may_change),
        cmocka_unit_test(verdicts_are_as_counted_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
