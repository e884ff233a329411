#include "collector/link/framing.h"
#include "tests/unit/collector/parts.h"

static void registration_is_four_bytes(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[5];
        size_t len;
        ssize_t used;
        const char *id;
    } cases[] = {
        {{0}, 0, FRAMING_MORE, ""},
        {{0}, 1, FRAMING_MORE, ""},
        {{0, 0, 3}, 3, FRAMING_MORE, ""},
        {{0, 0, 3, 0xE9}, 4, 4, "1001"},
        {{0, 0, 3, 0xE9, 2}, 5, 4, "1001"},
        {{0, 0, 0, 0}, 4, 4, "0"},
        {{0xFF, 0xFF, 0xFF, 0xFF}, 4, 4, "4294967295"},
        {{0x80, 0, 0, 1}, 4, 4, "2147483649"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct token_match match = {0};
        assert_int_equal(framing_tlv.registration(NULL, cases[i].bytes, cases[i].len, &match),
                         cases[i].used);
        assert_string_equal(match.id, cases[i].id);
    }
}

static void packets_have_type_and_length(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[8];
        size_t len;
        ssize_t used;
        enum frame_kind kind;
        size_t payload_size;
    } cases[] = {
        {{0}, 0, FRAMING_MORE, 0, 0},
        {{2}, 1, FRAMING_MORE, 0, 0},
        {{2, 0}, 2, 2, FRAME_HEARTBEAT, 0},
        {{2, 0, 2}, 3, 2, FRAME_HEARTBEAT, 0},
        {{2, 3, 1, 2, 3}, 5, 5, FRAME_HEARTBEAT, 3},
        {{3, 0}, 2, 2, FRAME_DATA, 0},
        {{3, 2, 9}, 3, FRAMING_MORE, 0, 0},
        {{3, 2, 9, 8}, 4, 4, FRAME_DATA, 2},
        {{4, 5, 1, 0x83, 2, 0xC0, 0xF1}, 6, FRAMING_MORE, 0, 0},
        {{4, 5, 1, 0x83, 2, 0xC0, 0xF1}, 7, 7, FRAME_MODBUS, 5},
        {{4, 255, 1, 2, 3, 4, 5, 6}, 8, FRAMING_MORE, 0, 0},
        {{0}, 1, FRAMING_BROKEN, 0, 0},
        {{1}, 1, FRAMING_BROKEN, 0, 0},
        {{5, 0}, 2, FRAMING_BROKEN, 0, 0},
        {{255, 0}, 2, FRAMING_BROKEN, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct frame frame;
        assert_int_equal(framing_tlv.next(NULL, cases[i].bytes, cases[i].len, &frame),
                         cases[i].used);
        if (cases[i].used <= 0)
            continue;
        assert_int_equal(frame.kind, cases[i].kind);
        assert_int_equal(frame.at, 0);
        assert_int_equal(frame.size, 2 + cases[i].payload_size);
        if (frame.kind == FRAME_MODBUS) {
            assert_int_equal(frame.adu_size, cases[i].payload_size);
            assert_memory_equal(frame.adu, cases[i].bytes + 2, frame.adu_size);
            assert_true(frame.intact);
        }
    }
}

static void answers_are_single_bytes(void **state)
{
    (void)state;
    uint8_t out[FRAMING_LONGEST];
    assert_int_equal(framing_tlv.acknowledge(FRAME_REGISTRATION, NULL, 0, out), 1);
    assert_int_equal(out[0], 1);
    assert_int_equal(framing_tlv.acknowledge(FRAME_HEARTBEAT, NULL, 0, out), 1);
    assert_int_equal(out[0], 2);
    assert_int_equal(framing_tlv.acknowledge(FRAME_DATA, NULL, 0, out), 1);
    assert_int_equal(out[0], 3);
    assert_int_equal(framing_tlv.acknowledge(FRAME_MODBUS, NULL, 0, out), 0);
}

static void a_query_is_wrapped_as_published(void **state)
{
    (void)state;
    static const uint8_t adu[] = {0x01, 0x03, 0x07, 0xD0, 0x00, 0x64, 0x44, 0xAC};
    uint8_t out[FRAMING_LONGEST], longest[255] = {0};
    assert_int_equal(framing_tlv.wrap(NULL, adu, sizeof(adu), 0, out), 10);
    assert_int_equal(out[0], 4);
    assert_int_equal(out[1], 8);
    assert_memory_equal(out + 2, adu, sizeof(adu));
    assert_int_equal(framing_tlv.wrap(NULL, longest, sizeof(longest), 0, out), 257);
}

/* A dialogue as the DTU sends it, and the text of what a parser sees in it. */
enum { PACKETS_MAX = 8, DIALOGUE_MAX = 4 + PACKETS_MAX * 257 };

