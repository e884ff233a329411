#include "tests/sim/slave.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* By address, then name, as in a loaded configuration. */
static struct point_def points[] = {
    {.name = (char *)"count_a", .address = 98, .type = {REG_UINT, ORDER_ABCD, 8, 0, 0}, .scale = 1},
    {.name = (char *)"temperature",
     .address = 2000,
     .type = {REG_INT, ORDER_ABCD, 2, 0, 0},
     .scale = 0.1},
    {.name = (char *)"bit_low",
     .address = 2001,
     .type = {REG_BITS, ORDER_ABCD, 2, 0, 2},
     .scale = 1},
    {.name = (char *)"bit_high",
     .address = 2001,
     .type = {REG_BITS, ORDER_ABCD, 2, 8, 2},
     .scale = 1},
    {.name = (char *)"humidity",
     .address = 2010,
     .type = {REG_FLOAT, ORDER_CDAB, 4, 0, 0},
     .scale = 1},
    {.name = (char *)"last", .address = 65535, .type = {REG_UINT, ORDER_ABCD, 2, 0, 0}, .scale = 1},
};
static const struct profile profile = {.points = points, .npoints = 6};
static const struct waveform_moment moment = {
    .seed = 1, .wall_ms = INT64_C(1767225600000), .poll = 259, .device = 1001};

static struct memory memory;

static void serve(const struct slave *slave, const uint8_t *bytes, size_t len,
                  struct slave_answer *answer)
{
    const struct slave_query query = {bytes, len, &moment, &memory};
    slave_serve(slave, &query, answer);
}

static struct slave_answer ask(struct adu_request request, enum slave_absent absent)
{
    uint8_t query[ADU_READ_REQUEST_SIZE];
    struct slave_answer answer;
    struct slave_options options = {.units = {{1 << 1}}, .absent = absent};
    struct slave *slave = slave_new(&profile, &options);
    adu_build_read(&request, query);
    serve(slave, query, sizeof(query), &answer);
    slave_free(slave);
    return answer;
}

static const uint8_t *registers(struct adu_request request, struct slave_answer *answer)
{
    struct adu_reply reply;
    *answer = ask(request, SLAVE_ABSENT_EXCEPTION);
    assert_int_equal(answer->kind, SLAVE_REGISTERS);
    assert_int_equal(adu_check_reply(&request, answer->frame, answer->len, &reply), ADU_OK);
    assert_int_equal(answer->request.start, request.start);
    return reply.data;
}

static void points_are_where_they_belong(void **state)
{
    (void)state;
    struct slave_answer answer;
    const uint8_t *data = registers((struct adu_request){1, 3, 2000, 100}, &answer);
    struct waveform temperature = waveform_for("temperature"), humidity = waveform_for("humidity");
    uint8_t expected[4];
    reg_encode(&points[1].type, waveform_number(&temperature, &points[1], &moment), expected);
    assert_memory_equal(data, expected, 2);
    reg_encode(&points[4].type, waveform_number(&humidity, &points[4], &moment), expected);
    assert_memory_equal(data + 20, expected, 4);
    /* 259 mod 4 in both fields of bits. */
    assert_memory_equal(data + 2, "\x03\x03", 2);
    for (size_t i = 4; i < 200; i++)
        assert_true((i >= 20 && i < 24) || data[i] == 0);
    /* Input registers read the same. */
    struct slave_answer inputs;
    assert_memory_equal(registers((struct adu_request){1, 4, 2000, 100}, &inputs), data, 200);
}

static void half_a_point_at_an_edge(void **state)
{
    (void)state;
    struct slave_answer answer;
    /* The counter is 00 00 00 00 00 00 01 03 at 98 to 101. */
    assert_memory_equal(registers((struct adu_request){1, 3, 101, 2}, &answer), "\x01\x03\0\0", 4);
    assert_memory_equal(registers((struct adu_request){1, 3, 100, 1}, &answer), "\0\0", 2);
    assert_memory_equal(registers((struct adu_request){1, 3, 97, 5}, &answer),
                        "\0\0\0\0\0\0\0\0\x01\x03", 10);
    assert_memory_equal(registers((struct adu_request){1, 3, 102, 1}, &answer), "\0\0", 2);
}

