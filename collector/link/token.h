/*
 * Tokens: the packets by which a DTU says who it is or that it is there, held against what came in.
 * Pure and incremental; any thread (but PCRE2 allocates).
 */
#ifndef DTUHUB_COLLECTOR_LINK_TOKEN_H
#define DTUHUB_COLLECTOR_LINK_TOKEN_H

#include "shared/config/link_def.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct token_match {
    const struct token_def *token; /* NULL: the framing's own packet */
    size_t size;                   /* bytes it takes */
    bool open;                     /* bytes that are still to come could make it longer */
    char id[LINK_ID_SIZE];         /* printable (text_printable()), "" in a heartbeat */
    char secret[LINK_ID_SIZE];     /* "" where it carries none */
};

/**
 * token_match(token, bytes, len, out): does the token begin at the first byte? Its size (and
 * ${out}), 0 where ${len} bytes are too few to say, -1 where it does not. Never reads past ${len};
 * a token longer than TOKEN_LONGEST is none.
 */
ssize_t token_match(const struct token_def *token, const uint8_t *bytes, size_t len,
                    struct token_match *out);

/**
 * tokens_match(tokens, n, bytes, len, out): the longest of several, the first of equals. Where one
 * is whole and another may still become longer than it, ${out}->open is set. -1 where none begins
 * here, 0 where none is whole and one may become so.
 */
ssize_t tokens_match(const struct token_def *tokens, size_t n, const uint8_t *bytes, size_t len,
                     struct token_match *out);

#endif
