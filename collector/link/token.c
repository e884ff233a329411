#include "collector/link/token_kinds.h"

#include "shared/base/text.h"

#include <string.h>

int token_put(const void *bytes, size_t len, char out[LINK_ID_SIZE])
{
    /* A byte takes four characters at the most, and one that has no room anyway need not be kept
     * whole. */
    char text[LINK_ID_SIZE + 4];
    size_t size = text_printable(bytes, len, text, sizeof(text));
    if (size >= LINK_ID_SIZE)
        return -1;
    memcpy(out, text, size + 1);
    return 0;
}

/* Whether ${bytes} begin with ${fixed}: 1, 0 where they are too few, or -1. */
static int begins(const uint8_t *fixed, size_t size, const uint8_t *bytes, size_t len)
{
    size_t there = len < size ? len : size;
    if (there > 0 && memcmp(bytes, fixed, there) != 0)
        return -1;
    return there == size;
}

static ssize_t token_bytes(const struct token_def *token, const uint8_t *bytes, size_t len)
{
    int is = begins(token->bytes, token->size, bytes, len);
    return is > 0 ? (ssize_t)token->size : is;
}

static ssize_t match_kind(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                          struct token_match *out)
{
    switch (token->kind) {
    case TOKEN_BYTES:
        return token_bytes(token, bytes, len);
    case TOKEN_TEXT:
        return token_text(token, bytes, len, cut, out);
    case TOKEN_REGEX:
        return token_regex(token, bytes, len, cut, out);
    case TOKEN_JSON:
        return token_json(token, bytes, len, cut, out);
    case TOKEN_STRUCT:
        return token_struct(token, bytes, len, cut, out);
    }
    return -1;
}

/* Blanks at the end of an id do not count: columns of the database compare without them, so "1001 "
 * would be stored as 1001, whose secret it need not know. */
static int trim(char *id)
{
    size_t len = strlen(id);
    bool blank = len > 0;
    while (len > 0 && id[len - 1] == ' ')
        id[--len] = '\0';
    return blank && len == 0 ? -1 : 0;
}

ssize_t token_match(const struct token_def *token, const uint8_t *bytes, size_t len,
                    struct token_match *out)
{
    bool cut = len > TOKEN_LONGEST;
    *out = (struct token_match){.token = token};
    if (len == 0)
        return 0;
    ssize_t size = match_kind(token, bytes, cut ? TOKEN_LONGEST : len, cut, out);
    if (size == 0)
        return len < TOKEN_LONGEST ? 0 : -1;
    if (size < 0)
        return -1;
    if (token->fixed_id != NULL && token_put(token->fixed_id, strlen(token->fixed_id), out->id) < 0)
        return -1;
    if (trim(out->id) < 0)
        return -1;
    out->size = (size_t)size;
    out->open = out->open && len < TOKEN_LONGEST;
    return size;
}

ssize_t tokens_match(const struct token_def *tokens, size_t n, const uint8_t *bytes, size_t len,
                     struct token_match *out)
{
    struct token_match match;
    bool waiting = false;
    *out = (struct token_match){0};
    for (size_t i = 0; i < n; i++) {
        ssize_t size = token_match(&tokens[i], bytes, len, &match);
        waiting |= size == 0 || (size > 0 && match.open);
        if (size > 0 && (size_t)size > out->size)
            *out = match;
    }
    if (out->size > 0) {
        out->open = waiting;
        return (ssize_t)out->size;
    }
    return waiting ? 0 : -1;
}
