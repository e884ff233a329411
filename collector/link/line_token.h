/*
 * The tokens that may come on a line after its registration: the profile's heartbeats, the packet
 * that the line registered with, and other registrations as far as they cannot be mistaken. Pure;
 * any thread.
 */
#ifndef DTUHUB_COLLECTOR_LINK_LINE_TOKEN_H
#define DTUHUB_COLLECTOR_LINK_LINE_TOKEN_H

#include "collector/link/framing.h"

struct line_token {
    enum frame_kind kind; /* FRAME_HEARTBEAT, FRAME_REGISTRATION */
    struct token_match match;
};

/**
 * line_token(view, bytes, len, final, out): the longest token that begins at the first byte; where
 * a heartbeat and a registration are the same bytes, the heartbeat. ${final}: the bytes end with
 * ${len}, so that what is open is at its end. Its size; 0 where one is not yet whole, or may become
 * longer; -1.
 *
 * A registration whose end is open, and one of which hardly a byte is fixed (noise could be one),
 * is only taken where it is the line's own packet again, or says the line's own id.
 */
ssize_t line_token(const struct framing_view *view, const uint8_t *bytes, size_t len, bool final,
                   struct line_token *out);

/** line_token_frame(token, at, frame): ${token}, which stands at ${at}, as a packet. */
void line_token_frame(const struct line_token *token, size_t at, struct frame *frame);

#endif
