/*
 * A point table: a CSV file as a spreadsheet saves it, one point a line, its columns named as the
 * keys of data_points in data_config.yml. For the reader of data_config.yml; any thread.
 */
#ifndef DTUHUB_CONFIG_POINT_TABLE_H
#define DTUHUB_CONFIG_POINT_TABLE_H

#include "shared/config/data_draft.h"

struct point_table {
    char *file; /* as messages name it */
    struct draft_point *points;
    const struct draft_source **told; /* of each point, see struct draft_point */
    size_t npoints;
    struct point_columns columns;
};

/**
 * point_table_parse(file, bytes, len, faults): read and check the content ${bytes} of the file
 * ${file}, which is not opened. Return the table, with the points that could be read; what was
 * wrong is appended to ${faults}. The caller frees it: point_table_free().
 */
struct point_table *point_table_parse(const char *file, const void *bytes, size_t len,
                                      struct faults *faults);

/** point_table_free(table): NULL is allowed. Points that were copied from it point into it. */
void point_table_free(struct point_table *table);

/** point_table_reference(out): its columns as Markdown. */
void point_table_reference(FILE *out);

#endif
