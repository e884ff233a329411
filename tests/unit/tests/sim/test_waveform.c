#include "tests/sim/waveform.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000 };

static const int64_t midnight_ms = INT64_C(1767225600000); /* 2026-01-01 00:00 UTC */

static const struct point_def scaled = {.type = {REG_INT, ORDER_ABCD, 2, 0, 0}, .scale = 0.1};
static const struct point_def plain = {.type = {REG_FLOAT, ORDER_ABCD, 4, 0, 0}, .scale = 1};

static double at(const char *name, const struct point_def *point, struct waveform_moment moment)
{
    struct waveform waveform = waveform_for(name);
    return waveform_number(&waveform, point, &moment);
}

static double mean_of_devices(const char *name, int64_t wall_ms)
{
    double sum = 0;
    for (uint32_t device = 0; device < 500; device++)
        sum += at(name, &plain, (struct waveform_moment){1, wall_ms, 1, device});
    return sum / 500;
}

static void a_pure_function_of_its_arguments(void **state)
{
    (void)state;
    static const char *const names[] = {"temperature", "humidity", "pressure", "flow_rate",
                                        "voltage",     "current",  "rpm",      "frequency"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct waveform_moment moment = {7, midnight_ms, 3, 1001}, other = moment;
        double value = at(names[i], &plain, moment);
        assert_true(value == at(names[i], &plain, moment));
        other.poll = 4;
        assert_true(value == at(names[i], &plain, other));
        other = moment, other.seed = 8;
        assert_true(value != at(names[i], &plain, other));
        other = moment, other.device = 1002;
        assert_true(value != at(names[i], &plain, other));
        other = moment, other.wall_ms++;
        assert_true(value != at(names[i], &plain, other));
    }
    struct waveform_moment moment = {7, midnight_ms, 3, 1001};
    assert_true(at("temperature", &plain, moment) != at("temperature_2", &plain, moment));
}

/* Written down once, so that a value a test has kept stays what it was. */
static void values_that_must_not_change(void **state)
{
    (void)state;
    struct waveform_moment moment = {1, midnight_ms + 12345678, 5, 1001};
    assert_true(waveform_for("temperature").key == UINT64_C(0x556575c1ce107955));
    assert_true(waveform_mix(1, 2, 3) == UINT64_C(0x38b0a373f1b38d54));
    assert_float_equal(at("temperature", &plain, moment), 16.770220198785523, 1e-9);
    assert_float_equal(at("pressure", &plain, moment), 3.8216957177998934, 1e-9);
    assert_true(at("status", &plain, moment) == 1);
}

static void temperature_is_a_day(void **state)
{
    (void)state;
    double night = mean_of_devices("temperature", midnight_ms + 3 * HOUR_MS);
    double noon = mean_of_devices("temperature", midnight_ms + 15 * HOUR_MS);
    assert_float_equal(night, 16, 0.3);
    assert_float_equal(noon, 28, 0.3);
    assert_true(mean_of_devices("humidity", midnight_ms + 3 * HOUR_MS) >
                mean_of_devices("humidity", midnight_ms + 15 * HOUR_MS) + 20);
}

static void every_curve_stays_near_its_mean(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double least, most;
    } ranges[] = {
        {"temperature", 13.7, 30.3}, {"humidity", 36.5, 79.5},  {"pressure", 2.9, 4.1},
        {"flow_rate", 6, 19},        {"voltage", 224, 236},     {"current", 3.8, 12.2},
        {"rpm", 1448, 1512},         {"frequency", 49.7, 50.3}, {"tank_level", 1.1, 3.7},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
        double least = 1e9, most = -1e9;
        for (uint32_t n = 0; n < 20000; n++) {
            struct waveform_moment moment = {1, midnight_ms + n * INT64_C(61007), n, n % 50};
            double value = at(ranges[i].name, &plain, moment);
            least = fmin(least, value);
            most = fmax(most, value);
        }
        assert_true(least >= ranges[i].least && most <= ranges[i].most);
        /* And it does use most of that room: a curve that moves. */
        assert_true(most - least > 0.75 * (ranges[i].most - ranges[i].least));
    }
}

