/*
 * Four-Faith, PROT: 21 bytes id(4) phone(11) 00 ip(4) 00 at connect, FE as a heartbeat, and in data
 * FD ED for FD and FD EE for FE, both ways.
 *
 * Alotcer: 7B type length(2, little-endian, of the whole packet) id(11) payload 7D; type 31
 * registers with "ip,port", 30 is the heartbeat, which the server echoes; 35 carries data up. That
 * the length is the whole packet's, and which of 32 to 35 is data, is not confirmed: what comes
 * down in any of these is taken as a query.
 */
#include "tests/sim/family.h"

#include <string.h>

enum { ID = 11, ESCAPE = 0xFD, BEAT = 0xFE, FOR_ESCAPE = 0xED, FOR_BEAT = 0xEE };

static size_t register_four_faith(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    static const uint8_t rest[] = {0, 10, 0, 0, 1, 0};
    char id[FAMILY_ID_SIZE];
    family_id_phone(number, id);
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(number >> (24 - 8 * i));
    memcpy(out + 4, id, ID);
    memcpy(out + 4 + ID, rest, sizeof(rest));
    return 4 + ID + sizeof(rest);
}

static size_t beat_four_faith(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    out[0] = BEAT;
    return 1;
}

static size_t wrap_escaped(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                           uint8_t out[FAMILY_ANSWER_MAX])
{
    size_t n = 0;
    (void)number, (void)transaction;
    for (size_t i = 0; i < len; i++) {
        bool special = adu[i] == ESCAPE || adu[i] == BEAT;
        out[n++] = special ? ESCAPE : adu[i];
        if (special)
            out[n++] = adu[i] == ESCAPE ? FOR_ESCAPE : FOR_BEAT;
    }
    return n;
}

/* Take the escapes out of ${bytes}, as far as they are whole; ${from}[i] is where byte i began. */
static size_t unescape(const uint8_t *bytes, size_t len, uint8_t adu[ADU_MAX],
                       size_t from[ADU_MAX + 1])
{
    size_t n = 0, i = 0;
    while (i < len && n < ADU_MAX) {
        bool special = bytes[i] == ESCAPE;
        if (bytes[i] == BEAT || (special && i + 1 == len))
            break;
        if (special && bytes[i + 1] != FOR_ESCAPE && bytes[i + 1] != FOR_BEAT)
            break;
        from[n] = i;
        adu[n++] = !special ? bytes[i] : bytes[i + 1] == FOR_ESCAPE ? ESCAPE : BEAT;
        i += special ? 2 : 1;
    }
    from[n] = i;
    return n;
}

static void next_escaped(uint32_t number, const uint8_t *bytes, size_t len,
                         struct family_item *item)
{
    uint8_t adu[ADU_MAX] = {0};
    size_t from[ADU_MAX + 1], n = unescape(bytes, len, adu, from);
    family_next_rtu(number, adu, n, item);
    size_t left = len - from[n];
    bool stuck = left > 1 || (left == 1 && bytes[from[n]] == BEAT);
    if (item->kind == ITEM_MORE && stuck && n < ADU_MAX) {
        item->kind = ITEM_NOISE;
        item->size = n > 0 ? from[1] : 1;
    } else if (item->kind != ITEM_MORE) {
        item->size = from[item->size];
    }
}

const struct family family_four_faith = {
    .name = "four_faith",
    .about = "Four-Faith PROT: 21 bytes, heartbeat FE, FD and FE escaped",
    .id = family_id_phone,
    .registration = register_four_faith,
    .heartbeat = beat_four_faith,
    .wrap = wrap_escaped,
    .next = next_escaped,
    .ends = true,
};

enum {
    ALOTCER_BEGIN = 0x7B,
    ALOTCER_END = 0x7D,
    ALOTCER_HEAD = 4 + ID,
    ALOTCER_BARE = ALOTCER_HEAD + 1,
    ALOTCER_HEARTBEAT = 0x30,
    ALOTCER_REGISTER = 0x31,
    ALOTCER_DATA_UP = 0x35,
};

static size_t put_alotcer(uint8_t type, uint32_t number, const void *payload, size_t len,
                          uint8_t *out)
{
    char id[FAMILY_ID_SIZE];
    size_t length = ALOTCER_BARE + len;
    family_id_phone(number, id);
    out[0] = ALOTCER_BEGIN;
    out[1] = type;
    out[2] = (uint8_t)length;
    out[3] = (uint8_t)(length >> 8);
    memcpy(out + 4, id, ID);
    if (len > 0)
        memcpy(out + ALOTCER_HEAD, payload, len);
    out[length - 1] = ALOTCER_END;
    return length;
}

static size_t register_alotcer(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    static const char address[] = "10.0.0.1,5000";
    return put_alotcer(ALOTCER_REGISTER, number, address, sizeof(address) - 1, out);
}

static size_t beat_alotcer(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    return put_alotcer(ALOTCER_HEARTBEAT, number, NULL, 0, out);
}

static size_t wrap_alotcer(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                           uint8_t out[FAMILY_ANSWER_MAX])
{
    (void)transaction;
    return put_alotcer(ALOTCER_DATA_UP, number, adu, len, out);
}

static void broken(struct family_item *item, const char *why)
{
    item->kind = ITEM_BROKEN;
    item->size = 0;
    item->why = why;
}

static void next_alotcer(uint32_t number, const uint8_t *bytes, size_t len,
                         struct family_item *item)
{
    char id[FAMILY_ID_SIZE];
    item->kind = ITEM_MORE;
    item->size = 0;
    if (len > 0 && bytes[0] != ALOTCER_BEGIN)
        broken(item, "the server sent a byte that begins no Alotcer packet");
    if (item->kind == ITEM_BROKEN || len < 4)
        return;
    size_t length = (size_t)(bytes[3] << 8 | bytes[2]);
    if (length < ALOTCER_BARE || length > ALOTCER_BARE + ADU_MAX) {
        broken(item, "the server sent an Alotcer packet of an impossible length");
        return;
    }
    if (len < length)
        return;
    family_id_phone(number, id);
    if (bytes[length - 1] != ALOTCER_END || memcmp(bytes + 4, id, ID) != 0) {
        broken(item, "the server sent an Alotcer packet without its last 7D, or for another id");
    } else if (bytes[1] > ALOTCER_REGISTER) {
        family_query(bytes + ALOTCER_HEAD, length - ALOTCER_BARE, length, item);
    } else {
        item->kind = bytes[1] == ALOTCER_REGISTER ? ITEM_OTHER : ITEM_HEARTBEAT_ACK;
        item->size = length;
    }
}

const struct family family_alotcer = {
    .name = "alotcer",
    .about = "Alotcer: types 31, 30 (awaits its echo) and 35 for data",
    .id = family_id_phone,
    .registration = register_alotcer,
    .heartbeat = beat_alotcer,
    .wrap = wrap_alotcer,
    .next = next_alotcer,
    .beats_acknowledged = true,
    .marked = true,
    .ends = true,
};
