/*
 * A text of the user in a message: in double quotes, printable, cut where it is long. Any thread.
 */
#ifndef DTUHUB_CONFIG_QUOTE_H
#define DTUHUB_CONFIG_QUOTE_H

#include "shared/base/text.h"

#include <string.h>

enum { QUOTE_MAX = 48 };

struct quoted {
    char text[4 * QUOTE_MAX + 6];
};

static inline const char *quote_into(struct quoted *quoted, const char *text)
{
    size_t len = strlen(text), shown = len;
    if (len > QUOTE_MAX) {
        shown = QUOTE_MAX;
        while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
            shown--;
    }
    quoted->text[0] = '"';
    size_t used = 1 + text_printable(text, shown, quoted->text + 1, 4 * QUOTE_MAX + 1);
    strcpy(quoted->text + used, shown < len ? "...\"" : "\"");
    return quoted->text;
}

/** QUOTE(text): valid to the end of the block that it stands in. */
#define QUOTE(text) quote_into(&(struct quoted){{0}}, (text))

#endif
