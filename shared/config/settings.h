/*
 * A section of a configuration file, described by a table: one struct setting for each key. The
 * reader below, the reference in docs/configuration.md and the tests all work from the same tables.
 */
#ifndef DTUHUB_CONFIG_SETTINGS_H
#define DTUHUB_CONFIG_SETTINGS_H

#include "shared/config/yaml_doc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** What a packet, or a part of it, is made of; it may hold NUL. */
struct setting_bytes {
    uint8_t *bytes; /* NULL: none */
    size_t size;
};

enum setting_type {
    SETTING_STRING, /* char *, min to max bytes of printable UTF-8 */
    SETTING_SECRET, /* char *, never shown in a message */
    SETTING_PATH,   /* char *; an empty text is none */
    SETTING_URL, /* char *, http or https; an empty text is none; never shown, it may hold a token
                  */
    SETTING_ADDRESS, /* char *, an IPv4 or IPv6 address */
    SETTING_BOOL,    /* bool */
    SETTING_UINT,    /* uint32_t, decimal or 0x hexadecimal */
    SETTING_SIZE,    /* uint64_t, bytes; the file says a number, with K, M or G for 1024 and its
                        powers */
    SETTING_PORT,    /* uint16_t, 1 to 65535 */
    SETTING_SECONDS, /* int64_t in milliseconds; the file says seconds */
    SETTING_NUMBER,  /* double */
    SETTING_CHOICE,  /* an enum: the index in choices */
    SETTING_LIST,    /* char *, texts separated by "," without blanks around; the file says one text
                        with commas, or a list of texts */
    SETTING_CIDRS,   /* the same of addresses and networks (10.0.0.0/8); none is NULL */
    SETTING_PATTERN, /* char *, a regular expression: any characters */
    SETTING_TEMPLATE, /* char *, a Mustache template: any characters */
    SETTING_BYTES,    /* struct setting_bytes; the file says a text, see byte_text_unescape() */
    SETTING_HEX,      /* struct setting_bytes; the file says hexadecimal digits */
    SETTING_BLOCK,    /* a section inside of the section, left to the caller: its node is const
                         yaml_node_t * */
    SETTING_NODE,     /* a text or a section, left to the caller in the same way */
};

struct setting {
    const char *path; /* "server.main_port"; the key is what follows the last dot */
    const char
        *def; /* the default as it would be written in the file; NULL: none, the field stays zero */
    const char *help;           /* one line of English for the reference */
    const char *const *choices; /* SETTING_CHOICE: the names, NULL at the end */
    double min, max; /* numbers, seconds: bounds; texts: bytes, where max is 0 then 255 */
    size_t offset;   /* of the field in the struct that settings_read() fills */
    enum setting_type type;
    bool required;
    bool reload; /* a reload may change it */
};

/** setting_key(setting): the key in the file. */
const char *setting_key(const struct setting *setting);

struct settings_table {
    const struct setting *settings;
    size_t count;
    /* Keys that people write here, and that belong one level deeper: those of ${below}, in the
     * section ${below_key}. NULL: none. */
    const struct settings_table *below;
    const char *below_key;
};

struct settings_reader {
    const struct yaml_doc *doc;
    struct faults *faults;
    bool expand_env; /* replace ${NAME} in every value; else in a SETTING_SECRET only */
};

/** Where a section stands in the file. */
struct settings_place {
    const yaml_node_t *node; /* NULL or null: every key takes its default */
    const char *path;        /* "query_tasks.1", for messages */
    unsigned line;           /* for what is missing in it */
};

/**
 * settings_read(reader, place, table, base, lines): fill the fields of ${base} from the section at
 * ${place}, or from their defaults. ${lines}, NULL or as long as the table, gets the line of each
 * key that the file gives (null counts as not given), else 0. Return 0, or -1 where a fault was
 * appended; the fields in fault hold their defaults then. Texts are the caller's, in any case:
 * settings_free().
 */
int settings_read(const struct settings_reader *reader, const struct settings_place *place,
                  const struct settings_table *table, void *base, unsigned *lines);

/**
 * settings_overlay(reader, place, table, base, lines): the same on top of what ${base} holds: what
 * the file does not give stays, in ${base} and in ${lines}, and nothing is required.
 */
int settings_overlay(const struct settings_reader *reader, const struct settings_place *place,
                     const struct settings_table *table, void *base, unsigned *lines);

/** settings_defaults(table, base): every field as where the file gives nothing. */
void settings_defaults(const struct settings_table *table, void *base);

/** settings_free(table, base): free the texts of ${base}; the memory of secrets and URLs is wiped.
 */
void settings_free(const struct settings_table *table, void *base);

/** settings_equal(setting, a, b): whether the field has the same value in both structs. */
bool settings_equal(const struct setting *setting, const void *a, const void *b);

/** settings_path(section, key): a new text, "section.key", where the key is the user's: printable,
 * cut where it is long. */
char *settings_path(const char *section, const char *key);

/** settings_nearest(table, key): the key of the table that is nearest to a mistyped one, or NULL.
 */
const char *settings_nearest(const struct settings_table *table, const char *key);

/** settings_reference(table, with_reload, out): the table as Markdown, a row for each key. */
void settings_reference(const struct settings_table *table, bool with_reload, FILE *out);

/** settings_parse_uint(text, value): a whole number, decimal without leading zeros or 0x
 * hexadecimal; 0, or -1 where it is none. */
int settings_parse_uint(const char *text, uint32_t *value);

#endif
