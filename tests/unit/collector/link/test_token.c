#define PCRE2_CODE_UNIT_WIDTH 8
#include "collector/link/token.h"
#include "tests/unit/collector/link/tokens.h"
#include "tests/unit/collector/parts.h"

#include <pcre2.h>

enum { NO = -1, MORE = 0 };

/* In memory of its exact size, so that a read past the end is seen. */
static ssize_t match(const struct token_def *token, const char *bytes, size_t len,
                     struct token_match *out)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    ssize_t size = token_match(token, exact, len, out);
    if (size > 0)
        assert_int_equal(out->size, size);
    free(exact);
    return size;
}

struct token_case {
    const char *bytes;
    size_t len;
    ssize_t size;
    bool open;
    const char *id;
};

#define BYTES(text) text, sizeof(text) - 1

static void check_cases(const struct token_def *token, const struct token_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct token_match out;
        ssize_t size = match(token, cases[i].bytes, cases[i].len, &out);
        if (size != cases[i].size)
            print_error("case %zu: %s\n", i, cases[i].bytes);
        assert_int_equal(size, cases[i].size);
        if (size <= 0)
            continue;
        assert_ptr_equal(out.token, token);
        assert_int_equal(out.open, cases[i].open);
        assert_string_equal(out.id, cases[i].id);
    }
}

#define CHECK(token, cases) check_cases(token, cases, sizeof(cases) / sizeof(*(cases)))

/* However long the token is, its beginnings ask for more, and bytes behind it change nothing. */
static void check_prefixes(const struct token_def *token, const char *bytes, size_t len)
{
    struct token_match out;
    char longer[600];
    for (size_t n = 0; n < len; n++)
        assert_int_equal(match(token, bytes, n, &out), MORE);
    assert_int_equal(match(token, bytes, len, &out), len);
    memset(longer, '\x01', sizeof(longer));
    memcpy(longer, bytes, len);
    for (size_t n = len; n < sizeof(longer); n++) {
        assert_int_equal(match(token, longer, n, &out), len);
        assert_true(!out.open || n == len);
    }
}

static void bytes_are_exact(void **state)
{
    (void)state;
    static const struct token_def token = {TOKEN_OF_BYTES("www.usr.cn"),
                                           .fixed_id = (char *)"pump"};
    static const struct token_case cases[] = {
        {BYTES(""), MORE, false, ""},
        {BYTES("www."), MORE, false, ""},
        {BYTES("wwx"), NO, false, ""},
        {BYTES("www.usr.cnwww"), 10, false, "pump"},
    };
    CHECK(&token, cases);
    check_prefixes(&token, BYTES("www.usr.cn"));
}

static void a_text_with_an_end(void **state)
{
    (void)state;
    static const struct token_def token = {TOKEN_OF_TEXT("LOGIN:", CHARS_ANY, 1, 8, "\r\n")};
    static const struct token_case cases[] = {
        {BYTES("LOGIN:1001\r\n"), 12, false, "1001"},
        {BYTES("LOGIN:1001\r\nLOGIN:1002\r\n"), 12, false, "1001"},
        {BYTES("LOGIN:1001\r"), MORE, false, ""},
        {BYTES("LOGIN:\r\n"), NO, false, ""},
        {BYTES("LOGIN:12345678\r\n"), 16, false, "12345678"},
        {BYTES("LOGIN:123456789"), NO, false, ""},
        {BYTES("LOGIN:a b"), NO, false, ""},
        {BYTES("LOGIN:\\\r\n"), 9, false, "\\\\"},
        {BYTES("LOGIN:\xE6\xB3\xB5\r\n"), 11, false, "\xE6\xB3\xB5"},
        {BYTES("LOGIN:\xE6\xB3"), MORE, false, ""},
        {BYTES("LOGIN:\xE6\xB3\r\n"), NO, false, ""},
        {BYTES("LOGIN:\xFF"), NO, false, ""},
        {BYTES("LOGON"), NO, false, ""},
    };
    CHECK(&token, cases);
    check_prefixes(&token, BYTES("LOGIN:1001\r\n"));
    /* The first end that leaves enough for an id counts, also where characters of it may be in one.
     */
    static const struct token_def colons = {TOKEN_OF_TEXT("", CHARS_ANY, 2, 9, ";;")};
    static const struct token_case colon_cases[] = {
        {BYTES("a;b;;c;;"), 5, false, "a;b"},
        {BYTES(";;;;"), 4, false, ";;"},
        {BYTES("a;;"), MORE, false, ""},
    };
    CHECK(&colons, colon_cases);
}

