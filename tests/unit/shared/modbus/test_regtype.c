#include "shared/modbus/regtype.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct reg_value decode(struct reg_type type, const char *bytes)
{
    struct reg_value value;
    memset(&value, 0xA5, sizeof(value));
    reg_decode(&type, (const uint8_t *)bytes, &value);
    return value;
}

static void assert_number(struct reg_type type, const char *bytes, double expected)
{
    struct reg_value value = decode(type, bytes);
    assert_true(value.has_number);
    assert_true(value.number == expected);
    assert_string_equal(value.text, "");
}

static void word_orders(void **state)
{
    (void)state;
    const double number = (double)230.2f;
    assert_number((struct reg_type){REG_FLOAT, ORDER_ABCD, 4, 0, 0}, "\x43\x66\x33\x33", number);
    assert_number((struct reg_type){REG_FLOAT, ORDER_CDAB, 4, 0, 0}, "\x33\x33\x43\x66", number);
    assert_number((struct reg_type){REG_FLOAT, ORDER_BADC, 4, 0, 0}, "\x66\x43\x33\x33", number);
    assert_number((struct reg_type){REG_FLOAT, ORDER_DCBA, 4, 0, 0}, "\x33\x33\x66\x43", number);

    const double eight = (double)0x0102030405060708;
    assert_number((struct reg_type){REG_UINT, ORDER_ABCD, 8, 0, 0}, "\1\2\3\4\5\6\7\10", eight);
    assert_number((struct reg_type){REG_UINT, ORDER_CDAB, 8, 0, 0}, "\7\10\5\6\3\4\1\2", eight);
    assert_number((struct reg_type){REG_UINT, ORDER_BADC, 8, 0, 0}, "\2\1\4\3\6\5\10\7", eight);
    assert_number((struct reg_type){REG_UINT, ORDER_DCBA, 8, 0, 0}, "\10\7\6\5\4\3\2\1", eight);

    /* One register has no order of words. */
    assert_number((struct reg_type){REG_UINT, ORDER_CDAB, 2, 0, 0}, "\1\2", 0x0102);
    assert_number((struct reg_type){REG_UINT, ORDER_DCBA, 2, 0, 0}, "\1\2", 0x0201);
}

static void raw_is_what_came_on_the_wire(void **state)
{
    (void)state;
    struct reg_value value = decode((struct reg_type){REG_FLOAT, ORDER_CDAB, 4, 0, 0}, "3\x33\x43"
                                                                                       "f");
    assert_true(value.has_raw);
    assert_true(value.raw == 0x33334366);
    value = decode((struct reg_type){REG_INT, ORDER_ABCD, 2, 0, 0}, "\xFF\xFE");
    assert_true(value.raw == 0xFFFE);
    value = decode((struct reg_type){REG_STRING, ORDER_ABCD, 8, 0, 0}, "ABCDEFGH");
    assert_true(value.has_raw && value.raw == 0x4142434445464748);
    value = decode((struct reg_type){REG_STRING, ORDER_ABCD, 10, 0, 0}, "ABCDEFGHIJ");
    assert_false(value.has_raw);
    assert_true(value.raw == 0);
}

static void integers_and_their_extremes(void **state)
{
    (void)state;
    static const char lowest[] = "\x80\0\0\0\0\0\0\0",
                      highest[] = "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
                      ones[] = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    assert_number((struct reg_type){REG_INT, ORDER_ABCD, 2, 0, 0}, lowest, -32768);
    assert_number((struct reg_type){REG_INT, ORDER_ABCD, 4, 0, 0}, lowest, -2147483648.0);
    assert_number((struct reg_type){REG_INT, ORDER_ABCD, 8, 0, 0}, lowest, -0x1p63);
    assert_number((struct reg_type){REG_INT, ORDER_ABCD, 8, 0, 0}, highest, 0x1p63);
    assert_number((struct reg_type){REG_UINT, ORDER_ABCD, 2, 0, 0}, ones, 65535);
    assert_number((struct reg_type){REG_UINT, ORDER_ABCD, 4, 0, 0}, ones, 4294967295.0);
    assert_number((struct reg_type){REG_UINT, ORDER_ABCD, 8, 0, 0}, ones, 0x1p64);
    for (uint8_t size = 2; size <= 8; size *= 2)
        assert_number((struct reg_type){REG_INT, ORDER_ABCD, size, 0, 0}, ones, -1);
}

static void no_number_is_no_number(void **state)
{
    (void)state;
    static const char *const singles[] = {"\x7F\xC0\0\0", "\x7F\x80\0\0", "\xFF\x80\0\0"};
    static const char *const doubles[] = {"\x7F\xF8\0\0\0\0\0\0", "\x7F\xF0\0\0\0\0\0\0",
                                          "\xFF\xF0\0\0\0\0\0\1"};
    for (int i = 0; i < 3; i++) {
        struct reg_value value =
            decode((struct reg_type){REG_FLOAT, ORDER_ABCD, 4, 0, 0}, singles[i]);
        assert_false(value.has_number);
        assert_true(value.has_raw && value.number == 0);
        value = decode((struct reg_type){REG_FLOAT, ORDER_ABCD, 8, 0, 0}, doubles[i]);
        assert_false(value.has_number);
        assert_true(value.has_raw && value.number == 0);
    }
}

