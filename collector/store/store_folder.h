/*
 * What earlier starts left in the folders of the journals.
 */
#ifndef DTUHUB_COLLECTOR_STORE_STORE_FOLDER_H
#define DTUHUB_COLLECTOR_STORE_STORE_FOLDER_H

#include <stddef.h>

/** store_folder_left(base, asked, count): the numbers, ${asked} and above, of the folders stream-N
 * in ${base} that hold a journal's files; in order, to be freed. */
unsigned *store_folder_left(const char *base, unsigned asked, size_t *count);

/** store_folder_next(base): a number higher than those of all journals' files in ${base} and its
 * folders stream-N. */
unsigned store_folder_next(const char *base);

#endif
