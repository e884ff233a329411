#include "webapp/query/rows.h"

#include "shared/base/text.h"
#include "webapp/http/moment.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { BINARY_CHARSET = 63 };

enum column_kind { COLUMN_NUMBER, COLUMN_INSTANT, COLUMN_BYTES, COLUMN_TEXT };

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

static void append_cell(struct printbuf *out, enum column_kind kind, const char *cell, size_t len)
{
    char iso[CLOCK_ISO_SIZE];
    if (cell == NULL)
        append(out, "null", 4);
    else if (kind == COLUMN_NUMBER)
        append(out, cell, len);
    else if (kind == COLUMN_INSTANT)
        append_text(out, rows_instant(cell, len, iso), CLOCK_ISO_SIZE - 1);
    else if (kind == COLUMN_BYTES)
        append_bytes(out, cell, len);
    else
        append_text(out, cell, len);
}

void rows_write_json(MYSQL_RES *rows, struct printbuf *out)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
    unsigned n = mysql_num_fields(rows);
    const char *between_rows = "[";
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        const unsigned long *lengths = mysql_fetch_lengths(rows);
        append(out, between_rows, strlen(between_rows));
        for (unsigned i = 0; i < n; i++) {
            append(out, i == 0 ? "{" : ",", 1);
            append_text(out, fields[i].name, fields[i].name_length);
            append(out, ":", 1);
            append_cell(out, kind_of(&fields[i]), row[i], lengths[i]);
        }
        append(out, "}", 1);
        between_rows = ",\n";
    }
    append(out, between_rows[0] == '[' ? "[]" : "]", between_rows[0] == '[' ? 2 : 1);
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
