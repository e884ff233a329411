#include "collector/link/choice.h"
#include "tests/unit/collector/link/tokens.h"
#include "tests/unit/collector/parts.h"

static const struct link_def tlv = {.framing = FRAMING_TLV};
static const struct link_def ddp = {.framing = FRAMING_DDP};
static const struct link_def alotcer = {.framing = FRAMING_ALOTCER};

static struct token_def login = {TOKEN_OF_TEXT("LOGIN:", CHARS_DIGITS, 1, 9, "")};
static struct token_def login_line = {TOKEN_OF_TEXT("LOGIN:", CHARS_DIGITS, 1, 9, ";")};
static struct token_def ping = {TOKEN_OF_BYTES("ping")};
static struct token_def json = {TOKEN_OF_JSON};
static struct token_def irtu = {TOKEN_OF_IRTU};
static struct token_def fourfaith = {TOKEN_OF_FOURFAITH};

static const struct link_def usr = {.framing = FRAMING_RTU,
                                    .registrations = &login,
                                    .nregistrations = 1,
                                    .heartbeats = &ping,
                                    .nheartbeats = 1};
static const struct link_def usr_line = {.framing = FRAMING_RTU,
                                         .registrations = &login_line,
                                         .nregistrations = 1,
                                         .heartbeats = &ping,
                                         .nheartbeats = 1};
static const struct link_def luatos = {
    .framing = FRAMING_HEX, .registrations = &json, .nregistrations = 1};
static const struct link_def luatos_struct = {
    .framing = FRAMING_RTU, .registrations = &irtu, .nregistrations = 1};
static const struct link_def prot = {
    .framing = FRAMING_ESCAPED, .registrations = &fourfaith, .nregistrations = 1};

static const struct candidate all[] = {{&tlv},      {&usr},    {&ddp},           {&alotcer},
                                       {&usr_line}, {&luatos}, {&luatos_struct}, {&prot}};
enum { TLV, USR, DDP, ALOTCER, USR_LINE, LUATOS, LUATOS_STRUCT, PROT, ALL };

#define BYTES(text) text, sizeof(text) - 1

static int choose(const struct candidate *candidates, size_t n, const char *bytes, size_t len,
                  bool settled, struct choice *out)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    int made = choice_make(candidates, n, exact, len, settled, out);
    free(exact);
    if (made <= 0)
        assert_int_equal(out->match.size, 0);
    return made;
}

static void each_family_is_found_among_all(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        size_t candidate, skip;
        const char *id;
    } cases[] = {
        {BYTES("\x00\x00\x03\xE9"), TLV, 0, "1001"},
        {BYTES("LOGIN:77"), USR, 0, "77"},
        {BYTES("LOGIN:77;"), USR_LINE, 0, "77"},
        {BYTES("pingLOGIN:77;"), USR_LINE, 4, "77"},
        {BYTES("pingpingLOGIN:78"), USR, 8, "78"},
        {BYTES("{\"imei\":\"8667\"}"), LUATOS, 0, "8667"},
        {BYTES("\x17\x86\x67\x14\x04\x81\x23\x45\x60\x89\x86\x04\x12\x10\x18\x70\x12\x34\x56"),
         LUATOS_STRUCT, 0, "866714048123456"},
        {BYTES("\x7B\x01\x00\x16"
               "13800138000\x0A\x00\x00\x01\x1F\x90\x7B"),
         DDP, 0, "13800138000"},
        {BYTES("\x7B\x31\x1F\x00"
               "13800138000\"10.0.0.1,8000\"}"),
         ALOTCER, 0, "13800138000"},
        {BYTES("\x00\x01\x02\x03"
               "13800138000\x00\x0A\x00\x00\x01\x00"),
         PROT, 0, "13800138000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct choice choice;
        int made = choose(all, ALL, cases[i].bytes, cases[i].len, true, &choice);
        if (made != 1 || choice.candidate != cases[i].candidate)
            print_error("case %zu: %d, %zu\n", i, made, choice.candidate);
        assert_int_equal(made, 1);
        assert_int_equal(choice.candidate, cases[i].candidate);
        assert_int_equal(choice.skip, cases[i].skip);
        assert_int_equal(choice.match.size, cases[i].len - cases[i].skip);
        assert_string_equal(choice.match.id, cases[i].id);
        assert_true(choice_matches(all[cases[i].candidate].link, (const uint8_t *)cases[i].bytes,
                                   cases[i].len, true, &choice));
        assert_int_equal(choice.match.size, cases[i].len - cases[i].skip);
    }
}

