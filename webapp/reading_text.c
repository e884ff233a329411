#include "webapp/reading_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOAT_DIGITS = 7, NUMBER_DIGITS = 15 };

char *reading_text(const char *value, const struct reading_style *style,
                   char out[READING_TEXT_SIZE])
{
    if (value == NULL) {
        out[0] = '\0';
        return out;
    }
    double number = strtod(value, NULL);
    if (style->decimals >= 0)
        snprintf(out, READING_TEXT_SIZE, "%.*f", style->decimals, number);
    else
        snprintf(out, READING_TEXT_SIZE, "%.*g",
                 strcmp(style->kind, "float") == 0 ? FLOAT_DIGITS : NUMBER_DIGITS, number);
    return out;
}
