/*
 * What the server says to a DTU in "tlv" framing: acknowledgements are single bytes without a
 * length (01 registration, 02 heartbeat, 03 data), a query is 04, a length byte, and a whole Modbus
 * RTU frame. Pure and without state, so a cut stream is read by asking again with more bytes. Any
 * thread.
 */
#ifndef DTUHUB_SIM_TLV_CLIENT_H
#define DTUHUB_SIM_TLV_CLIENT_H

#include <stddef.h>
#include <stdint.h>

enum {
    TLV_REGISTRATION_SIZE = 4, /* the device id, big-endian: all that has no type byte */
    TLV_HEARTBEAT_SIZE = 2,    /* 02 00 */
    TLV_HEAD_SIZE = 2,         /* type and length */
    TLV_FRAME_MAX = TLV_HEAD_SIZE + 255,
};

enum tlv_item_kind {
    TLV_MORE, /* the bytes end inside of an item */
    TLV_REGISTRATION_ACK,
    TLV_HEARTBEAT_ACK,
    TLV_DATA_ACK,
    TLV_QUERY,
    TLV_UNKNOWN, /* a first byte no server sends: there is no way to find the next item */
};

struct tlv_item {
    enum tlv_item_kind kind;
    size_t size;            /* bytes the item takes, 0 for TLV_MORE and TLV_UNKNOWN */
    const uint8_t *payload; /* TLV_QUERY: inside of the bytes given */
    size_t payload_len;
};

/** tlv_client_next(bytes, len): the first item of ${bytes}. */
struct tlv_item tlv_client_next(const uint8_t *bytes, size_t len);

/** tlv_client_registration(id, out): write the packet that opens the line. */
void tlv_client_registration(uint32_t id, uint8_t out[TLV_REGISTRATION_SIZE]);

/** tlv_client_heartbeat(out): write a heartbeat. */
void tlv_client_heartbeat(uint8_t out[TLV_HEARTBEAT_SIZE]);

/** tlv_client_answer(adu, len, out): wrap a Modbus frame of at most 255 bytes; returns the bytes in
 * ${out}. */
size_t tlv_client_answer(const uint8_t *adu, size_t len, uint8_t out[TLV_FRAME_MAX]);

#endif
