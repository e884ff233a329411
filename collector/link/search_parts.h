/*
 * What search.c looks for at one place of the stream: an expected answer, one that a token has
 * split, a frame that nobody waits for, a token. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_LINK_SEARCH_PARTS_H
#define DTUHUB_COLLECTOR_LINK_SEARCH_PARTS_H

#include "collector/link/line_token.h"
#include "collector/link/search.h"

enum {
    CHECKS_MAX = 32768, /* bytes that one search puts through a CRC: hostile bytes want millions */
    JOINS_MAX = 128,    /* tokens that one search takes out of an answer by trial */
    SURE_TOKEN = 3,     /* a token so long outweighs the head of an answer with a wrong CRC */
};

enum look { LOOK_NOTHING, LOOK_WAIT, LOOK_FOUND };

struct search {
    const struct scheme *scheme;
    const struct framing_view *view;
    const uint8_t *bytes;
    size_t len;
    size_t end;           /* where the first whole answer begins, or ${len} */
    bool final;           /* nothing comes behind the end: what is open is at its end */
    size_t checks, joins; /* what may still be spent */
};

enum answer_state {
    ANSWER_NONE,    /* these bytes do not begin one */
    ANSWER_PARTIAL, /* they do, but its end is not there */
    ANSWER_WRONG,   /* it is there, and its CRC is not right */
    ANSWER_RIGHT,
};

struct answer {
    enum answer_state state;
    size_t size;    /* serial bytes; 0: not known */
    size_t extent;  /* bytes of the stream it takes; ANSWER_NONE: those that fit */
    size_t fitting; /* serial bytes that are there and fit */
    bool blocked;   /* ANSWER_NONE: they fit as far as they go, but no serial byte follows */
};

/** search_answer(search, expected, bytes, len, out): do ${bytes} begin the answer to it? */
void search_answer(struct search *search, const struct expectation *expected, const uint8_t *bytes,
                   size_t len, struct answer *out);

/** search_head(search, bytes, len, out), search_answer_by(...): the same in two steps, for many
 * expectations at one place. */
void search_head(const struct search *search, const uint8_t *bytes, size_t len, struct serial *out);
void search_answer_by(struct search *search, const struct expectation *expected,
                      const struct serial *head, const uint8_t *bytes, size_t len,
                      struct answer *out);

/** A token inside of an answer, ${at} bytes from the answer's first. */
struct cutout {
    size_t at;
    struct line_token token;
};

enum heal {
    HEAL_NO,
    HEAL_MAYBE, /* without ${out} it is an answer as far as it goes; size 0: that is no token yet */
    HEAL_YES,   /* without ${out} (and perhaps one more) it is the answer */
};

/** search_heal(search, expected, answer, bytes, len, out): is the ${answer}, which is not right,
 * one with a token or two inside? */
enum heal search_heal(struct search *search, const struct expectation *expected,
                      const struct answer *answer, const uint8_t *bytes, size_t len,
                      struct cutout *out);

struct foreign {
    enum answer_state state; /* never ANSWER_WRONG */
    size_t size, extent;     /* ANSWER_RIGHT */
    struct serial serial;
};

/** search_foreign(search, bytes, len, out): do ${bytes} begin a frame by its own byte count? */
void search_foreign(struct search *search, const uint8_t *bytes, size_t len, struct foreign *out);

/** search_token(search, bytes, len, out): line_token(), and the framing's own heartbeat. */
ssize_t search_token(const struct search *search, const uint8_t *bytes, size_t len,
                     struct line_token *out);

#endif
