#include "collector/poll/write.h"
#include "tests/unit/collector/parts.h"

#include <math.h>

static struct point_def point(enum reg_kind kind, unsigned size)
{
    return (struct point_def){
        .name = (char *)"setpoint",
        .unit = (char *)"",
        .type = {.kind = kind, .size = (uint8_t)size},
        .scale = 1,
        .address = 100,
        .decimals = -1,
        .slave = 17,
        .function = FC_READ_HOLDING_REGISTERS,
        .writable = true,
        .write_function = size == 2 ? FC_WRITE_REGISTER : FC_WRITE_REGISTERS,
        .min = -INFINITY,
        .max = INFINITY,
    };
}

static struct point_def coils(unsigned count)
{
    struct point_def def = point(REG_BITS, 1);
    def.type.bit_count = (uint8_t)count;
    def.function = FC_READ_COILS;
    def.write_function = count == 1 ? FC_WRITE_COIL : FC_WRITE_COILS;
    return def;
}

static struct write_order order;
static char error[256];

static void expect_order(const struct point_def *def, double value, const char *frame)
{
    uint8_t adu[ADU_MAX];
    char hex[2 * ADU_MAX + 1];
    error[0] = '\0';
    if (write_point(def, value, &order, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    size_t len = adu_build(&order.request, order.data, adu);
    for (size_t i = 0; i + 2 < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned)adu[i]);
    assert_string_equal(hex, frame);
}

static void expect_refused(const struct point_def *def, double value, const char *text)
{
    error[0] = '\0';
    assert_int_equal(write_point(def, value, &order, error, sizeof(error)), -1);
    assert_string_equal(error, text);
}

static void a_value_becomes_its_registers(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    expect_order(&def, -2, "11060064fffe");
    assert_int_equal(order.request.value, 0xfffe);
    assert_int_equal(order.read_back.unit, 17);
    assert_int_equal(order.read_back.function, FC_READ_HOLDING_REGISTERS);
    assert_int_equal(order.read_back.start, 100);
    assert_int_equal(order.read_back.count, 1);
    assert_string_equal(order.point, "setpoint");
    assert_string_equal(order.value, "-2");
    def.write_function = FC_WRITE_REGISTERS;
    expect_order(&def, 65,
                 "1110006400010200"
                 "41");

    def = point(REG_FLOAT, 4);
    expect_order(&def, 230.2, "1110006400020443663333");
    def.type.order = ORDER_CDAB;
    expect_order(&def, 230.2, "1110006400020433334366");
    def.type.order = ORDER_BADC;
    expect_order(&def, 230.2, "1110006400020466433333");
    def.type.order = ORDER_DCBA;
    expect_order(&def, 230.2, "1110006400020433336643");
    assert_int_equal(order.read_back.count, 2);

    def = point(REG_UINT, 8);
    expect_order(&def, 0x10203040506, "111000640004080000010203040506");
    def.type.order = ORDER_CDAB;
    expect_order(&def, 0x10203040506, "111000640004080506030401020000");
    def.type.order = ORDER_BADC;
    expect_order(&def, 0x10203040506, "111000640004080000020104030605");
    def.type.order = ORDER_DCBA;
    expect_order(&def, 0x10203040506, "111000640004080605040302010000");

    def = point(REG_FLOAT, 8);
    expect_order(&def, -0.0, "111000640004080000000000000000");
    def = point(REG_BCD, 4);
    expect_order(&def, 12345678, "1110006400020412345678");
    def = point(REG_BITS, 2);
    def.type.bit_count = 16;
    expect_order(&def, 0x8001, "110600648001");
}

static void scaling_is_undone(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    def.scale = 0.1;
    expect_order(&def, 23.5, "1106006400eb");
    assert_string_equal(order.value, "23.5");
    expect_order(&def, -0.3, "11060064fffd");
    def.offset = -40;
    expect_order(&def, 23.5, "11060064027b");
    def.scale = -0.5;
    expect_order(&def, -41, "110600640002");
    expect_refused(&def, -41.25,
                   "setpoint: -41.25 lies between two steps: it goes in steps of 0.5, and the "
                   "nearest is -41.5");
    for (int raw = -32768; raw <= 32767; raw++) {
        static const double scales[] = {0.1, 0.01, 0.001, 1, 2.5, 0.0625, 1e-7, 0.3};
        def.scale = scales[(unsigned)raw % 8];
        def.offset = raw % 3 * 12.34;
        double value = reg_scale(raw, def.scale, def.offset);
        assert_int_equal(write_point(&def, value, &order, error, sizeof(error)), 0);
        assert_int_equal((int16_t)order.request.value, raw);
    }
}

static void what_is_shown_counts(void **state)
{
    (void)state;
    struct point_def def = point(REG_UINT, 2);
    def.scale = 0.0625; /* 0.0625 is shown as 0.06 */
    expect_refused(&def, 0.06,
                   "setpoint: 0.06 lies between two steps: it goes in steps of 0.0625, and the "
                   "nearest is 0.0625");
    def.decimals = 2;
    expect_order(&def, 0.06, "110600640001");
    expect_order(&def, 1.06, "110600640011");
    expect_refused(&def, 1.09,
                   "setpoint: 1.09 lies between two steps: it goes in steps of 0.0625, and the "
                   "nearest is 1.0625");
    def.scale = 1;
    def.decimals = 0; /* shown as 23, but this was not asked */
    expect_refused(&def, 23.4,
                   "setpoint: 23.4 lies between two steps: it goes in steps of 1, and the nearest "
                   "is 23");
}

static void what_a_type_cannot_hold_is_refused(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    expect_order(&def, 32767, "110600647fff");
    expect_order(&def, -32768, "110600648000");
    expect_refused(&def, 32768,
                   "setpoint: 32768 does not fit into its 2 bytes: they hold -32768 to 32767");
    def.scale = 0.1;
    expect_refused(&def, -3276.9,
                   "setpoint: -3276.9 does not fit into its 2 bytes: they hold -3276.8 to 3276.7");
    def = point(REG_UINT, 2);
    expect_refused(&def, -1, "setpoint: -1 does not fit into its 2 bytes: they hold 0 to 65535");
    expect_refused(&def, 65536,
                   "setpoint: 65536 does not fit into its 2 bytes: they hold 0 to 65535");
    def = point(REG_BCD, 2);
    expect_order(&def, 9999, "110600649999");
    expect_refused(&def, 10000,
                   "setpoint: 10000 does not fit into its 2 bytes: they hold 0 to 9999");
    def = point(REG_INT, 8); /* 2^63 itself is a double, and not an int64 */
    expect_order(&def, -0x1p63, "111000640004088000000000000000");
    assert_int_equal(write_point(&def, 0x1p63, &order, error, sizeof(error)), -1);
    def = point(REG_UINT, 8);
    expect_order(&def, 0x1.fffffffffffffp63, "11100064000408fffffffffffff800");
    assert_int_equal(write_point(&def, 0x1p64, &order, error, sizeof(error)), -1);
    def = point(REG_FLOAT, 4);
    expect_order(&def, 3.4028234663852886e38, "111000640002047f7fffff");
    expect_refused(&def, -1e39, "setpoint: -1e+39 is beyond what a float of 4 bytes holds");
    expect_refused(&def, NAN, "setpoint: the value is no number");
    expect_refused(&def, INFINITY, "setpoint: the value is no number");
    def.scale = 0; /* the configuration refuses it */
    assert_int_equal(write_point(&def, 1, &order, error, sizeof(error)), -1);
    def = point(REG_INT, 4);
    def.scale = 0;
    assert_int_equal(write_point(&def, 0, &order, error, sizeof(error)), -1);
}

static void bounds_hold(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    def.max = 60;
    expect_order(&def, 60, "11060064003c");
    expect_refused(&def, 60.5, "setpoint: 60.5 is too much: at most 60 is allowed");
    def.min = 5;
    expect_order(&def, 5, "110600640005");
    expect_refused(&def, 80, "setpoint: 80 is out of bounds: 5 to 60 is allowed");
    def.max = INFINITY;
    expect_refused(&def, 4, "setpoint: 4 is too little: at least 5 is allowed");
}

static void points_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    def.writable = false;
    expect_refused(&def, 1, "setpoint is not writable: say so in data_config.yml, with its bounds");
    def = point(REG_STRING, 8);
    expect_refused(&def, 1,
                   "setpoint is a text: only numbers can be written to a point, write its "
                   "registers");
    def = point(REG_BITS, 2);
    def.type.bit_first = 4;
    def.type.bit_count = 2;
    expect_refused(&def, 1,
                   "setpoint is a part of a register whose other bits may change meanwhile: write "
                   "the whole register");
    def = point(REG_FLOAT, 4);
    def.write_function = FC_WRITE_REGISTER;
    expect_refused(&def, 1, "setpoint has 4 bytes: function 6 writes 2, function 16 more");
    def.write_function = FC_WRITE_COIL;
    expect_refused(&def, 1, "setpoint is no bit: function 5 writes bits only");
    def.write_function = 0;
    expect_refused(&def, 1, "setpoint cannot be written: slave 17, function 0");
    def = coils(3);
    def.write_function = FC_WRITE_COIL;
    expect_refused(&def, 1, "setpoint has 3 bits: function 5 writes one, function 15 several");
    def.write_function = FC_WRITE_REGISTERS;
    def.type.bit_count = 8;
    expect_refused(&def, 1, "setpoint has 1 bytes: function 6 writes 2, function 16 more");
    def = point(REG_FLOAT, 4);
    def.address = 65535;
    expect_refused(&def, 1, "setpoint ends behind the last address, 65535");
}

