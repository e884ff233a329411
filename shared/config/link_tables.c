/*
 * The keys of a line, of its packets, and of their parts.
 */
#include "shared/config/link_draft.h"

#include <assert.h>

/* SETTING_CHOICE stores an int, SETTING_UINT a uint32_t. */
static_assert(sizeof(enum framing_kind) == sizeof(int), "enum framing_kind");
static_assert(sizeof(enum registration_when) == sizeof(int), "enum registration_when");
static_assert(sizeof(enum token_kind) == sizeof(int), "enum token_kind");
static_assert(sizeof(enum token_chars) == sizeof(int), "enum token_chars");
static_assert(sizeof(enum slice_as) == sizeof(int), "enum slice_as");

enum { PATTERN_MAX = 1023, JSON_KEY_MAX = 64 };

#define HOUR 3600.0

#define LINE(key, field, kind)                                                                     \
    .path = "line." #key, .offset = offsetof(struct line_draft, field), .type = kind

static const char *const framing_choices[] = {
    [FRAMING_TLV] = "tlv", [FRAMING_RTU] = "rtu",         [FRAMING_MBAP] = "mbap",
    [FRAMING_DDP] = "ddp", [FRAMING_ALOTCER] = "alotcer", [FRAMING_ESCAPED] = "escaped",
    [FRAMING_HEX] = "hex", [FRAMING_HEX + 1] = NULL,
};

static const struct setting line_settings[] = {
    [LINE_BASE] = {LINE(base, base, SETTING_STRING), .min = 1,
                   .help = "family that this line builds on: NAME is profiles/NAME.yml, a value "
                           "with / or .yml is a path"},
    [LINE_FRAMING] = {LINE(framing, link.framing, SETTING_CHOICE), .def = "tlv",
                      .choices = framing_choices,
                      .help = "how the DTU wraps Modbus: rtu and hex (as text) are raw, mbap is "
                              "Modbus TCP, escaped is Four-Faith's PROT"},
    [LINE_LISTEN_ONLY] = {LINE(listen_only, link.listen_only, SETTING_BOOL), .def = "false",
                          .help = "the DTU polls by itself: decode what it sends, never ask"},
    [LINE_REGISTRATION] = {LINE(registration, registration, SETTING_BLOCK),
                           .help = "how the DTU says who it is"},
    [LINE_HEARTBEAT] = {LINE(heartbeat, heartbeat, SETTING_BLOCK),
                        .help = "how the DTU says that it is there"},
    [LINE_TIMING] = {LINE(timing, timing, SETTING_BLOCK), .help = "what time the DTU needs"},
};

#define REGISTRATION(key, field, kind)                                                             \
    .path = "line.registration." #key, .offset = offsetof(struct line_draft, field), .type = kind

static const char *const when_choices[] = {"connect", "every", "both", NULL};

static const struct setting registration_settings[] = {
    [REG_WHEN] = {REGISTRATION(when, link.when, SETTING_CHOICE), .def = "connect",
                  .choices = when_choices,
                  .help = "when the DTU sends it: once it has connected, in front of every packet, "
                          "or both"},
    [REG_REQUIRED] = {REGISTRATION(required, link.registration_required, SETTING_BOOL),
                      .def = "true",
                      .help = "false: a DTU that sends none in time is named after the port or "
                              "address that it comes by"},
    [REG_DEADLINE] = {REGISTRATION(deadline, link.timing.registration_timeout, SETTING_SECONDS),
                      .min = 0.1, .max = HOUR,
                      .help = "seconds in which it must come; without it "
                              "server.registration_timeout"},
    [REG_PACKETS] = {REGISTRATION(packets, registration_packets, SETTING_BLOCK),
                     .help = "packets by labels of your own; any one of them registers the DTU"},
};

static const struct setting heartbeat_settings[] = {
    {.path = "line.heartbeat.packets",
     .offset = offsetof(struct line_draft, heartbeat_packets),
     .type = SETTING_BLOCK,
     .help = "packets by labels of your own; any one of them is a heartbeat"},
};

#define TIMING(key, field, kind)                                                                   \
    .path = "line.timing." #key, .offset = offsetof(struct line_draft, link.timing.field),         \
    .type = kind