static void a_text_without_end_takes_what_it_gets(void **state)
{
    (void)state;
    static const struct token_def token = {TOKEN_OF_TEXT("ID", CHARS_DIGITS, 2, 5, "")};
    static const struct token_case cases[] = {
        {BYTES("I"), MORE, false, ""},         {BYTES("ID1"), MORE, false, ""},
        {BYTES("ID12"), 4, true, "12"},        {BYTES("ID1234"), 6, true, "1234"},
        {BYTES("ID12345"), 7, false, "12345"}, {BYTES("ID123456"), 7, false, "12345"},
        {BYTES("ID12\x01"), 4, false, "12"},   {BYTES("ID1\x01"), NO, false, ""},
    };
    CHECK(&token, cases);
    static const struct token_def fixed = {TOKEN_OF_TEXT("", CHARS_DIGITS, 15, 15, "")};
    check_prefixes(&fixed, BYTES("866714048123456"));
    static const struct token_def utf8 = {TOKEN_OF_TEXT("", CHARS_ANY, 1, 4, "")};
    static const struct token_case utf8_cases[] = {
        {BYTES("a\xE6\xB3"), 1, true, "a"},
        {BYTES("a\xE6\xB3\xB5z"), 4, false, "a\xE6\xB3\xB5"},
        {BYTES("ab\xE6\xB3\xB5"), 2, false, "ab"},
        {BYTES("\xE6\xB3\xB5"), 3, true, "\xE6\xB3\xB5"},
    };
    CHECK(&utf8, utf8_cases);
}

static void classes_of_characters(void **state)
{
    (void)state;
    static const char *const members[] = {
        [CHARS_ANY] = NULL,
        [CHARS_DIGITS] = "0123456789",
        [CHARS_HEX] = "0123456789abcdefABCDEF",
        [CHARS_WORD] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-",
    };
    for (int chars = CHARS_ANY; chars <= CHARS_WORD; chars++) {
        const struct token_def token = {TOKEN_OF_TEXT("", (enum token_chars)chars, 1, 1, "")};
        for (int byte = 0; byte < 256; byte++) {
            struct token_match out;
            const char one = (char)byte;
            bool is = members[chars] ? byte != 0 && strchr(members[chars], byte) != NULL
                                     : byte >= 0x21 && byte <= 0x7E;
            assert_int_equal(match(&token, &one, 1, &out) == 1, is);
        }
    }
}

static struct token_def new_regex(const char *pattern)
{
    int error;
    PCRE2_SIZE offset;
    struct token_def token = {.kind = TOKEN_REGEX};
    token.regex = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_ANCHORED, &error,
                                &offset, NULL);
    assert_non_null(token.regex);
    int id = pcre2_substring_number_from_name(token.regex, (PCRE2_SPTR) "id");
    int secret = pcre2_substring_number_from_name(token.regex, (PCRE2_SPTR) "secret");
    token.id_group = id > 0 ? id : 0;
    token.secret_group = secret > 0 ? secret : 0;
    return token;
}

