/*
 * What ddp and alotcer have in common: each packet is a box with a head (opening byte, type, length
 * of the whole), the DTU's id of 11 characters, a payload and a closing byte. The payload may hold
 * any byte, so boxes are cut by their length. Pure; any thread.
 *
 * The payloads of data boxes are the serial line's bytes: an answer may be split over several, also
 * with a heartbeat between them, which is then taken out of the middle. One box is one packet:
 * where a payload holds two answers, the one that is expected first counts.
 */
#ifndef DTUHUB_COLLECTOR_LINK_BOXED_H
#define DTUHUB_COLLECTOR_LINK_BOXED_H

#include "collector/link/framing.h"

enum { BOX_ID_AT = 4, BOX_ID_SIZE = 11, BOX_HEAD_SIZE = 15, BOX_LEAST = 16 };

struct box_scheme {
    uint8_t opening, closing;
    bool little_endian;            /* of the length */
    uint8_t type_first, type_last; /* those that a DTU sends */
    uint8_t registration, heartbeat, data;
    size_t registration_size; /* 0: any */
    bool trails; /* a data box of BOX_LEAST bytes may have its payload behind the closing byte */
};

/** boxed_registration(scheme, link, bytes, len, out): framing.registration(): the box, or a token.
 */
ssize_t boxed_registration(const struct box_scheme *scheme, const struct link_def *link,
                           const uint8_t *bytes, size_t len, struct token_match *out);

/** boxed_next(scheme, view, bytes, len, frame): framing.next(). */
ssize_t boxed_next(const struct box_scheme *scheme, const struct framing_view *view,
                   const uint8_t *bytes, size_t len, struct frame *frame);

/** boxed_is(scheme, packet, size): whether the packet is a box, and not a token. */
bool boxed_is(const struct box_scheme *scheme, const uint8_t *packet, size_t size);

/**
 * boxed_put(scheme, type, id, payload, size, out): a box; ${id}: the 11 bytes as they came, or NULL
 * for zeros. Returns its size.
 */
size_t boxed_put(const struct box_scheme *scheme, uint8_t type, const uint8_t *id,
                 const uint8_t *payload, size_t size, uint8_t out[FRAMING_LONGEST]);

/** boxed_id(scheme, view): the id in the registration box of the line, or NULL. */
const uint8_t *boxed_id(const struct box_scheme *scheme, const struct framing_view *view);

#endif
