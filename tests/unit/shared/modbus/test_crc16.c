#include "shared/modbus/crc16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void published_vector(void **state)
{
    (void)state;
    /* On the wire 37 4B: low byte first. */
    assert_int_equal(crc16_modbus((const uint8_t *)"123456789", 9), 0x4B37);
    assert_int_equal(crc16_modbus(NULL, 0), 0xFFFF);
}

/* The definition, bit by bit, against the table. */
static void every_byte_as_defined(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t pair[2] = {(uint8_t)byte, (uint8_t)(byte * 7 + 1)};
        uint16_t crc = 0xFFFF;
        for (int i = 0; i < 2; i++) {
            crc ^= pair[i];
            for (int bit = 0; bit < 8; bit++)
                crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
        }
        assert_int_equal(crc16_modbus(pair, 2), crc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vector),
        cmocka_unit_test(every_byte_as_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
