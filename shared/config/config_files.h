/*
 * The files that a configuration file names (a line's family, a point table, a secret): where they
 * are.
 */
#ifndef DTUHUB_CONFIG_CONFIG_FILES_H
#define DTUHUB_CONFIG_CONFIG_FILES_H

struct config_files {
    const char *dir; /* the folder that relative paths start from; NULL: no file may be opened, and
                        naming one is a fault */
};

/** config_file_path(config_path, file): the path of ${file}, as ${config_path} names it: a relative
 * one starts from the folder of ${config_path}. A new text. */
char *config_file_path(const char *config_path, const char *file);

#endif
