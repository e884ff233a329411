#include "collector/poll/decode.h"
#include "tests/unit/collector/parts.h"

#include <math.h>

static struct record_body body;

/* A plan's task ${index} decodes ${data}; what came out, "name=number/raw(text)" a sample. */
static void expect_samples(struct data_config *config, size_t index, const uint8_t *data,
                           size_t size, const char *expected)
{
    struct names *names = names_new();
    const struct plan_defaults defaults = parts_defaults();
    struct plan_set *set = plan_set_new(config, names, &defaults);
    char *text = NULL;
    size_t len = 0, at = 0;
    FILE *out = open_memstream(&text, &len);
    struct record_sample sample;
    const char *chars;
    size_t n = 0;
    uint8_t *exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    body.size = body.count = 0;
    size_t added = decode_samples(&set->plans[0].tasks[index], exact, size, NULL, 0, &body, NULL);
    while (record_next_sample(body.bytes, body.size, &at, &sample, &chars) > 0) {
        struct point_name name;
        assert_int_equal(names_get_point(names, sample.point, &name), 0);
        fprintf(out, "%s=", name.name);
        names_point_clear(&name);
        if (sample.flags & SAMPLE_HAS_NUMBER)
            fprintf(out, "%.10g", sample.number);
        fputc('/', out);
        if (sample.flags & SAMPLE_HAS_RAW)
            fprintf(out, "%llX", (unsigned long long)sample.raw);
        if (sample.flags & SAMPLE_HAS_TEXT)
            fprintf(out, "(%.*s)", sample.text_size, chars);
        fputc(' ', out);
        n++;
    }
    fclose(out);
    assert_string_equal(text, expected);
    assert_int_equal(added, n);
    assert_int_equal(body.count, n);
    free(text);
    free(exact);
    plan_set_release(set);
    names_free(names);
}

static void put(uint8_t *data, unsigned register_, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[2 * register_ + i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static void the_nine_points_of_the_original(void **state)
{
    (void)state;
    struct faults faults = {0};
    uint8_t first[200] = {0}, second[30] = {0}, third[20] = {0}, fourth[40] = {0};
    struct data_config *config =
        data_config_load("tests/fixtures/original/data_config.yml", &faults);
    assert_non_null(config);
    put(first, 0, 0xFF9C, 2);      /* -100: below zero */
    put(first, 10, 0x42480000, 4); /* 50.0 */
    put(first, 20, 1013, 2);
    put(first, 30, 0x3FC00000, 4); /* 1.5 */
    put(first, 40, 3, 2);
    expect_samples(config, 0, first, sizeof(first),
                   "temperature=-10/FF9C humidity=50/42480000 pressure=10.13/3F5 "
                   "flow_rate=1.5/3FC00000 status=3/3 ");
    put(second, 0, 2205, 2);
    put(second, 2, 512, 2);
    expect_samples(config, 1, second, sizeof(second), "voltage=220.5/89D current=5.12/200 ");
    put(third, 0, 1480, 2);
    expect_samples(config, 2, third, sizeof(third), "rpm=1480/5C8 ");
    put(fourth, 0, 500, 2);
    expect_samples(config, 3, fourth, sizeof(fourth), "frequency=50/1F4 ");
    data_config_release(config);
}

static void part_of_the_data_gives_part_of_the_points(void **state)
{
    (void)state;
    struct data_config *config =
        parts_config("query_tasks:\n"
                     "  1: {start_addr: 0, length: 4, interval: 60, trigger: timer}\n"
                     "data_points:\n"
                     "  0: {name: a, type: int, length: 2, scale: 1}\n"
                     "  1: {name: b, type: int, length: 4, scale: 1}\n"
                     "  3: {name: c, type: int, length: 2, scale: 1}\n");
    static const uint8_t data[8] = {0, 1, 0, 0, 0, 2, 0, 3};
    static const char *const expected[] = {"",
                                           "",
                                           "a=1/1 ",
                                           "a=1/1 ",
                                           "a=1/1 ",
                                           "a=1/1 ",
                                           "a=1/1 b=2/2 ",
                                           "a=1/1 b=2/2 ",
                                           "a=1/1 b=2/2 c=3/3 "};
    for (size_t size = 0; size <= sizeof(data); size++)
        expect_samples(config, 0, data, size, expected[size]);
    data_config_release(config);
}

static void what_is_no_number_is_still_a_sample(void **state)
{
    (void)state;
    struct data_config *config =
        parts_config("query_tasks:\n"
                     "  1: {start_addr: 0, length: 20, interval: 60, trigger: timer}\n"
                     "data_points:\n"
                     "  0: {name: nan, type: float, length: 4, scale: 0.1}\n"
                     "  2: {name: inf, type: float, length: 4, scale: 1}\n"
                     "  4: {name: bcd, type: bcd, length: 2, scale: 1}\n"
                     "  5: {name: name, type: string, length: 10}\n"
                     "  10: {name: huge, type: float64, scale: 1000}\n"
                     "  14: {name: low, type: float64, scale: 1, offset: 5}\n");
    uint8_t data[40] = {0};
    put(data, 0, 0x7FC00000, 4);
    put(data, 2, 0x7F800000, 4);
    put(data, 4, 0x12A4, 2);
    memcpy(data + 10, "pump\t1", 6);
    put(data, 10, 0x7FEFFFFF, 4); /* about the largest double */
    put(data, 14, 0x40080000, 4); /* 3.0 */
    expect_samples(config, 0, data, sizeof(data),
                   "nan=/7FC00000 inf=/7F800000 bcd=/12A4 name=/(pump\\x091) "
                   "huge=/7FEFFFFF00000000 low=8/4008000000000000 ");
    data_config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nine_points_of_the_original),
        cmocka_unit_test(part_of_the_data_gives_part_of_the_points),
        cmocka_unit_test(what_is_no_number_is_still_a_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
