#include "collector/record.h"
#include "tests/unit/collector/parts.h"

static struct reg_value value_of(uint64_t *seed)
{
    struct reg_value value = {.number = (double)parts_random(seed) / 8,
                              .raw = parts_random(seed),
                              .has_number = (int)parts_pick(seed, 2),
                              .has_raw = (int)parts_pick(seed, 2)};
    size_t len = parts_pick(seed, 3) == 0 ? parts_pick(seed, sizeof(value.text)) : 0;
    memset(value.text, 'a' + (char)parts_pick(seed, 26), len);
    return value;
}

static void samples_come_back_as_they_were(void **state)
{
    (void)state;
    struct record_body *body = calloc(1, sizeof(*body));
    for (uint64_t round = 1; round < 50; round++) {
        uint64_t seed = round;
        uint16_t count = 0;
        body->size = body->count = 0;
        while (count < round * 4) {
            struct reg_value value = value_of(&seed);
            if (record_add_sample(body, count, &value) != 0)
                break;
            count++;
        }
        assert_int_equal(body->count, count);
        seed = round;
        size_t at = 0;
        struct record_sample sample;
        const char *text;
        for (uint16_t i = 0; i < count; i++) {
            struct reg_value value = value_of(&seed);
            assert_int_equal(record_next_sample(body->bytes, body->size, &at, &sample, &text), 1);
            assert_int_equal(sample.point, i);
            assert_int_equal(!!(sample.flags & SAMPLE_HAS_NUMBER), value.has_number);
            assert_int_equal(!!(sample.flags & SAMPLE_HAS_RAW), value.has_raw);
            assert_int_equal(!!(sample.flags & SAMPLE_HAS_TEXT), value.text[0] != '\0');
            assert_true(sample.number == (value.has_number ? value.number : 0));
            assert_int_equal(sample.raw, value.has_raw ? value.raw : 0);
            assert_int_equal(sample.text_size, strlen(value.text));
            assert_memory_equal(text, value.text, sample.text_size);
        }
        assert_int_equal(record_next_sample(body->bytes, body->size, &at, &sample, &text), 0);
    }
    free(body);
}

static void a_full_body_stays_as_it_is(void **state)
{
    (void)state;
    struct record_body *body = calloc(1, sizeof(*body));
    struct reg_value value = {.has_number = 1, .number = 1};
    memset(value.text, 'x', sizeof(value.text) - 1);
    while (record_add_sample(body, 1, &value) == 0) {
    }
    assert_true(body->size <= RECORD_BODY_MAX);
    assert_true(body->size + sizeof(struct record_sample) + sizeof(value.text) > RECORD_BODY_MAX);
    uint32_t size = body->size;
    uint16_t count = body->count;
    assert_int_equal(record_add_sample(body, 1, &value), -1);
    assert_int_equal(body->size, size);
    assert_int_equal(body->count, count);
    free(body);
}

/* A run of three records. */
static size_t make_run(uint8_t bytes[256])
{
    static const struct record_head heads[] = {
        {.type = RECORD_HEARTBEAT, .device = 1, .ts_ms = 10},
        {.type = RECORD_PACKET, .code = PACKET_DATA, .body_size = 5, .device = 2, .ts_ms = 20},
        {.type = RECORD_CONNECTION, .code = LINE_CONNECT, .body_size = 48, .device = 3},
    };
    size_t len = 0;
    for (size_t i = 0; i < 3; i++) {
        memcpy(bytes + len, &heads[i], sizeof(heads[i]));
        len += sizeof(heads[i]);
        memset(bytes + len, (int)i, heads[i].body_size);
        len += heads[i].body_size;
    }
    return len;
}

/* Step through an exact copy, so that a read past it is seen; return the records. */
static int step(const uint8_t *bytes, size_t len, int *end)
{
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, bytes, len);
    struct record_head head;
    const uint8_t *body;
    size_t at = 0;
    int n = 0;
    while ((*end = record_next(exact, len, &at, &head, &body)) > 0) {
        assert_true(body + head.body_size <= exact + len);
        n++;
    }
    free(exact);
    return n;
}

static void a_run_is_stepped_through(void **state)
{
    (void)state;
    uint8_t bytes[256];
    int end;
    assert_int_equal(step(bytes, make_run(bytes), &end), 3);
    assert_int_equal(end, 0);
    assert_int_equal(step(bytes, 0, &end), 0);
    assert_int_equal(end, 0);
}

static void torn_runs_end_where_they_are_torn(void **state)
{
    (void)state;
    uint8_t bytes[256];
    size_t len = make_run(bytes), head = sizeof(struct record_head);
    for (size_t cut = 0; cut < len; cut++) {
        int end, n = step(bytes, cut, &end);
        int whole = cut >= head + head + 5 ? 2 : cut >= head;
        assert_int_equal(n, whole);
        assert_int_equal(end, cut == 0 || cut == head || cut == head + head + 5 ? 0 : -1);
    }
}

static void hostile_bytes_are_never_read_past(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[256];
        size_t len = make_run(bytes);
        for (size_t n = 1 + parts_pick(&seed, 6); n > 0; n--)
            bytes[parts_pick(&seed, len)] = (uint8_t)parts_random(&seed);
        int end;
        step(bytes, parts_pick(&seed, len + 1), &end);

        size_t size = parts_pick(&seed, len + 1), at = 0;
        uint8_t *exact = malloc(size ? size : 1);
        struct record_sample sample;
        const char *text;
        memcpy(exact, bytes, size);
        while (record_next_sample(exact, size, &at, &sample, &text) > 0)
            assert_true((const uint8_t *)text + sample.text_size <= exact + size);
        free(exact);
    }
}

static void unknown_types_make_no_sense(void **state)
{
    (void)state;
    uint8_t bytes[256];
    int end;
    size_t len = make_run(bytes);
    bytes[0] = 0;
    assert_int_equal(step(bytes, len, &end), 0);
    assert_int_equal(end, -1);
    bytes[0] = RECORD_TYPES;
    assert_int_equal(step(bytes, len, &end), 0);
    assert_int_equal(end, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_back_as_they_were),
        cmocka_unit_test(a_full_body_stays_as_it_is),
        cmocka_unit_test(a_run_is_stepped_through),
        cmocka_unit_test(torn_runs_end_where_they_are_torn),
        cmocka_unit_test(hostile_bytes_are_never_read_past),
        cmocka_unit_test(unknown_types_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