static void coils_are_a_number(void **state)
{
    (void)state;
    struct point_def def = coils(1);
    double value;
    expect_order(&def, 1, "11050064ff00");
    assert_int_equal(order.size, 1);
    assert_int_equal(order.read_back.function, FC_READ_COILS);
    expect_order(&def, 0, "110500640000");
    expect_refused(&def, 2, "setpoint: 2 is no value of a coil: write 0 or 1");
    def = coils(10);
    expect_order(&def, 0x1cd, "110f0064000a02cd01");
    assert_true(write_value(&order, (const uint8_t *)"\xcd\xfd", 2, &value));
    assert_int_equal(value, 0x1cd);
    def = coils(20);
    expect_order(&def, 0xabcde, "110f0064001403debc0a");
    assert_true(write_value(&order, (const uint8_t *)"\xde\xbc\x0a", 3, &value));
    assert_int_equal(value, 0xabcde);
    def = coils(32);
    expect_order(&def, 0xfffefdfc,
                 "110f00640020"
                 "04fcfdfeff");
    expect_refused(
        &def, 0x1p32,
        "setpoint: 4294967296 does not fit into its 32 coils: they hold 0 to 4294967295");
}

static void the_first_coil_is_found_by_the_task(void **state)
{
    (void)state;
    struct data_config *config =
        parts_config("query_tasks:\n  1: {start_addr: 13, length: 40, function: 1, interval: 5}\n"
                     "  2: {start_addr: 300, length: 4, interval: 5}\n"
                     "data_points:\n"
                     "  pumps: {address: 20, name: pumps, type: bits, bits: {first: 3, count: 9}}\n"
                     "  300: {name: level, type: int, length: 2}\n");
    const struct profile *profile = &config->profiles[0];
    assert_int_equal(write_first_coil(profile, &profile->points[0]), 23);
    assert_int_equal(write_first_coil(profile, &profile->points[1]), 300);
    data_config_release(config);
}

