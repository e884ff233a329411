#include "webapp/query/sql.h"

#include "shared/base/clock.h"
#include "shared/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sql_init(struct sql *sql)
{
    sql->text = printbuf_new();
    if (sql->text == NULL)
        abort();
}

void sql_clear(struct sql *sql)
{
    printbuf_free(sql->text);
    sql->text = NULL;
}

static void append(struct sql *sql, const char *bytes, size_t len)
{
    if (len > 0 && printbuf_memappend(sql->text, bytes, (int)len) < 0)
        abort();
}

static void append_hex(struct sql *sql, const char *bytes, size_t len)
{
    char hex[3];
    for (size_t i = 0; i < len; i++)
        append(sql, text_hex((const uint8_t *)bytes + i, 1, hex), 2);
}

static void append_pattern(struct sql *sql, const char *text)
{
    append_hex(sql, "%", 1);
    for (const char *p = text; *p != '\0'; p++) {
        if (strchr("%_|", *p) != NULL)
            append_hex(sql, "|", 1);
        append_hex(sql, p, 1);
    }
    append_hex(sql, "%", 1);
}

static void append_value(struct sql *sql, const struct sql_value *value)
{
    char text[CLOCK_ISO_SIZE + 2], iso[CLOCK_ISO_SIZE];
    switch (value->kind) {
    case SQL_KIND_INT:
        append(sql, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)value->number));
        return;
    case SQL_KIND_TIME:
        clock_iso(value->number, iso);
        iso[10] = ' ';
        append(sql, text, (size_t)snprintf(text, sizeof(text), "'%.23s'", iso));
        return;
    case SQL_KIND_TEXT:
    case SQL_KIND_CONTAINS:
        append(sql, "_utf8mb4 x'", strlen("_utf8mb4 x'"));
        if (value->kind == SQL_KIND_TEXT)
            append_hex(sql, value->text, strlen(value->text));
        else
            append_pattern(sql, value->text);
        append(sql, "'", 1);
        return;
    case SQL_KIND_END:
        abort();
    }
}

void sql_add_values(struct sql *sql, const char *piece, const struct sql_value *values)
{
    for (const char *p = piece; *p != '\0';) {
        size_t n = strcspn(p, "?");
        append(sql, p, n);
        p += n;
        if (*p == '?') {
            append_value(sql, values++);
            p++;
        }
    }
    if (values->kind != SQL_KIND_END)
        abort();
}

void sql_add_span(struct sql *sql, const char *column, const struct sql_span *span)
{
    const struct {
        const int64_t *ms;
        const char *compare;
    } ends[] = {{span->from_ms, " >= ?"}, {span->to_ms, " < ?"}};
    for (size_t i = 0; i < 2; i++) {
        if (ends[i].ms == NULL)
            continue;
        append(sql, " AND ", strlen(" AND "));
        append(sql, column, strlen(column));
        sql_add(sql, ends[i].compare, SQL_TIME(*ends[i].ms));
    }
}
