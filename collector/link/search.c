#include "collector/link/search_parts.h"

#include <string.h>

/* Look for the first whole answer among those that begin in front of ${upto}; whether it is known.
 */
static bool find_answer(struct search *search, size_t upto)
{
    const struct framing_view *view = search->view;
    if (upto > search->len)
        upto = search->len;
    for (; search->scanned < upto && search->end == search->len; search->scanned++) {
        size_t at = search->scanned;
        for (size_t i = 0; i < view->nexpected; i++) {
            search_answer(search, &view->expected[i], search->bytes + at, search->len - at,
                          &search->answer);
            if (search->answer.state == ANSWER_RIGHT) {
                search->end = at;
                return true;
            }
        }
    }
    return search->end < search->len;
}

/* Whether an answer may begin within ${size} bytes: then a token there is not sure. */
static bool answers_within(struct search *search, const uint8_t *bytes, size_t size, size_t len)
{
    const struct framing_view *view = search->view;
    struct answer answer;
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < view->nexpected; i++) {
            search_answer(search, &view->expected[i], bytes + at, len - at, &answer);
            if (answer.state == ANSWER_PARTIAL || answer.state == ANSWER_WRONG)
                return true;
        }
    }
    return false;
}

/* What the expectations say about one place. */
struct claims {
    bool partial, wrong;      /* an answer may begin here; one of full size has a wrong CRC */
    bool partial_outstanding; /* that to the outstanding request */
    bool known;               /* at least one byte of the partial one is there */
    struct answer broken;     /* the wrong one, to the outstanding request; size 0: none */
    bool unsure;              /* a token may be inside, but cannot be told from an answer there */
    struct cutout cutout;     /* the token to take out of the middle; size 0: none */
};

/* A token stands where the answer cannot go on by its own bytes. */
static void claim_split(struct search *search, const struct answer *answer,
                        const struct cutout *cutout, const uint8_t *bytes, size_t len,
                        struct claims *claims)
{
    size_t at = cutout->at, size = cutout->token.match.size;
    if (size == 0) {
        claims->unsure = true; /* it is not whole yet */
        return;
    }
    if (!answer->blocked && answers_within(search, bytes + at, size, len - at)) {
        claims->unsure = true;
        return;
    }
    if (answer->blocked || search->final)
        claims->cutout = *cutout;
    else
        claims->unsure = true;
}

static void claim(struct search *search, size_t which, const uint8_t *bytes, size_t len,
                  struct claims *claims)
{
    struct answer answer;
    struct cutout cutout;
    const struct expectation *expected = &search->view->expected[which];
    search_answer(search, expected, bytes, len, &answer);
    if (answer.state == ANSWER_PARTIAL) {
        claims->partial = true;
        claims->partial_outstanding |= which == 0;
        claims->known |= answer.fitting > 0;
        return;
    }
    if (answer.fitting == 0)
        return;
    enum heal heal = search_heal(search, expected, &answer, bytes, len, &cutout);
    if (heal == HEAL_YES) {
        claims->cutout = cutout;
    } else if (answer.state == ANSWER_WRONG) {
        claims->wrong = true;
        if (which == 0)
            claims->broken = answer;
    } else if (heal == HEAL_MAYBE && search->end == search->len) {
        claim_split(search, &answer, &cutout, bytes, len, claims);
    }
}

/* The token at the end of an unfinished answer, where the line is settled. A single byte may as
 * well be data of the outstanding one. */
static bool find_trailing(struct search *search, const struct claims *claims, const uint8_t *bytes,
                          size_t len, struct cutout *out)
{
    size_t before = len;
    if (!claims->partial)
        before = claims->broken.extent < len ? claims->broken.extent : len;
    for (out->at = len > TOKEN_LONGEST ? len - TOKEN_LONGEST : 1; out->at < before; out->at++) {
        ssize_t size = search_token(search, bytes + out->at, len - out->at, &out->token);
        if (size == (ssize_t)(len - out->at))
            return size > 1 || !(claims->partial_outstanding || claims->wrong);
    }
    return false;
}

