/*
 * Framings: how a DTU's bytes are cut into packets, and how ours are wrapped. Pure; any thread.
 *
 * All parsers take what has come in so far, never read past it, and never trust a length inside of
 * it. They keep no state: what is held back is given again with more behind it.
 *
 * In a stream without marks (rtu, hex, mbap) the outstanding answer is searched for first, in all
 * that is there; what is outside of it is held against the heartbeats and registrations of the
 * profile, the longest first; what is neither is noise. What may be the first part of an expected
 * answer is held back, and what stands in front of it is not. A heartbeat that came between the two
 * parts of an answer is taken out of the middle: see struct frame.
 */
#ifndef DTUHUB_COLLECTOR_LINK_FRAMING_H
#define DTUHUB_COLLECTOR_LINK_FRAMING_H

#include "collector/link/token.h"
#include "shared/config/link_def.h"
#include "shared/modbus/adu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FRAMING_MORE = 0, FRAMING_BROKEN = -1 };

enum {
    FRAMING_LONGEST = 640, /* bytes of the longest packet that any framing sends */
    FRAMING_HELD = 1024,   /* bytes of a stream that are held back at the most */
};

enum frame_kind {
    FRAME_REGISTRATION,
    FRAME_HEARTBEAT,
    FRAME_DATA,   /* no Modbus, but stored as it is */
    FRAME_MODBUS, /* an answer, or what looks like one */
    FRAME_NOISE,  /* fits nothing */
};

/**
 * A packet: ${size} bytes from ${at} on. ${at} is 0, but for a heartbeat (or registration) that was
 * found inside of an answer: the caller takes it out of the middle, and what stands before and
 * behind it is joined.
 */
struct frame {
    enum frame_kind kind;
    size_t at, size;
    struct token_match token; /* FRAME_REGISTRATION, FRAME_HEARTBEAT */
    /* FRAME_MODBUS: as an RTU frame, whatever it was wrapped in. */
    uint8_t adu[ADU_MAX];
    size_t adu_size;
    bool intact;          /* its CRC is right (or the framing has none) */
    uint16_t transaction; /* framings with transactions */
};

/** A request whose answer may come. */
struct expectation {
    struct adu_request request;
    uint16_t transaction; /* framings with transactions */
};

/** What a framing must know besides the bytes. */
struct framing_view {
    const struct link_def *link;
    const struct expectation *expected; /* the outstanding request first, then those still owed */
    size_t nexpected;
    bool settled; /* no byte came for the link's idle time: what is open is at its end, and what is
                     not yet whole stays so, an expected answer apart */
    const uint8_t *registration; /* the packet that the line registered with, or NULL; where it
                                    comes again it is one, also where its token has no end */
    size_t registration_size;
};

struct framing {
    const char *name;
    bool transactions; /* an answer names the request that it is for */
    bool promises;     /* its acknowledgement of FRAME_DATA says that the packet is stored */

    /* registration(link, bytes, len, out): may the line's first packet be a registration of this
     * link? As tokens_match(). Heartbeats in front of it are the caller's. */
    ssize_t (*registration)(const struct link_def *link, const uint8_t *bytes, size_t len,
                            struct token_match *out);

    /* next(view, bytes, len, frame): the next packet after it: frame->size, FRAMING_MORE, or
     * FRAMING_BROKEN where the stream has no marks to find a packet again. */
    ssize_t (*next)(const struct framing_view *view, const uint8_t *bytes, size_t len,
                    struct frame *frame);

    /* wrap(view, adu, len, transaction, out): an RTU frame of at most ADU_MAX bytes for the line;
     * returns its size. */
    size_t (*wrap)(const struct framing_view *view, const uint8_t *adu, size_t len,
                   uint16_t transaction, uint8_t out[FRAMING_LONGEST]);

    /* acknowledge(kind, packet, size, out): what the framing itself has the server answer to a
     * packet (a token's own reply goes before); returns its size, 0 for nothing. */
    size_t (*acknowledge)(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST]);
};

/** framing_of(kind): the one vtable of each kind. */
const struct framing *framing_of(enum framing_kind kind);

/**
 * framing_reply(framing, token, kind, packet, size, out): what the server answers to a packet: the
 * token's own reply where it has one, else the framing's acknowledgement. Returns its size.
 */
size_t framing_reply(const struct framing *framing, const struct token_def *token,
                     enum frame_kind kind, const uint8_t *packet, size_t size,
                     uint8_t out[FRAMING_LONGEST]);

extern const struct framing framing_tlv, framing_rtu, framing_mbap, framing_ddp, framing_alotcer,
    framing_escaped, framing_hex;

#endif
