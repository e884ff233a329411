#include "collector/store/rowset.h"

#include "shared/base/alloc.h"

#include <assert.h>
#include <errmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A slice stays well below the smallest max_allowed_packet that servers ship with (16 MiB; MySQL 8:
 * 64 MiB). */
enum { SLICE_ROWS = 20000, SLICE_BYTES = 4 << 20, ROW_OVERHEAD = 16 };

union cell {
    uint64_t number;
    double real;
    int64_t wall_ms;
    size_t offset; /* of bytes, in the arena: it may still move */
};

struct column {
    union cell *cells;
    unsigned long *lengths; /* of COLUMN_BYTES */
    char *indicators;
};

struct rowset {
    const struct rowset_spec *spec;
    size_t ncolumns, count, room, next; /* next: the column to be added */
    struct column columns[ROWSET_COLUMNS_MAX];
    char *arena;
    size_t arena_used, arena_room;
};

struct rowset *rowset_new(const struct rowset_spec *spec)
{
    struct rowset *rows = xcalloc(1, sizeof(*rows));
    rows->spec = spec;
    while (rows->ncolumns < ROWSET_COLUMNS_MAX && spec->columns[rows->ncolumns].name != NULL)
        rows->ncolumns++;
    return rows;
}

void rowset_free(struct rowset *rows)
{
    if (rows == NULL)
        return;
    for (size_t i = 0; i < rows->ncolumns; i++) {
        free(rows->columns[i].cells);
        free(rows->columns[i].lengths);
        free(rows->columns[i].indicators);
    }
    free(rows->arena);
    free(rows);
}

void rowset_clear(struct rowset *rows)
{
    rows->count = rows->next = rows->arena_used = 0;
}

size_t rowset_count(const struct rowset *rows)
{
    return rows->count;
}

static void grow(struct rowset *rows)
{
    rows->room = rows->room ? 2 * rows->room : 256;
    for (size_t i = 0; i < rows->ncolumns; i++) {
        struct column *column = &rows->columns[i];
        column->cells = xreallocarray(column->cells, rows->room, sizeof(*column->cells));
        column->lengths = xreallocarray(column->lengths, rows->room, sizeof(*column->lengths));
        column->indicators = xreallocarray(column->indicators, rows->room, 1);
    }
}

static void add(struct rowset *rows, union cell cell, unsigned long length, char indicator)
{
    if (rows->next == 0 && rows->count == rows->room)
        grow(rows);
    struct column *column = &rows->columns[rows->next];
    column->cells[rows->count] = cell;
    column->lengths[rows->count] = length;
    column->indicators[rows->count] = indicator;
    if (++rows->next == rows->ncolumns) {
        rows->next = 0;
        rows->count++;
    }
}

static void expect(const struct rowset *rows, enum rowset_type type)
{
    assert(rows->spec->columns[rows->next].type == type);
    (void)rows;
    (void)type;
}

void rowset_add_uint(struct rowset *rows, uint64_t value)
{
    expect(rows, COLUMN_UINT);
    add(rows, (union cell){.number = value}, 0, STMT_INDICATOR_NONE);
}

void rowset_add_double(struct rowset *rows, double value)
{
    expect(rows, COLUMN_DOUBLE);
    add(rows, (union cell){.real = value}, 0, STMT_INDICATOR_NONE);
}

void rowset_add_time(struct rowset *rows, int64_t wall_ms)
{
    expect(rows, COLUMN_TIME);
    add(rows, (union cell){.wall_ms = wall_ms}, 0, STMT_INDICATOR_NONE);
}

void rowset_add_bytes(struct rowset *rows, const void *bytes, size_t len)
{
    expect(rows, COLUMN_BYTES);
    if (len > rows->arena_room - rows->arena_used) {
        rows->arena_room = 2 * rows->arena_room + len + 4096;
        rows->arena = xreallocarray(rows->arena, rows->arena_room, 1);
    }
    if (len > 0)
        memcpy(rows->arena + rows->arena_used, bytes, len);
    add(rows, (union cell){.offset = rows->arena_used}, len, STMT_INDICATOR_NONE);
    rows->arena_used += len;
}

void rowset_add_text(struct rowset *rows, const char *text)
{
    rowset_add_bytes(rows, text, strlen(text));
}

void rowset_add_null(struct rowset *rows)
{
    add(rows, (union cell){.number = 0}, 0, STMT_INDICATOR_NULL);
}

