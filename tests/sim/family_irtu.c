/*
 * iRTU (LuatOS): JSON at connect; or the IMEI before every serial packet but not before heartbeats;
 * or 19 bytes of signal quality, IMEI and ICCID; or the IMEI and then Modbus as hexadecimal text.
 */
#include "tests/sim/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CSQ = 23, ICCID_DIGITS = 20 };

static void iccid(uint32_t number, char out[FAMILY_ID_SIZE])
{
    snprintf(out, FAMILY_ID_SIZE, "8986%016" PRIu32, number);
}

static size_t register_json(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char imei[FAMILY_ID_SIZE], card[FAMILY_ID_SIZE], text[FAMILY_PACKET_MAX];
    family_id_imei(number, imei);
    iccid(number, card);
    snprintf(text, sizeof(text), "{\"csq\":%d,\"imei\":\"%s\",\"iccid\":\"%s\",\"ver\":\"1.8.18\"}",
             CSQ, imei, card);
    return family_put(text, out);
}

static size_t register_imei(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char imei[FAMILY_ID_SIZE];
    family_id_imei(number, imei);
    return family_put(imei, out);
}

static size_t pack_bcd(const char *digits, uint8_t *out)
{
    size_t n = 0;
    for (; digits[0] != '\0' && digits[1] != '\0'; digits += 2)
        out[n++] = (uint8_t)((digits[0] - '0') << 4 | (digits[1] - '0'));
    return n;
}

/* The 15 digits of an IMEI and a 0. */
static size_t register_bcd(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    char imei[FAMILY_ID_SIZE], card[FAMILY_ID_SIZE];
    family_id_imei(number, imei);
    strcat(imei, "0");
    iccid(number, card);
    out[0] = CSQ;
    size_t n = 1 + pack_bcd(imei, out + 1);
    return n + pack_bcd(card, out + n);
}

static size_t beat_zero(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    out[0] = 0;
    return 1;
}

static size_t wrap_imei(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                        uint8_t out[FAMILY_ANSWER_MAX])
{
    size_t head = register_imei(number, out);
    return head + family_wrap_rtu(number, adu, len, transaction, out + head);
}

const struct family family_irtu = {
    .name = "irtu",
    .about = "iRTU: JSON with csq, imei, iccid, ver; heartbeat ping",
    .id = family_id_imei,
    .registration = register_json,
    .heartbeat = family_beat_ping,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
    .ends = true,
};

const struct family family_irtu_imei = {
    .name = "irtu_imei",
    .about = "iRTU: the IMEI in front of every answer, heartbeat byte 00",
    .id = family_id_imei,
    .registration = register_imei,
    .heartbeat = beat_zero,
    .wrap = wrap_imei,
    .next = family_next_rtu,
    .ends = true,
};

const struct family family_irtu_bin = {
    .name = "irtu_bin",
    .about = "iRTU: 19 bytes of CSQ, IMEI and ICCID; heartbeat ping",
    .id = family_id_imei,
    .registration = register_bcd,
    .heartbeat = family_beat_ping,
    .wrap = family_wrap_rtu,
    .next = family_next_rtu,
    .ends = true,
};

/* Modbus RTU as hexadecimal text, both ways. */

static size_t wrap_hex(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                       uint8_t out[FAMILY_ANSWER_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    (void)number, (void)transaction;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = (uint8_t)digits[adu[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[adu[i] & 15];
    }
    return 2 * len;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void next_hex(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    uint8_t adu[ADU_MAX] = {0};
    size_t n = 0;
    while (n < sizeof(adu) && 2 * n + 1 < len) {
        int high = nibble(bytes[2 * n]), low = nibble(bytes[2 * n + 1]);
        if (high < 0 || low < 0)
            break;
        adu[n++] = (uint8_t)(high << 4 | low);
    }
    family_next_rtu(number, adu, n, item);
    bool cut = item->kind == ITEM_MORE && 2 * n + 1 < len;
    if (cut || (len > 0 && nibble(bytes[0]) < 0)) {
        item->kind = ITEM_NOISE;
        item->size = 1;
    } else if (item->kind == ITEM_QUERY) {
        item->size *= 2;
    }
}

const struct family family_irtu_hex = {
    .name = "irtu_hex",
    .about = "iRTU: the IMEI, then Modbus as hex text both ways; heartbeat ping",
    .id = family_id_imei,
    .registration = register_imei,
    .heartbeat = family_beat_ping,
    .wrap = wrap_hex,
    .next = next_hex,
    .ends = true,
};
