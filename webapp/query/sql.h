/*
 * Text of one SQL statement, put together from constant pieces and values. Values never enter as
 * they are: numbers are printed from integers and texts become hexadecimal literals, so no text can
 * end a literal whatever the server's modes are. Pure; a statement belongs to one thread.
 */
#ifndef DTUHUB_WEBAPP_QUERY_SQL_H
#define DTUHUB_WEBAPP_QUERY_SQL_H

#include <json-c/printbuf.h>
#include <stdint.h>

enum sql_kind { SQL_KIND_END, SQL_KIND_INT, SQL_KIND_TEXT, SQL_KIND_CONTAINS, SQL_KIND_TIME };

struct sql_value {
    enum sql_kind kind;
    int64_t number;
    const char *text;
};

#define SQL_INT(n)                                                                                 \
    {                                                                                              \
        .kind = SQL_KIND_INT, .number = (int64_t)(n)                                               \
    }
#define SQL_TEXT(s)                                                                                \
    {                                                                                              \
        .kind = SQL_KIND_TEXT, .text = (s)                                                         \
    }
/* A pattern for LIKE ... ESCAPE '|' that finds the text anywhere. */
#define SQL_CONTAINS(s)                                                                            \
    {                                                                                              \
        .kind = SQL_KIND_CONTAINS, .text = (s)                                                     \
    }
/* Milliseconds UTC as a DATETIME(3) literal. */
#define SQL_TIME(ms)                                                                               \
    {                                                                                              \
        .kind = SQL_KIND_TIME, .number = (ms)                                                      \
    }

struct sql {
    struct printbuf *text;
};

/** A piece of time, either end of which may be open. */
struct sql_span {
    const int64_t *from_ms; /* included; NULL: from the beginning */
    const int64_t *to_ms;   /* not included; NULL: to the end */
};

void sql_init(struct sql *sql);
void sql_clear(struct sql *sql);

/**
 * sql_add(sql, piece, values...): append the constant ${piece} with each '?' in it replaced by the
 * next value. A number of values that does not fit is a fault of the program and aborts.
 */
#define sql_add(sql, ...) SQL_ADD_(sql, __VA_ARGS__, {.kind = SQL_KIND_END})
#define SQL_ADD_(sql, piece, ...)                                                                  \
    sql_add_values(sql, piece, (const struct sql_value[]){__VA_ARGS__})
void sql_add_values(struct sql *sql, const char *piece, const struct sql_value *values);

/** sql_add_span(sql, column, span): append that the constant ${column} lies in ${span}. */
void sql_add_span(struct sql *sql, const char *column, const struct sql_span *span);

#endif
