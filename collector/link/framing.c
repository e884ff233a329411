#include "collector/link/framing.h"

#include <string.h>

const struct framing *framing_of(enum framing_kind kind)
{
    static const struct framing *const framings[] = {
        [FRAMING_TLV] = &framing_tlv,         [FRAMING_RTU] = &framing_rtu,
        [FRAMING_MBAP] = &framing_mbap,       [FRAMING_DDP] = &framing_ddp,
        [FRAMING_ALOTCER] = &framing_alotcer, [FRAMING_ESCAPED] = &framing_escaped,
        [FRAMING_HEX] = &framing_hex,
    };
    return framings[kind];
}

size_t framing_reply(const struct framing *framing, const struct token_def *token,
                     enum frame_kind kind, const uint8_t *packet, size_t size,
                     uint8_t out[FRAMING_LONGEST])
{
    if (token == NULL || token->reply == REPLY_NONE)
        return framing->acknowledge(kind, packet, size, out);
    if (token->reply == REPLY_ECHO) {
        memcpy(out, packet, size);
        return size;
    }
    memcpy(out, token->reply_bytes, token->reply_size);
    return token->reply_size;
}
