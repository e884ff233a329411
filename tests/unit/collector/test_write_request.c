#include "collector/write_request.h"
#include "tests/unit/collector/parts.h"

static struct write_request asked;
static char error[256];

static int parse(const char *text)
{
    return write_request_parse(text, strlen(text), &asked, error, sizeof(error));
}

static void expect(const char *text)
{
    if (parse(text) != 0)
        fail_msg("%s: %s", text, error);
}

static void refuse(const char *text, const char *why)
{
    assert_int_equal(parse(text), -1);
    assert_string_equal(error, why);
}

static void a_point_and_its_value(void **state)
{
    (void)state;
    expect("{\"device\": \"1001\", \"point\": \"setpoint\", \"value\": 23.5, \"actor\": \"Mei\"}");
    assert_string_equal(asked.device, "1001");
    assert_string_equal(asked.point, "setpoint");
    assert_string_equal(asked.actor, "Mei");
    assert_true(asked.value == 23.5);
    assert_false(asked.registers);
    expect(" {\"device\":\"水泵\",\"point\":\"x\",\"value\":-7} \n");
    assert_string_equal(asked.device, "水泵");
    assert_string_equal(asked.actor, "control");
    assert_true(asked.value == -7);
    expect("{\"device\":\"d\",\"point\":\"x\",\"value\":18446744073709549568}");
    assert_true(asked.value == 0x1.fffffffffffffp63);
}

static void registers_and_their_values(void **state)
{
    (void)state;
    expect("{\"device\": \"d\", \"slave\": 17, \"function\": 16, \"address\": 65535, "
           "\"values\": [0, 65535, 7]}");
    assert_true(asked.registers);
    assert_int_equal(asked.slave, 17);
    assert_int_equal(asked.function, 16);
    assert_int_equal(asked.address, 65535);
    assert_int_equal(asked.count, 3);
    assert_int_equal(asked.values[1], 65535);
    assert_string_equal(asked.point, "");
}

static void keys_are_checked(void **state)
{
    (void)state;
    refuse("{\"device\":\"d\",\"point\":\"x\",\"vlaue\":1}",
           "vlaue is not known: did you mean value?");
    refuse("{\"device\":\"d\",\"frobnicate\\n\":1}",
           "frobnicate\\x0a is not known: the keys are device, actor, and point, value or slave, "
           "function, address, values");
    refuse("{\"point\":\"x\",\"value\":1}",
           "device is missing: the DTU's registration id, as the pages show it");
    refuse("{\"device\":\"d\",\"point\":\"x\"}", "value is missing: what point x is to be set to");
    refuse("{\"device\":\"d\",\"point\":\"x\",\"value\":null}",
           "value is null: write a value, or leave the key out");
    refuse("{\"device\":\"d\",\"point\":\"x\",\"value\":1,\"slave\":1}",
           "slave goes with registers, and point names them already: leave one of the two out");
    refuse("{\"device\":\"d\",\"value\":1}",
           "value goes with point: write values: [...] for registers");
    refuse(
        "{\"device\":\"d\",\"slave\":1,\"function\":6,\"values\":[1]}",
        "address is missing: name a point and its value, or slave, function, address and values");
}