static void a_pattern_is_matched_as_far_as_it_goes(void **state)
{
    (void)state;
    struct token_def token = new_regex("DTU=(?<id>[0-9]{3,5})(,KEY=(?<secret>[a-z]+);)?");
    static const struct token_case cases[] = {
        {BYTES("DT"), MORE, false, ""},
        {BYTES("DTU=12"), MORE, false, ""},
        {BYTES("DTU=123"), 7, true, "123"},
        {BYTES("DTU=12345"), 9, true, "12345"},
        {BYTES("DTU=12345,KEY=ab"), 9, true, "12345"},
        {BYTES("DTU=12345,KEY=ab;"), 17, false, "12345"},
        {BYTES("DTU=12345\x01"), 9, false, "12345"},
        {BYTES(" DTU=12345"), NO, false, ""},
    };
    CHECK(&token, cases);
    struct token_match out;
    assert_int_equal(match(&token, BYTES("DTU=12345,KEY=ab;"), &out), 17);
    assert_string_equal(out.secret, "ab");
    assert_int_equal(match(&token, BYTES("DTU=12345\x01"), &out), 9);
    assert_string_equal(out.secret, "");
    pcre2_code_free(token.regex);

    /* No groups: all of it. An empty id is none. */
    token = new_regex("[0-9]+");
    assert_int_equal(match(&token, BYTES("77\x01"), &out), 2);
    assert_string_equal(out.id, "77");
    pcre2_code_free(token.regex);
    token = new_regex("X(?<id>[0-9]*);");
    assert_int_equal(match(&token, BYTES("X;"), &out), NO);
    pcre2_code_free(token.regex);
    token = new_regex("(?<id>[0-9]+)$");
    assert_int_equal(match(&token, BYTES("77"), &out), 2);
    assert_true(out.open);
    pcre2_code_free(token.regex);
}

/* What would take for ever is no match, and soon. */
static void a_pattern_that_backtracks_without_bounds(void **state)
{
    (void)state;
    struct token_def token = new_regex("(a+)+(a+)+(a+)+(?<id>b)");
    char bytes[400];
    struct token_match out;
    memset(bytes, 'a', sizeof(bytes));
    for (size_t len = 1; len < sizeof(bytes); len += 7)
        assert_true(match(&token, bytes, len, &out) <= 0);
    pcre2_code_free(token.regex);
}

static void an_object(void **state)
{
    (void)state;
    static const struct token_def token = {TOKEN_OF_JSON, .secret_key = (char *)"key"};
    static const struct token_case cases[] = {
        {BYTES("{\"imei\":\"8667\"}"), 15, false, "8667"},
        {BYTES("{ \"csq\" : 23,\r\n\"imei\" : 866714048123456 }ping"), 41, false,
         "866714048123456"},
        {BYTES("{\"imei\":-5}"), 11, false, "-5"},
        {BYTES("{\"a\":{\"b\":\"}\\\"}\"},\"imei\":\"x\"}"), 29, false, "x"},
        {BYTES("{\"imei\":\"\\u0041\\u0000\"}"), 23, false, "A\\x00"},
        {BYTES("{\"imei\":\" 8 6  \"}"), 17, false, " 8 6"}, /* as the database compares them */
        {BYTES("{\"a\":\"\\\\\",\"imei\":\"x\"}"), 21, false, "x"},
        {BYTES("{\"imei\":\"866"), MORE, false, ""},
        {BYTES("{\"imei\":\"\"}"), NO, false, ""},
        {BYTES("{\"imei\":\"  \"}"), NO, false, ""},
        {BYTES("{\"imei\":1.5}"), NO, false, ""},
        {BYTES("{\"imei\":null}"), NO, false, ""},
        {BYTES("{\"iccid\":\"8986\"}"), NO, false, ""},
        {BYTES("{\"a\":{\"imei\":\"1\"}}"), NO, false, ""},
        {BYTES("{\"imei\":\"1\",}"), NO, false, ""},
        {BYTES("{imei:1}"), NO, false, ""},
        {BYTES("{}"), NO, false, ""},
        {BYTES("[\"imei\"]"), NO, false, ""},
        {BYTES("{\x01\x00\x16"), NO, false, ""}, /* Hongdian's DDP */
        {BYTES("{{{{{{{{{{"), NO, false, ""},
        /* Numbers that a program cuts would be one id for many. */
        {BYTES("{\"imei\":89860412101870123456}"), NO, false, ""},
    };
    CHECK(&token, cases);
    check_prefixes(&token, BYTES("{\"csq\":23,\"imei\":\"866714048123456\"}"));
    struct token_match out;
    assert_int_equal(match(&token, BYTES("{\"key\":\"s3\",\"imei\":7}"), &out), 21);
    assert_string_equal(out.secret, "s3");
    static const struct token_def beat = {.kind = TOKEN_JSON};
    assert_int_equal(match(&beat, BYTES("{\"beat\":1}x"), &out), 10);
    assert_string_equal(out.id, "");
}

