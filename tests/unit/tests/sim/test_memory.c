#include "tests/sim/memory.h"
#include "tests/sim/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_was_written_lies_over_the_rest(void **state)
{
    (void)state;
    struct memory memory = {0};
    uint8_t data[8];
    memory_write(&memory, (struct memory_place){2, MEMORY_REGISTERS, 11}, 0x1234);
    memory_write(&memory, (struct memory_place){2, MEMORY_REGISTERS, 9}, 0x5678);
    memory_write(&memory, (struct memory_place){1, MEMORY_REGISTERS, 10}, 0x9999);
    memory_write(&memory, (struct memory_place){2, MEMORY_COILS, 10}, 1);
    memory_write(&memory, (struct memory_place){2, MEMORY_REGISTERS, 13}, 0xAAAA);
    memory_write(&memory, (struct memory_place){2, MEMORY_REGISTERS, 11}, 0x4321);

    memset(data, 0xEE, sizeof(data));
    memory_overlay(&memory, (struct memory_place){2, MEMORY_REGISTERS, 10}, 3, data);
    assert_memory_equal(data, "\xEE\xEE\x43\x21\xEE\xEE\xEE\xEE", 8);
    memset(data, 0, sizeof(data));
    memory_overlay(&memory, (struct memory_place){2, MEMORY_COILS, 1}, 10, data);
    assert_memory_equal(data, "\0\x02", 2);
    memory_write(&memory, (struct memory_place){2, MEMORY_COILS, 10}, 0);
    memset(data, 0xFF, sizeof(data));
    memory_overlay(&memory, (struct memory_place){2, MEMORY_COILS, 1}, 10, data);
    assert_memory_equal(data, "\xFF\xFD", 2);
    memory_clear(&memory);
    memory_overlay(&memory, (struct memory_place){2, MEMORY_COILS, 1}, 10, data);
    assert_memory_equal(data, "\xFF\xFD", 2);
}

static void at_the_end_of_the_addresses(void **state)
{
    (void)state;
    struct memory memory = {0};
    uint8_t data[2] = {0};
    memory_write(&memory, (struct memory_place){1, MEMORY_COILS, 0}, 1);
    memory_write(&memory, (struct memory_place){1, MEMORY_REGISTERS, 65535}, 7);
    for (uint16_t i = 0; i < 1000; i++)
        memory_write(&memory, (struct memory_place){3, MEMORY_REGISTERS, (uint16_t)(i * 37)}, i);
    memory_overlay(&memory, (struct memory_place){1, MEMORY_REGISTERS, 65535}, 1, data);
    assert_memory_equal(data, "\0\x07", 2);
    memory_overlay(&memory, (struct memory_place){3, MEMORY_REGISTERS, 37 * 999}, 1, data);
    assert_memory_equal(data, "\x03\xE7", 2);
    memory_clear(&memory);
}

static void lists_of_units(void **state)
{
    (void)state;
    struct units units;
    assert_int_equal(units_parse("1,2,48-57,247", &units), 0);
    for (unsigned unit = 0; unit < 256; unit++)
        assert_int_equal(units_have(&units, (uint8_t)unit),
                         unit == 1 || unit == 2 || (unit >= 48 && unit <= 57) || unit == 247);
    assert_int_equal(units_before(&units, 1), 0);
    assert_int_equal(units_before(&units, 50), 4);
    assert_int_equal(units_before(&units, 247), 12);
    static const char *const wrong[] = {"", "0", "248", "1,", ",1", "2-1", "1-", "-1", "1 2", "x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_int_equal(units_parse(wrong[i], &units), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_lies_over_the_rest),
        cmocka_unit_test(at_the_end_of_the_addresses),
        cmocka_unit_test(lists_of_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
