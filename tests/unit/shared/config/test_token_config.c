/*
 * The packets of a line, kind by kind.
 */
#include "tests/unit/shared/config/line_parts.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define REG "profiles.p.line.registration.packets."
#define BEAT "profiles.p.line.heartbeat.packets."

/* A line of one registration or heartbeat called x, in line 1. */
static void in_line(char *out, size_t size, const char *section, const char *packet)
{
    snprintf(out, size, "{framing: tlv, %s: {packets: {x: %s}}}", section, packet);
}

static struct link_def good(const char *section, const char *packet)
{
    char text[2048];
    in_line(text, sizeof(text), section, packet);
    return good_line(text, NULL);
}

static void bad(const char *section, const char *packet, const char *expected)
{
    char text[2048], faults[2048];
    in_line(text, sizeof(text), section, packet);
    bool beat = strcmp(section, "heartbeat") == 0;
    snprintf(faults, sizeof(faults), "t.yml:1: %s%s\n", beat ? BEAT : REG, expected);
    bad_line(text, NULL, faults);
}

static void fixed_bytes(void **state)
{
    (void)state;
    struct link_def link =
        good("registration", "{kind: bytes, hex: \"D8 B0 4C 00 00 01\", id: \"station-7\"}");
    const struct token_def *token = link.registrations;
    assert_int_equal(token->kind, TOKEN_BYTES);
    assert_int_equal(token->size, 6);
    assert_memory_equal(token->bytes, "\xd8\xb0\x4c\x00\x00\x01", 6);
    assert_string_equal(token->fixed_id, "station-7");
    assert_string_equal(token->label, "x");
    assert_int_equal(token->reply, REPLY_NONE);
    link_config_clear(&link);
    link = good("heartbeat", "{kind: bytes, text: 'q\\r\\n', reply: {hex: \"01\"}}");
    assert_int_equal(link.heartbeats->size, 3);
    assert_memory_equal(link.heartbeats->bytes, "q\r\n", 3);
    assert_int_equal(link.heartbeats->reply, REPLY_BYTES);
    assert_int_equal(link.heartbeats->reply_bytes[0], 1);
    link_config_clear(&link);
    link = good("heartbeat", "{kind: bytes, text: q, reply: echo}");
    assert_int_equal(link.heartbeats->reply, REPLY_ECHO);
    link_config_clear(&link);
}

static void faults_of_fixed_bytes(void **state)
{
    (void)state;
    bad("heartbeat", "{kind: bytes, text: a, hex: 41}",
        "x.hex: text is given too (line 1): keep one of them");
    bad("heartbeat", "{kind: bytes}",
        "x.text: missing: add \"text: ...\" or \"hex: ...\", the bytes of the packet");
    bad("heartbeat", "{kind: bytes, text: ''}",
        "x.text: empty: write at least one byte, or leave the line out");
    bad("heartbeat", "{kind: bytes, hex: ' '}",
        "x.hex: empty: write at least one byte, or leave the line out");
    bad("heartbeat", "{kind: bytes, hex: 4}",
        "x.hex: \"4\" begins with no pair of hexadecimal digits: write bytes like \"7B 01 0A\", "
        "in quotes");
    bad("heartbeat", "{kind: bytes, text: q, id: a}",
        "x.id: a heartbeat names nobody: leave id out");
    bad("registration", "{kind: bytes, text: q}",
        "x.id: missing: fixed bytes do not say which DTU sends them: add \"id: ...\", or choose "
        "another kind where the packet holds the id");
    char packet[700] = "{kind: bytes, text: ", line[128];
    memset(packet + strlen(packet), 'a', TOKEN_LONGEST + 1);
    strcat(packet, "}");
    snprintf(line, sizeof(line), "x.text: %d bytes are too many: %d at the most", TOKEN_LONGEST + 1,
             TOKEN_LONGEST);
    bad("heartbeat", packet, line);
}

