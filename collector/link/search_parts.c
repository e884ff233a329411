#include "collector/link/search_parts.h"

#include <string.h>

enum {
    HEAD_MAX = 9,  /* serial bytes that always tell an answer's size */
    TOKENS_IN = 2, /* tokens in one answer, one behind the other */
    JOINED_MAX = 2 * SERIAL_MAX + TOKENS_IN * TOKEN_LONGEST,
};

/* Whether so many bytes may still be put through a CRC. */
static bool spend(struct search *search, size_t size)
{
    if (search->checks < size)
        return false;
    search->checks -= size;
    return true;
}

/* How many of the serial bytes fit the head of an answer, and its size where they tell it. */
static void read_head(const struct search *search, const struct expectation *expected,
                      const struct serial *serial, struct answer *out)
{
    for (size_t n = 1; n <= serial->size && out->size == 0; n++) {
        ssize_t size = search->scheme->answer_size(expected, serial->bytes, n);
        if (size < 0 || size > SERIAL_MAX)
            return;
        out->fitting = n;
        out->size = (size_t)size;
    }
}

void search_head(const struct search *search, const uint8_t *bytes, size_t len, struct serial *out)
{
    search->scheme->decode(bytes, len, HEAD_MAX, out);
}

void search_answer_by(struct search *search, const struct expectation *expected,
                      const struct serial *head, const uint8_t *bytes, size_t len,
                      struct answer *out)
{
    const struct scheme *scheme = search->scheme;
    const struct serial *serial = head;
    struct serial whole;
    *out = (struct answer){.state = ANSWER_NONE};
    read_head(search, expected, head, out);
    if (out->size > 0) {
        scheme->decode(bytes, len, out->size, &whole);
        serial = &whole;
        out->fitting = serial->size;
    }
    out->extent = out->fitting > 0 ? serial->ends[out->fitting - 1] : 0;
    if (out->size > 0 && serial->size == out->size) {
        bool right = spend(search, out->size) && scheme->right(expected, serial->bytes, out->size);
        out->state = right ? ANSWER_RIGHT : ANSWER_WRONG;
    } else if (out->fitting == serial->size) {
        out->blocked = serial->blocked;
        out->state = serial->blocked ? ANSWER_NONE : ANSWER_PARTIAL;
    }
}

void search_answer(struct search *search, const struct expectation *expected, const uint8_t *bytes,
                   size_t len, struct answer *out)
{
    struct serial head;
    search_head(search, bytes, len, &head);
    search_answer_by(search, expected, &head, bytes, len, out);
}

/* The bytes without those from ${at} to ${behind}; returns their number. */
static size_t join(const uint8_t *bytes, size_t len, size_t at, size_t behind,
                   uint8_t out[JOINED_MAX])
{
    size_t rest = len - behind;
    if (rest > JOINED_MAX - at)
        rest = JOINED_MAX - at;
    memcpy(out, bytes, at);
    memcpy(out + at, bytes + behind, rest);
    return at + rest;
}

/* A byte that is a token, in a run of its like: whichever is taken out, the rest is the same. */
static bool repeats(const struct cutout *cutout, const uint8_t *bytes, size_t before)
{
    if (cutout->token.match.size != 1)
        return false;
    for (; before < cutout->at; before++) {
        if (bytes[before] != bytes[cutout->at])
            return false;
    }
    return true;
}

/* What is left without the token that stands at cutout->at, or without it and the next one. */
static enum heal heal_at(struct search *search, const struct expectation *expected,
                         const uint8_t *bytes, size_t len, struct cutout *cutout)
{
    uint8_t without[JOINED_MAX];
    struct answer joined;
    struct line_token next;
    enum heal best = HEAL_NO;
    size_t behind = cutout->at + cutout->token.match.size;
    for (int tokens = 1; tokens <= TOKENS_IN && search->joins > 0; tokens++) {
        search->joins--;
        size_t rest = join(bytes, len, cutout->at, behind, without);
        search_answer(search, expected, without, rest, &joined);
        if (joined.state == ANSWER_RIGHT)
            return HEAL_YES;
        if (joined.state == ANSWER_PARTIAL)
            best = HEAL_MAYBE;
        ssize_t size = search_token(search, bytes + behind, len - behind, &next);
        if (size == 0 && best == HEAL_NO) {
            cutout->token.match.size = 0; /* the next one is not whole yet */
            return HEAL_MAYBE;
        }
        if (size <= 0)
            break;
        behind += (size_t)size;
    }
    return best;
}

enum heal search_heal(struct search *search, const struct expectation *expected,
                      const struct answer *answer, const uint8_t *bytes, size_t len,
                      struct cutout *out)
{
    /* A DTU has sent whole serial bytes before the token: it stands behind the first at the
     * earliest, and behind the last fitting one at the latest. */
    struct serial serial;
    struct cutout cutout;
    enum heal best = HEAL_NO;
    size_t last = answer->state == ANSWER_WRONG ? answer->size - 1 : answer->fitting;
    search->scheme->decode(bytes, len, last, &serial);
    for (size_t i = 0; i < serial.size && search->joins > 0 && best != HEAL_YES; i++) {
        cutout.at = serial.ends[i];
        if (cutout.at >= len)
            break;
        ssize_t size = search_token(search, bytes + cutout.at, len - cutout.at, &cutout.token);
        if (size < 0 || (size > 0 && i > 0 && repeats(&cutout, bytes, serial.ends[i - 1])))
            continue;
        cutout.token.match.size = (size_t)size;
        enum heal healed = size == 0 ? HEAL_MAYBE : heal_at(search, expected, bytes, len, &cutout);
        if (healed > best) {
            best = healed;
            *out = cutout;
        }
    }
    return best;
}

void search_foreign(struct search *search, const uint8_t *bytes, size_t len, struct foreign *out)
{
    const struct scheme *scheme = search->scheme;
    out->state = ANSWER_NONE;
    scheme->decode(bytes, len, HEAD_MAX, &out->serial);
    ssize_t size = scheme->foreign_size(out->serial.bytes, out->serial.size);
    if (size < 0 || size > SERIAL_MAX)
        return;
    if (size > 0)
        scheme->decode(bytes, len, (size_t)size, &out->serial);
    if (size == 0 || out->serial.size < (size_t)size) {
        out->state = out->serial.blocked ? ANSWER_NONE : ANSWER_PARTIAL;
        return;
    }
    out->size = (size_t)size;
    out->extent = out->serial.ends[size - 1];
    if (spend(search, out->size) && scheme->foreign_right(out->serial.bytes, out->size))
        out->state = ANSWER_RIGHT;
}

ssize_t search_token(const struct search *search, const uint8_t *bytes, size_t len,
                     struct line_token *out)
{
    ssize_t size = line_token(search->view, bytes, len, search->final, out);
    if (size >= 0 || len == 0 || bytes[0] != search->scheme->own_heartbeat)
        return size;
    *out = (struct line_token){.kind = FRAME_HEARTBEAT, .match = {.size = 1}};
    return 1;
}