/* Vectors of the specification and of the field. */
static void raw_writes_are_the_known_frames(void **state)
{
    (void)state;
    static const struct {
        uint32_t slave, function, address, values[10];
        size_t count;
        const char *frame, *value;
    } known[] = {
        {1, 5, 0, {1}, 1, "010500 00ff008c3a", "1"},
        {1, 6, 1, {1}, 1, "0106 0001 0001 19ca", "1"},
        {17,
         15,
         0x13,
         {1, 0, 1, 1, 0, 0, 1, 1, 1, 0},
         10,
         "110f0013000a02cd01bf0b",
         "1 0 1 1 0 0 1 1 1 0"},
        {17, 16, 1, {10, 258}, 2, "1110 0001 0002 04 000a 0102 c6f0", "10 258"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const struct write_raw raw = {known[i].slave, known[i].function, known[i].address,
                                      known[i].values, known[i].count};
        uint8_t adu[ADU_MAX];
        char hex[64] = "", expected[64] = "";
        assert_int_equal(write_registers(&raw, &order, error, sizeof(error)), 0);
        size_t len = adu_build(&order.request, order.data, adu);
        for (size_t at = 0; at < len; at++)
            snprintf(hex + 2 * at, 3, "%02x", (unsigned)adu[at]);
        for (const char *c = known[i].frame; *c != '\0'; c++)
            if (*c != ' ')
                strncat(expected, c, 1);
        assert_string_equal(hex, expected);
        assert_string_equal(order.value, known[i].value);
        assert_string_equal(order.point, "");
        assert_int_equal(order.type.size, 0);
        assert_true(write_verified(&order, order.data, order.size));
    }
}

static void expect_raw(struct write_raw raw, const char *text)
{
    static uint32_t zeros[2000];
    raw.values = raw.values != NULL ? raw.values : zeros;
    int rc = write_registers(&raw, &order, error, sizeof(error));
    assert_int_equal(rc, text != NULL ? -1 : 0);
    if (text != NULL)
        assert_string_equal(error, text);
}

static void raw_writes_have_limits(void **state)
{
    (void)state;
    static const uint32_t two[] = {1, 2}, large[] = {65535, 65536};
    expect_raw((struct write_raw){247, 16, 65413, NULL, 123}, NULL);
    expect_raw((struct write_raw){1, 15, 0, NULL, 1968}, NULL);
    expect_raw((struct write_raw){1, 16, 0, NULL, 124},
               "values: 124 of them, but function 16 takes 1 to 123");
    expect_raw((struct write_raw){1, 15, 0, NULL, 1969},
               "values: 1969 of them, but function 15 takes 1 to 1968");
    expect_raw((struct write_raw){1, 6, 0, NULL, 2}, "values: 2 of them, but function 6 takes 1");
    expect_raw((struct write_raw){1, 16, 0, NULL, 0},
               "values: 0 of them, but function 16 takes 1 to 123");
    expect_raw((struct write_raw){0, 6, 0, NULL, 1}, "slave: 0 is none: write 1 to 247");
    expect_raw((struct write_raw){248, 6, 0, NULL, 1}, "slave: 248 is none: write 1 to 247");
    expect_raw((struct write_raw){1, 3, 0, NULL, 1},
               "function: 3 does not write: use 5 (a coil), 6 (a register), 15 (coils) or 16 "
               "(registers)");
    assert_int_equal(write_registers(&(struct write_raw){1, 262, 0, two, 1}, &order, error, 256),
                     -1); /* 262 is 6 in a byte */
    expect_raw((struct write_raw){1, 16, 65534, NULL, 3},
               "address: 3 from 65534 on end behind the last address, 65535");
    expect_raw((struct write_raw){1, 16, UINT32_MAX, NULL, 3},
               "address: 3 from 4294967295 on end behind the last address, 65535");
    expect_raw((struct write_raw){1, 15, 0, two, 2}, "values[1]: 2 is no bit: write 0 or 1");
    expect_raw((struct write_raw){1, 16, 0, large, 2},
               "values[1]: 65536 is no register: write 0 to 65535");
}

static void a_long_list_is_cut(void **state)
{
    (void)state;
    uint32_t values[123];
    for (size_t i = 0; i < 123; i++)
        values[i] = 65535;
    expect_raw((struct write_raw){1, 16, 0, values, 123}, NULL);
    assert_int_equal(strlen(order.value), 32 * 6 - 1 + 4);
    assert_string_equal(order.value + 191, " ...");
}

static void reading_back_verifies(void **state)
{
    (void)state;
    struct point_def def = point(REG_INT, 2);
    double value;
    def.scale = 0.1;
    expect_order(&def, 23.5, "1106006400eb");
    assert_true(write_verified(&order, (const uint8_t *)"\x00\xeb", 2));
    assert_false(write_verified(&order, (const uint8_t *)"\x00\xec", 2));
    assert_false(write_verified(&order, (const uint8_t *)"\x01\xeb", 2));
    assert_false(write_verified(&order, (const uint8_t *)"\x00\xeb\x00", 3));
    assert_false(write_verified(&order, NULL, 0));
    assert_true(write_value(&order, (const uint8_t *)"\x00\xec", 2, &value));
    assert_true(value == 23.6);
    assert_false(write_value(&order, (const uint8_t *)"\x00", 1, &value));

    def = coils(10); /* the six bits behind the tenth are not ours */
    expect_order(&def, 0x1cd, "110f0064000a02cd01");
    assert_true(write_verified(&order, (const uint8_t *)"\xcd\xfd", 2));
    assert_false(write_verified(&order, (const uint8_t *)"\xcd\x03", 2));
    def = coils(8);
    expect_order(&def, 0x80, "110f006400080180");
    assert_false(write_verified(&order, (const uint8_t *)"\x00", 1));

    expect_raw((struct write_raw){1, 16, 0, NULL, 2}, NULL);
    assert_false(write_value(&order, order.data, order.size, &value));
    def = point(REG_FLOAT, 4);
    expect_order(&def, 1, "111000640002043f800000");
    assert_false(write_value(&order, (const uint8_t *)"\x7f\xc0\x00\x00", 4, &value));
}

static void each_status_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(write_status_name(WRITE_DONE), "written");
    assert_string_equal(write_status_name(WRITE_NOT_VERIFIED), "not verified");
    assert_string_equal(write_status_name(WRITE_EXCEPTION), "exception");
    assert_string_equal(write_status_name(WRITE_TIMEOUT), "time-out");
    assert_string_equal(write_status_name(WRITE_LINE_LOST), "line lost");
    assert_string_equal(write_status_name(WRITE_CANCELLED), "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_becomes_its_registers),
        cmocka_unit_test(scaling_is_undone),
        cmocka_unit_test(what_is_shown_counts),
        cmocka_unit_test(what_a_type_cannot_hold_is_refused),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(points_that_cannot_be_written_are_refused),
        cmocka_unit_test(coils_are_a_number),
        cmocka_unit_test(the_first_coil_is_found_by_the_task),
        cmocka_unit_test(raw_writes_are_the_known_frames),
        cmocka_unit_test(raw_writes_have_limits),
        cmocka_unit_test(a_long_list_is_cut),
        cmocka_unit_test(reading_back_verifies),
        cmocka_unit_test(each_status_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
