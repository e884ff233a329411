/*
 * The kinds of token, each in a file of its own, for token.c. Like token_match(): the size, 0 where
 * ${len} bytes are too few to say, -1 where it does not begin at the first byte; ${out} is empty
 * before. ${len} is at most TOKEN_LONGEST; ${cut} says that there are more bytes behind them, which
 * are not looked at: a token does not go on there.
 */
#ifndef DTUHUB_COLLECTOR_LINK_TOKEN_KINDS_H
#define DTUHUB_COLLECTOR_LINK_TOKEN_KINDS_H

#include "collector/link/token.h"

ssize_t token_text(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                   struct token_match *out);
ssize_t token_regex(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                    struct token_match *out);
ssize_t token_json(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                   struct token_match *out);
ssize_t token_struct(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                     struct token_match *out);

/**
 * token_put(bytes, len, out): ${bytes} as an id or a secret, printable. Return 0, or -1 where its
 * text has no room: cut, two of them could become one.
 */
int token_put(const void *bytes, size_t len, char out[LINK_ID_SIZE]);

#endif