static void faults_of_replies(void **state)
{
    (void)state;
    bad("heartbeat", "{kind: bytes, text: q, reply: A}",
        "x.reply: \"A\" is no answer: write echo, or the bytes as {text: \"A\"} or {hex: \"01\"}");
    bad("heartbeat", "{kind: bytes, text: q, reply: {}}",
        "x.reply: write one of {text: ...} and {hex: ...}, or echo");
    bad("heartbeat", "{kind: bytes, text: q, reply: {text: A, hex: 41}}",
        "x.reply: write one of {text: ...} and {hex: ...}, or echo");
    bad("heartbeat", "{kind: bytes, text: q, reply: [A]}",
        "x.reply: \"a list\" is no answer: write echo, or the bytes as {text: \"A\"} or {hex: "
        "\"01\"}");
}

static void faults_of_kinds(void **state)
{
    (void)state;
    bad("heartbeat", "{text: q}",
        "x.kind: missing: say what the packet is like: bytes, text, regex, json or struct");
    bad("heartbeat", "q",
        "x is a section: write kind: and the packet's other keys below it, indented");
    bad_line("{heartbeat: {packets: {x: {kind: bytes, start: q}}}}", NULL,
             "t.yml:1: unknown key \"start\" in " BEAT
             "x: the keys here are kind, reply, text, hex, id\n");
}

static void texts(void **state)
{
    (void)state;
    struct link_def link = good("registration", "{kind: text, start: \"LOGIN:\", chars: digits, "
                                                "min: 2, max: 10, end: \"\\r\\n\"}");
    const struct token_def *token = link.registrations;
    assert_int_equal(token->kind, TOKEN_TEXT);
    assert_memory_equal(token->bytes, "LOGIN:", 6);
    assert_int_equal(token->size, 6);
    assert_int_equal(token->chars, CHARS_DIGITS);
    assert_int_equal(token->min, 2);
    assert_int_equal(token->max, 10);
    assert_int_equal(token->end_size, 2);
    assert_memory_equal(token->end, "\r\n", 2);
    link_config_clear(&link);
    link = good("registration", "{kind: text}");
    token = link.registrations;
    assert_null(token->bytes);
    assert_null(token->end);
    assert_int_equal(token->chars, CHARS_ANY);
    assert_int_equal(token->min, 1);
    assert_int_equal(token->max, 64);
    link_config_clear(&link);
    link = good("registration", "{kind: text, length: 15}");
    assert_int_equal(link.registrations->min, 15);
    assert_int_equal(link.registrations->max, 15);
    link_config_clear(&link);
}

static void faults_of_texts(void **state)
{
    (void)state;
    bad("registration", "{kind: text, min: 5, max: 4}",
        "x.max: min is 5 and max is 4: min cannot be above max");
    bad("registration", "{kind: text, min: 65}",
        "x.min: min is 65 and max is 64: min cannot be above max");
    bad("registration", "{kind: text, max: 0}", "x.max: \"0\" is not a whole number from 1 to 127");
    bad("registration", "{kind: text, length: 5, max: 6}",
        "x.max: length is given too (line 1): keep length, or min and max");
    bad("registration", "{kind: text, start: ''}",
        "x.start: empty: write at least one byte, or leave the line out");
    bad("registration", "{kind: text, start: 'a\\q'}",
        "x.start: \"\\\\q\" begins with no escape that is known: \\r \\n \\t \\xNN (two "
        "hexadecimal digits), and \\\\ for a backslash");
    char packet[700] = "{kind: text, start: ";
    memset(packet + strlen(packet), 'a', 200);
    strcat(packet, "}");
    bad("registration", packet,
        "x.start: start, id and end can be 264 bytes long together: a packet has 256 at the "
        "most");
}

