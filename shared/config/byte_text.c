#include "shared/config/byte_text.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"

#include <ctype.h>
#include <string.h>

static int nibble(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* The byte that two digits make, or -1. */
static int byte_of(const char *text)
{
    int high = nibble(text[0]), low = high >= 0 ? nibble(text[1]) : -1;
    return low >= 0 ? high << 4 | low : -1;
}

/* The byte of the escape at ${text}, a backslash, and its length; -1 where it is none. */
static int escaped(const char *text, size_t *length)
{
    static const char names[] = "rnt\\";
    const char *name = text[1] != '\0' ? strchr(names, text[1]) : NULL;
    *length = text[1] == 'x' ? 4 : 2;
    if (text[1] == 'x')
        return byte_of(text + 2);
    return name != NULL ? "\r\n\t\\"[name - names] : -1;
}

char *byte_text_unescape(const char *text, uint8_t *out, size_t *size)
{
    *size = 0;
    while (*text != '\0') {
        uint8_t first = (uint8_t)*text;
        size_t length = 1;
        int byte = *text == '\\' ? escaped(text, &length) : first;
        if (byte < 0)
            return xasprintf("%s begins with no escape that is known: \\r \\n \\t \\xNN (two "
                             "hexadecimal digits), and \\\\ for a backslash",
                             QUOTE(text));
        if (first == 0xc2 || first == 0xc3)
            return xasprintf("a character from U+0080 to U+00FF in it: \"\\xNN\" in double quotes "
                             "is a character, not a byte: write '\\xNN' in single quotes, or hex: "
                             "in place of a text");
        out[(*size)++] = (uint8_t)byte;
        text += length;
    }
    return NULL;
}

char *byte_text_unhex(const char *text, uint8_t *out, size_t *size)
{
    *size = 0;
    while (*text != '\0') {
        if (*text == ' ' || *text == ':') {
            text++;
            continue;
        }
        if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
            text += 2;
        int byte = byte_of(text);
        if (byte < 0)
            return xasprintf("%s begins with no pair of hexadecimal digits: write bytes like \"7B "
                             "01 0A\", in quotes",
                             QUOTE(text));
        out[(*size)++] = (uint8_t)byte;
        text += 2;
    }
    return NULL;
}