/* A whole answer with a wrong CRC; a token that reaches beyond its end is not part of it. */
static void put_broken(struct search *search, const struct answer *answer, const uint8_t *bytes,
                       size_t len, struct frame *frame)
{
    struct serial serial;
    size_t size = answer->extent;
    for (size_t at = 1; at < answer->extent; at++) {
        struct line_token token;
        ssize_t took = search_token(search, bytes + at, len - at, &token);
        if (took > 0 && at + (size_t)took > answer->extent) {
            size = at;
            break;
        }
    }
    search->scheme->decode(bytes, size, answer->size, &serial);
    frame->kind = FRAME_MODBUS;
    frame->at = 0;
    frame->size = size;
    search->scheme->put(serial.bytes, serial.size, frame);
}

static enum look look_at_claims(struct search *search, const struct claims *claims, ssize_t token,
                                const uint8_t *bytes, size_t len, struct frame *frame)
{
    struct cutout cutout;
    bool tail = search->end == search->len;
    if (claims->cutout.token.match.size > 0) {
        line_token_frame(&claims->cutout.token, claims->cutout.at, frame);
        return LOOK_FOUND;
    }
    if (!search->final)
        return claims->partial || claims->wrong || claims->unsure ? LOOK_WAIT : LOOK_NOTHING;
    bool partial = claims->partial && tail;
    if (partial && token == (ssize_t)len)
        return LOOK_NOTHING;
    if (claims->wrong && token >= SURE_TOKEN)
        return LOOK_NOTHING;
    if ((partial || (claims->broken.size > 0 && tail)) &&
        find_trailing(search, claims, bytes, len, &cutout)) {
        line_token_frame(&cutout.token, cutout.at, frame);
        return LOOK_FOUND;
    }
    if (partial && claims->known)
        return LOOK_WAIT;
    if (claims->broken.size > 0) {
        put_broken(search, &claims->broken, bytes, len, frame);
        return LOOK_FOUND;
    }
    return LOOK_NOTHING;
}

/* A token is whole at this place: does a Modbus frame that nobody waits for lie across its end?
 * Then it ends in front of that. */
static enum look look_at_token(struct search *search, struct line_token *token,
                               const uint8_t *bytes, size_t len, struct frame *frame)
{
    size_t size = token->match.size;
    if (!search->final && size > 1 && answers_within(search, bytes + 1, size - 1, len - 1))
        return LOOK_WAIT;
    for (size_t at = 0; at < size; at++) {
        struct foreign foreign;
        search_foreign(search, bytes + at, len - at, &foreign);
        if (foreign.state == ANSWER_PARTIAL && !search->final && search->view->link->listen_only)
            return LOOK_WAIT;
        if (foreign.state != ANSWER_RIGHT || at + foreign.extent <= size)
            continue;
        if (at == 0)
            return LOOK_NOTHING;
        struct search before = *search;
        before.final = true;
        if (search_token(&before, bytes, at, token) <= 0)
            return LOOK_NOTHING;
        break;
    }
    line_token_frame(token, 0, frame);
    return LOOK_FOUND;
}

static enum look look_at_foreign(struct search *search, const uint8_t *bytes, size_t len,
                                 struct frame *frame)
{
    struct foreign foreign;
    search_foreign(search, bytes, len, &foreign);
    if (foreign.state == ANSWER_PARTIAL)
        return search->final ? LOOK_NOTHING : LOOK_WAIT;
    if (foreign.state != ANSWER_RIGHT)
        return LOOK_NOTHING;
    frame->kind = FRAME_MODBUS;
    frame->at = 0;
    frame->size = foreign.extent;
    search->scheme->put(foreign.serial.bytes, foreign.size, frame);
    return LOOK_FOUND;
}

/* What begins at ${at}, in front of search->end? */
static enum look look_at(struct search *search, size_t at, struct frame *frame)
{
    const uint8_t *bytes = search->bytes + at;
    size_t len = search->end - at;
    struct claims claims;
    struct line_token token;
    claims.partial = claims.wrong = claims.partial_outstanding = false;
    claims.known = claims.unsure = false;
    claims.broken.size = claims.cutout.token.match.size = 0;
    for (size_t i = 0; i < search->view->nexpected; i++)
        claim(search, i, bytes, len, &claims);
    ssize_t size = search_token(search, bytes, len, &token);
    enum look look = look_at_claims(search, &claims, size, bytes, len, frame);
    if (look != LOOK_NOTHING)
        return look;
    if (size == 0)
        return LOOK_WAIT;
    if (size > 0)
        look = look_at_token(search, &token, bytes, len, frame);
    return look != LOOK_NOTHING ? look : look_at_foreign(search, bytes, len, frame);
}

