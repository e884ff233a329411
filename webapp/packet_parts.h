/*
 * The pieces that packets are made of, whatever framing they came in. Every take moves the cursor
 * on by as many bytes as its field has. Pure.
 */
#ifndef DTUHUB_WEBAPP_PACKET_PARTS_H
#define DTUHUB_WEBAPP_PACKET_PARTS_H

#include "webapp/packet.h"

/** A packet, or a part of it: from ${at} to ${end} is still to be taken. */
struct packet_cursor {
    const uint8_t *bytes;
    size_t at, end;
};

/** packet_take(out, cursor, length, name): the next ${length} bytes as a field without a value. */
struct packet_field *packet_take(struct packet_fields *out, struct packet_cursor *cursor,
                                 size_t length, const char *name);

/** packet_take_number(out, cursor, length, name): as a big-endian number. */
void packet_take_number(struct packet_fields *out, struct packet_cursor *cursor, size_t length,
                        const char *name);

/** packet_take_text(out, cursor, name): all that is left, as text. */
void packet_take_text(struct packet_fields *out, struct packet_cursor *cursor, const char *name);

/** packet_take_adu(out, cursor): all that is left, as a Modbus RTU frame. */
void packet_take_adu(struct packet_fields *out, struct packet_cursor *cursor);

/** packet_take_mbap_pdu(out, cursor): all that is left, at least two bytes, as unit and PDU without
 * a CRC. */
void packet_take_mbap_pdu(struct packet_fields *out, struct packet_cursor *cursor);

/** packet_function_key(function): key of the function's name, NULL where it is none we know; an
 * exception's has that of its function. */
const char *packet_function_key(uint8_t function);

#endif
