#include "webapp/query/rows.h"

#include "shared/base/text.h"
#include "webapp/http/moment.h"

#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINARY_CHARSET = 63 };

enum column_kind {
    COLUMN_NULL,
    COLUMN_NUMBER,
    COLUMN_INSTANT,
    COLUMN_BYTES,
    COLUMN_TEXT,
    COLUMN_JSON,
    COLUMN_PRINTABLE,
};

static enum column_kind kind_of(const MYSQL_FIELD *field)
{
    switch (field->type) {
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
        return COLUMN_INSTANT;
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_BLOB:
        return field->charsetnr == BINARY_CHARSET ? COLUMN_BYTES : COLUMN_TEXT;
    default:
        return IS_NUM(field->type) ? COLUMN_NUMBER : COLUMN_TEXT;
    }
}

char *rows_instant(const char *text, size_t len, char out[CLOCK_ISO_SIZE])
{
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_ISO_SIZE);
    memcpy(out, text, len < 23 ? len : 23);
    out[10] = 'T';
    return out;
}

static void append(struct printbuf *out, const char *text, size_t len)
{
    printbuf_memappend(out, text, (int)len);
}

static void append_text(struct printbuf *out, const char *text, size_t len)
{
    append(out, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        append(out, text + start, i - start);
        start = i + 1;
        char hex[3];
        append(out, c < 0x20 ? "\\u00" : "\\", c < 0x20 ? 4 : 1);
        if (c < 0x20)
            append(out, text_hex(&c, 1, hex), 2);
        else
            append(out, text + i, 1);
    }
    append(out, text + start, len - start);
    append(out, "\"", 1);
}

static void append_bytes(struct printbuf *out, const char *bytes, size_t len)
{
    char hex[3];
    append(out, "\"", 1);
    for (size_t i = 0; i < len; i++)
        append(out, text_hex((const uint8_t *)bytes + i, 1, hex), 2);
    append(out, "\"", 1);
}

/* A number that JSON has no word for (NaN, Infinity) becomes null. */
static int drop_not_finite(struct json_object *value, int flags, struct json_object *parent,
                           const char *key, size_t *index, void *cookie)
{
    (void)flags, (void)cookie;
    if (!json_object_is_type(value, json_type_double) || isfinite(json_object_get_double(value)))
        return JSON_C_VISIT_RETURN_CONTINUE;
    if (key != NULL)
        json_object_object_add(parent, key, NULL);
    else if (index != NULL)
        json_object_array_put_idx(parent, *index, NULL);
    else
        return JSON_C_VISIT_RETURN_ERROR;
    return JSON_C_VISIT_RETURN_SKIP; /* it is freed */
}

/* Written anew from what was read: the reader lets pass more than the format has. */
void rows_append_json(const char *text, size_t len, struct printbuf *out)
{
    struct json_tokener *tokener = json_tokener_new();
    if (tokener == NULL)
        abort();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    /* With its NUL, without which a number at the end is not known to end. */
    struct json_object *value = json_tokener_parse_ex(tokener, text, (int)len + 1);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) != len ||
        json_c_visit(value, 0, drop_not_finite, NULL) != 0) {
        json_object_put(value);
        value = NULL;
    }
    const char *json = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
    append(out, json, strlen(json));
    json_object_put(value);
    json_tokener_free(tokener);
}

void rows_append_printable(const char *bytes, size_t len, struct printbuf *out)
{
    size_t size = 4 * len + 1;
    char *text = malloc(size);
    if (text == NULL)
        abort();
    append_text(out, text, text_printable(bytes, len, text, size));
    free(text);
}