static const struct setting timing_settings[] = {
    {TIMING(response_timeout, response_timeout, SETTING_SECONDS), .min = 0.05, .max = 300,
     .help = "seconds to wait for an answer; without it polling.response_timeout"},
    {TIMING(request_gap, request_gap, SETTING_SECONDS), .max = 60,
     .help = "seconds of silence between an answer and the next query; without it "
             "polling.request_gap"},
    {TIMING(slave_gap, slave_gap, SETTING_SECONDS), .max = 60,
     .help = "the same where the next query goes to another slave, at least request_gap; without "
             "it polling.slave_gap"},
    {TIMING(idle, idle, SETTING_SECONDS), .def = "0.2", .min = 0.01, .max = 60,
     .help = "seconds of silence that end a packet which has no end of its own"},
    {TIMING(after_connect, after_connect, SETTING_SECONDS), .def = "0", .max = 300,
     .help = "seconds from the registration to the first query"},
    {TIMING(talk_within, talk_within, SETTING_SECONDS), .def = "0", .max = HOUR,
     .help = "the server says something at least so often, for DTUs that restart after a silence; "
             "0: no need"},
    {TIMING(heartbeat_timeout, heartbeat_timeout, SETTING_SECONDS), .min = 0.1, .max = 24 * HOUR,
     .help = "seconds of silence after which one heartbeat counts as missed; without it "
             "server.heartbeat_timeout"},
    {TIMING(max_missed, max_missed, SETTING_UINT), .min = 1, .max = 100,
     .help = "missed heartbeats after which the line is probed; without it server.max_missed"},
    {TIMING(max_timeouts, max_timeouts, SETTING_UINT), .max = 10000,
     .help = "unanswered queries in a row that close the line, 0: never; without it "
             "polling.max_timeouts"},
    {TIMING(retries, retries, SETTING_UINT), .max = 10,
     .help = "times that an unanswered query is sent again; without it polling.retries"},
};
static_assert(sizeof(timing_settings) / sizeof(*timing_settings) == TIMING_KEYS, "timing");

#define PACKET(key, field, kind)                                                                   \
    .path = "line.PACKET." #key, .offset = offsetof(struct token_draft, field), .type = kind

static const char *const kind_choices[] = {"bytes", "text", "regex", "json", "struct", NULL};

#define PACKET_COMMON                                                                              \
    [TOKEN_KIND] = {PACKET(kind, kind, SETTING_CHOICE), .required = true, .choices = kind_choices, \
                    .help = "what the packet is like"},                                            \
    [TOKEN_REPLY] = {PACKET(reply, reply, SETTING_NODE),                                           \
                     .help = "what the server answers: echo, or {text: \"A\"} or {hex: \"01\"}"}

static const struct setting bytes_settings[] = {
    PACKET_COMMON,
    [BYTES_TEXT] = {PACKET(text, text, SETTING_BYTES), .max = TOKEN_LONGEST,
                    .help = "the whole packet as text"},
    [BYTES_HEX] = {PACKET(hex, hex, SETTING_HEX), .max = TOKEN_LONGEST,
                   .help = "the whole packet in hexadecimal, in place of text"},
    [BYTES_ID] = {PACKET(id, id, SETTING_STRING), .min = 1, .max = LINK_ID_SIZE - 1,
                  .help = "registration: the id of the one DTU that sends these bytes"},
};

static const char *const chars_choices[] = {"any", "digits", "hex", "word", NULL};

static const struct setting text_settings[] = {
    PACKET_COMMON,
    [TEXT_START] = {PACKET(start, start, SETTING_BYTES), .max = TOKEN_LONGEST,
                    .help = "what stands in front of the id"},
    [TEXT_CHARS] = {PACKET(chars, chars, SETTING_CHOICE), .def = "any", .choices = chars_choices,
                    .help = "what the id is made of; word is letters, digits, _ and -, any all but "
                            "blanks and control characters"},
    [TEXT_LENGTH] = {PACKET(length, length, SETTING_UINT), .min = 1, .max = LINK_ID_SIZE - 1,
                     .help = "bytes of the id, where it is always as long"},
    [TEXT_MIN] = {PACKET(min, min, SETTING_UINT), .def = "1", .min = 1, .max = LINK_ID_SIZE - 1,
                  .help = "least bytes of the id"},
    [TEXT_MAX] = {PACKET(max, max, SETTING_UINT), .def = "64", .min = 1, .max = LINK_ID_SIZE - 1,
                  .help = "most bytes of the id"},
    [TEXT_END] = {PACKET(end, end, SETTING_BYTES), .max = TOKEN_LONGEST,
                  .help = "what stands behind the id; without it a silence ends the packet "
                          "(timing.idle), or the length"},
};

