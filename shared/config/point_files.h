/*
 * The point tables that a data_config.yml names, each read once however many slaves share it.
 */
#ifndef DTUHUB_CONFIG_POINT_FILES_H
#define DTUHUB_CONFIG_POINT_FILES_H

#include "shared/config/config_files.h"
#include "shared/config/point_table.h"

struct point_files {
    struct point_table **tables;
    size_t count;
};

/**
 * point_files_get(tables, files, name, faults, problem): the table ${name}, a path that is relative
 * to files->dir; what is wrong in it is appended to ${faults} when it is read first. NULL where it
 * cannot be read, and ${problem} is a new text that says why. It is the struct's.
 */
struct point_table *point_files_get(struct point_files *tables, const struct config_files *files,
                                    const char *name, struct faults *faults, char **problem);

/** point_files_clear(tables): free all. */
void point_files_clear(struct point_files *tables);

#endif
