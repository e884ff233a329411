/*
 * Rows of a result as JSON: text for the API, values for templates. Columns keep their names.
 * Binary columns become lower-case hexadecimal, instants ISO 8601 in UTC with milliseconds. Pure
 * but for reading the rows; a result belongs to one thread.
 */
#ifndef DTUHUB_WEBAPP_QUERY_ROWS_H
#define DTUHUB_WEBAPP_QUERY_ROWS_H

#include "shared/base/clock.h"

#include <json-c/json_object.h>
#include <json-c/printbuf.h>
#include <mysql.h>

/** How a column is written that is not written by its type. */
enum rows_style {
    ROWS_JSON,      /* text that is JSON: as the value it says; null where it is none */
    ROWS_PRINTABLE, /* bytes: as text_printable() makes them */
};

struct rows_column {
    const char *name; /* NULL ends a list */
    enum rows_style style;
};

/** rows_write_json(rows, styles, out): append a JSON array of objects; numbers as the server
 * printed them. ${styles} may be NULL. */
void rows_write_json(MYSQL_RES *rows, const struct rows_column *styles, struct printbuf *out);

/** rows_write_members(rows, styles, out): append the next row's members, without the braces, so
 * that others can follow. 0, or -1 where there is no row. */
int rows_write_members(MYSQL_RES *rows, const struct rows_column *styles, struct printbuf *out);

/** rows_append_json(text, len, out), rows_append_printable(bytes, len, out): one cell of that
 * style. */
void rows_append_json(const char *text, size_t len, struct printbuf *out);
void rows_append_printable(const char *bytes, size_t len, struct printbuf *out);

/**
 * rows_to_list(rows, zone_min): an array of objects for a template, the caller's. All values are
 * text (null stays null), an instant is an object {"iso", "text"} with the text in the zone.
 */
struct json_object *rows_to_list(MYSQL_RES *rows, int zone_min);

/** rows_instant(text, len, out): "2026-01-31 23:59:59[.123]" as the server prints it -> ISO 8601
 * with milliseconds and Z. */
char *rows_instant(const char *text, size_t len, char out[CLOCK_ISO_SIZE]);

/** rows_instant_value(ms, zone_min): the object {"iso", "text"} that templates show an instant
 * from. */
struct json_object *rows_instant_value(int64_t ms, int zone_min);

#endif