/* How many rows from ${first} on go into one statement. */
static size_t slice_length(const struct rowset *rows, size_t first)
{
    size_t n = 0, bytes = 0;
    while (first + n < rows->count && n < SLICE_ROWS) {
        for (size_t c = 0; c < rows->ncolumns; c++)
            bytes += rows->columns[c].lengths[first + n] + ROW_OVERHEAD;
        if (n > 0 && bytes > SLICE_BYTES)
            break;
        n++;
    }
    return n;
}

static void broken_down(int64_t wall_ms, MYSQL_TIME *out)
{
    time_t sec = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&sec, &tm);
    *out = (MYSQL_TIME){
        .year = (unsigned)tm.tm_year + 1900,
        .month = (unsigned)tm.tm_mon + 1,
        .day = (unsigned)tm.tm_mday,
        .hour = (unsigned)tm.tm_hour,
        .minute = (unsigned)tm.tm_min,
        .second = (unsigned)tm.tm_sec,
        .second_part = (unsigned long)(wall_ms % 1000) * 1000,
        .time_type = MYSQL_TIMESTAMP_DATETIME,
    };
}

/*
 * Bulk: one array a column. The client library takes numbers in place, but times and bytes through
 * an array of pointers (ma_get_buffer_offset() in Connector/C), which is made for one execution.
 */

static void *time_pointers(const union cell *cells, size_t n)
{
    MYSQL_TIME **pointers = xcalloc(n, sizeof(*pointers) + sizeof(**pointers));
    MYSQL_TIME *times = (MYSQL_TIME *)(pointers + n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && cells[i].wall_ms == cells[i - 1].wall_ms) /* as in all rows of an answer */
            times[i] = times[i - 1];
        else
            broken_down(cells[i].wall_ms, &times[i]);
        pointers[i] = &times[i];
    }
    return pointers;
}

static void *bulk_array(const struct rowset *rows, size_t c, size_t first, size_t n)
{
    const union cell *cells = rows->columns[c].cells + first;
    if (rows->spec->columns[c].type == COLUMN_TIME)
        return time_pointers(cells, n);
    if (rows->spec->columns[c].type == COLUMN_BYTES) {
        char **pointers = xcalloc(n, sizeof(*pointers));
        for (size_t i = 0; i < n; i++)
            pointers[i] = rows->arena + cells[i].offset;
        return pointers;
    }
    return NULL;
}

static MYSQL_BIND bulk_bind(const struct rowset *rows, size_t c, size_t first, void *array)
{
    static const enum enum_field_types types[] = {
        [COLUMN_UINT] = MYSQL_TYPE_LONGLONG,
        [COLUMN_DOUBLE] = MYSQL_TYPE_DOUBLE,
        [COLUMN_TIME] = MYSQL_TYPE_DATETIME,
        [COLUMN_BYTES] = MYSQL_TYPE_STRING,
    };
    const struct column *column = &rows->columns[c];
    enum rowset_type type = rows->spec->columns[c].type;
    return (MYSQL_BIND){
        .buffer_type = types[type],
        .buffer = array != NULL ? array : (void *)(column->cells + first),
        .length = type == COLUMN_BYTES ? column->lengths + first : NULL,
        .u.indicator = column->indicators + first,
        .is_unsigned = type == COLUMN_UINT,
    };
}

static void write_head(const struct rowset *rows, FILE *out)
{
    fputs(rows->spec->insert, out);
    for (size_t c = 0; c < rows->ncolumns; c++)
        fprintf(out, "%s%s", c == 0 ? " (" : ", ", rows->spec->columns[c].name);
    fputs(") VALUES ", out);
}

static int bulk_execute(MYSQL_STMT *stmt, const struct rowset *rows, size_t first, size_t n)
{
    MYSQL_BIND binds[ROWSET_COLUMNS_MAX];
    void *arrays[ROWSET_COLUMNS_MAX];
    unsigned size = (unsigned)n;
    for (size_t c = 0; c < rows->ncolumns; c++) {
        arrays[c] = bulk_array(rows, c, first, n);
        binds[c] = bulk_bind(rows, c, first, arrays[c]);
    }
    int rc = 0;
    if (mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &size) != 0 ||
        mysql_stmt_bind_param(stmt, binds) != 0 || mysql_stmt_execute(stmt) != 0)
        rc = -1;
    for (size_t c = 0; c < rows->ncolumns; c++)
        free(arrays[c]);
    return rc;
}