/* The first bytes of the whole answer may be the last ones of a token as well: where that token
 * stands inside of the answer, and they come in front of it too, nothing here is noise. */
static bool find_straddling(const struct search *search, size_t at, size_t extent,
                            struct cutout *out)
{
    const uint8_t *bytes = search->bytes + at;
    size_t size = search->end - at;
    for (out->at = 1; out->at < size && out->at < extent; out->at++) {
        if (bytes[out->at - 1] != bytes[size + out->at - 1])
            return false;
        if (search_token(search, bytes + out->at, size, &out->token) == (ssize_t)size)
            return true;
    }
    return false;
}

/* look_at(); what stands in front of a whole answer is at its end there. The answer is only looked
 * for as far as it matters: a run of short tokens must not cost a search through all for each. */
static enum look look_lazily(struct search *search, size_t at, bool final, struct frame *frame)
{
    search->final = final || search->end < search->len;
    enum look look = look_at(search, at, frame);
    if (look == LOOK_NOTHING || search->end < search->len)
        return look;
    bool token = look == LOOK_FOUND && frame->at == 0 && frame->kind != FRAME_MODBUS;
    if (!find_answer(search, token ? at + frame->size : at + FRAMING_HELD))
        return look;
    search->final = true;
    return look_at(search, at, frame);
}

static ssize_t give_noise(size_t size, struct frame *frame)
{
    frame->kind = FRAME_NOISE;
    frame->at = 0;
    frame->size = size;
    return (ssize_t)size;
}

static ssize_t give_answer(const struct search *search, struct frame *frame)
{
    const struct answer *answer = &search->answer;
    struct serial serial;
    search->scheme->decode(search->bytes, answer->extent, answer->size, &serial);
    frame->kind = FRAME_MODBUS;
    frame->at = 0;
    frame->size = answer->extent;
    search->scheme->put(serial.bytes, serial.size, frame);
    return (ssize_t)frame->size;
}

/* What stands in front of a whole answer and begins nothing by itself. */
static ssize_t give_before_answer(const struct search *search, struct frame *frame)
{
    struct cutout cutout;
    for (size_t at = 0; at < search->end; at++) {
        if (!find_straddling(search, at, search->answer.extent, &cutout))
            continue;
        if (at > 0)
            return give_noise(at, frame);
        line_token_frame(&cutout.token, cutout.at, frame);
        return (ssize_t)frame->size;
    }
    return give_noise(search->end, frame);
}

ssize_t search_next(const struct scheme *scheme, const struct framing_view *view,
                    const uint8_t *bytes, size_t len, struct frame *frame)
{
    struct search search = {.scheme = scheme,
                            .view = view,
                            .bytes = bytes,
                            .len = len,
                            .end = len,
                            .checks = CHECKS_MAX,
                            .joins = JOINS_MAX};
    memset(frame, 0, offsetof(struct frame, adu));
    frame->adu_size = 0;
    for (size_t at = 0; at < len; at++) {
        find_answer(&search, at + 1);
        if (at == search.end)
            return at > 0 ? give_before_answer(&search, frame) : give_answer(&search, frame);
        /* What has been held back for long enough is not waited for. It goes at once: byte by byte,
         * one line's noise would keep all others waiting. */
        bool overdue = at < FRAMING_HELD && len - at >= FRAMING_HELD;
        enum look look = look_lazily(&search, at, view->settled || overdue, frame);
        if (look == LOOK_NOTHING || (look == LOOK_WAIT && overdue))
            continue;
        if (at > 0)
            return give_noise(at, frame);
        return look == LOOK_FOUND ? (ssize_t)frame->size : FRAMING_MORE;
    }
    return len > 0 ? give_noise(len, frame) : FRAMING_MORE;
}

ssize_t search_registration(const struct link_def *link, const uint8_t *bytes, size_t len,
                            struct token_match *out)
{
    ssize_t size = tokens_match(link->registrations, link->nregistrations, bytes, len, out);
    return size > 0 && out->id[0] == '\0' ? -1 : size;
}

size_t search_acknowledge(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST])
{
    (void)kind, (void)packet, (void)size, (void)out;
    return 0;
}
