#include "shared/base/text.h"

#include <string.h>

char *text_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
    return out;
}

size_t text_utf8_length(const uint8_t *p, size_t len)
{
    if (len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t need;
    uint32_t code, least;
    if ((p[0] & 0xe0) == 0xc0)
        need = 2, code = p[0] & 0x1f, least = 0x80;
    else if ((p[0] & 0xf0) == 0xe0)
        need = 3, code = p[0] & 0x0f, least = 0x800;
    else if ((p[0] & 0xf8) == 0xf0)
        need = 4, code = p[0] & 0x07, least = 0x10000;
    else
        return 0;
    if (len < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return need;
}

/* C0, DEL and C1 controls, and the bidirectional overrides that make a line read otherwise than it
 * is. */
static int is_control(const uint8_t *p, size_t n)
{
    if (n == 1)
        return p[0] < 0x20 || p[0] == 0x7f;
    if (n == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (n == 3 && p[0] == 0xe2 && p[1] == 0x80)
        return (p[2] >= 0xa8 && p[2] <= 0xae) || p[2] == 0x8e || p[2] == 0x8f;
    return n == 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

size_t text_printable(const void *bytes, size_t len, char *out, size_t size)
{
    const uint8_t *p = bytes;
    size_t used = 0;
    if (size == 0)
        return 0;
    for (size_t i = 0; i < len;) {
        char piece[5];
        size_t n = text_utf8_length(p + i, len - i), take = n ? n : 1;
        if (n == 0 || is_control(p + i, n)) {
            take = 1;
            piece[0] = '\\';
            piece[1] = 'x';
            text_hex(p + i, 1, piece + 2);
            n = 4;
        } else if (p[i] == '\\') {
            memcpy(piece, "\\\\", 2);
            n = 2;
        } else {
            memcpy(piece, p + i, n);
        }
        if (used + n >= size)
            break;
        memcpy(out + used, piece, n);
        used += n;
        i += take;
    }
    out[used] = '\0';
    return used;
}

enum { LONGEST_NAME = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with transpositions of neighbours: "lenght" is one step from "length". */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST_NAME + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[m];
}

const char *text_nearest(const char *name, const char *const *known, size_t n)
{
    size_t len = strlen(name), best = SIZE_MAX;
    const char *nearest = NULL;
    if (len > LONGEST_NAME)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(known[i]);
        if (other > LONGEST_NAME)
            continue;
        size_t longer = len > other ? len : other, allowed = longer / 3 ? longer / 3 : 1;
        size_t d = distance(name, len, known[i], other);
        if (d <= allowed && d < best) {
            best = d;
            nearest = known[i];
        }
    }
    return nearest;
}