static void take_error(struct db_error *error, MYSQL_STMT *stmt)
{
    db_error_set(error, mysql_stmt_errno(stmt), mysql_stmt_sqlstate(stmt), mysql_stmt_error(stmt));
}

static MYSQL_STMT *bulk_prepare(const struct rowset *rows, MYSQL *conn, struct db_error *error)
{
    char sql[1024];
    FILE *out = fmemopen(sql, sizeof(sql), "w");
    write_head(rows, out);
    for (size_t c = 0; c < rows->ncolumns; c++)
        fputs(c == 0 ? "(?" : ", ?", out);
    fprintf(out, ") %s", rows->spec->tail);
    size_t len = (size_t)ftell(out);
    fclose(out);
    MYSQL_STMT *stmt = mysql_stmt_init(conn);
    if (stmt != NULL && mysql_stmt_prepare(stmt, sql, len) == 0)
        return stmt;
    if (stmt != NULL)
        take_error(error, stmt);
    else
        db_error_set(error, CR_OUT_OF_MEMORY, "HY000", "out of memory");
    if (stmt != NULL)
        mysql_stmt_close(stmt);
    return NULL;
}

static int insert_bulk(const struct rowset *rows, MYSQL *conn, struct db_error *error)
{
    MYSQL_STMT *stmt = bulk_prepare(rows, conn, error);
    if (stmt == NULL)
        return -1;
    int rc = 0;
    for (size_t first = 0, n; rc == 0 && first < rows->count; first += n) {
        n = slice_length(rows, first);
        rc = bulk_execute(stmt, rows, first, n);
    }
    /* Closing is a command too: read the error before it. */
    if (rc != 0)
        take_error(error, stmt);
    mysql_stmt_close(stmt);
    return rc;
}

/* Many rows in the text of one statement, for servers without bulk execution. */

static void write_cell(const struct rowset *rows, size_t c, size_t r, MYSQL *conn, FILE *out)
{
    const struct column *column = &rows->columns[c];
    const union cell *cell = &column->cells[r];
    if (column->indicators[r] == STMT_INDICATOR_NULL) {
        fputs("NULL", out);
        return;
    }
    switch (rows->spec->columns[c].type) {
    case COLUMN_UINT:
        fprintf(out, "%llu", (unsigned long long)cell->number);
        break;
    case COLUMN_DOUBLE:
        fprintf(out, "%.16e", cell->real); /* 17 digits: the same double again */
        break;
    case COLUMN_TIME: {
        MYSQL_TIME t;
        broken_down(cell->wall_ms, &t);
        fprintf(out, "'%04u-%02u-%02u %02u:%02u:%02u.%03lu'", t.year, t.month, t.day, t.hour,
                t.minute, t.second, t.second_part / 1000);
        break;
    }
    case COLUMN_BYTES: {
        char *quoted = xcalloc(2 * column->lengths[r] + 1, 1);
        unsigned long len =
            mysql_real_escape_string(conn, quoted, rows->arena + cell->offset, column->lengths[r]);
        fputc('\'', out);
        fwrite(quoted, 1, len, out);
        fputc('\'', out);
        free(quoted);
        break;
    }
    }
}

static int insert_text(const struct rowset *rows, MYSQL *conn, size_t first, size_t n,
                       struct db_error *error)
{
    char *sql = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    write_head(rows, out);
    for (size_t r = first; r < first + n; r++) {
        fputs(r == first ? "(" : "), (", out);
        for (size_t c = 0; c < rows->ncolumns; c++) {
            if (c > 0)
                fputc(',', out);
            write_cell(rows, c, r, conn, out);
        }
    }
    fprintf(out, ") %s", rows->spec->tail);
    fclose(out);
    int rc = mysql_real_query(conn, sql, len) == 0 ? 0 : -1;
    if (rc != 0)
        db_error_take(error, conn);
    free(sql);
    return rc;
}

int rowset_insert(struct rowset *rows, MYSQL *conn, bool bulk, struct db_error *error)
{
    assert(rows->next == 0);
    if (rows->count == 0)
        return 0;
    if (bulk)
        return insert_bulk(rows, conn, error);
    for (size_t first = 0, n; first < rows->count; first += n) {
        n = slice_length(rows, first);
        if (insert_text(rows, conn, first, n, error) != 0)
            return -1;
    }
    return 0;
}
