#include "collector/link/search_parts.h"

#include <string.h>

enum {
    HEAD_MAX = 9,  /* serial bytes that always tell an answer's size */
    TOKENS_IN = 2, /* tokens in one answer */
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

void search_answer(struct search *search, const struct expectation *expected, const uint8_t *bytes,
                   size_t len, struct answer *out)
{
    const struct scheme *scheme = search->scheme;
    struct serial serial;
    *out = (struct answer){.state = ANSWER_NONE};
    scheme->decode(bytes, len, HEAD_MAX, &serial);
    read_head(search, expected, &serial, out);
    if (out->size > 0) {
        scheme->decode(bytes, len, out->size, &serial);
        out->fitting = serial.size;
    }
    out->extent = out->fitting > 0 ? serial.ends[out->fitting - 1] : 0;
    if (out->size > 0 && serial.size == out->size) {
        bool right = spend(search, out->size) && scheme->right(expected, serial.bytes, out->size);
        out->state = right ? ANSWER_RIGHT : ANSWER_WRONG;
    } else if (out->fitting == serial.size) {
        out->blocked = serial.blocked;
        out->state = serial.blocked ? ANSWER_NONE : ANSWER_PARTIAL;
    }
}

/* The bytes without the token; returns their number. */
static size_t join(const struct cutout *cutout, const uint8_t *bytes, size_t len,
                   uint8_t out[JOINED_MAX])
{
    size_t behind = cutout->at + cutout->token.match.size, rest = len - behind;
    if (rest > JOINED_MAX - cutout->at)
        rest = JOINED_MAX - cutout->at;
    memcpy(out, bytes, cutout->at);
    memcpy(out + cutout->at, bytes + behind, rest);
    return cutout->at + rest;
}

/* A byte that is a token, in a run of its like: whichever is taken out, the rest is the same. */
static bool repeats(const struct cutout *cutout, const uint8_t *bytes)
{
    return cutout->token.match.size == 1 && cutout->at > 1 &&
           bytes[cutout->at] == bytes[cutout->at - 1];
}

static enum heal heal(struct search *search, const struct expectation *expected,
                      const struct answer *answer, const uint8_t *bytes, size_t len,
                      size_t tokens_left, struct cutout *out)
{
    /* A token stands behind the first byte at the earliest, and where the last fitting one ends at
     * the latest; in a serial byte of several, too. */
    size_t last = answer->extent + search->scheme->width - 1;
    if (answer->state == ANSWER_WRONG)
        last = answer->extent - 1;
    enum heal best = HEAL_NO;
    struct cutout cutout;
    struct answer joined;
    uint8_t without[JOINED_MAX];
    for (cutout.at = 1; cutout.at <= last && cutout.at < len; cutout.at++) {
        ssize_t size = search_token(search, bytes + cutout.at, len - cutout.at, &cutout.token);
        if (size == 0 && best == HEAL_NO) {
            best = HEAL_MAYBE;
            *out = cutout;
            out->token.match.size = 0;
        }
        if (size <= 0 || repeats(&cutout, bytes))
            continue;
        if (search->joins == 0)
            break;
        search->joins--;
        size_t rest = join(&cutout, bytes, len, without);
        search_answer(search, expected, without, rest, &joined);
        struct cutout second;
        if (joined.state == ANSWER_RIGHT || (joined.state == ANSWER_WRONG && tokens_left > 1 &&
                                             heal(search, expected, &joined, without, rest,
                                                  tokens_left - 1, &second) == HEAL_YES)) {
            *out = cutout;
            return HEAL_YES;
        }
        if (joined.state == ANSWER_PARTIAL && best == HEAL_NO) {
            best = HEAL_MAYBE;
            *out = cutout;
        }
    }
    return best;
}

enum heal search_heal(struct search *search, const struct expectation *expected,
                      const struct answer *answer, const uint8_t *bytes, size_t len,
                      struct cutout *out)
{
    return heal(search, expected, answer, bytes, len < JOINED_MAX ? len : JOINED_MAX, TOKENS_IN,
                out);
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
