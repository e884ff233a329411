/* A reading as a person wants to see it. Pure. */
#ifndef DTUHUB_WEBAPP_READING_TEXT_H
#define DTUHUB_WEBAPP_READING_TEXT_H

#include <stddef.h>

struct reading_style {
    const char *kind; /* the point's kind, "float", "int", ... */
    int decimals;     /* digits behind the point; -1: as many as the value has */
};

enum { READING_TEXT_SIZE = 352 };

/**
 * reading_text(value, style, out): ${value} is the number as the database prints it. Floats without
 * fixed decimals are shown with the seven digits that a 4-byte float holds. Return ${out}; "" where
 * ${value} is NULL.
 */
char *reading_text(const char *value, const struct reading_style *style,
                   char out[READING_TEXT_SIZE]);

#endif
