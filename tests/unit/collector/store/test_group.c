#include "collector/store/group.h"
#include "tests/unit/collector/parts.h"

#include <unistd.h>

static const struct group_info about = {.id = "0123456789abcdef0123456789abcdef",
                                        .first_seq = 41,
                                        .records = 3,
                                        .made_ms = 1700000000000};

/* Samples, a connection and an event of three devices. */
static void fill(struct cache *cache, struct names *names)
{
    struct point_def def = {.name = (char *)"voltage",
                            .unit = (char *)"V",
                            .type = {.kind = REG_FLOAT, .size = 4},
                            .address = 300,
                            .decimals = -2};
    struct record_sample samples[2] = {{.flags = SAMPLE_HAS_NUMBER, .number = 230.5},
                                       {.flags = SAMPLE_HAS_RAW, .raw = 7}};
    struct record_connection peer = {.address = "10.0.0.1", .port = 40112};
    samples[0].point = names_point(names, "meter", &def);
    def.name = (char *)"current";
    samples[1].point = names_point(names, "meter", &def);
    struct record_head heads[3] = {
        {.type = RECORD_SAMPLES, .count = 2, .body_size = sizeof(samples), .ts_ms = 1},
        {.type = RECORD_CONNECTION, .code = LINE_CONNECT, .body_size = sizeof(peer), .ts_ms = 2},
        {.type = RECORD_EVENT, .code = EVENT_SLAVE_DEAD, .body_size = 5, .ts_ms = 3},
    };
    heads[0].device = names_device(names, "first");
    heads[1].device = names_device(names, "");
    heads[2].device = names_device(names, "third");
    cache_append(cache, &heads[0], samples);
    cache_append(cache, &heads[1], &peer);
    cache_append(cache, &heads[2], "dead.");
}

struct made {
    uint8_t *bytes;
    size_t size;
    uint32_t crc;
};

static struct made make(void)
{
    struct cache *cache = cache_new(1000, 1);
    struct names *names = names_new();
    struct cache_chunks chunks;
    struct made made;
    fill(cache, names);
    assert_int_equal(cache_take(cache, SIZE_MAX, &chunks), 3);
    struct group_maker *maker = group_maker_new(names);
    const uint8_t *bytes = group_make(maker, &about, &chunks, &made.size, &made.crc);
    assert_non_null(bytes);
    bytes = group_make(maker, &about, &chunks, &made.size, &made.crc); /* once more, the same */
    made.bytes = malloc(made.size);
    assert_non_null(made.bytes);
    memcpy(made.bytes, bytes, made.size);
    cache_done(cache, &chunks);
    group_maker_free(maker);
    cache_free(cache);
    names_free(names);
    return made;
}

static void check_device(struct names *names, const struct record_head *head, const char *id)
{
    char *known = names_get_device(names, head->device);
    assert_non_null(known);
    assert_string_equal(known, id);
    free(known);
}

static void check_records(struct names *names, const struct cache_chunk *chunk)
{
    struct record_head head;
    struct record_sample sample;
    struct point_name point;
    const uint8_t *body;
    const char *text;
    size_t at = 0, in = 0;
    assert_int_equal(record_next(chunk->bytes, chunk->size, &at, &head, &body), 1);
    check_device(names, &head, "first");
    assert_int_equal(record_next_sample(body, head.body_size, &in, &sample, &text), 1);
    assert_int_equal(names_get_point(names, sample.point, &point), 0);
    assert_string_equal(point.name, "voltage");
    assert_string_equal(point.profile, "meter");
    assert_string_equal(point.unit, "V");
    assert_string_equal(point.kind, "float");
    assert_int_equal(point.address, 300);
    assert_int_equal(point.decimals, -2);
    names_point_clear(&point);
    assert_int_equal(record_next_sample(body, head.body_size, &in, &sample, &text), 1);
    assert_int_equal(names_get_point(names, sample.point, &point), 0);
    assert_string_equal(point.name, "current");
    names_point_clear(&point);
    assert_int_equal(record_next(chunk->bytes, chunk->size, &at, &head, &body), 1);
    check_device(names, &head, "");
    assert_int_equal(record_next(chunk->bytes, chunk->size, &at, &head, &body), 1);
    check_device(names, &head, "third");
    assert_memory_equal(body, "dead.", 5);
    assert_int_equal(record_next(chunk->bytes, chunk->size, &at, &head, &body), 0);
}

