/*
 * "rtu": the DTU passes the serial line's bytes through as they are, with its registration and its
 * heartbeats between them. Most DTUs on sale do this.
 *
 * An RTU frame is unit id, function, data and a CRC, low byte first; silence on the serial line
 * ends it, but TCP keeps no silences. Source: Modbus over Serial Line, specification and
 * implementation guide V1.02, 2.5.1.
 */
#include "collector/link/rtu_serial.h"

#include <string.h>

static void decode(const uint8_t *bytes, size_t len, size_t most, struct serial *out)
{
    out->size = len < most ? len : most;
    out->blocked = false;
    out->half = -1;
    memcpy(out->bytes, bytes, out->size);
    for (size_t i = 0; i < out->size; i++)
        out->ends[i] = (uint16_t)(i + 1);
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
    (void)view, (void)transaction;
    memcpy(out, adu, len);
    return len;
}

const struct framing framing_rtu = {
    .name = "rtu",
    .registration = search_registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = search_acknowledge,
};
