#include "webapp/http/percent.h"

#include <ctype.h>
#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int percent_decode(const char *in, size_t len, char *out, bool plus)
{
    for (size_t i = 0; i < len; i++) {
        char c = in[i];
        if (c == '%') {
            if (len - i < 3)
                return -1;
            int high = digit(in[i + 1]), low = digit(in[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        *out++ = c;
    }
    *out = '\0';
    return 0;
}

void percent_encode(const char *in, struct printbuf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)in; *p != '\0'; p++) {
        if ((*p < 0x80 && isalnum(*p)) || strchr("-._~", *p) != NULL) {
            printbuf_memappend(out, (const char *)p, 1);
        } else {
            char escape[3] = {'%', digits[*p >> 4], digits[*p & 15]};
            printbuf_memappend(out, escape, 3);
        }
    }
}
