#include "collector/link/choice.h"

#include "shared/base/text.h"

#include <string.h>

enum fit {
    FIT_NONE,
    FIT_OPEN,  /* more bytes could make it a registration */
    FIT_HEARD, /* the same, and what is there are whole heartbeats of the link */
    FIT_WHOLE,
};

/* A heartbeat at the first byte, a token or the framing's own; as tokens_match(). */
static ssize_t heartbeat(const struct link_def *link, const uint8_t *bytes, size_t len,
                         struct token_match *out)
{
    ssize_t size = tokens_match(link->heartbeats, link->nheartbeats, bytes, len, out);
    if (size >= 0 || link->framing == FRAMING_TLV || len == 0)
        return size;
    struct frame frame;
    const struct framing_view view = {.link = link};
    size = framing_of(link->framing)->next(&view, bytes, len, &frame);
    if (size <= 0 || frame.kind != FRAME_HEARTBEAT || frame.at != 0)
        return -1;
    *out = frame.token;
    return size;
}

/* What may follow an id that has no end of its own. */
enum sequel {
    SEQUEL_GOOD,  /* nothing, no text, or a heartbeat */
    SEQUEL_OPEN,  /* perhaps a heartbeat, once it is whole */
    SEQUEL_WRONG, /* more of the id, or a character that it may not have */
};

static enum sequel sequel(const struct link_def *link, const uint8_t *bytes, size_t len)
{
    struct token_match beat;
    if (len == 0 || bytes[0] < ' ' || text_utf8_length(bytes, len) == 0)
        return SEQUEL_GOOD;
    ssize_t beats = heartbeat(link, bytes, len, &beat);
    return beats > 0 ? SEQUEL_GOOD : beats == 0 ? SEQUEL_OPEN : SEQUEL_WRONG;
}

/* Does a registration end only because a byte came that is no part of it? (Where it comes before
 * every packet, what follows may be any packet.) */
static bool is_endless(const struct link_def *link, const struct token_match *match)
{
    const struct token_def *token = match->token;
    return token != NULL && token->kind == TOKEN_TEXT && token->end_size == 0 &&
           token->min != token->max && link->when == REGISTER_ONCE;
}

/*
 * An id that has no end takes all bytes that it may have: so the beginning of a heartbeat behind
 * it, too (LOGIN:1001www.usr.cn), and what does not belong to it cuts it off (LOGIN:Pump 1). Find
 * where it ends, or that it is none: the size of the registration, 0 where more bytes could tell,
 * -1.
 */
static ssize_t end_of_endless(const struct link_def *link, const uint8_t *bytes, size_t len,
                              bool settled, struct token_match *match)
{
    enum sequel behind = sequel(link, bytes + match->size, len - match->size);
    if (behind == SEQUEL_GOOD)
        return (ssize_t)match->size;
    bool open = behind == SEQUEL_OPEN;
    for (size_t at = match->size - 1; at > match->token->size; at--) {
        struct token_match beat, shorter;
        ssize_t beats = heartbeat(link, bytes + at, len - at, &beat);
        open |= beats == 0;
        if (beats <= 0 || at + (size_t)beats <= match->size ||
            framing_of(link->framing)->registration(link, bytes, at, &shorter) != (ssize_t)at)
            continue;
        *match = shorter;
        match->open = false;
        return (ssize_t)at;
    }
    return open && !settled ? 0 : -1;
}

/* The registration at the first byte; as framing->registration(). */
static ssize_t registration(const struct link_def *link, const uint8_t *bytes, size_t len,
                            bool settled, struct token_match *match)
{
    ssize_t size = framing_of(link->framing)->registration(link, bytes, len, match);
    if (size <= 0 || !is_endless(link, match))
        return size;
    return end_of_endless(link, bytes, len, settled, match);
}

static enum fit fit(const struct link_def *link, const uint8_t *bytes, size_t len, bool settled,
                    struct choice *out)
{
    struct token_match beat;
    for (size_t at = 0;;) {
        ssize_t is = registration(link, bytes + at, len - at, settled, &out->match);
        ssize_t beats = heartbeat(link, bytes + at, len - at, &beat);
        out->skip = at;
        if (is > 0 && is >= beats)
            return FIT_WHOLE;
        if (beats > 0 && (settled || (is != 0 && !beat.open))) {
            at += (size_t)beats;
            if (at == len)
                return FIT_HEARD;
            continue;
        }
        return is >= 0 || beats >= 0 ? FIT_OPEN : FIT_NONE;
    }
}

int choice_make(const struct candidate *candidates, size_t n, const uint8_t *bytes, size_t len,
                bool settled, struct choice *out)
{
    struct choice tlv = {0}, one;
    bool open = false, heard = false, any = false;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < n; i++) {
        bool is_tlv = candidates[i].link->framing == FRAMING_TLV;
        enum fit fits = fit(candidates[i].link, bytes, len, settled, &one);
        any |= fits != FIT_NONE;
        if (fits == FIT_WHOLE) {
            struct choice *best = is_tlv ? &tlv : out;
            open |= one.match.open;
            if (one.match.size > best->match.size) {
                *best = one;
                best->candidate = i;
            }
        } else if (!is_tlv) {
            open |= fits != FIT_NONE;
            heard |= fits == FIT_HEARD;
        }
    }
    if (out->match.size == 0 && !heard)
        *out = tlv;
    if (out->match.size > 0 && (settled || !open))
        return 1;
    memset(out, 0, sizeof(*out));
    return any ? 0 : -1;
}

bool choice_matches(const struct link_def *link, const uint8_t *bytes, size_t len, bool settled,
                    struct choice *out)
{
    const struct candidate only = {link};
    return choice_make(&only, 1, bytes, len, settled, out) > 0;
}