static void expressions(void **state)
{
    (void)state;
    struct link_def link =
        good("registration", "{kind: regex, pattern: 'ID=(?<id>[0-9]+);KEY=(?<secret>\\w+);'}");
    const struct token_def *token = link.registrations;
    assert_int_equal(token->kind, TOKEN_REGEX);
    assert_int_equal(token->id_group, 1);
    assert_int_equal(token->secret_group, 2);
    assert_null(token->fixed_id);
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(token->regex, NULL);
    PCRE2_SPTR bytes = (PCRE2_SPTR) "ID=7;KEY=a;";
    assert_int_equal(pcre2_match(token->regex, bytes, 11, 0, 0, match, NULL), 3);
    assert_int_equal(pcre2_match(token->regex, (PCRE2_SPTR) " ID=7;KEY=a;", 12, 0, 0, match, NULL),
                     PCRE2_ERROR_NOMATCH); /* anchored */
    pcre2_match_data_free(match);
    link_config_clear(&link);
    link = good("registration", "{kind: regex, pattern: \"HELLO\\r\\n\", id: one}");
    assert_string_equal(link.registrations->fixed_id, "one");
    assert_int_equal(link.registrations->id_group, 0);
    link_config_clear(&link);
    link = good("heartbeat", "{kind: regex, pattern: 'HB[0-9]'}");
    link_config_clear(&link);
}

static void faults_of_expressions(void **state)
{
    (void)state;
    bad("registration", "{kind: regex, pattern: 'ID=(?<id>[0-9]+'}",
        "x.pattern: not a regular expression, at character 16: missing closing parenthesis");
    bad("registration", "{kind: regex, pattern: 'ID=[0-9]+'}",
        "x.pattern: nothing in it is the id: put the part that is it into (?<id>...), or add "
        "\"id: ...\" where one DTU only sends this");
    bad("registration", "{kind: regex, pattern: '(?<id>[0-9]+)', id: a}",
        "x.id: the pattern has a group (?<id>...) too: keep one of them");
    bad("registration", "{kind: regex, pattern: '(?<id>[0-9]*)'}",
        "x.pattern: it matches nothing at all too: let it begin or end with something fixed");
    bad("registration", "{kind: regex, pattern: '(?<id>[0-9]{300})'}",
        "x.pattern: it matches 300 bytes at the least: a packet has 256 at the most");
    bad("registration", "{kind: regex, pattern: '(?J)(?<id>a)|(?<id>b)'}",
        "x.pattern: more than one group is called id: name one of them");
    bad("heartbeat", "{kind: regex, pattern: 'a', id: b}",
        "x.id: a heartbeat names nobody: leave id out");
    bad("heartbeat", "{kind: regex, pattern: ''}",
        "x.pattern: empty: write a value, or leave the line out");
}

static void objects(void **state)
{
    (void)state;
    struct link_def link = good("registration", "{kind: json, id: imei, secret: token}");
    assert_int_equal(link.registrations->kind, TOKEN_JSON);
    assert_string_equal(link.registrations->id_key, "imei");
    assert_string_equal(link.registrations->secret_key, "token");
    link_config_clear(&link);
    link = good("heartbeat", "{kind: json}");
    assert_null(link.heartbeats->id_key);
    link_config_clear(&link);
    bad("registration", "{kind: json}",
        "x.id: missing: add \"id: ...\", the key of the object whose value is the DTU's id");
}

static void structs(void **state)
{
    (void)state;
    struct link_def link = good(
        "registration", "{kind: struct, length: 19, id: {offset: 1, length: 8, as: bcd, digits: "
                        "15}, fixed: {0: \"7B 01\", 0x11: FF}, secret: {offset: 9, length: 4}}");
    const struct token_def *token = link.registrations;
    assert_int_equal(token->kind, TOKEN_STRUCT);
    assert_int_equal(token->length, 19);
    assert_int_equal(token->id.offset, 1);
    assert_int_equal(token->id.length, 8);
    assert_int_equal(token->id.as, SLICE_BCD);
    assert_int_equal(token->id.digits, 15);
    assert_int_equal(token->secret.offset, 9);
    assert_int_equal(token->secret.length, 4);
    assert_int_equal(token->secret.as, SLICE_TEXT);
    assert_int_equal(token->npieces, 2);
    assert_int_equal(token->pieces[0].offset, 0);
    assert_int_equal(token->pieces[0].size, 2);
    assert_memory_equal(token->pieces[0].bytes, "\x7b\x01", 2);
    assert_int_equal(token->pieces[1].offset, 17);
    link_config_clear(&link);
}

