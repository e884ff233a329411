/* The numbered files of sql/, in order of number; generated at build time by scripts/sql_files.sh.
 */
#ifndef DTUHUB_DB_SQL_FILES_H
#define DTUHUB_DB_SQL_FILES_H

struct sql_file {
    unsigned number;
    const char *name;
    const char *text;
};

extern const struct sql_file sql_files[];
extern const unsigned sql_files_count;

#endif
