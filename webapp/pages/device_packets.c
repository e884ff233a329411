#include "webapp/pages/device_packets.h"

#include "shared/base/text.h"
#include "webapp/packet.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_TYPE = 2, COLUMN_BYTES = 3, COLOURS = 6 };

/* "01 03 c8" */
static char *spaced_hex(const uint8_t *bytes, size_t len)
{
    char *out = malloc(3 * len + 1);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < len; i++) {
        text_hex(bytes + i, 1, out + 3 * i);
        out[3 * i + 2] = ' ';
    }
    out[len > 0 ? 3 * len - 1 : 0] = '\0';
    return out;
}

/* Printable ASCII as it is, a dot for each other byte. */
static char *dotted(const uint8_t *bytes, size_t len)
{
    char *out = malloc(len + 1);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        out[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.';
    out[len] = '\0';
    return out;
}

static struct json_object *field_value(const struct call *call, const struct packet_field *field,
                                       const uint8_t *bytes, size_t index)
{
    struct json_object *value = json_object_new_object();
    char offset[24];
    snprintf(offset, sizeof(offset), "%zu", field->offset);
    values_text(value, "offset", offset);
    values_owned(value, "hex", spaced_hex(bytes + field->offset, field->length));
    values_text(value, "name", call_text(call, field->name));
    values_text(value, "text", field->text);
    if (field->meaning != NULL)
        values_text(value, "meaning", call_text(call, field->meaning));
    values_flag(value, "good", field->verdict == PACKET_GOOD);
    values_flag(value, "bad", field->verdict == PACKET_BAD);
    json_object_object_add(value, "colour", json_object_new_int((int)(index % COLOURS)));
    return value;
}

static void dress(const struct call *call, struct json_object *item, const char *type,
                  const uint8_t *bytes, size_t len)
{
    struct packet_fields fields;
    char key[64], size[24];
    packet_decode(type, bytes, len, &fields);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < fields.count; i++)
        json_object_array_add(list, field_value(call, &fields.items[i], bytes, i));
    json_object_object_add(item, "fields", list);
    snprintf(key, sizeof(key), "packet.type.%s", type);
    snprintf(size, sizeof(size), "%zu", len);
    values_text(item, "label", call_text(call, key));
    values_text(item, "size", size);
    values_flag(item, "good", fields.verdict == PACKET_GOOD);
    values_flag(item, "bad", fields.verdict == PACKET_BAD);
    values_owned(item, "hex", spaced_hex(bytes, len));
    values_owned(item, "ascii", dotted(bytes, len));
}

struct json_object *device_packets(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = rows_to_list(rows, call->zone_min);
    mysql_data_seek(rows, 0);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        MYSQL_ROW row = mysql_fetch_row(rows);
        dress(call, json_object_array_get_idx(list, i), row[COLUMN_TYPE],
              (const uint8_t *)row[COLUMN_BYTES], mysql_fetch_lengths(rows)[COLUMN_BYTES]);
    }
    mysql_free_result(rows);
    return list;
}
