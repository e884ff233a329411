#include "shared/config/csv_table.h"

#include "shared/base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct csv_table {
    const char *text, *end, *at;
    unsigned line;
    char separator; /* 0: not known yet */
    char *cells;    /* the texts of one row */
    size_t used;
    const char *problem;
};

struct csv_table *csv_table_open(const char *text, size_t len)
{
    struct csv_table *table = xcalloc(1, sizeof(*table));
    table->text = table->at = text;
    table->end = text + len;
    table->line = 1;
    table->cells = xcalloc(len + 2, 1); /* a cell is no longer than what it is read from */
    return table;
}

static bool ends_line(const struct csv_table *table)
{
    return table->at == table->end || *table->at == '\n' || *table->at == '\r';
}

static void skip_line_end(struct csv_table *table)
{
    if (table->at == table->end)
        return;
    if (*table->at == '\r' && table->end - table->at > 1 && table->at[1] == '\n')
        table->at++;
    table->at++;
    table->line++;
}

static bool is_blank(const struct csv_table *table, char c)
{
    return c == ' ' || (c == '\t' && table->separator != '\t');
}

/* A remark may hold anything, so its line is not taken apart. */
static bool skip_remark(struct csv_table *table)
{
    const char *p = table->at;
    while (p < table->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == table->end || *p != '#')
        return false;
    while (!ends_line(table))
        table->at++;
    skip_line_end(table);
    return true;
}

static char sniff(const struct csv_table *table)
{
    static const char separators[] = {',', ';', '\t'};
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;
    for (const char *p = table->at; p < table->end; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '\n' || *p == '\r'))
            break;
        for (size_t i = 0; i < 3 && !quoted; i++)
            counts[i] += *p == separators[i];
    }
    for (size_t i = 1; i < 3; i++)
        best = counts[i] > counts[best] ? i : best;
    return separators[best];
}

static int fail(struct csv_table *table, struct csv_row *row, unsigned line, const char *problem)
{
    row->line = line;
    table->problem = problem;
    table->at = table->end;
    return -1;
}

static void put(struct csv_table *table, char c)
{
    table->cells[table->used++] = c;
}

/* Behind the opening quote. */
static int read_quoted(struct csv_table *table, struct csv_row *row)
{
    unsigned line = table->line;
    for (;;) {
        if (table->at == table->end)
            return fail(table, row, line,
                        "quotes are opened here and never closed: close them, or take them out");
        if (*table->at == '"') {
            table->at++;
            if (table->at == table->end || *table->at != '"')
                break;
        }
        if (ends_line(table)) { /* not the end of the text, but of a line in the cell */
            put(table, '\n');
            skip_line_end(table);
        } else {
            put(table, *table->at++);
        }
    }
    while (table->at < table->end && is_blank(table, *table->at))
        table->at++;
    if (ends_line(table) || *table->at == table->separator)
        return 0;
    return fail(table, row, table->line,
                "text follows closing quotes: put all of the cell in quotes, and double those "
                "inside");
}

static size_t blank_before(const char *text)
{
    return *text == ' ' || *text == '\t' ? 1 : 0;
}

static size_t blank_behind(const char *text, size_t len)
{
    return len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t') ? 1 : 0;
}

/* Spaces of other scripts are blanks too: U+00A0, U+3000. */
static size_t wide_blank(const char *p, size_t len)
{
    if (len >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
        return 2;
    return len >= 3 && memcmp(p, "\xe3\x80\x80", 3) == 0 ? 3 : 0;
}

static char *trim(char *text)
{
    size_t len = strlen(text), n;
    while ((n = blank_before(text)) > 0 || (n = wide_blank(text, len)) > 0) {
        text += n;
        len -= n;
    }
    for (n = 1; n > 0; len -= n) {
        n = blank_behind(text, len);
        if (n == 0 && len >= 2)
            n = wide_blank(text + len - 2, 2);
        if (n == 0 && len >= 3)
            n = wide_blank(text + len - 3, 3);
    }
    text[len] = '\0';
    return text;
}

static int read_cell(struct csv_table *table, struct csv_row *row)
{
    if (row->ncells == CSV_CELLS_MAX)
        return fail(table, row, row->line,
                    "more than 64 cells in a row: a point table has no more columns than keys");
    size_t start = table->used;
    row->lines[row->ncells] = table->line;
    while (table->at < table->end && is_blank(table, *table->at))
        table->at++;
    if (table->at < table->end && *table->at == '"') {
        table->at++;
        if (read_quoted(table, row) < 0)
            return -1;
    } else {
        while (!ends_line(table) && *table->at != table->separator)
            put(table, *table->at++);
    }
    put(table, '\0');
    row->cells[row->ncells++] = trim(table->cells + start);
    return 0;
}

static int read_row(struct csv_table *table, struct csv_row *row)
{
    row->line = table->line;
    row->ncells = 0;
    table->used = 0;
    for (;;) {
        if (read_cell(table, row) < 0)
            return -1;
        if (ends_line(table))
            break;
        table->at++; /* the separator */
    }
    skip_line_end(table);
    return 1;
}

static bool says_nothing(const struct csv_row *row)
{
    bool empty = true;
    for (size_t i = 0; i < row->ncells; i++)
        empty = empty && row->cells[i][0] == '\0';
    return empty || row->cells[0][0] == '#';
}

int csv_table_next(struct csv_table *table, struct csv_row *row)
{
    *row = (struct csv_row){0};
    while (table->at < table->end) {
        if (skip_remark(table))
            continue;
        if (ends_line(table)) {
            skip_line_end(table);
            continue;
        }
        bool first = table->separator == '\0';
        if (first)
            table->separator = sniff(table);
        int got = read_row(table, row);
        if (got < 0 || !says_nothing(row))
            return got;
        if (first)
            table->separator = '\0';
    }
    return 0;
}

const char *csv_table_problem(const struct csv_table *table)
{
    return table->problem;
}

void csv_table_close(struct csv_table *table)
{
    if (table == NULL)
        return;
    free(table->cells);
    free(table);
}