static void the_last_register(void **state)
{
    (void)state;
    struct slave_answer answer;
    assert_memory_equal(registers((struct adu_request){1, 3, 65535, 1}, &answer), "\x01\x03", 2);
    assert_memory_equal(registers((struct adu_request){1, 3, 65411, 125}, &answer) + 248,
                        "\x01\x03", 2);
    assert_memory_equal(registers((struct adu_request){1, 3, 0, 125}, &answer) + 202, "\x01\x03",
                        2);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        struct adu_request request;
        uint8_t code;
    } cases[] = {
        {{1, 1, 0, 0}, 0x03},      {{1, 2, 0, 2001}, 0x03},    {{1, 1, 65535, 2}, 0x02},
        {{1, 3, 65535, 2}, 0x02},  {{1, 3, 65500, 125}, 0x02}, {{1, 3, 0, 0}, 0x03},
        {{1, 3, 0, 126}, 0x03},    {{1, 3, 0, 65535}, 0x03},   {{2, 3, 0, 1}, 0x0B},
        {{247, 4, 2000, 1}, 0x0B},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct adu_reply reply;
        struct slave_answer answer = ask(cases[i].request, SLAVE_ABSENT_EXCEPTION);
        assert_int_equal(answer.kind, SLAVE_EXCEPTION);
        assert_int_equal(answer.code, cases[i].code);
        assert_int_equal(adu_check_reply(&cases[i].request, answer.frame, answer.len, &reply),
                         ADU_EXCEPTION);
        assert_int_equal(reply.exception, cases[i].code);
    }
}

static void silence(void **state)
{
    (void)state;
    assert_int_equal(ask((struct adu_request){2, 3, 0, 1}, SLAVE_ABSENT_SILENCE).kind,
                     SLAVE_SILENT);
    assert_int_equal(ask((struct adu_request){0, 3, 0, 1}, SLAVE_ABSENT_EXCEPTION).kind,
                     SLAVE_SILENT);

    struct slave_options options = {.units = {{1 << 1}}};
    struct slave *slave = slave_new(&profile, &options);
    struct slave_answer answer;
    uint8_t query[ADU_READ_REQUEST_SIZE];
    adu_build_read(&(struct adu_request){1, 3, 0, 1}, query);
    for (size_t len = 0; len < sizeof(query); len++) {
        serve(slave, query, len, &answer);
        assert_int_equal(answer.kind, SLAVE_SILENT);
        assert_int_equal(answer.len, 0);
    }
    query[7] ^= 1;
    serve(slave, query, sizeof(query), &answer);
    assert_int_equal(answer.kind, SLAVE_SILENT);

    /* What it does not know has a right CRC, and is refused by name. */
    uint8_t other[] = {0x01, 0x2B, 0x00, 0x00};
    serve(slave, other, adu_seal(other, 2), &answer);
    assert_int_equal(answer.kind, SLAVE_EXCEPTION);
    assert_int_equal(answer.code, 0x01);
    assert_int_equal(answer.request.function, 0x2B);
    assert_int_equal(answer.frame[1], 0xAB);
    slave_free(slave);
}

static void first_point_of_a_range(void **state)
{
    (void)state;
    assert_int_equal(slave_first_point(&profile, 0), 0);
    assert_int_equal(slave_first_point(&profile, 98), 0);
    assert_int_equal(slave_first_point(&profile, 99), 1);
    assert_int_equal(slave_first_point(&profile, 2001), 2);
    assert_int_equal(slave_first_point(&profile, 65535), 5);
    assert_int_equal(slave_first_point(&profile, 65536), 6);
    assert_int_equal(slave_first_point(&(struct profile){.npoints = 0}, 5), 0);
    slave_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_where_they_belong),
        cmocka_unit_test(half_a_point_at_an_edge),
        cmocka_unit_test(the_last_register),
        cmocka_unit_test(refusals),
        cmocka_unit_test(silence),
        cmocka_unit_test(first_point_of_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
