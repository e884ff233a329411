/*
 * Families that say a text when they connect and another one as a heartbeat, and pass Modbus RTU
 * through as it is: USR, Hi-Flying, Ebyte, Waveshare, TLINK, and those that say nothing.
 */
#include "tests/sim/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* USR: LOGIN:<id>, www.usr.cn, at connect or also in front of every answer. */

static size_t login(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char text[FAMILY_ID_SIZE];
    snprintf(text, sizeof(text), "LOGIN:%" PRIu32, number);
    return family_put(text, out);
}

static size_t beat_usr(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    return family_put("www.usr.cn", out);
}

static size_t login_ended(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    size_t len = login(number, out);
    out[len] = ';';
    return len + 1;
}

static size_t wrap_login(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                         uint8_t out[FAMILY_ANSWER_MAX])
{
    size_t head = login_ended(number, out);
    return head + family_wrap_rtu(number, adu, len, transaction, out + head);
}

const struct family family_usr = {
    .name = "usr",
    .about = "USR: LOGIN:<id>, heartbeat www.usr.cn",
    .id = family_id_decimal,
    .registration = login,
    .heartbeat = beat_usr,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
};

const struct family family_usr_every = {
    .name = "usr_every",
    .about = "the same, LOGIN:<id>; also in front of every answer",
    .id = family_id_decimal,
    .registration = login_ended,
    .heartbeat = beat_usr,
    .wrap = wrap_login,
    .next = family_next_rtu,
    .ends = true,
};

/* A heartbeat of digits, whose bytes are the unit ids 48 to 57. */

static size_t beat_digits(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    return family_put("0123456789", out);
}

const struct family family_digits = {
    .name = "digits",
    .about = "LOGIN:<id>, heartbeat 0123456789: the unit ids 48 to 57",
    .id = family_id_decimal,
    .registration = login,
    .heartbeat = beat_digits,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
};

/* Hi-Flying: %IMEI. */

static size_t imei(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char id[FAMILY_ID_SIZE];
    family_id_imei(number, id);
    return family_put(id, out);
}

const struct family family_hiflying = {
    .name = "hiflying",
    .about = "Hi-Flying: 15 digits of IMEI, heartbeat ping",
    .id = family_id_imei,
    .registration = imei,
    .heartbeat = family_beat_ping,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
    .ends = true,
};

/* Ebyte: the MAC in hexadecimal; it wants to hear from the server. */

static void id_mac(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "d4ad%08" PRIx32, number);
}

static size_t mac(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char id[FAMILY_ID_SIZE];
    id_mac(number, id);
    return family_put(id, out);
}

const struct family family_ebyte = {
    .name = "ebyte",
    .about = "Ebyte: 12 hex digits of MAC, heartbeat ping; see --restart",
    .id = id_mac,
    .registration = mac,
    .heartbeat = family_beat_ping,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
    .restarts = true,
    .ends = true,
};

/* Modbus TCP's header: transaction, protocol 0, length of what follows; no CRC. */

enum { MBAP_HEAD = 6, CRC_SIZE = 2 };

static size_t wrap_mbap(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                        uint8_t out[FAMILY_ANSWER_MAX])
{
    size_t pdu = len - CRC_SIZE;
    const uint8_t head[MBAP_HEAD] = {(uint8_t)(transaction >> 8), (uint8_t)transaction, 0, 0,
                                     (uint8_t)(pdu >> 8),         (uint8_t)pdu};
    (void)number;
    memcpy(out, head, MBAP_HEAD);
    memcpy(out + MBAP_HEAD, adu, pdu);
    return MBAP_HEAD + pdu;
}

static void next_mbap(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    (void)number;
    item->kind = ITEM_MORE;
    item->size = 0;
    if (len < MBAP_HEAD)
        return;
    size_t pdu = (size_t)(bytes[4] << 8 | bytes[5]);
    if (bytes[2] != 0 || bytes[3] != 0 || pdu < 2 || pdu > ADU_MAX - CRC_SIZE) {
        item->kind = ITEM_BROKEN;
        item->why = "the server sent what is no header of Modbus TCP";
    } else if (len >= MBAP_HEAD + pdu) {
        family_query(bytes + MBAP_HEAD, pdu, MBAP_HEAD + pdu, item);
        item->adu_len = adu_seal(item->adu, pdu);
        item->transaction = (uint16_t)(bytes[0] << 8 | bytes[1]);
    }
}

const struct family family_ebyte_mbap = {
    .name = "ebyte_mbap",
    .about = "the same, with Modbus TCP's header instead of a CRC",
    .id = id_mac,
    .registration = mac,
    .heartbeat = family_beat_ping,
    .wrap = wrap_mbap,
    .next = next_mbap,
    .marked = true,
    .restarts = true,
    .ends = true,
};

const struct family family_mbap = {
    .name = "mbap",
    .about = "no registration, no heartbeat, Modbus TCP",
    .id = family_id_decimal,
    .wrap = wrap_mbap,
    .next = next_mbap,
    .marked = true,
};

const struct family family_none = {
    .name = "none",
    .about = "no registration, no heartbeat, raw RTU",
    .id = family_id_decimal,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
};

/* Waveshare RS485 TO ETH: its own texts. */

static void id_waveshare(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "ws-%" PRIu32, number);
}

static size_t register_waveshare(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char id[FAMILY_ID_SIZE];
    id_waveshare(number, id);
    size_t head = family_put("LOGIN:", out);
    return head + family_put(id, out + head);
}

const struct family family_waveshare = {
    .name = "waveshare",
    .about = "Waveshare: LOGIN:ws-<number>, heartbeat ping",
    .id = id_waveshare,
    .registration = register_waveshare,
    .heartbeat = family_beat_ping,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
};

/* TLINK: a serial number; Q is answered with A. */

static void id_tlink(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "KP%014" PRIu32, number);
}

static size_t register_tlink(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char id[FAMILY_ID_SIZE];
    id_tlink(number, id);
    return family_put(id, out);
}

static size_t beat_tlink(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    return family_put("Q", out);
}

/* A is unit id 65 too: it is the answer to a Q where no query begins with it. */
static void next_tlink(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    family_next_rtu(number, bytes, len, item);
    bool alone = item->kind == ITEM_MORE && len == 1;
    if (len > 0 && bytes[0] == 'A' && (item->kind == ITEM_NOISE || alone)) {
        item->kind = ITEM_HEARTBEAT_ACK;
        item->size = 1;
    }
}

const struct family family_tlink = {
    .name = "tlink",
    .about = "King Pigeon, TLINK: KP and 14 digits, heartbeat Q, awaits A",
    .id = id_tlink,
    .registration = register_tlink,
    .heartbeat = beat_tlink,
    .wrap = family_wrap_rtu,
    .next = next_tlink,
    .beats_acknowledged = true,
};
