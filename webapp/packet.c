/*
 * Stored packets do not say by which framing they came: the bytes do. A Modbus RTU frame shows
 * itself by its CRC, so it is tried first, bare, then as hexadecimal text and with escapes; a head
 * whose length fits is the next best sign.
 */
#include "webapp/packet.h"

#include "shared/modbus/adu.h"
#include "webapp/packet_parts.h"

#include <stdbool.h>
#include <string.h>

enum {
    TLV_HEAD = 2,
    MBAP_HEAD = 6,
    MBAP_LEAST = 8,
    ADU_LEAST = 4,
    DDP_MARK = 0x7b,
    DDP_HEAD = 15,
    DDP_LEAST = 16,
    DDP_ID = 11,
    ESCAPE = 0xfd,
};

/* The bytes inside of a packet that spells them in its own way, and where each began in it. */
struct spelled {
    uint8_t bytes[ADU_MAX];
    size_t from[ADU_MAX + 1]; /* of the one behind the last, too */
    size_t count;
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of digits with white space between the pairs. */
static bool spell_hex(const uint8_t *bytes, size_t len, struct spelled *out)
{
    out->count = 0;
    for (size_t i = 0; i < len;) {
        if (strchr(" \r\n\t", bytes[i]) != NULL && bytes[i] != '\0' && out->count > 0) {
            i++;
            continue;
        }
        if (i + 1 >= len || out->count == ADU_MAX)
            return false;
        int high = hex_digit(bytes[i]), low = hex_digit(bytes[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->from[out->count] = i;
        out->bytes[out->count++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    out->from[out->count] = len;
    return out->count >= ADU_LEAST;
}

/* FD ED is FD, FD EE is FE. */
static bool spell_escaped(const uint8_t *bytes, size_t len, struct spelled *out)
{
    out->count = 0;
    for (size_t i = 0; i < len; i++) {
        bool escape = bytes[i] == ESCAPE;
        if (out->count == ADU_MAX || (escape && i + 1 == len))
            return false;
        out->from[out->count] = i;
        if (!escape)
            out->bytes[out->count++] = bytes[i];
        else if (bytes[++i] == 0xed || bytes[i] == 0xee)
            out->bytes[out->count++] = (uint8_t)(bytes[i] + 0x10);
        else
            return false;
    }
    out->from[out->count] = len;
    return adu_crc_ok(out->bytes, out->count);
}

static void take_spelled(struct packet_fields *out, const struct spelled *spelled)
{
    struct packet_cursor cursor = {spelled->bytes, 0, spelled->count};
    packet_take_adu(out, &cursor);
    for (size_t i = 0; i < out->count; i++) {
        struct packet_field *field = &out->items[i];
        size_t end = spelled->from[field->offset + field->length];
        field->offset = spelled->from[field->offset];
        field->length = end - field->offset;
    }
}

static bool is_tlv(const struct packet_cursor *packet, bool modbus)
{
    const uint8_t *bytes = packet->bytes;
    return packet->end >= TLV_HEAD && bytes[1] == packet->end - TLV_HEAD &&
           (modbus ? bytes[0] == 4 : bytes[0] == 2 || bytes[0] == 3);
}

static void take_tlv_head(struct packet_fields *out, struct packet_cursor *packet)
{
    uint8_t type = packet->bytes[0];
    packet_take_number(out, packet, 1, "packet.frame_type");
    out->items[0].meaning = type == 2   ? "packet.type.heartbeat"
                            : type == 3 ? "packet.type.data"
                                        : "packet.type.modbus";
    packet_take_number(out, packet, 1, "packet.length");
}

static size_t u16(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

static bool is_mbap(const struct packet_cursor *packet)
{
    const uint8_t *bytes = packet->bytes;
    return packet->end >= MBAP_LEAST && bytes[2] == 0 && bytes[3] == 0 &&
           u16(bytes + 4) == packet->end - MBAP_HEAD;
}

static void take_mbap(struct packet_fields *out, struct packet_cursor *packet)
{
    packet_take_number(out, packet, 2, "packet.transaction");
    packet_take_number(out, packet, 2, "packet.protocol");
    packet_take_number(out, packet, 2, "packet.length");
    packet_take_mbap_pdu(out, packet);
}

/* The payload stands in front of the closing mark and is counted, or behind it and is not. */
static bool is_ddp(const struct packet_cursor *packet)
{
    const uint8_t *bytes = packet->bytes;
    size_t len = packet->end;
    if (len < DDP_LEAST || bytes[0] != DDP_MARK)
        return false;
    size_t says = u16(bytes + 2);
    return (says == len && bytes[len - 1] == DDP_MARK) ||
           (says == DDP_LEAST && bytes[DDP_HEAD] == DDP_MARK);
}

static void take_mark(struct packet_fields *out, struct packet_cursor *packet)
{
    packet_take(out, packet, 1, "packet.mark");
}

static void take_part(struct packet_fields *out, struct packet_cursor *packet, size_t end,
                      bool modbus, const char *name)
{
    struct packet_cursor part = {packet->bytes, packet->at, end};
    if (part.at < end && modbus)
        packet_take_adu(out, &part);
    else if (part.at < end)
        packet_take_text(out, &part, name);
    packet->at = end;
}

static void take_ddp(struct packet_fields *out, struct packet_cursor *packet, bool modbus)
{
    size_t len = packet->end;
    bool behind = u16(packet->bytes + 2) == DDP_LEAST;
    take_mark(out, packet);
    packet_take_number(out, packet, 1, "packet.frame_type");
    packet_take_number(out, packet, 2, "packet.length");
    take_part(out, packet, packet->at + DDP_ID, false, "packet.device_id");
    if (behind) {
        take_mark(out, packet);
        take_part(out, packet, len, modbus, "packet.payload");
    } else {
        take_part(out, packet, len - 1, modbus, "packet.payload");
        take_mark(out, packet);
    }
}

static void take_modbus(struct packet_fields *out, struct packet_cursor *packet)
{
    const uint8_t *bytes = packet->bytes;
    size_t len = packet->end;
    struct spelled spelled;
    if (adu_crc_ok(bytes, len) && len >= ADU_LEAST) {
        packet_take_adu(out, packet);
    } else if (is_tlv(packet, true)) {
        take_tlv_head(out, packet);
        packet_take_adu(out, packet);
    } else if (is_mbap(packet)) {
        take_mbap(out, packet);
    } else if (spell_hex(bytes, len, &spelled) || spell_escaped(bytes, len, &spelled)) {
        take_spelled(out, &spelled);
    } else if (is_ddp(packet)) {
        take_ddp(out, packet, true);
    } else if (len >= ADU_LEAST && packet_function_key(bytes[1]) != NULL) {
        packet_take_adu(out, packet); /* one that came damaged: its CRC says so */
    } else {
        packet_take_text(out, packet, "packet.payload");
    }
}

static bool printable(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x21 || bytes[i] > 0x7e)
            return false;
    }
    return true;
}

void packet_decode(const char *type, const uint8_t *bytes, size_t len, struct packet_fields *out)
{
    struct packet_cursor packet = {bytes, 0, len};
    bool registers = strcmp(type, "register") == 0;
    *out = (struct packet_fields){.count = 0};
    if (len == 0)
        return;
    if (strcmp(type, "modbus") == 0) {
        take_modbus(out, &packet);
    } else if (is_ddp(&packet)) {
        take_ddp(out, &packet, false);
    } else if (registers && len == 4 && !printable(bytes, len)) {
        packet_take_number(out, &packet, 4, "packet.device_number");
    } else if (registers) {
        packet_take_text(out, &packet, "packet.registration");
    } else {
        if (is_tlv(&packet, false) && strcmp(type, "noise") != 0)
            take_tlv_head(out, &packet);
        if (packet.at < len)
            packet_take_text(out, &packet, "packet.payload");
    }
}
