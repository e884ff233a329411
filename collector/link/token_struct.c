/*
 * A packet of a fixed number of bytes, some of which are fixed, too; slices of it are the id and
 * the secret.
 */
#include "collector/link/token_kinds.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>

/* What is there of the fixed pieces is right. */
static bool pieces_fit(const struct token_def *token, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < token->npieces; i++) {
        const struct token_piece *piece = &token->pieces[i];
        if (len <= piece->offset)
            continue;
        size_t there = len - piece->offset < piece->size ? len - piece->offset : piece->size;
        if (memcmp(bytes + piece->offset, piece->bytes, there) != 0)
            return false;
    }
    return true;
}

static int put_text(const uint8_t *bytes, size_t len, char out[LINK_ID_SIZE])
{
    const uint8_t *nul = memchr(bytes, '\0', len);
    if (nul != NULL)
        len = (size_t)(nul - bytes);
    while (len > 0 && bytes[len - 1] == ' ')
        len--;
    return token_put(bytes, len, out);
}

static int put_hex(const uint8_t *bytes, size_t len, char out[LINK_ID_SIZE])
{
    if (2 * len >= LINK_ID_SIZE)
        return -1;
    text_hex(bytes, len, out);
    return 0;
}

static int put_bcd(const struct token_slice *slice, const uint8_t *bytes, char out[LINK_ID_SIZE])
{
    size_t most = slice->digits > 0 ? slice->digits : 2 * (size_t)slice->length, n = 0;
    for (size_t i = 0; i < 2 * (size_t)slice->length && i < most; i++) {
        uint8_t digit = i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 0x0F;
        if (digit == 0x0F)
            break;
        if (digit > 9 || n + 1 >= LINK_ID_SIZE)
            return -1;
        out[n++] = (char)('0' + digit);
    }
    out[n] = '\0';
    return 0;
}

static int put_uint(const uint8_t *bytes, size_t len, char out[LINK_ID_SIZE])
{
    uint64_t number = 0;
    if (len > sizeof(number))
        return -1;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | bytes[i];
    snprintf(out, LINK_ID_SIZE, "%llu", (unsigned long long)number);
    return 0;
}

/* 0, also where there is no such slice, or its end is not there yet; -1 where its bytes are none of
 * its kind. */
static int put_slice(const struct token_slice *slice, const uint8_t *bytes, size_t len,
                     char out[LINK_ID_SIZE])
{
    out[0] = '\0';
    if (slice->length == 0 || len < (size_t)slice->offset + slice->length)
        return 0;
    switch (slice->as) {
    case SLICE_TEXT:
        return put_text(bytes + slice->offset, slice->length, out);
    case SLICE_HEX:
        return put_hex(bytes + slice->offset, slice->length, out);
    case SLICE_BCD:
        return put_bcd(slice, bytes + slice->offset, out);
    case SLICE_UINT:
        return put_uint(bytes + slice->offset, slice->length, out);
    }
    return -1;
}

ssize_t token_struct(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                     struct token_match *out)
{
    (void)cut;
    size_t there = len < token->length ? len : token->length;
    if (token->length > TOKEN_LONGEST || !pieces_fit(token, bytes, there))
        return -1;
    if (put_slice(&token->id, bytes, there, out->id) < 0 ||
        put_slice(&token->secret, bytes, there, out->secret) < 0)
        return -1;
    if (there < token->length)
        return 0;
    if (token->id.length > 0 && out->id[0] == '\0')
        return -1;
    return token->length;
}