static const struct setting regex_settings[] = {
    PACKET_COMMON,
    [REGEX_PATTERN] = {PACKET(pattern, pattern, SETTING_PATTERN), .required = true, .min = 1,
                       .max = PATTERN_MAX,
                       .help =
                           "PCRE2, held against bytes from the first one on; groups `(?<id>...)` "
                           "and `(?<secret>...)` name parts of it"},
    [REGEX_ID] = {PACKET(id, id, SETTING_STRING), .min = 1, .max = LINK_ID_SIZE - 1,
                  .help = "registration: the id, where the pattern has no group of that name"},
};

static const struct setting json_settings[] = {
    PACKET_COMMON,
    [JSON_ID] = {PACKET(id, id, SETTING_STRING), .min = 1, .max = JSON_KEY_MAX,
                 .help = "key of the object whose value is the id; a registration needs it"},
    [JSON_SECRET] = {PACKET(secret, secret, SETTING_STRING), .min = 1, .max = JSON_KEY_MAX,
                     .help = "key of the object whose value is the secret"},
};

static const struct setting struct_settings[] = {
    PACKET_COMMON,
    [STRUCT_LENGTH] = {PACKET(length, length, SETTING_UINT), .required = true, .min = 1,
                       .max = TOKEN_LONGEST, .help = "bytes of the whole packet"},
    [STRUCT_FIXED] = {PACKET(fixed, fixed, SETTING_BLOCK),
                      .help = "bytes that are always the same, as offset: hexadecimal, such as "
                              "{0: \"7B 01\"}"},
    [STRUCT_ID] = {PACKET(id, id_at, SETTING_BLOCK),
                   .help = "where the id lies; a registration needs it"},
    [STRUCT_SECRET] = {PACKET(secret, secret_at, SETTING_BLOCK), .help = "where the secret lies"},
};

#define SLICE(key, field, kind)                                                                    \
    .path = "line.PACKET.SLICE." #key, .offset = offsetof(struct slice_draft, field), .type = kind

static const char *const as_choices[] = {"text", "hex", "bcd", "uint", NULL};

static const struct setting slice_settings[] = {
    [SLICE_OFFSET] = {SLICE(offset, offset, SETTING_UINT), .required = true,
                      .max = TOKEN_LONGEST - 1, .help = "its first byte, from 0"},
    [SLICE_LENGTH] = {SLICE(length, length, SETTING_UINT), .required = true, .min = 1,
                      .max = LINK_ID_SIZE - 1, .help = "how many bytes"},
    [SLICE_AS] = {SLICE(as, as, SETTING_CHOICE), .def = "text", .choices = as_choices,
                  .help = "text to the first NUL, hex digits, packed decimal digits, or one "
                          "big-endian number of up to 8 bytes"},
    [SLICE_DIGITS] = {SLICE(digits, digits, SETTING_UINT), .min = 1, .max = LINK_ID_SIZE - 1,
                      .help = "as bcd: so many digits from the front; without it all to the first "
                              "that is none"},
};

#define REPLY(key, field, kind)                                                                    \
    .path = "line.PACKET.reply." #key, .offset = offsetof(struct reply_draft, field), .type = kind

static const struct setting reply_settings[] = {
    {REPLY(text, text, SETTING_BYTES), .max = TOKEN_LONGEST, .help = "the answer as text"},
    {REPLY(hex, hex, SETTING_HEX), .max = TOKEN_LONGEST,
     .help = "the answer in hexadecimal, in place of text"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct settings_table line_table = TABLE(line_settings);
const struct settings_table registration_table = TABLE(registration_settings);
const struct settings_table heartbeat_table = TABLE(heartbeat_settings);
const struct settings_table timing_table = TABLE(timing_settings);
const struct settings_table token_tables[TOKEN_KINDS] = {
    [TOKEN_BYTES] = TABLE(bytes_settings),   [TOKEN_TEXT] = TABLE(text_settings),
    [TOKEN_REGEX] = TABLE(regex_settings),   [TOKEN_JSON] = TABLE(json_settings),
    [TOKEN_STRUCT] = TABLE(struct_settings),
};
const struct settings_table slice_table = TABLE(slice_settings);
const struct settings_table reply_table = TABLE(reply_settings);