static void a_struct(void **state)
{
    (void)state;
    static const struct token_def irtu = {TOKEN_OF_IRTU};
    check_prefixes(&irtu, BYTES("\x17\x86\x67\x14\x04\x81\x23\x45\x60"
                                "\x89\x86\x04\x12\x10\x18\x70\x12\x34\x56"));
    struct token_match out;
    assert_int_equal(match(&irtu,
                           BYTES("\x17\x86\x67\x14\x04\x81\x23\x45\x60"
                                 "\x89\x86\x04\x12\x10\x18\x70\x12\x34\x56"),
                           &out),
                     19);
    assert_string_equal(out.id, "866714048123456");
    /* What is no decimal digit is seen at once. */
    assert_int_equal(match(&irtu, BYTES("\x17\x86\x67\x14\x04\x81\x23\x4A\x60"), &out), NO);

    static const struct token_def fourfaith = {TOKEN_OF_FOURFAITH};
    check_prefixes(&fourfaith, BYTES("\x00\x01\x02\x03"
                                     "13800138000\x00\x0A\x00\x00\x01\x00"));
    assert_int_equal(match(&fourfaith,
                           BYTES("\x00\x01\x02\x03"
                                 "13800138000\x01"),
                           &out),
                     NO);
    assert_int_equal(
        match(&fourfaith, BYTES("\x00\x01\x02\x03\x00          \x00\x0A\x00\x00\x01\x00"), &out),
        NO);
}

