/*
 * Hongdian, DDP: 7B type length(2, big-endian, of the whole packet) id(11) payload 7B, both ways.
 * Types up: 01 registration and heartbeat, 09 data; down: 81 the answer to 01, 89 data. There is
 * another layout, over UDP and in some firmware over TCP: the length stays 16 and the payload
 * stands behind the closing 7B. A DTU of either family understands both.
 */
#include "tests/sim/family.h"

#include <string.h>

enum {
    MARK = 0x7B,
    ID = 11,
    BARE = 16, /* bytes of a packet without payload */
    HEAD = 4 + ID,
    TYPE_REGISTER = 0x01,
    TYPE_DATA = 0x09,
    TYPE_REGISTERED = 0x81,
    TYPE_QUERY = 0x89,
    LONGEST = 1024,
};

static void put_head(uint8_t type, size_t length, uint32_t number, uint8_t *out)
{
    char id[FAMILY_ID_SIZE];
    family_id_phone(number, id);
    out[0] = MARK;
    out[1] = type;
    out[2] = (uint8_t)(length >> 8);
    out[3] = (uint8_t)length;
    memcpy(out + 4, id, ID);
}

static size_t registration(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    static const uint8_t address[] = {10, 0, 0, 1, 0x13, 0x88, MARK};
    size_t length = HEAD + sizeof(address);
    put_head(TYPE_REGISTER, length, number, out);
    memcpy(out + HEAD, address, sizeof(address));
    return length;
}

static size_t wrap(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                   uint8_t out[FAMILY_ANSWER_MAX])
{
    (void)transaction;
    put_head(TYPE_DATA, BARE + len, number, out);
    memcpy(out + HEAD, adu, len);
    out[HEAD + len] = MARK;
    return BARE + len;
}

static size_t wrap_behind(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                          uint8_t out[FAMILY_ANSWER_MAX])
{
    (void)transaction;
    put_head(TYPE_DATA, BARE, number, out);
    out[HEAD] = MARK;
    memcpy(out + BARE, adu, len);
    return BARE + len;
}

static void broken(struct family_item *item, const char *why)
{
    item->kind = ITEM_BROKEN;
    item->size = 0;
    item->why = why;
}

/* A whole packet of type 89. */
static void next_query(const uint8_t *bytes, size_t len, size_t length, struct family_item *item)
{
    if (length > BARE) {
        if (length - BARE > ADU_MAX)
            broken(item, "the server sent more than a Modbus frame in a DDP packet");
        else
            family_query(bytes + HEAD, length - BARE, length, item);
        return;
    }
    ssize_t size = family_query_size(bytes + BARE, len - BARE);
    if (size > 0)
        family_query(bytes + BARE, (size_t)size, BARE + (size_t)size, item);
    else if (size == 0)
        item->kind = ITEM_MORE;
    else
        broken(item, "the server sent no Modbus query behind a DDP packet");
}

static void next(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    char id[FAMILY_ID_SIZE];
    item->kind = ITEM_MORE;
    item->size = 0;
    if (len > 0 && bytes[0] != MARK)
        broken(item, "the server sent a byte that begins no DDP packet");
    if (item->kind == ITEM_BROKEN || len < 4)
        return;
    size_t length = (size_t)(bytes[2] << 8 | bytes[3]);
    if (length < BARE || length > LONGEST) {
        broken(item, "the server sent a DDP packet of an impossible length");
        return;
    }
    if (len < length)
        return;
    family_id_phone(number, id);
    if (bytes[length - 1] != MARK) {
        broken(item, "the server sent a DDP packet without its last 7B");
    } else if (memcmp(bytes + 4, id, ID) != 0) {
        broken(item, "the server sent a DDP packet for another id");
    } else if (bytes[1] == TYPE_QUERY) {
        next_query(bytes, len, length, item);
    } else {
        item->kind = bytes[1] == TYPE_REGISTERED ? ITEM_ACK : ITEM_OTHER;
        item->size = length;
    }
}

const struct family family_ddp = {
    .name = "ddp",
    .about = "Hongdian DDP; the heartbeat is the registration, awaits 81",
    .id = family_id_phone,
    .registration = registration,
    .heartbeat = registration,
    .wrap = wrap,
    .next = next,
    .acknowledged = true,
    .beats_acknowledged = true,
    .marked = true,
};

const struct family family_ddp_udp = {
    .name = "ddp_udp",
    .about = "the same, answers behind the closing 7B",
    .id = family_id_phone,
    .registration = registration,
    .heartbeat = registration,
    .wrap = wrap_behind,
    .next = next,
    .acknowledged = true,
    .beats_acknowledged = true,
    .marked = true,
};