static void types_are_checked(void **state)
{
    (void)state;
    refuse("{\"device\":1001,\"point\":\"x\",\"value\":1}", "device: write a text in quotes");
    refuse("{\"device\":\"\",\"point\":\"x\",\"value\":1}", "device has 0 bytes: write 1 to 127");
    refuse("{\"device\":\"a\\u0000b\",\"point\":\"x\",\"value\":1}",
           "device: byte 2 is a control character: leave it out");
    refuse("{\"device\":\"d\",\"point\":\"x\",\"value\":\"1\"}",
           "value: write a number, without quotes");
    refuse("{\"device\":\"d\",\"point\":\"x\",\"value\":1e999}", "value: the number is too large");
    refuse("{\"device\":\"d\",\"point\":\"x\",\"value\":9007199254740993}",
           "value: the number has more digits than can be kept: write its registers with slave, "
           "function, address, values");
    assert_int_equal(parse("{\"device\":\"d\",\"point\":\"x\",\"value\":99999999999999999999}"),
                     -1);
    assert_int_equal(parse("{\"device\":\"d\",\"point\":\"x\",\"value\":-99999999999999999999}"),
                     0);
    refuse("{\"device\":\"d\",\"slave\":1.5,\"function\":6,\"address\":0,\"values\":[1]}",
           "slave: write a whole number, without quotes");
    refuse("{\"device\":\"d\",\"slave\":1,\"function\":6,\"address\":-1,\"values\":[1]}",
           "address: -1 is out of range: write 0 to 65535");
    refuse("{\"device\":\"d\",\"slave\":1,\"function\":6,\"address\":0,\"values\":7}",
           "values: write a list, like [1, 2]");
    refuse("{\"device\":\"d\",\"slave\":1,\"function\":6,\"address\":0,\"values\":[]}",
           "values: 0 of them: write 1 to 123 registers, or 1 to 1968 coils");
    refuse("{\"device\":\"d\",\"slave\":1,\"function\":16,\"address\":0,\"values\":[1,null]}",
           "values[1]: write a whole number, without quotes");
    refuse("{\"device\":\"d\",\"slave\":1,\"function\":16,\"address\":0,\"values\":[1,65536]}",
           "values[1]: 65536 is out of range: write 0 to 65535");
}

static void long_texts_and_lists_are_refused(void **state)
{
    (void)state;
    char text[9000], actor[80];
    memset(actor, 'a', sizeof(actor));
    snprintf(text, sizeof(text),
             "{\"device\":\"d\",\"actor\":\"%.65s\",\"point\":\"x\",\"value\":1}", actor);
    refuse(text, "actor has 65 bytes: write 1 to 64");
    snprintf(text, sizeof(text),
             "{\"device\":\"d\",\"actor\":\"%.64s\",\"point\":\"x\",\"value\":1}", actor);
    expect(text);
    for (size_t n = 1968; n <= 1969; n++) {
        size_t at = (size_t)snprintf(
            text, sizeof(text),
            "{\"device\":\"d\",\"slave\":1,\"function\":15,\"address\":0,\"values\":[1");
        for (size_t i = 1; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, ",1");
        snprintf(text + at, sizeof(text) - at, "]}");
        assert_int_equal(parse(text), n == 1968 ? 0 : -1);
    }
}

static void only_json_is_taken(void **state)
{
    (void)state;
    refuse("", "the body is empty: write {\"device\": ..., \"point\": ..., \"value\": ...}");
    refuse("[1]", "the body is no object: write {\"device\": ..., \"point\": ..., \"value\": ...}");
    refuse("{\"device\":", "the body is not whole JSON: it ends after byte 10");
    assert_int_equal(parse("{\"device\":\"d\",\"point\":\"x\",\"value\":1} x"), -1);
    assert_int_equal(parse("{\"device\":\"d\",\"point\":\"x\",\"value\":NaN}"), -1);
    assert_int_equal(parse("{'device':'d','point':'x','value':1}"), -1);
    assert_int_equal(parse("{\"device\":\"\xff\",\"point\":\"x\",\"value\":1}"), -1);
    assert_int_equal(parse("{\"device\":[[[[[[1]]]]]]}"), -1);
    /* never past its end */
    char *part = test_malloc(12);
    memcpy(part, "{\"device\":\"1", 12);
    assert_int_equal(write_request_parse(part, 12, &asked, error, sizeof(error)), -1);
    test_free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_and_its_value),
        cmocka_unit_test(registers_and_their_values),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(types_are_checked),
        cmocka_unit_test(long_texts_and_lists_are_refused),
        cmocka_unit_test(only_json_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