/* The same bytes, one after the other: never a wrong choice on the way. */
static void a_beginning_waits(void **state)
{
    (void)state;
    static const struct candidate some[] = {{&tlv}, {&usr}, {&usr_line}, {&ddp}};
    struct choice choice;
    const char text[] = "LOGIN:77";
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(choose(some, 4, text, len, false, &choice), 0);
    assert_int_equal(choose(some, 4, text, 8, false, &choice), 0);
    assert_int_equal(choose(some, 4, text, 8, true, &choice), 1);
    assert_int_equal(choice.candidate, 1);
    /* What ends the open one decides. */
    assert_int_equal(choose(some, 4, BYTES("LOGIN:77;"), false, &choice), 1);
    assert_int_equal(choice.candidate, 2);
    assert_int_equal(choose(some, 4, BYTES("LOGIN:77\x01\x03"), false, &choice), 1);
    assert_int_equal(choice.candidate, 1);
    assert_int_equal(choice.match.size, 8);
    /* The other candidate's registration may be longer until its bytes say no. */
    assert_int_equal(choose(some, 4, BYTES("\x7B\x01\x00\x16"), false, &choice), 0);
    assert_int_equal(choose(some, 4, BYTES("\x7B\x01\x00\x17"), false, &choice), 1);
    assert_int_equal(choice.candidate, 0);
}

static struct token_def word = {TOKEN_OF_TEXT("LOGIN:", CHARS_WORD, 1, 12, "")};
static struct token_def www = {TOKEN_OF_BYTES("www.usr.cn")};
static const struct link_def usr_word = {.framing = FRAMING_RTU,
                                         .registrations = &word,
                                         .nregistrations = 1,
                                         .heartbeats = &www,
                                         .nheartbeats = 1};

/* An id without an end is not cut off where a byte comes that it may not have: two pumps would be
 * one. A heartbeat glued to it is none of it. */
static void an_id_without_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int made, made_settled;
        const char *id;
    } cases[] = {
        {BYTES("LOGIN:1001"), 0, 1, "1001"},
        {BYTES("LOGIN:1001www.usr.cn"), 1, 1, "1001"},
        {BYTES("LOGIN:1001www.usr.cnwww.usr.cn"), 1, 1, "1001"},
        {BYTES("LOGIN:1001www.us"), 0, -1, ""},
        {BYTES("LOGIN:1001www"), 0, 1, "1001www"}, /* it may be its name */
        {BYTES("LOGIN:1001\r\n"), 1, 1, "1001"},
        {BYTES("LOGIN:1001\x01\x03\x02"), 1, 1, "1001"},
        {BYTES("LOGIN:Pump 1"), -1, -1, ""},
        {BYTES("LOGIN:P-1\xE5\x8F\xB7"), -1, -1, ""},
        {BYTES("LOGIN:123456789012"), 1, 1, "123456789012"},
        {BYTES("LOGIN:1234567890123"), -1, -1, ""},
    };
    static const struct candidate only[] = {{&usr_word}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct choice choice;
        assert_int_equal(choose(only, 1, cases[i].bytes, cases[i].len, false, &choice),
                         cases[i].made);
        assert_int_equal(choose(only, 1, cases[i].bytes, cases[i].len, true, &choice),
                         cases[i].made_settled);
        if (cases[i].made_settled > 0)
            assert_string_equal(choice.match.id, cases[i].id);
    }
}

static void text_is_no_tlv(void **state)
{
    (void)state;
    static const struct candidate only[] = {{&tlv}};
    struct choice choice;
    assert_int_equal(choose(only, 1, BYTES("STATION-12"), false, &choice), -1);
    assert_int_equal(choose(only, 1, BYTES("\x00\x00\x03\xE9\x02"), false, &choice), 1);
}

static void tlv_comes_last(void **state)
{
    (void)state;
    static const struct candidate some[] = {{&tlv}, {&usr}};
    struct choice choice;
    assert_int_equal(choose(some, 2, BYTES("\x00\x00\x03"), true, &choice), 0);
    assert_int_equal(choose(some, 2, BYTES("\x00\x00\x03\xE9"), false, &choice), 1);
    assert_int_equal(choice.candidate, 0);
    /* A heartbeat of the other, and the beginning of its registration, are no id of tlv's. */
    assert_int_equal(choose(some, 2, BYTES("ping"), false, &choice), 0);
    assert_int_equal(choose(some, 2, BYTES("ping"), true, &choice), 0);
    assert_int_equal(choose(some, 2, BYTES("LOGI"), false, &choice), 0);
    assert_int_equal(choose(some, 2, BYTES("LOGI"), true, &choice), 1);
    assert_int_equal(choice.candidate, 0);
    assert_int_equal(choose(some, 2, BYTES("pong"), false, &choice), 1);
    assert_int_equal(choice.candidate, 0);
    /* Of tlv alone, any four are. */
    assert_true(choice_matches(&tlv, (const uint8_t *)"ping", 4, false, &choice));
    assert_string_equal(choice.match.id, "1885957735");
}

