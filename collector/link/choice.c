#include "collector/link/choice.h"

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

static enum fit fit(const struct link_def *link, const uint8_t *bytes, size_t len, bool settled,
                    struct choice *out)
{
    const struct framing *framing = framing_of(link->framing);
    struct token_match beat;
    for (size_t at = 0;;) {
        ssize_t is = framing->registration(link, bytes + at, len - at, &out->match);
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