static void packed_decimal(void **state)
{
    (void)state;
    assert_number((struct reg_type){REG_BCD, ORDER_ABCD, 2, 0, 0}, "\x12\x34", 1234);
    assert_number((struct reg_type){REG_BCD, ORDER_CDAB, 4, 0, 0}, "\x56\x78\x12\x34", 12345678);
    assert_number((struct reg_type){REG_BCD, ORDER_ABCD, 8, 0, 0}, "\0\0\0\0\x98\x76\x54\x32",
                  98765432);
    struct reg_value value = decode((struct reg_type){REG_BCD, ORDER_ABCD, 2, 0, 0}, "\x1A\x00");
    assert_false(value.has_number);
    assert_true(value.raw == 0x1A00);
}

static void bits_of_a_register(void **state)
{
    (void)state;
    assert_number((struct reg_type){REG_BITS, ORDER_ABCD, 2, 0, 1}, "\x80\x01", 1);
    assert_number((struct reg_type){REG_BITS, ORDER_ABCD, 2, 15, 1}, "\x80\x01", 1);
    assert_number((struct reg_type){REG_BITS, ORDER_ABCD, 2, 4, 8}, "\x0A\xB0", 0xAB);
    assert_number((struct reg_type){REG_BITS, ORDER_CDAB, 4, 16, 4}, "\0\0\0\x0F", 0xF);
    assert_number((struct reg_type){REG_BITS, ORDER_ABCD, 4, 0, 32}, "\xFF\xFF\xFF\xFF",
                  4294967295.0);
}

static void encoding_bits_leaves_the_others(void **state)
{
    (void)state;
    struct reg_type type = {REG_BITS, ORDER_BADC, 2, 4, 3};
    uint8_t bytes[2] = {0xFF, 0xFF};
    reg_encode(&type, 2, bytes);
    assert_memory_equal(bytes, "\xAF\xFF", 2);
    reg_encode(&type, 1000, bytes);
    assert_memory_equal(bytes, "\xFF\xFF", 2);
    reg_encode(&type, -3, bytes);
    assert_memory_equal(bytes, "\x8F\xFF", 2);
}

static void texts(void **state)
{
    (void)state;
    struct reg_type type = {REG_STRING, ORDER_ABCD, 8, 0, 0};
    struct reg_value value = decode(type, "SN 42   ");
    assert_string_equal(value.text, "SN 42");
    assert_false(value.has_number);
    assert_string_equal(decode(type, "AB\0CDEFG").text, "AB");
    assert_string_equal(decode(type, "        ").text, "");
    /* Hostile: control bytes, a cut UTF-8 sequence, a backslash that would forge an escape. */
    assert_string_equal(decode(type, "a\n\x1B\xE2\x82\\x0").text, "a\\x0a\\x1b\\xe2\\x82\\\\x0");
    type.order = ORDER_BADC;
    assert_string_equal(decode(type, "BADCFEHG").text, "ABCDEFGH");
    type.order = ORDER_CDAB;
    assert_string_equal(decode(type, "ABCDEFGH").text, "ABCDEFGH");

    char worst[REG_STRING_MAX];
    memset(worst, 0xFF, sizeof(worst));
    value = decode((struct reg_type){REG_STRING, ORDER_DCBA, REG_STRING_MAX, 0, 0}, worst);
    assert_int_equal(strlen(value.text), 4 * REG_STRING_MAX);
}

static void encoded_text_is_decimal(void **state)
{
    (void)state;
    struct reg_type type = {REG_STRING, ORDER_BADC, 6, 0, 0};
    uint8_t bytes[6];
    reg_encode(&type, 1234.5, bytes);
    assert_memory_equal(bytes, "21435.", 6);
    reg_encode(&type, 7, bytes);
    assert_memory_equal(bytes,
                        "\0"
                        "7\0\0\0\0",
                        6);
}

