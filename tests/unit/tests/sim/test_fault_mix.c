#include "tests/sim/fault_mix.h"
#include "tests/sim/waveform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 100000 };

static struct fault_mix mix_of(const char *text)
{
    struct fault_mix mix;
    char error[300] = "";
    assert_int_equal(fault_mix_parse(text, &mix, error, sizeof(error)), 0);
    return mix;
}

static void count(const char *text, unsigned counts[FAULT_KINDS])
{
    struct fault_mix mix = mix_of(text);
    memset(counts, 0, FAULT_KINDS * sizeof(*counts));
    for (uint64_t i = 0; i < MANY; i++)
        counts[fault_choose(&mix, waveform_mix(7, 1001, i))]++;
}

static void as_often_as_asked(void **state)
{
    (void)state;
    unsigned counts[FAULT_KINDS];
    count("crc=5,late=2.5,half_open=0.1", counts);
    assert_in_range(counts[FAULT_CRC], MANY / 100 * 4.7, MANY / 100 * 5.3);
    assert_in_range(counts[FAULT_LATE], MANY / 100 * 2.3, MANY / 100 * 2.7);
    assert_in_range(counts[FAULT_HALF_OPEN], MANY / 1000 * 0.7, MANY / 1000 * 1.3);
    assert_int_equal(counts[FAULT_CRC] + counts[FAULT_LATE] + counts[FAULT_HALF_OPEN] +
                         counts[FAULT_NONE],
                     MANY);
    count("20", counts);
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        assert_in_range(counts[kind], MANY / 100 * 2.3, MANY / 100 * 2.7);
    count("silence=100", counts);
    assert_int_equal(counts[FAULT_SILENCE], MANY);
    count("0", counts);
    assert_int_equal(counts[FAULT_NONE], MANY);
}

static void the_same_from_the_same_chance(void **state)
{
    (void)state;
    struct fault_mix mix = mix_of("50");
    unsigned differ = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        enum fault_kind kind = fault_choose(&mix, waveform_mix(1, 1001, i));
        assert_int_equal(kind, fault_choose(&mix, waveform_mix(1, 1001, i)));
        differ += kind != fault_choose(&mix, waveform_mix(2, 1001, i));
    }
    assert_true(differ > 300);
}

static void what_is_no_mix(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",     "crc", "crc=",           "crc=x",   "crc=5,",       "crc=101", "crc=-1",  "none=5",
        "cr=5", "101", "crc=60,late=41", "5,crc=5", "crc=5 late=5", "nan",     "crc=nan",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct fault_mix mix;
        char error[300] = "";
        assert_int_equal(fault_mix_parse(wrong[i], &mix, error, sizeof(error)), -1);
        assert_true(strlen(error) > 10);
    }
}

static void every_name_is_known(void **state)
{
    (void)state;
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        char text[40] = "";
        strcat(strcat(text, fault_name((enum fault_kind)kind)), "=3");
        struct fault_mix mix = mix_of(text);
        assert_true(mix.percent[kind] == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_often_as_asked),
        cmocka_unit_test(the_same_from_the_same_chance),
        cmocka_unit_test(what_is_no_mix),
        cmocka_unit_test(every_name_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