static void append_cell(struct printbuf *out, enum column_kind kind, const char *cell, size_t len)
{
    char iso[CLOCK_ISO_SIZE];
    switch (cell != NULL ? kind : COLUMN_NULL) {
    case COLUMN_NULL:
        append(out, "null", 4);
        break;
    case COLUMN_NUMBER:
        append(out, cell, len);
        break;
    case COLUMN_INSTANT:
        append_text(out, rows_instant(cell, len, iso), CLOCK_ISO_SIZE - 1);
        break;
    case COLUMN_BYTES:
        append_bytes(out, cell, len);
        break;
    case COLUMN_JSON:
        rows_append_json(cell, len, out);
        break;
    case COLUMN_PRINTABLE:
        rows_append_printable(cell, len, out);
        break;
    case COLUMN_TEXT:
        append_text(out, cell, len);
        break;
    }
}

static enum column_kind styled_kind(const MYSQL_FIELD *field, const struct rows_column *styles)
{
    for (; styles != NULL && styles->name != NULL; styles++) {
        if (strcmp(styles->name, field->name) == 0)
            return styles->style == ROWS_JSON ? COLUMN_JSON : COLUMN_PRINTABLE;
    }
    return kind_of(field);
}

static void append_members(MYSQL_RES *rows, MYSQL_ROW row, const struct rows_column *styles,
                           struct printbuf *out)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
    const unsigned long *lengths = mysql_fetch_lengths(rows);
    unsigned n = mysql_num_fields(rows);
    for (unsigned i = 0; i < n; i++) {
        append(out, ",", i > 0);
        append_text(out, fields[i].name, fields[i].name_length);
        append(out, ":", 1);
        append_cell(out, styled_kind(&fields[i], styles), row[i], lengths[i]);
    }
}

void rows_write_json(MYSQL_RES *rows, const struct rows_column *styles, struct printbuf *out)
{
    const char *between_rows = "[{";
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        append(out, between_rows, strlen(between_rows));
        append_members(rows, row, styles, out);
        between_rows = "},\n{";
    }
    append(out, between_rows[0] == '[' ? "[]" : "}]", 2);
}

int rows_write_members(MYSQL_RES *rows, const struct rows_column *styles, struct printbuf *out)
{
    MYSQL_ROW row = mysql_fetch_row(rows);
    if (row == NULL)
        return -1;
    append_members(rows, row, styles, out);
    return 0;
}

struct json_object *rows_instant_value(int64_t ms, int zone_min)
{
    char iso[CLOCK_ISO_SIZE], text[MOMENT_TEXT_SIZE];
    struct json_object *value = json_object_new_object();
    json_object_object_add(value, "iso", json_object_new_string(clock_iso(ms, iso)));
    json_object_object_add(value, "text", json_object_new_string(moment_text(ms, zone_min, text)));
    return value;
}

static struct json_object *cell_value(enum column_kind kind, const char *cell, size_t len,
                                      int zone_min)
{
    if (cell == NULL)
        return NULL;
    if (kind == COLUMN_INSTANT) {
        char iso[CLOCK_ISO_SIZE];
        int64_t ms;
        if (moment_parse(rows_instant(cell, len, iso), 0, &ms) == 0)
            return rows_instant_value(ms, zone_min);
        return NULL;
    }
    if (kind == COLUMN_BYTES) {
        char *hex = malloc(2 * len + 1);
        if (hex == NULL)
            abort();
        struct json_object *value =
            json_object_new_string(text_hex((const uint8_t *)cell, len, hex));
        free(hex);
        return value;
    }
    return json_object_new_string_len(cell, (int)len);
}

struct json_object *rows_to_list(MYSQL_RES *rows, int zone_min)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
    unsigned n = mysql_num_fields(rows);
    struct json_object *list = json_object_new_array();
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        const unsigned long *lengths = mysql_fetch_lengths(rows);
        struct json_object *item = json_object_new_object();
        for (unsigned i = 0; i < n; i++)
            json_object_object_add(item, fields[i].name,
                                   cell_value(kind_of(&fields[i]), row[i], lengths[i], zone_min));
        json_object_array_add(list, item);
    }
    return list;
}