static void another_process_reads_it_by_name(void **state)
{
    (void)state;
    struct made made = make();
    struct names *names = names_new();
    struct group_info info;
    const char *problem;
    for (int i = 0; i < 10; i++) { /* other references than those of the maker */
        char id[8];
        snprintf(id, sizeof(id), "x%d", i);
        names_device(names, id);
    }
    names_device(names, "third");
    struct cache_chunk *chunk = group_read(made.bytes, made.size, made.crc, names, &info, &problem);
    assert_non_null(chunk);
    assert_string_equal(info.id, about.id);
    assert_int_equal(info.first_seq, 41);
    assert_int_equal(info.records, 3);
    assert_int_equal(info.made_ms, about.made_ms);
    assert_int_equal(chunk->records, 3);
    check_records(names, chunk);
    free(chunk);
    assert_int_equal(group_peek(made.bytes, made.size, made.crc, &info), 0);
    free(made.bytes);
    names_free(names);
}

/* What this start knows of a point is newer than what the group says. */
static void a_description_of_now_stays(void **state)
{
    (void)state;
    struct made made = make();
    struct names *names = names_new();
    struct group_info info;
    struct point_name point;
    const char *problem;
    struct point_def def = {.name = (char *)"voltage",
                            .unit = (char *)"kV",
                            .type = {.kind = REG_UINT, .size = 2},
                            .address = 1};
    uint32_t ref = names_point(names, "meter", &def);
    struct cache_chunk *chunk = group_read(made.bytes, made.size, made.crc, names, &info, &problem);
    assert_non_null(chunk);
    free(chunk);
    assert_int_equal(names_get_point(names, ref, &point), 0);
    assert_string_equal(point.unit, "kV");
    assert_string_equal(point.kind, "uint");
    names_point_clear(&point);
    free(made.bytes);
    names_free(names);
}

static struct cache_chunk *read_anyway(const uint8_t *bytes, size_t size, uint32_t crc)
{
    struct names *names = names_new();
    struct group_info info;
    const char *problem = "";
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a step outside is seen */
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    struct cache_chunk *chunk = group_read(exact, size, crc, names, &info, &problem);
    assert_true(chunk != NULL || *problem != '\0');
    free(exact);
    names_free(names);
    return chunk;
}

static void damage_is_found(void **state)
{
    (void)state;
    struct made made = make();
    for (size_t i = 0; i < made.size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            made.bytes[i] ^= (uint8_t)(1 << bit);
            assert_null(read_anyway(made.bytes, made.size, made.crc));
            /* With a checksum that fits it may be taken for something, but must not crash. */
            free(read_anyway(made.bytes, made.size, group_crc(made.bytes, made.size)));
            made.bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t size = 0; size < made.size; size++) {
        assert_null(read_anyway(made.bytes, size, made.crc));
        assert_null(read_anyway(made.bytes, size, group_crc(made.bytes, size)));
    }
    struct cache_chunk *whole = read_anyway(made.bytes, made.size, made.crc);
    assert_non_null(whole);
    free(whole);
    free(made.bytes);
}

/* What does not fit is found even where the checksum does */

/* The header's fields, by where they are: the layout is on people's disks. */
enum {
    AT_VERSION = 8,
    AT_FIRST_SEQ = 48,
    AT_RECORDS = 64,
    AT_DEVICES = 68,
    AT_DICTIONARY_SIZE = 76,
    HEADER = 88,
    ENTRY = 16, /* of the dictionary, before its texts: ref first, their sizes from 8 on */
    ENTRY_SIZES = 8,
};

static void expect_problem(struct made *made, const char *expected)
{
    struct names *names = names_new();
    struct group_info info;
    const char *problem = NULL;
    uint8_t *exact = malloc(made->size); /* so that a step outside is seen */
    assert_non_null(exact);
    memcpy(exact, made->bytes, made->size);
    struct cache_chunk *chunk =
        group_read(exact, made->size, group_crc(made->bytes, made->size), names, &info, &problem);
    if (expected == NULL)
        assert_non_null(chunk);
    else
        assert_null(chunk);
    if (expected != NULL)
        assert_string_equal(problem, expected);
    free(chunk);
    free(exact);
    names_free(names);
}

/* One number of ${size} bytes changed, and the same group as it was afterwards. */
static void expect_changed(struct made *made, size_t at, const void *bytes, size_t size,
                           const char *expected)
{
    uint8_t *kept = malloc(made->size);
    assert_non_null(kept);
    memcpy(kept, made->bytes, made->size);
    memcpy(made->bytes + at, bytes, size);
    expect_problem(made, expected);
    memcpy(made->bytes, kept, made->size);
    free(kept);
    expect_problem(made, NULL);
}

