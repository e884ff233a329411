/*
 * "ddp": Hongdian's DDP over TCP.
 *
 *   7B type length(2, big-endian, of the whole packet) id(11, ASCII) ... 7B
 *
 *   01  DTU: registration, 22 bytes: behind the id its IPv4 address (4) and port (2). The same
 * packet again is its heartbeat. The server answers both: 7B 81 00 10 id 7B 02  DTU: it logs off;
 * the server answers: 7B 82 00 10 id 7B 05  DTU: it has got a data packet; the server answers
 * nothing 09  DTU: data, length 16 + n, the payload (n) in front of the closing byte. As over UDP,
 * some firmware leaves the length at 16 and lets the payload follow behind the closing byte: both
 *       are read. Without a length, that payload ends with the expected answer, at the next packet,
 *       or with a silence.
 *   89  server: data, with its length
 *
 * Data packets are not acknowledged (85): over TCP no DTU was seen to wait for that.
 * Source: field notes on Hongdian H7xxx DTUs and on open servers for them.
 */
#include "collector/link/boxed.h"

enum {
    TYPE_REGISTRATION = 0x01,
    TYPE_LOG_OFF = 0x02,
    TYPE_DATA = 0x09,
    TYPE_LAST = 0x0F,
    FROM_SERVER = 0x80,
};

static const struct box_scheme scheme = {
    .opening = 0x7B,
    .closing = 0x7B,
    .type_first = TYPE_REGISTRATION,
    .type_last = TYPE_LAST,
    .registration = TYPE_REGISTRATION,
    .heartbeat = TYPE_REGISTRATION,
    .data = TYPE_DATA,
    .registration_size = 22,
    .trails = true,
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
    return boxed_put(&scheme, TYPE_DATA | FROM_SERVER, boxed_id(&scheme, view), adu, len, out);
}

static size_t acknowledge(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST])
{
    if (kind == FRAME_NOISE || kind == FRAME_MODBUS || !boxed_is(&scheme, packet, size))
        return 0;
    uint8_t type = packet[1];
    if (type != TYPE_REGISTRATION && type != TYPE_LOG_OFF)
        return 0;
    return boxed_put(&scheme, type | FROM_SERVER, packet + BOX_ID_AT, NULL, 0, out);
}

const struct framing framing_ddp = {
    .name = "ddp",
    .registration = registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = acknowledge,
};
