/* The original's DTU: type, length, payload. */
#include "tests/sim/family.h"
#include "tests/sim/tlv_client.h"

static size_t registration(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    tlv_client_registration(number, out);
    return TLV_REGISTRATION_SIZE;
}

static size_t heartbeat(uint32_t number, uint8_t out[FAMILY_PACKET_MAX])
{
    (void)number;
    tlv_client_heartbeat(out);
    return TLV_HEARTBEAT_SIZE;
}

static size_t wrap(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                   uint8_t out[FAMILY_ANSWER_MAX])
{
    (void)number, (void)transaction;
    return tlv_client_answer(adu, len, out);
}

static void next(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item)
{
    static const enum family_item_kind kinds[] = {
        [TLV_MORE] = ITEM_MORE,
        [TLV_REGISTRATION_ACK] = ITEM_REGISTRATION_ACK,
        [TLV_HEARTBEAT_ACK] = ITEM_HEARTBEAT_ACK,
        [TLV_DATA_ACK] = ITEM_OTHER,
        [TLV_UNKNOWN] = ITEM_BROKEN,
    };
    (void)number;
    struct tlv_item tlv = tlv_client_next(bytes, len);
    if (tlv.kind == TLV_QUERY) {
        family_query(tlv.payload, tlv.payload_len, tlv.size, item);
        return;
    }
    item->kind = kinds[tlv.kind];
    item->size = tlv.size;
    item->why = "the server sent a byte that begins nothing in tlv framing";
}

const struct family family_tlv = {
    .name = "tlv",
    .about = "the original's: 4 bytes of id, type and length",
    .id = family_id_decimal,
    .registration = registration,
    .heartbeat = heartbeat,
    .wrap = wrap,
    .next = next,
    .acknowledged = true,
    .beats_acknowledged = true,
    .marked = true,
};
