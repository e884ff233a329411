/*
 * "tlv", the default wire format.
 *
 *   DTU -> server, once: 4 bytes, the device id, unsigned big-endian; the server answers 01.
 *   Then, both ways, type (1 byte), length (1 byte), payload:
 *     02 00        heartbeat; the server answers the single byte 02
 *     03 len ...   data; the server answers the single byte 03 once it is stored
 *     04 len ...   a whole Modbus RTU frame, as query or as answer
 *
 * The stream has no marks to find a packet again: an unknown type means that all is lost, and the
 * line is closed.
 */
#include "collector/link/framing.h"

#include <stdio.h>
#include <string.h>

enum { ID_SIZE = 4, HEAD_SIZE = 2, ACK_REGISTRATION = 1 };

enum type { TYPE_HEARTBEAT = 2, TYPE_DATA = 3, TYPE_MODBUS = 4 };

static bool is_type(uint8_t byte)
{
    return byte >= TYPE_HEARTBEAT && byte <= TYPE_MODBUS;
}

static ssize_t registration(const struct link_def *link, const uint8_t *bytes, size_t len,
                            struct token_match *out)
{
    (void)link;
    if (len < ID_SIZE)
        return FRAMING_MORE;
    /* Any four bytes are an id; but what comes behind it is a packet, so a text is none. */
    if (len > ID_SIZE && !is_type(bytes[ID_SIZE]))
        return FRAMING_BROKEN;
    uint32_t number =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    *out = (struct token_match){.size = ID_SIZE};
    snprintf(out->id, sizeof(out->id), "%u", (unsigned)number);
    return ID_SIZE;
}

static ssize_t next(const struct framing_view *view, const uint8_t *bytes, size_t len,
                    struct frame *frame)
{
    (void)view;
    if (len == 0)
        return FRAMING_MORE;
    if (!is_type(bytes[0]))
        return FRAMING_BROKEN;
    if (len < HEAD_SIZE || len - HEAD_SIZE < bytes[1])
        return FRAMING_MORE;
    frame->at = 0;
    frame->size = HEAD_SIZE + (size_t)bytes[1];
    frame->token = (struct token_match){.size = frame->size};
    switch (bytes[0]) {
    case TYPE_HEARTBEAT:
        frame->kind = FRAME_HEARTBEAT;
        break;
    case TYPE_DATA:
        frame->kind = FRAME_DATA;
        break;
    case TYPE_MODBUS:
        frame->kind = FRAME_MODBUS;
        frame->adu_size = bytes[1];
        frame->transaction = 0;
        memcpy(frame->adu, bytes + HEAD_SIZE, frame->adu_size);
        frame->intact = adu_crc_ok(frame->adu, frame->adu_size);
        break;
    }
    return (ssize_t)frame->size;
}

static size_t wrap(const struct framing_view *view, const uint8_t *adu, size_t len,
                   uint16_t transaction, uint8_t out[FRAMING_LONGEST])
{
    (void)view, (void)transaction;
    out[0] = TYPE_MODBUS;
    out[1] = (uint8_t)len;
    memcpy(out + HEAD_SIZE, adu, len);
    return HEAD_SIZE + len;
}

static size_t acknowledge(enum frame_kind kind, const uint8_t *packet, size_t size,
                          uint8_t out[FRAMING_LONGEST])
{
    (void)packet, (void)size;
    switch (kind) {
    case FRAME_REGISTRATION:
        out[0] = ACK_REGISTRATION;
        return 1;
    case FRAME_HEARTBEAT:
        out[0] = TYPE_HEARTBEAT;
        return 1;
    case FRAME_DATA:
        out[0] = TYPE_DATA;
        return 1;
    case FRAME_MODBUS:
    case FRAME_NOISE:
        break;
    }
    return 0;
}

const struct framing framing_tlv = {
    .name = "tlv",
    .promises = true,
    .registration = registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = acknowledge,
};