static void slices_of_a_struct(void **state)
{
    (void)state;
    static const struct {
        struct token_slice id;
        const char bytes[9];
        const char *text; /* NULL: no match */
    } cases[] = {
        {{1, 4, SLICE_TEXT, 0}, "xAB  yyy", "AB"},
        {{1, 4, SLICE_TEXT, 0}, "xA\0Byyyy", "A"},
        {{1, 4, SLICE_TEXT, 0}, "x    yyy", NULL},
        {{0, 8, SLICE_HEX, 0}, "\xD4\xAD\x20\x11\x00\x00\x00\x01", "d4ad201100000001"},
        {{0, 2, SLICE_BCD, 0}, "\x12\x34yyyyyy", "1234"},
        {{0, 2, SLICE_BCD, 3}, "\x12\x34yyyyyy", "123"},
        {{0, 2, SLICE_BCD, 0}, "\x12\xF4yyyyyy", "12"},
        {{0, 2, SLICE_BCD, 0}, "\xFF\xFFyyyyyy", NULL},
        {{0, 2, SLICE_BCD, 0}, "\x1A\x34yyyyyy", NULL},
        {{0, 4, SLICE_UINT, 0}, "\x00\x00\x03\xE9yyyy", "1001"},
        {{0, 8, SLICE_UINT, 0}, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "18446744073709551615"},
        {{0, 8, SLICE_TEXT, 0}, "a\x01\n\xFF\\bcd", "a\\x01\\x0a\\xff\\\\bcd"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct token_def token = {.kind = TOKEN_STRUCT, .length = 8, .id = cases[i].id};
        struct token_match out;
        ssize_t size = match(&token, cases[i].bytes, 8, &out);
        assert_int_equal(size, cases[i].text ? 8 : NO);
        if (size > 0)
            assert_string_equal(out.id, cases[i].text);
    }
}

/* Cut, two of them could be one. */
static void an_id_that_has_no_room_is_none(void **state)
{
    (void)state;
    static const struct token_def token = {TOKEN_OF_TEXT("", CHARS_ANY, 1, 255, ";")};
    char bytes[TOKEN_LONGEST];
    struct token_match out;
    memset(bytes, 'a', sizeof(bytes));
    for (size_t len = LINK_ID_SIZE - 3; len < LINK_ID_SIZE + 3; len++) {
        bytes[len] = ';';
        assert_int_equal(match(&token, bytes, len + 1, &out),
                         len < LINK_ID_SIZE ? (ssize_t)len + 1 : NO);
        bytes[len] = 'a';
    }
    memset(bytes, '\\', sizeof(bytes));
    bytes[LINK_ID_SIZE / 2] = ';';
    assert_int_equal(match(&token, bytes, sizeof(bytes), &out), NO);
}

static void none_is_longer_than_the_longest(void **state)
{
    (void)state;
    static const struct token_def text = {TOKEN_OF_TEXT("", CHARS_ANY, 300, 400, "")};
    static const struct token_def json = {.kind = TOKEN_JSON};
    struct token_def regex = new_regex("\\{(?<id>a)a+\\}");
    char bytes[600];
    struct token_match out;
    memset(bytes, 'a', sizeof(bytes));
    bytes[0] = '{';
    bytes[TOKEN_LONGEST] = '}'; /* the byte behind */
    for (size_t len = TOKEN_LONGEST; len < sizeof(bytes); len++) {
        assert_int_equal(match(&text, bytes, len, &out), NO);
        assert_int_equal(match(&json, bytes, len, &out), NO);
        assert_int_equal(match(&regex, bytes, len, &out), NO);
    }
    bytes[TOKEN_LONGEST - 1] = '}';
    assert_int_equal(match(&regex, bytes, sizeof(bytes), &out), TOKEN_LONGEST);
    pcre2_code_free(regex.regex);
}

static void the_longest_of_several(void **state)
{
    (void)state;
    static const struct token_def tokens[] = {
        {TOKEN_OF_BYTES("ping")},
        {TOKEN_OF_BYTES("ping pong")},
        {TOKEN_OF_TEXT("pin", CHARS_WORD, 1, 1, "")},
    };
    struct token_match out;
    const uint8_t *bytes = (const uint8_t *)"ping pong!";
    assert_int_equal(tokens_match(tokens, 3, bytes, 2, &out), MORE);
    assert_int_equal(tokens_match(tokens, 3, bytes, 4, &out), 4);
    assert_true(out.open);
    assert_ptr_equal(out.token, &tokens[0]);
    assert_int_equal(tokens_match(tokens, 3, bytes, 9, &out), 9);
    assert_false(out.open);
    assert_ptr_equal(out.token, &tokens[1]);
    assert_int_equal(tokens_match(tokens, 3, (const uint8_t *)"pingpong", 8, &out), 4);
    assert_false(out.open);
    assert_int_equal(tokens_match(tokens, 3, (const uint8_t *)"pong", 4, &out), NO);
    assert_int_equal(tokens_match(tokens, 0, bytes, 9, &out), NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_exact),
        cmocka_unit_test(a_text_with_an_end),
        cmocka_unit_test(a_text_without_end_takes_what_it_gets),
        cmocka_unit_test(classes_of_characters),
        cmocka_unit_test(a_pattern_is_matched_as_far_as_it_goes),
        cmocka_unit_test(a_pattern_that_backtracks_without_bounds),
        cmocka_unit_test(an_object),
        cmocka_unit_test(a_struct),
        cmocka_unit_test(slices_of_a_struct),
        cmocka_unit_test(an_id_that_has_no_room_is_none),
        cmocka_unit_test(none_is_longer_than_the_longest),
        cmocka_unit_test(the_longest_of_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