static void encoding_rounds_and_clamps(void **state)
{
    (void)state;
    static const struct {
        struct reg_type type;
        double number, expected;
    } cases[] = {
        {{REG_INT, ORDER_ABCD, 2, 0, 0}, 1.5, 2},
        {{REG_INT, ORDER_ABCD, 2, 0, 0}, -1.5, -2},
        {{REG_INT, ORDER_ABCD, 2, 0, 0}, 1e9, 32767},
        {{REG_INT, ORDER_ABCD, 2, 0, 0}, -1e9, -32768},
        {{REG_INT, ORDER_ABCD, 4, 0, 0}, (double)INFINITY, 2147483647},
        {{REG_INT, ORDER_ABCD, 8, 0, 0}, -1e300, -0x1p63},
        {{REG_INT, ORDER_ABCD, 8, 0, 0}, 1e300, 0x1p63},
        {{REG_INT, ORDER_ABCD, 4, 0, 0}, (double)NAN, 0},
        {{REG_UINT, ORDER_ABCD, 2, 0, 0}, -1, 0},
        {{REG_UINT, ORDER_ABCD, 2, 0, 0}, 65535.7, 65535},
        {{REG_UINT, ORDER_ABCD, 8, 0, 0}, 1e300, 0x1p64},
        {{REG_UINT, ORDER_ABCD, 8, 0, 0}, (double)NAN, 0},
        {{REG_BCD, ORDER_ABCD, 2, 0, 0}, 10000, 9999},
        {{REG_BCD, ORDER_ABCD, 8, 0, 0}, 1e20, 9999999999999999.0},
        {{REG_BCD, ORDER_ABCD, 2, 0, 0}, -5, 0},
        {{REG_FLOAT, ORDER_ABCD, 4, 0, 0}, 1e300, (double)FLT_MAX},
        {{REG_FLOAT, ORDER_ABCD, 4, 0, 0}, -1e300, -(double)FLT_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t bytes[8];
        reg_encode(&cases[i].type, cases[i].number, bytes);
        assert_number(cases[i].type, (const char *)bytes, cases[i].expected);
    }
    struct reg_type type = {REG_INT, ORDER_ABCD, 8, 0, 0};
    uint8_t bytes[8];
    reg_encode(&type, 0x1p63, bytes);
    assert_memory_equal(bytes, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    type.kind = REG_FLOAT;
    reg_encode(&type, (double)NAN, bytes);
    assert_false(decode(type, (const char *)bytes).has_number);
}

/* Numbers that every type named by ${type} holds exactly. */
static void round_trip(const struct reg_type *type)
{
    static const double numbers[] = {0, 1, 9, 42, 100, 1234, 9999, -1, -32768, 0.5};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        double number = numbers[i];
        int is_float = type->kind == REG_FLOAT, is_signed = is_float || type->kind == REG_INT;
        if ((number < 0 && !is_signed) || (number == 0.5 && !is_float))
            continue;
        uint8_t bytes[10];
        memset(bytes, 0x5A, sizeof(bytes));
        reg_encode(type, number, bytes + 1);
        assert_number(*type, (const char *)bytes + 1, number);
        assert_int_equal(bytes[0], 0x5A);
        assert_int_equal(bytes[type->size + 1], 0x5A);
    }
}

static void every_kind_size_and_order(void **state)
{
    (void)state;
    static const struct {
        enum reg_kind kind;
        uint8_t size, bit_count;
    } shapes[] = {
        {REG_INT, 2, 0},   {REG_INT, 4, 0},   {REG_INT, 8, 0},   {REG_UINT, 2, 0},
        {REG_UINT, 4, 0},  {REG_UINT, 8, 0},  {REG_FLOAT, 4, 0}, {REG_FLOAT, 8, 0},
        {REG_BITS, 2, 14}, {REG_BITS, 4, 30}, {REG_BCD, 2, 0},   {REG_BCD, 4, 0},
        {REG_BCD, 8, 0},
    };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        for (int order = ORDER_ABCD; order <= ORDER_DCBA; order++) {
            struct reg_type type = {.kind = shapes[i].kind,
                                    .order = (enum word_order)order,
                                    .size = shapes[i].size,
                                    .bit_first = shapes[i].bit_count ? 2 : 0,
                                    .bit_count = shapes[i].bit_count};
            round_trip(&type);
        }
    }
}

static void scaling_is_what_people_write(void **state)
{
    (void)state;
    assert_true(reg_scale(3, 0.1, 0) == 0.3);
    assert_true(reg_scale(-3, 0.1, 0) == -0.3);
    assert_true(reg_scale(101325, 0.01, 0) == 1013.25);
    assert_true(reg_scale(7, 0.001, 0) == 0.007);
    assert_true(reg_scale(21, 1, 0) == 21);
    assert_true(reg_scale(21, 10, -5) == 205);
    assert_true(reg_scale(5, 0.5, 1) == 3.5);
    assert_true(reg_scale(250, 0.1, -40) == -15);
    assert_true(reg_scale(250, -0.5, 0) == -125);
    for (int raw = -32768; raw <= 32767; raw++)
        assert_true(reg_scale(raw, 0.1, 0) == raw / 10.0 && reg_scale(raw, 1e-6, 0) == raw / 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word_orders),
        cmocka_unit_test(raw_is_what_came_on_the_wire),
        cmocka_unit_test(integers_and_their_extremes),
        cmocka_unit_test(no_number_is_no_number),
        cmocka_unit_test(packed_decimal),
        cmocka_unit_test(bits_of_a_register),
        cmocka_unit_test(encoding_bits_leaves_the_others),
        cmocka_unit_test(texts),
        cmocka_unit_test(encoded_text_is_decimal),
        cmocka_unit_test(encoding_rounds_and_clamps),
        cmocka_unit_test(every_kind_size_and_order),
        cmocka_unit_test(scaling_is_what_people_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
