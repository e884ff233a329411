#include "shared/config/token_overlap.h"

#include <string.h>

static bool same_bytes(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size) == 0);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Each set of characters holds the digits: what matters are the ends and the lengths. */
static bool texts_overlap(const struct token_def *a, const struct token_def *b)
{
    return same_bytes(a->bytes, a->size, b->bytes, b->size) &&
           same_bytes(a->end, a->end_size, b->end, b->end_size) && a->min <= b->max &&
           b->min <= a->max;
}

static bool pieces_agree(const struct token_piece *a, const struct token_piece *b)
{
    for (size_t at = a->offset; at < (size_t)a->offset + a->size; at++) {
        if (at >= b->offset && at < (size_t)b->offset + b->size &&
            a->bytes[at - a->offset] != b->bytes[at - b->offset])
            return false;
    }
    return true;
}

static bool structs_overlap(const struct token_def *a, const struct token_def *b)
{
    if (a->length != b->length)
        return false;
    for (size_t i = 0; i < a->npieces; i++) {
        for (size_t k = 0; k < b->npieces; k++) {
            if (!pieces_agree(&a->pieces[i], &b->pieces[k]))
                return false;
        }
    }
    return true;
}

bool token_overlap(const struct token_def *a, const struct token_def *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case TOKEN_BYTES:
        return same_bytes(a->bytes, a->size, b->bytes, b->size);
    case TOKEN_TEXT:
        return texts_overlap(a, b);
    case TOKEN_REGEX:
        return same_text(a->pattern, b->pattern);
    case TOKEN_JSON:
        return same_text(a->id_key, b->id_key);
    case TOKEN_STRUCT:
        return structs_overlap(a, b);
    }
    return false;
}
