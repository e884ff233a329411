/*
 * The columns of a point table: what their titles may be. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_POINT_COLUMNS_H
#define DTUHUB_CONFIG_POINT_COLUMNS_H

#include "shared/config/data_draft.h"

/* Columns beside those of enum point_key. */
enum {
    COLUMN_REGISTER = POINT_KEYS, /* in place of address and function: 40001, 30001, 10001, 00001 */
    COLUMN_REMARK,                /* for people, passed over */
    COLUMNS
};

/** point_column_find(title): the column that the header calls ${title}, or -1. Upper case, spaces
 * and hyphens do not matter. */
int point_column_find(const char *title);

/** point_column_name(column): its first name. */
const char *point_column_name(int column);

/** point_column_nearest(title): the name, of all that columns have, that is nearest to a mistyped
 * one, or NULL. */
const char *point_column_nearest(const char *title);

/**
 * point_register_parse(text, address, function): "40001" and the like, of five or six digits: the
 * first one says the kind, the others count from 1. 0, or -1 where it is none.
 */
int point_register_parse(const char *text, uint32_t *address, uint32_t *function);

/** point_columns_reference(out): the columns, and the names of types, as Markdown. */
void point_columns_reference(FILE *out);

#endif
