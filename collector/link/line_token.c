#include "collector/link/line_token.h"

#include <string.h>

enum { MARKED = 3 }; /* fixed bytes that noise does not have by chance */

static bool open_ended(const struct token_def *token)
{
    return token->kind == TOKEN_TEXT && token->end_size == 0 && token->min < token->max;
}

/* Whether what it matches is known by its bytes alone. */
static bool is_marked(const struct token_def *token)
{
    size_t fixed = 0;
    switch (token->kind) {
    case TOKEN_BYTES:
    case TOKEN_JSON:
        return true;
    case TOKEN_TEXT:
        return !open_ended(token) && token->size + token->end_size >= MARKED;
    case TOKEN_REGEX:
        return false;
    case TOKEN_STRUCT:
        for (size_t i = 0; i < token->npieces; i++)
            fixed += token->pieces[i].size;
        return fixed >= MARKED;
    }
    return false;
}

/* The packet that the line registered with, again. */
static ssize_t own_registration(const struct framing_view *view, const uint8_t *bytes, size_t len,
                                struct token_match *out)
{
    size_t size = view->registration_size, there = len < size ? len : size;
    if (view->registration == NULL || size == 0 || memcmp(bytes, view->registration, there) != 0)
        return -1;
    if (there < size)
        return 0;
    const struct link_def *link = view->link;
    if (tokens_match(link->registrations, link->nregistrations, bytes, size, out) != (ssize_t)size)
        *out = (struct token_match){0};
    out->size = size;
    out->open = false;
    return (ssize_t)size;
}

static bool says_own_id(const struct framing_view *view, const struct token_def *token,
                        const char *id)
{
    struct token_match own;
    return token->fixed_id == NULL && view->registration != NULL && id[0] != '\0' &&
           token_match(token, view->registration, view->registration_size, &own) > 0 &&
           own.size == view->registration_size && strcmp(own.id, id) == 0;
}

/* Another registration of the link: size, 0 or -1. */
static ssize_t other_registration(const struct framing_view *view, const struct token_def *token,
                                  const uint8_t *bytes, size_t len, struct token_match *out)
{
    ssize_t size = token_match(token, bytes, len, out);
    if (is_marked(token) || size < 0)
        return size;
    return size > 0 && !out->open && says_own_id(view, token, out->id) ? size : -1;
}

struct best {
    struct line_token *out;
    bool waiting; /* one may still become longer */
};

static void consider(struct best *best, enum frame_kind kind, ssize_t size,
                     const struct token_match *match)
{
    best->waiting |= size == 0 || (size > 0 && match->open);
    if (size > 0 && (size_t)size > best->out->match.size)
        *best->out = (struct line_token){kind, *match};
}

ssize_t line_token(const struct framing_view *view, const uint8_t *bytes, size_t len, bool final,
                   struct line_token *out)
{
    const struct link_def *link = view->link;
    struct best best = {.out = out};
    struct token_match match;
    out->match.size = 0;
    if (len == 0)
        return final ? -1 : 0;
    for (size_t i = 0; i < link->nheartbeats; i++)
        consider(&best, FRAME_HEARTBEAT, token_match(&link->heartbeats[i], bytes, len, &match),
                 &match);
    consider(&best, FRAME_REGISTRATION, own_registration(view, bytes, len, &match), &match);
    for (size_t i = 0; i < link->nregistrations; i++)
        consider(&best, FRAME_REGISTRATION,
                 other_registration(view, &link->registrations[i], bytes, len, &match), &match);
    if (best.waiting && !final)
        return 0;
    return out->match.size > 0 ? (ssize_t)out->match.size : -1;
}

void line_token_frame(const struct line_token *token, size_t at, struct frame *frame)
{
    frame->kind = token->kind;
    frame->at = at;
    frame->size = token->match.size;
    frame->token = token->match;
    frame->token.open = false;
    if (token->kind == FRAME_HEARTBEAT)
        frame->token.id[0] = frame->token.secret[0] = '\0';
}
