#include "shared/config/csv_text.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

static unsigned line_at(const uint8_t *bytes, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset; i++)
        line += bytes[i] == '\n';
    return line;
}

/* How many bytes from the start on are UTF-8. */
static size_t utf8_until(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t n = bytes[at] < 0x80 ? 1 : text_utf8_length(bytes + at, len - at);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

static struct csv_text problem_at(const uint8_t *bytes, size_t offset, const char *problem)
{
    return (struct csv_text){.line = line_at(bytes, offset), .problem = problem};
}

static struct csv_text from_gbk(const uint8_t *bytes, size_t len)
{
    iconv_t converter = iconv_open("UTF-8", "GBK");
    if (converter == (iconv_t)-1)
        return problem_at(bytes, utf8_until(bytes, len),
                          "this is not UTF-8, and this machine cannot read GBK: save the table as "
                          "\"CSV UTF-8\"");
    struct csv_text read = {.text = xcalloc(3 * len + 1, 1)}; /* two bytes become three at most */
    char *in = (char *)bytes, *out = read.text;
    size_t in_left = len, out_left = 3 * len;
    if (iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1) {
        free(read.text);
        read = problem_at(bytes, len - in_left,
                          "this is neither UTF-8 nor GBK: save the table as \"CSV UTF-8\"");
    } else {
        read.len = 3 * len - out_left;
    }
    iconv_close(converter);
    return read;
}

struct csv_text csv_text_read(const void *content, size_t len)
{
    const uint8_t *bytes = content;
    if (len >= 2 &&
        ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
        return problem_at(bytes, 0,
                          "this is UTF-16 (\"Unicode text\"): save the table as \"CSV UTF-8\"");
    const uint8_t *nul = len > 0 ? memchr(bytes, '\0', len) : NULL;
    if (nul != NULL)
        return problem_at(bytes, (size_t)(nul - bytes),
                          "a NUL byte: this is no CSV file: save the table as \"CSV UTF-8\"");
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    if (utf8_until(bytes, len) < len)
        return from_gbk(bytes, len);
    struct csv_text read = {.text = xcalloc(len + 1, 1), .len = len};
    if (len > 0)
        memcpy(read.text, bytes, len);
    return read;
}
