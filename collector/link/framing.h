/*
 * Framings: how a DTU's bytes are cut into packets, and how ours are wrapped. Pure; any thread.
 *
 * All parsers take what has come in so far, never read past it, and never trust a length inside of
 * it. They return the number of bytes a packet takes, FRAMING_MORE where it is not whole yet, or
 * FRAMING_BROKEN where the bytes cannot be the start of any packet.
 */
#ifndef DTUHUB_COLLECTOR_LINK_FRAMING_H
#define DTUHUB_COLLECTOR_LINK_FRAMING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FRAMING_MORE = 0, FRAMING_BROKEN = -1 };

enum {
    FRAMING_LONGEST = 260, /* bytes of the longest packet of any framing */
    FRAMING_ID_SIZE = 128, /* a printable registration id and its NUL */
};

enum frame_kind { FRAME_REGISTRATION, FRAME_HEARTBEAT, FRAME_DATA, FRAME_MODBUS };

struct frame {
    enum frame_kind kind;
    const uint8_t *payload; /* inside of the bytes given */
    size_t payload_size;
};

struct framing {
    const char *name;

    /* registration(bytes, len, id): the first packet of a line; fills ${id}. */
    ssize_t (*registration)(const uint8_t *bytes, size_t len, char id[FRAMING_ID_SIZE]);

    /* next(bytes, len, frame): a packet after it. */
    ssize_t (*next)(const uint8_t *bytes, size_t len, struct frame *frame);

    /* wrap(adu, len, out): a Modbus RTU frame for the line; returns its size. ${len} is at most
     * 255. */
    size_t (*wrap)(const uint8_t *adu, size_t len, uint8_t out[FRAMING_LONGEST]);

    /* acknowledge(kind, out): what the server answers to a packet; returns its size, 0 for nothing.
     */
    size_t (*acknowledge)(enum frame_kind kind, uint8_t out[FRAMING_LONGEST]);
};

/** The original's wire format: type, length, payload; see framing_tlv.c. */
extern const struct framing framing_tlv;

#endif
