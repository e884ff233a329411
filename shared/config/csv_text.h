/*
 * The characters of a file that a spreadsheet saved: UTF-8, or what Chinese versions call ANSI.
 * Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_CSV_TEXT_H
#define DTUHUB_CONFIG_CSV_TEXT_H

#include <stddef.h>

struct csv_text {
    char *text; /* UTF-8 without a byte order mark and without NUL, terminated; NULL: no text */
    size_t len;
    unsigned line; /* where it is no text, and what is wrong and the way out */
    const char *problem;
};

/** csv_text_read(bytes, len): valid UTF-8 is UTF-8, anything else GBK. The caller frees the text.
 */
struct csv_text csv_text_read(const void *bytes, size_t len);

#endif
