/*
 * "alotcer": the framing of Alotcer's DTUs.
 *
 *   7B type length(2, little-endian) id(11, ASCII) ... 7D
 *
 *   31  DTU: registration; behind the id "ip,port" as text
 *   30  DTU: heartbeat; the server answers the same packet
 *   34  server: data
 *   35  DTU: data
 *   32, 33  not known: stored as data
 *
 * Source: field notes; no manual was at hand, and two things in here are not confirmed: that the
 * length counts the whole packet, and that 35 is data from the DTU, 34 data to it. 34 from a DTU is
 * stored and not decoded.
 */
#include "collector/link/boxed.h"

#include <string.h>

enum {
    TYPE_HEARTBEAT = 0x30,
    TYPE_REGISTRATION = 0x31,
    TYPE_DATA_DOWN = 0x34,
    TYPE_DATA_UP = 0x35,
};

static const struct box_scheme scheme = {
    .opening = 0x7B,
    .closing = 0x7D,
    .little_endian = true,
    .type_first = TYPE_HEARTBEAT,
    .type_last = TYPE_DATA_UP,
    .registration = TYPE_REGISTRATION,
    .heartbeat = TYPE_HEARTBEAT,
    .data = TYPE_DATA_UP,
};

static ssize_t registration(const struct link_def *link, const uint8_t *bytes, size_t len,
                            struct token_match *out)
{
    return boxed_registration(&scheme, link, bytes, len, out);
}

static ssize_t next(const struct framing_view *view, const uint8_t *bytes, size_t len,
                    struct frame *frame)
{
    return boxed_next(&scheme, view, bytes, len, frame);
}

static size_t wrap(const struct framing_view *view, const uint8_t *adu, size_t len,
                   uint16_t transaction, uint8_t out[FRAMING_LONGEST])
{
    (void)transaction;
    return boxed_put(&scheme, TYPE_DATA_DOWN, boxed_id(&scheme, view), adu, len, out);
}

static size_t acknowledge(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST])
{
    if (kind != FRAME_HEARTBEAT || size < 2 || packet[0] != scheme.opening ||
        packet[1] != TYPE_HEARTBEAT)
        return 0;
    memcpy(out, packet, size);
    return size;
}

const struct framing framing_alotcer = {
    .name = "alotcer",
    .registration = registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = acknowledge,
};
