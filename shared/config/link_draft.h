/*
 * Between the file and struct link_def: the line as data_config.yml and a family's file state it,
 * one on top of the other, with what only the checks need.
 */
#ifndef DTUHUB_CONFIG_LINK_DRAFT_H
#define DTUHUB_CONFIG_LINK_DRAFT_H

#include "shared/config/link_def.h"
#include "shared/config/settings.h"

/* Keys in the order of the tables, so that lines[] can be asked by name. */
enum line_key {
    LINE_BASE,
    LINE_FRAMING,
    LINE_LISTEN_ONLY,
    LINE_REGISTRATION,
    LINE_HEARTBEAT,
    LINE_TIMING,
    LINE_KEYS
};
enum registration_key { REG_WHEN, REG_REQUIRED, REG_DEADLINE, REG_PACKETS, REG_KEYS };
enum { TIMING_KEYS = 10 };

/** A packet that a file names; it is read when all layers are known. */
struct packet_draft {
    char *label, *path;
    const struct settings_reader *reader; /* of the file that it stands in */
    const yaml_node_t *node;
    unsigned line;
};

struct packet_list {
    struct packet_draft *items;
    size_t count;
};

struct line_draft {
    struct link_def link; /* its scalar fields */
    char *base;
    const yaml_node_t *registration, *heartbeat, *timing; /* of the layer that is being read */
    const yaml_node_t *registration_packets, *heartbeat_packets;
    unsigned lines[LINE_KEYS], registration_lines[REG_KEYS]; /* in the layer read last */
    struct packet_list registrations, heartbeats;
};

/* What every kind of packet may have comes first. */
enum { TOKEN_KIND, TOKEN_REPLY };
enum bytes_key { BYTES_TEXT = 2, BYTES_HEX, BYTES_ID };
enum text_key { TEXT_START = 2, TEXT_CHARS, TEXT_LENGTH, TEXT_MIN, TEXT_MAX, TEXT_END };
enum regex_key { REGEX_PATTERN = 2, REGEX_ID };
enum json_key { JSON_ID = 2, JSON_SECRET };
enum struct_key { STRUCT_LENGTH = 2, STRUCT_FIXED, STRUCT_ID, STRUCT_SECRET };
enum { TOKEN_KINDS = TOKEN_STRUCT + 1, TOKEN_KEYS_MAX = 8 };

struct token_draft {
    enum token_kind kind;
    const yaml_node_t *reply;
    struct setting_bytes text, hex, start, end;
    enum token_chars chars;
    uint32_t min, max, length;
    char *pattern, *id, *secret;
    const yaml_node_t *fixed, *id_at, *secret_at;
};

enum slice_key { SLICE_OFFSET, SLICE_LENGTH, SLICE_AS, SLICE_DIGITS, SLICE_KEYS };

struct slice_draft {
    uint32_t offset, length, digits;
    enum slice_as as;
    unsigned lines[SLICE_KEYS];
};

struct reply_draft {
    struct setting_bytes text, hex;
};

extern const struct settings_table line_table, registration_table, heartbeat_table, timing_table;
extern const struct settings_table token_tables[TOKEN_KINDS]; /* by kind */
extern const struct settings_table slice_table, reply_table;

#endif