static void a_header_that_cannot_be_is_found(void **state)
{
    (void)state;
    struct made made = make();
    const char *odd = "contradicts itself";
    expect_changed(&made, AT_VERSION, &(uint16_t){2}, 2, "is of another version of this program");
    expect_changed(&made, AT_RECORDS, &(uint32_t){0}, 4, odd);
    expect_changed(&made, AT_RECORDS, &(uint32_t){2}, 4, "makes no sense");
    expect_changed(&made, AT_RECORDS, &(uint32_t){4}, 4, "makes no sense");
    expect_changed(&made, AT_FIRST_SEQ, &(uint64_t){0}, 8, odd);
    expect_changed(&made, AT_FIRST_SEQ, &(uint64_t){INT64_MAX}, 8, odd);
    expect_changed(&made, AT_FIRST_SEQ, &(uint64_t){INT64_MAX - 3}, 8, NULL);
    expect_changed(&made, AT_DICTIONARY_SIZE, &(uint32_t){1}, 4, odd);
    free(made.bytes);
}

static void a_dictionary_that_cannot_be_is_found(void **state)
{
    (void)state;
    struct made made = make();
    const char *odd = "makes no sense";
    size_t second = HEADER + ENTRY + strlen("first");
    assert_memory_equal(made.bytes + HEADER + ENTRY, "first", 5);
    expect_changed(&made, AT_DEVICES, &(uint32_t){2}, 4, odd);  /* a device as a point */
    expect_changed(&made, second, made.bytes + HEADER, 4, odd); /* one reference twice */
    expect_changed(&made, HEADER + ENTRY, "fi\0st", 5, odd);
    expect_changed(&made, HEADER + ENTRY_SIZES, &(uint16_t){UINT16_MAX}, 2, odd);
    free(made.bytes);
}

/* The group with ${bytes} in its dictionary at ${at} and ${devices} more counted. */
static struct made make_with(size_t at, const void *bytes, size_t size, uint32_t devices)
{
    struct made made = make();
    uint32_t number;
    made.bytes = realloc(made.bytes, made.size + size);
    assert_non_null(made.bytes);
    memmove(made.bytes + at + size, made.bytes + at, made.size - at);
    memcpy(made.bytes + at, bytes, size);
    made.size += size;
    memcpy(&number, made.bytes + AT_DICTIONARY_SIZE, sizeof(number));
    number += (uint32_t)size;
    memcpy(made.bytes + AT_DICTIONARY_SIZE, &number, sizeof(number));
    memcpy(&number, made.bytes + AT_DEVICES, sizeof(number));
    number += devices;
    memcpy(made.bytes + AT_DEVICES, &number, sizeof(number));
    return made;
}

static void an_entry_too_many_is_found(void **state)
{
    (void)state;
    static const uint8_t none[ENTRY] = {0};
    struct made plain = make(), made;
    uint32_t size;
    memcpy(&size, plain.bytes + AT_DICTIONARY_SIZE, sizeof(size));
    made = make_with(HEADER + size, none, ENTRY, 0); /* counted by nobody */
    expect_problem(&made, "makes no sense");
    free(made.bytes);
    made = make_with(HEADER, plain.bytes + HEADER, ENTRY + strlen("first"), 1); /* there already */
    expect_problem(&made, "makes no sense");
    free(made.bytes);
    free(plain.bytes);
}

/* A type that nobody knows, and a body that is too short for its type. */
static void a_record_that_cannot_be_is_found(void **state)
{
    (void)state;
    struct made made = make();
    uint32_t size;
    memcpy(&size, made.bytes + AT_DICTIONARY_SIZE, sizeof(size));
    size_t first = HEADER + size;
    struct record_head head;
    memcpy(&head, made.bytes + first, sizeof(head));
    assert_int_equal(head.type, RECORD_SAMPLES);
    head.type = 99;
    expect_changed(&made, first, &head, sizeof(head), "makes no sense");
    head.type = RECORD_SAMPLES;
    head.count++;
    expect_changed(&made, first, &head, sizeof(head), "makes no sense");
    free(made.bytes);
}

/* For the fuzzer: DTUHUB_UPDATE_SEEDS=FILE writes the group there, as it wants it. */
static void leave_a_seed(void **state)
{
    (void)state;
    const char *path = getenv("DTUHUB_UPDATE_SEEDS");
    if (path == NULL)
        skip();
    struct made made = make();
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(made.bytes, 1, made.size, file), made.size);
    fclose(file);
    free(made.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_process_reads_it_by_name),
        cmocka_unit_test(a_description_of_now_stays),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(a_header_that_cannot_be_is_found),
        cmocka_unit_test(a_dictionary_that_cannot_be_is_found),
        cmocka_unit_test(an_entry_too_many_is_found),
        cmocka_unit_test(a_record_that_cannot_be_is_found),
        cmocka_unit_test(leave_a_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