static void what_fits_nobody(void **state)
{
    (void)state;
    static const struct candidate some[] = {{&usr}, {&ddp}, {&luatos}};
    struct choice choice;
    assert_int_equal(choose(some, 3, BYTES("\x16\x03\x01"), false, &choice), -1);
    assert_int_equal(choose(some, 3, BYTES("GET / HTTP/1.1\r\n"), false, &choice), -1);
    assert_int_equal(choose(some, 3, BYTES("ping?"), false, &choice), -1);
    assert_int_equal(choose(some, 3, BYTES("LOGIN:x"), false, &choice), -1);
    assert_int_equal(choose(some, 0, BYTES("LOGIN:1"), false, &choice), -1);
    assert_int_equal(choose(some, 3, BYTES(""), false, &choice), 0);
}

/* Where both are the same bytes, the first packet registers. */
static void a_heartbeat_like_the_registration(void **state)
{
    (void)state;
    static struct token_def same[] = {{TOKEN_OF_BYTES("pump-1"), .fixed_id = (char *)"pump-1"}};
    static struct token_def longer[] = {{TOKEN_OF_BYTES("pump-1 alive")}};
    const struct link_def link = {.framing = FRAMING_RTU,
                                  .registrations = same,
                                  .nregistrations = 1,
                                  .heartbeats = same,
                                  .nheartbeats = 1};
    const struct link_def alive = {.framing = FRAMING_RTU,
                                   .registrations = same,
                                   .nregistrations = 1,
                                   .heartbeats = longer,
                                   .nheartbeats = 1};
    struct choice choice;
    assert_true(choice_matches(&link, (const uint8_t *)"pump-1pump-1", 12, false, &choice));
    assert_int_equal(choice.skip, 0);
    assert_int_equal(choice.match.size, 6);
    /* A longer heartbeat that begins as the registration does is the heartbeat. */
    assert_true(
        choice_matches(&alive, (const uint8_t *)"pump-1 alivepump-1\x01", 19, false, &choice));
    assert_int_equal(choice.skip, 12);
}

static void the_framings_own_heartbeat_comes_first(void **state)
{
    (void)state;
    struct choice choice;
    static const uint8_t bytes[] = "\xFE\xFE\x00\x01\x02\x03"
                                   "13800138000\x00\x0A\x00\x00\x01\x00";
    const size_t len = sizeof(bytes) - 1;
    assert_true(choice_matches(&prot, bytes, len, false, &choice));
    assert_int_equal(choice.skip, 2);
    assert_string_equal(choice.match.id, "13800138000");
    static const uint8_t beats[] = "\x7B\x30\x05\x00\x7D\x7B\x31\x1F\x00"
                                   "13800138000\"10.0.0.1,8000\"}";
    assert_true(choice_matches(&alotcer, beats, sizeof(beats) - 1, false, &choice));
    assert_int_equal(choice.skip, 5);
    assert_string_equal(choice.match.id, "13800138000");
}

static void any_cut_gives_the_same_choice(void **state)
{
    (void)state;
    static const char text[] = "pingping{\"imei\":\"8667\"}ping";
    static struct token_def beats[] = {{TOKEN_OF_BYTES("ping")}};
    const struct link_def link = {.framing = FRAMING_RTU,
                                  .registrations = &json,
                                  .nregistrations = 1,
                                  .heartbeats = beats,
                                  .nheartbeats = 1};
    const struct candidate candidates[] = {{&usr}, {&link}, {&ddp}};
    struct choice choice;
    for (size_t len = 0; len < sizeof(text); len++) {
        int made = choose(candidates, 3, text, len, len % 2 == 0, &choice);
        assert_int_equal(made, len >= 23);
        if (made == 0)
            continue;
        assert_int_equal(choice.candidate, 1);
        assert_int_equal(choice.skip, 8);
        assert_int_equal(choice.match.size, 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_is_found_among_all),
        cmocka_unit_test(a_beginning_waits),
        cmocka_unit_test(an_id_without_an_end),
        cmocka_unit_test(text_is_no_tlv),
        cmocka_unit_test(tlv_comes_last),
        cmocka_unit_test(what_fits_nobody),
        cmocka_unit_test(a_heartbeat_like_the_registration),
        cmocka_unit_test(the_framings_own_heartbeat_comes_first),
        cmocka_unit_test(any_cut_gives_the_same_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