static void scale_and_offset_are_undone(void **state)
{
    (void)state;
    struct waveform_moment moment = {1, midnight_ms, 1, 1001};
    struct point_def shifted = {.type = scaled.type, .scale = 0.5, .offset = -40};
    double value = at("temperature", &plain, moment);
    assert_float_equal(at("temperature", &scaled, moment), value * 10, 1e-9);
    assert_float_equal(at("temperature", &shifted, moment), (value + 40) * 2, 1e-9);
}

static void status_changes_now_and_then(void **state)
{
    (void)state;
    unsigned ones = 0, changes = 0, seen[5] = {0};
    double last = -1;
    for (int64_t minute = 0; minute < 50000; minute++) {
        struct waveform_moment moment = {1, midnight_ms + minute * 60000, 1, 1001};
        double value = at("pump_status", &plain, moment);
        assert_true(value >= 0 && value <= 4 && value == floor(value));
        ones += value == 1;
        changes += value != last;
        seen[(int)value]++;
        last = value;
    }
    assert_in_range(ones, 38000, 42000);
    assert_in_range(changes, 2000, 4000);
    for (int i = 0; i < 5; i++)
        assert_true(seen[i] > 0);
}

static void other_names_count_the_polls(void **state)
{
    (void)state;
    static const struct {
        struct reg_type type;
        double span;
    } cases[] = {
        {{REG_INT, ORDER_ABCD, 2, 0, 0}, 32768},    {{REG_UINT, ORDER_ABCD, 2, 0, 0}, 65536},
        {{REG_UINT, ORDER_ABCD, 4, 0, 0}, 0x1p32},  {{REG_INT, ORDER_ABCD, 8, 0, 0}, 0x1p63},
        {{REG_FLOAT, ORDER_ABCD, 4, 0, 0}, 0x1p24}, {{REG_BITS, ORDER_ABCD, 2, 3, 1}, 2},
        {{REG_BCD, ORDER_ABCD, 4, 0, 0}, 1e8},      {{REG_STRING, ORDER_ABCD, 4, 0, 0}, 1e4},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct point_def point = {.type = cases[i].type, .scale = 0.01, .offset = 5};
        struct waveform_moment moment = {.poll = 1};
        assert_true(at("energy", &point, moment) == 1);
        moment.poll = (uint64_t)cases[i].span + 1;
        assert_true(at("energy", &point, moment) == (cases[i].span >= 0x1p53 ? 0 : 1));
    }
}

static void slaves_differ(void **state)
{
    (void)state;
    static const struct waveform_moment first = {1, 1000, 1, 1001, 0},
                                        second = {1, 1000, 1, 1001, 1},
                                        neighbour = {1, 1000, 1, 1002, 0};
    double value = at("temperature", &plain, first);
    assert_true(value != at("temperature", &plain, second));
    assert_true(at("temperature", &plain, second) != at("temperature", &plain, neighbour));
}

static void names_choose_in_order(void **state)
{
    (void)state;
    assert_ptr_equal(waveform_for("Temperature_Status").shape, waveform_for("status").shape);
    assert_ptr_equal(waveform_for("OUTDOOR TEMP").shape, waveform_for("temperature").shape);
    assert_ptr_equal(waveform_for("室内温度").shape, waveform_for("temperature").shape);
    assert_null(waveform_for("energy").shape);
    assert_null(waveform_for("").shape);
    assert_true(waveform_for("a").key != waveform_for("b").key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pure_function_of_its_arguments),
        cmocka_unit_test(values_that_must_not_change),
        cmocka_unit_test(temperature_is_a_day),
        cmocka_unit_test(every_curve_stays_near_its_mean),
        cmocka_unit_test(scale_and_offset_are_undone),
        cmocka_unit_test(status_changes_now_and_then),
        cmocka_unit_test(other_names_count_the_polls),
        cmocka_unit_test(slaves_differ),
        cmocka_unit_test(names_choose_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
