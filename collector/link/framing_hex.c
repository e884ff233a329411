/*
 * "hex": Modbus RTU frames as hexadecimal text, two digits a byte, both ways: a mode of LuatOS iRTU
 * and of several DTUs on sale. From the DTU digits may be upper or lower case; to it they are upper
 * case. Registrations and heartbeats stand between them as they are; one that is made of
 * hexadecimal digits is told from an answer as in rtu.
 */
#include "collector/link/rtu_serial.h"

static int digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void decode(const uint8_t *bytes, size_t len, size_t most, struct serial *out)
{
    size_t at = 0;
    out->blocked = false;
    out->half = -1;
    for (out->size = 0; out->size < most && at < len; at += 2) {
        int high = digit(bytes[at]), low = at + 1 < len ? digit(bytes[at + 1]) : 0;
        out->blocked = high < 0 || low < 0;
        if (out->blocked)
            return;
        if (at + 1 == len) {
            out->half = high;
            return;
        }
        out->bytes[out->size] = (uint8_t)(high << 4 | low);
        out->ends[out->size++] = (uint16_t)(at + 2);
    }
}

static const struct scheme scheme = {
    .decode = decode,
    .answer_size = rtu_serial_answer_size,
    .right = rtu_serial_right,
    .foreign_size = rtu_serial_foreign_size,
    .foreign_right = rtu_serial_foreign_right,
    .put = rtu_serial_put,
    .own_heartbeat = -1,
};

static ssize_t next(const struct framing_view *view, const uint8_t *bytes, size_t len,
                    struct frame *frame)
{
    return search_next(&scheme, view, bytes, len, frame);
}

static size_t wrap(const struct framing_view *view, const uint8_t *adu, size_t len,
                   uint16_t transaction, uint8_t out[FRAMING_LONGEST])
{
    static const char digits[] = "0123456789ABCDEF";
    (void)view, (void)transaction;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = (uint8_t)digits[adu[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[adu[i] & 0x0F];
    }
    return 2 * len;
}

const struct framing framing_hex = {
    .name = "hex",
    .registration = search_registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = search_acknowledge,
};
