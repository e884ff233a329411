/*
 * Comma-separated values as RFC 4180 and spreadsheets have them, from bytes to cells, row by row.
 *
 * Commas, semicolons or tabs (whichever the first row has most of) separate cells; lines end with
 * LF, CR LF or CR. A cell in double quotes may hold separators, line ends and, doubled, quotes.
 * Blanks around a cell do not count. Rows whose cells are all empty, and rows whose first cell
 * begins with # are passed over, before the first row too. Pure; one thread at a time.
 */
#ifndef DTUHUB_CONFIG_CSV_TABLE_H
#define DTUHUB_CONFIG_CSV_TABLE_H

#include <stddef.h>

enum {
    CSV_TABLE_MAX_SIZE = 4 * 1024 * 1024,
    CSV_CELLS_MAX = 64, /* in a row */
};

struct csv_table;

struct csv_row {
    unsigned line; /* where it begins, from 1 */
    size_t ncells;
    const char *cells[CSV_CELLS_MAX]; /* the table's, to the next row */
    unsigned lines[CSV_CELLS_MAX];    /* where each begins */
};

/** csv_table_open(text, len): start to read ${text}, which holds no NUL and outlives the table. */
struct csv_table *csv_table_open(const char *text, size_t len);

/**
 * csv_table_next(table, row): the next row. Return 1; 0 at the end; -1 where quotes or the number
 * of cells make no sense, and the table ends there: row->line is where, csv_table_problem() why.
 */
int csv_table_next(struct csv_table *table, struct csv_row *row);

/** csv_table_problem(table): what was wrong and the way out; the table's. */
const char *csv_table_problem(const struct csv_table *table);

/** csv_table_close(table): NULL is allowed. */
void csv_table_close(struct csv_table *table);

#endif