static void faults_of_structs(void **state)
{
    (void)state;
    bad("registration", "{kind: struct, id: {offset: 0, length: 4}}",
        "x.length is missing: add \"length: ...\" below " REG "x (bytes of the whole packet)");
    bad("registration", "{kind: struct, length: 4}",
        "x.id: missing: add \"id: {offset: ..., length: ...}\", where the DTU's id lies");
    bad("registration", "{kind: struct, length: 4, id: {offset: 1, length: 4}}",
        "x.id: bytes 1 to 4 lie outside of a packet of 4 bytes: correct offset and length, or "
        "the packet's length");
    bad("registration",
        "{kind: struct, length: 4, id: {offset: 0, length: 4}, secret: {offset: 4, length: 1}}",
        "x.secret: bytes 4 to 4 lie outside of a packet of 4 bytes: correct offset and length, "
        "or the packet's length");
    bad("registration", "{kind: struct, length: 12, id: {offset: 0, length: 9, as: uint}}",
        "x.id: a number of 9 bytes is too large: 8 at the most, or as: hex");
    bad("registration", "{kind: struct, length: 12, id: {offset: 0, length: 9, digits: 2}}",
        "x.id: digits goes with as: bcd only: leave it out");
    bad("registration",
        "{kind: struct, length: 12, id: {offset: 0, length: 2, as: bcd, digits: "
        "5}}",
        "x.id: 2 bytes hold 4 digits, not 5: correct digits or length");
    bad("registration", "{kind: struct, length: 99, id: {offset: 0, length: 64, as: hex}}",
        "x.id: 128 characters are too many: 127 at the most: take fewer bytes");
    bad("registration", "{kind: struct, length: 257, id: {offset: 0, length: 4}}",
        "x.length: \"257\" is not a whole number from 1 to 256");
    bad("heartbeat", "{kind: struct, length: 4}",
        "x.fixed: missing: any 4 bytes would be this heartbeat: say which are always the same");
}

static void faults_of_fixed_pieces(void **state)
{
    (void)state;
    bad("heartbeat", "{kind: struct, length: 4, fixed: {3: 00 01}}",
        "x.fixed.3: 2 bytes from byte 3 on end outside of a packet of 4 bytes");
    bad("heartbeat", "{kind: struct, length: 4, fixed: {0: 00 01, 1: 02}}",
        "x.fixed.1: byte 1 is in the bytes from 0 on too: let each stand in one place");
    bad("heartbeat", "{kind: struct, length: 4, fixed: {0: 00, 256: 02}}",
        "x.fixed.256: the key is the offset of the first byte, from 0 to 255");
    bad("heartbeat", "{kind: struct, length: 4, fixed: {0: 00, 1: [2]}}",
        "x.fixed.1: write the bytes in hexadecimal, like \"7B 01\"");
    bad("heartbeat",
        "{kind: struct, length: 9, fixed: {0: 00, 1: 00, 2: 00, 3: 00, 4: 00, 5: 00, "
        "6: 00, 7: 00, 8: 00}}",
        "x.fixed.8: more than 8 places with fixed bytes: leave the least telling ones out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_bytes),
        cmocka_unit_test(faults_of_fixed_bytes),
        cmocka_unit_test(faults_of_replies),
        cmocka_unit_test(faults_of_kinds),
        cmocka_unit_test(texts),
        cmocka_unit_test(faults_of_texts),
        cmocka_unit_test(expressions),
        cmocka_unit_test(faults_of_expressions),
        cmocka_unit_test(objects),
        cmocka_unit_test(structs),
        cmocka_unit_test(faults_of_structs),
        cmocka_unit_test(faults_of_fixed_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
