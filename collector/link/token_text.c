/*
 * A text: a start, an id of ${min} to ${max} bytes of a class of characters, an end. With an end,
 * the id goes up to the first place where the end stands; without one it takes all it can get.
 */
#include "collector/link/token_kinds.h"

#include "shared/base/text.h"

#include <string.h>

static bool is_letter_below(uint8_t byte, char last)
{
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= (uint8_t)last;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool of_class(enum token_chars chars, uint8_t byte)
{
    switch (chars) {
    case CHARS_ANY:
        return byte >= 0x21 && byte <= 0x7E;
    case CHARS_DIGITS:
        return is_digit(byte);
    case CHARS_HEX:
        return is_digit(byte) || is_letter_below(byte, 'f');
    case CHARS_WORD:
        return is_digit(byte) || is_letter_below(byte, 'z') || byte == '_' || byte == '-';
    }
    return false;
}

/* The bytes that the character at ${p} takes: -1 where it is none of the class, 0 where its rest is
 * still to come. */
static int character(enum token_chars chars, const uint8_t *p, size_t len)
{
    if (chars != CHARS_ANY || *p < 0x80)
        return of_class(chars, *p) ? 1 : -1;
    size_t whole = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
    if (len >= whole) {
        size_t size = text_utf8_length(p, len);
        return size > 0 ? (int)size : -1;
    }
    if (*p < 0xC2 || *p > 0xF4)
        return -1;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return -1;
    }
    return 0;
}

/* Whether the end stands at the first byte: 1, 0 where the bytes are too few to say, -1. */
static int ends(const struct token_def *token, const uint8_t *bytes, size_t len)
{
    size_t there = len < token->end_size ? len : token->end_size;
    if (there > 0 && memcmp(bytes, token->end, there) != 0)
        return -1;
    return there == token->end_size;
}

/* Where the id (from the first byte on) ends: its size, 0 or -1. */
static ssize_t id_before_end(const struct token_def *token, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at <= token->max;) {
        int end = at >= token->min ? ends(token, bytes + at, len - at) : -1;
        if (end >= 0)
            return end > 0 ? (ssize_t)at : 0;
        if (at == len)
            return 0;
        int size = character(token->chars, bytes + at, len - at);
        if (size <= 0)
            return size;
        at += (size_t)size;
    }
    return -1;
}

static ssize_t id_without_end(const struct token_def *token, const uint8_t *bytes, size_t len,
                              bool *open)
{
    size_t at = 0;
    int size = 0;
    while (at < token->max && at < len) {
        size = character(token->chars, bytes + at, len - at);
        if (size <= 0 || at + (size_t)size > token->max)
            break;
        at += (size_t)size;
    }
    bool more = at < token->max && (at == len || size == 0);
    if (at >= token->min) {
        *open = more;
        return (ssize_t)at;
    }
    return more ? 0 : -1;
}

ssize_t token_text(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                   struct token_match *out)
{
    (void)cut;
    size_t there = len < token->size ? len : token->size;
    if (there > 0 && memcmp(bytes, token->bytes, there) != 0)
        return -1;
    if (there < token->size)
        return 0;
    const uint8_t *id = bytes + token->size;
    len -= token->size;
    ssize_t size = token->end_size > 0 ? id_before_end(token, id, len)
                                       : id_without_end(token, id, len, &out->open);
    if (size <= 0)
        return size;
    if (token_put(id, (size_t)size, out->id) < 0)
        return -1;
    return (ssize_t)(token->size + (size_t)size + token->end_size);
}
