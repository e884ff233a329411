#include "tests/sim/tlv_client.h"

#include <string.h>

enum { TYPE_REGISTRATION = 1, TYPE_HEARTBEAT = 2, TYPE_DATA = 3, TYPE_MODBUS = 4 };

static struct tlv_item query(const uint8_t *bytes, size_t len)
{
    if (len < TLV_HEAD_SIZE || len < TLV_HEAD_SIZE + (size_t)bytes[1])
        return (struct tlv_item){.kind = TLV_MORE};
    return (struct tlv_item){
        .kind = TLV_QUERY,
        .size = TLV_HEAD_SIZE + (size_t)bytes[1],
        .payload = bytes + TLV_HEAD_SIZE,
        .payload_len = bytes[1],
    };
}

struct tlv_item tlv_client_next(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return (struct tlv_item){.kind = TLV_MORE};
    switch (bytes[0]) {
    case TYPE_REGISTRATION:
        return (struct tlv_item){.kind = TLV_REGISTRATION_ACK, .size = 1};
    case TYPE_HEARTBEAT:
        return (struct tlv_item){.kind = TLV_HEARTBEAT_ACK, .size = 1};
    case TYPE_DATA:
        return (struct tlv_item){.kind = TLV_DATA_ACK, .size = 1};
    case TYPE_MODBUS:
        return query(bytes, len);
    default:
        return (struct tlv_item){.kind = TLV_UNKNOWN};
    }
}

void tlv_client_registration(uint32_t id, uint8_t out[TLV_REGISTRATION_SIZE])
{
    for (int i = TLV_REGISTRATION_SIZE; i-- > 0; id >>= 8)
        out[i] = (uint8_t)id;
}

void tlv_client_heartbeat(uint8_t out[TLV_HEARTBEAT_SIZE])
{
    out[0] = TYPE_HEARTBEAT;
    out[1] = 0;
}

size_t tlv_client_answer(const uint8_t *adu, size_t len, uint8_t out[TLV_FRAME_MAX])
{
    out[0] = TYPE_MODBUS;
    out[1] = (uint8_t)len;
    memcpy(out + TLV_HEAD_SIZE, adu, len);
    return TLV_HEAD_SIZE + len;
}
