#include "collector/store/set_aside.h"

#include "collector/store/audit.h"
#include "collector/store/rowset.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REASON_MAX = 512 };

static const struct rowset_spec rejected = {
    .insert = "INSERT INTO rejected_records",
    .tail = "",
    .columns = {{"`timestamp`", COLUMN_TIME},
                {"collector", COLUMN_BYTES},
                {"journal", COLUMN_BYTES},
                {"seq", COLUMN_UINT},
                {"device_id", COLUMN_BYTES},
                {"kind", COLUMN_BYTES},
                {"reason", COLUMN_BYTES},
                {"content", COLUMN_BYTES},
                {"record", COLUMN_BYTES}},
};

const char *set_aside_kind(unsigned type)
{
    static const char *const kinds[] = {
        [RECORD_SAMPLES] = "samples",     [RECORD_PACKET] = "packet",
        [RECORD_HEARTBEAT] = "heartbeat", [RECORD_CONNECTION] = "connection",
        [RECORD_EVENT] = "event",         [RECORD_WRITE] = "write",
        [RECORD_NEWS] = "event",          [RECORD_ALARM] = "alarm",
    };
    return type >= RECORD_SAMPLES && type < RECORD_TYPES ? kinds[type] : "unknown";
}

static struct json_object *hex_json(const uint8_t *bytes, size_t size)
{
    char *hex = xcalloc(2 * size + 1, 1);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    struct json_object *out = json_object_new_string(hex);
    free(hex);
    return out;
}

static bool is_text(const char *text, size_t size)
{
    size_t at = 0, length;
    while ((length = text_utf8_length((const uint8_t *)text + at, size - at)) > 0)
        at += length;
    return at == size;
}

static struct json_object *sample_json(const struct record_sample *sample, const char *text,
                                       struct names *names)
{
    struct json_object *out = json_object_new_object();
    struct point_name point;
    if (names_get_point(names, sample->point, &point) == 0) {
        json_object_object_add(out, "profile", json_object_new_string(point.profile));
        json_object_object_add(out, "point", json_object_new_string(point.name));
        names_point_clear(&point);
    }
    if (sample->flags & SAMPLE_HAS_NUMBER)
        json_object_object_add(out, "value", json_object_new_double(sample->number));
    if (sample->flags & SAMPLE_HAS_RAW)
        json_object_object_add(out, "raw", json_object_new_uint64(sample->raw));
    if ((sample->flags & SAMPLE_HAS_TEXT) && is_text(text, sample->text_size))
        json_object_object_add(out, "text", json_object_new_string_len(text, sample->text_size));
    else if (sample->flags & SAMPLE_HAS_TEXT) /* perhaps the very reason */
        json_object_object_add(out, "bytes", hex_json((const uint8_t *)text, sample->text_size));
    return out;
}

static struct json_object *samples_json(const struct set_aside *record, struct names *names)
{
    struct json_object *out = json_object_new_array();
    struct record_sample sample;
    const char *text;
    for (size_t at = 0;
         record_next_sample(record->body, record->head.body_size, &at, &sample, &text) > 0;)
        json_object_array_add(out, sample_json(&sample, text, names));
    return out;
}

static struct json_object *time_json(int64_t wall_ms)
{
    char text[40];
    time_t sec = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&sec, &tm);
    size_t len = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(text + len, sizeof(text) - len, ".%03d", (int)(wall_ms % 1000));
    return json_object_new_string(text);
}

char *set_aside_content(const struct set_aside *record, struct names *names)
{
    struct json_object *out = json_object_new_object();
    json_object_object_add(out, "timestamp", time_json(record->head.ts_ms));
    json_object_object_add(out, "code", json_object_new_int(record->head.code));
    if (record->head.type == RECORD_SAMPLES)
        json_object_object_add(out, "samples", samples_json(record, names));
    else
        json_object_object_add(out, "bytes", hex_json(record->body, record->head.body_size));
    char *text = xstrdup(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
    json_object_put(out);
    return text;
}

static void add_record(struct rowset *rows, const struct set_aside *record)
{
    size_t size = sizeof(record->head) + record->head.body_size;
    uint8_t *bytes = xcalloc(size, 1);
    memcpy(bytes, &record->head, sizeof(record->head));
    memcpy(bytes + sizeof(record->head), record->body, record->head.body_size);
    rowset_add_bytes(rows, bytes, size);
    free(bytes);
}

struct aside_rows {
    struct rowset *rows;
};

struct aside_rows *aside_rows_new(void)
{
    struct aside_rows *rows = xcalloc(1, sizeof(*rows));
    rows->rows = rowset_new(&rejected);
    return rows;
}

void aside_rows_free(struct aside_rows *rows)
{
    if (rows == NULL)
        return;
    rowset_free(rows->rows);
    free(rows);
}

void aside_rows_add(struct aside_rows *aside, const struct set_aside *record, struct names *names)
{
    struct rowset *rows = aside->rows;
    char *content = set_aside_content(record, names);
    rowset_add_time(rows, clock_wall_ms());
    rowset_add_text(rows, record->collector);
    rowset_add_text(rows, record->journal);
    rowset_add_uint(rows, record->seq);
    rowset_add_text(rows, record->device);
    rowset_add_text(rows, set_aside_kind(record->head.type));
    audit_add_text(rows, record->reason, strlen(record->reason), REASON_MAX);
    audit_add_text(rows, content, strlen(content), strlen(content));
    add_record(rows, record);
    free(content);
}

int aside_rows_insert(struct aside_rows *rows, MYSQL *conn, bool bulk, struct db_error *error)
{
    int rc = rowset_insert(rows->rows, conn, bulk, error);
    rowset_clear(rows->rows);
    return rc;
}
