/*
 * The file that was meant where a point table is not there. Any thread.
 */
#ifndef DTUHUB_CONFIG_NEAR_FILE_H
#define DTUHUB_CONFIG_NEAR_FILE_H

/**
 * near_file(dir, name): the CSV file in ${dir} or its folder tables/ whose name is nearest to the
 * last part of ${name}: a new text, its path from ${dir}; NULL where none is near.
 */
char *near_file(const char *dir, const char *name);

#endif
