/*
 * What the files of journal_file.h share: journal_file.c makes, opens and closes, journal_rows.c
 * writes and finds groups.
 */
#ifndef DTUHUB_COLLECTOR_STORE_JOURNAL_FILE_PARTS_H
#define DTUHUB_COLLECTOR_STORE_JOURNAL_FILE_PARTS_H

#include "collector/store/journal_file.h"

#include <sqlite3.h>

enum statement {
    BEFORE, /* the next three take a number */
    AFTER,
    LAST,
    READ_BEFORE, /* the same with the bytes */
    READ_AFTER,
    READ_LAST,
    APPEND, /* from here on for writing */
    MARK,
    DELETE,
    PROBE,
    STATEMENTS,
};

struct journal_file {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct file_meta meta;
    char error[FILE_ERROR_SIZE];
};

/** file_prepare(file, writing): the statements. */
enum file_result file_prepare(struct journal_file *file, bool writing);

/** file_judge(db, rc, error): what a result of SQLite means for the file; the reason in ${error},
 * unless it is FILE_OK. */
enum file_result file_judge(sqlite3 *db, int rc, char *error);

/** file_fail(file, rc): the same, for file_error(). */
enum file_result file_fail(struct journal_file *file, int rc);

/** file_run(db, text): statements without a result; what SQLite returns. */
int file_run(sqlite3 *db, const char *text);

/** file_number(db, text): the one number that a statement gives; -1 where it gives none. */
sqlite3_int64 file_number(sqlite3 *db, const char *text);

#endif