static size_t make_dialogue(uint64_t *seed, uint8_t bytes[DIALOGUE_MAX])
{
    size_t len = 0;
    while (len < 4)
        bytes[len++] = (uint8_t)parts_random(seed);
    for (size_t n = parts_pick(seed, PACKETS_MAX + 1); n > 0; n--) {
        size_t size = parts_pick(seed, 4) == 0 ? parts_pick(seed, 256) : parts_pick(seed, 9);
        bytes[len++] = (uint8_t)(2 + parts_pick(seed, 3));
        bytes[len++] = (uint8_t)size;
        while (size-- > 0)
            bytes[len++] = (uint8_t)parts_random(seed);
    }
    return len;
}

struct reader {
    uint8_t left[FRAMING_LONGEST];
    size_t left_size;
    int registered;
    FILE *seen;
};

static ssize_t read_one(struct reader *reader, const uint8_t *bytes, size_t len)
{
    struct frame frame;
    struct token_match match;
    ssize_t used = reader->registered ? framing_tlv.next(NULL, bytes, len, &frame)
                                      : framing_tlv.registration(NULL, bytes, len, &match);
    if (used <= 0)
        return used;
    assert_true((size_t)used <= len && used <= FRAMING_LONGEST);
    if (!reader->registered) {
        fprintf(reader->seen, "id %s\n", match.id);
        reader->registered = 1;
        return used;
    }
    fprintf(reader->seen, "%d:", (int)frame.kind);
    for (size_t i = 0; i < frame.size; i++)
        fprintf(reader->seen, "%02X", bytes[i]);
    fputc('\n', reader->seen);
    return used;
}

/* As a connection does it: what is left over goes in front of what comes next. The bytes are given
 * in memory of their exact size, so that a read past them is seen. */
static void feed(struct reader *reader, const uint8_t *bytes, size_t len)
{
    size_t whole = reader->left_size + len, at = 0;
    uint8_t *exact = malloc(whole ? whole : 1);
    assert_non_null(exact);
    memcpy(exact, reader->left, reader->left_size);
    memcpy(exact + reader->left_size, bytes, len);
    ssize_t used;
    while ((used = read_one(reader, exact + at, whole - at)) > 0)
        at += (size_t)used;
    assert_int_equal(used, FRAMING_MORE);
    reader->left_size = whole - at;
    assert_true(reader->left_size < FRAMING_LONGEST);
    memcpy(reader->left, exact + at, reader->left_size);
    free(exact);
}

/* Cut into pieces by chance: mostly small ones, ${most} bytes at the most; 0 is in one piece. */
static char *seen_when_cut(const uint8_t *bytes, size_t len, uint64_t *seed, size_t most)
{
    struct reader reader = {0};
    char *text = NULL;
    size_t size = 0;
    reader.seen = open_memstream(&text, &size);
    assert_non_null(reader.seen);
    while (len > 0) {
        size_t piece = most == 0 ? len : 1 + parts_pick(seed, most);
        if (piece > len)
            piece = len;
        feed(&reader, bytes, piece);
        bytes += piece;
        len -= piece;
    }
    fprintf(reader.seen, "left %zu\n", reader.left_size);
    fclose(reader.seen);
    return text;
}

static void any_cut_gives_the_same_packets(void **state)
{
    (void)state;
    uint64_t seed = 20240607;
    uint8_t bytes[DIALOGUE_MAX];
    for (int i = 0; i < 3000; i++) {
        size_t len = make_dialogue(&seed, bytes);
        if (i % 3 == 0 && len > 0)
            len = parts_pick(&seed, len + 1); /* the line breaks off */
        char *whole = seen_when_cut(bytes, len, &seed, 0);
        static const size_t pieces[] = {1, 2, 7, 300};
        for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
            char *cut = seen_when_cut(bytes, len, &seed, pieces[p]);
            assert_string_equal(cut, whole);
            free(cut);
        }
        free(whole);
    }
}

static void a_cut_at_every_byte(void **state)
{
    (void)state;
    uint64_t seed = 77;
    uint8_t bytes[DIALOGUE_MAX];
    for (int i = 0; i < 20; i++) {
        size_t len = make_dialogue(&seed, bytes);
        char *whole = seen_when_cut(bytes, len, &seed, 0);
        for (size_t cut = 0; cut <= len; cut++) {
            struct reader reader = {0};
            char *text = NULL;
            size_t size = 0;
            reader.seen = open_memstream(&text, &size);
            feed(&reader, bytes, cut);
            feed(&reader, bytes + cut, len - cut);
            fprintf(reader.seen, "left %zu\n", reader.left_size);
            fclose(reader.seen);
            assert_string_equal(text, whole);
            free(text);
        }
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registration_is_four_bytes),
        cmocka_unit_test(packets_have_type_and_length),
        cmocka_unit_test(answers_are_single_bytes),
        cmocka_unit_test(a_query_is_wrapped_as_published),
        cmocka_unit_test(any_cut_gives_the_same_packets),
        cmocka_unit_test(a_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
