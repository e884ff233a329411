/*
 * "escaped": Four-Faith's PROT mode. Modbus RTU with two bytes escaped, both ways: FD is sent as
 * FD ED, FE as FD EE. So a bare FE is never data: it is the DTU's heartbeat. The registration comes
 * without escapes: 21 bytes, id 4, phone number 11 (ASCII), 00, IPv4 address 4, 00; the profile
 * describes it as a struct.
 * Source: field notes on Four-Faith F2x03 units; whether a server has to answer is not known, and
 * nothing is.
 */
#include "collector/link/rtu_serial.h"

enum { ESCAPE = 0xFD, ESCAPED_FD = 0xED, ESCAPED_FE = 0xEE, HEARTBEAT = 0xFE };

/* The byte behind an escape; -1: none. */
static int unescape(uint8_t byte)
{
    if (byte == ESCAPED_FD)
        return ESCAPE;
    return byte == ESCAPED_FE ? HEARTBEAT : -1;
}

static void decode(const uint8_t *bytes, size_t len, size_t most, struct serial *out)
{
    size_t at = 0;
    out->blocked = false;
    out->half = -1;
    for (out->size = 0; out->size < most && at < len;) {
        int byte = bytes[at];
        size_t took = byte == ESCAPE ? 2 : 1;
        if (len - at < took)
            return;
        if (byte == ESCAPE)
            byte = unescape(bytes[at + 1]);
        out->blocked = byte < 0 || (took == 1 && byte == HEARTBEAT);
        if (out->blocked)
            return;
        at += took;
        out->bytes[out->size] = (uint8_t)byte;
        out->ends[out->size++] = (uint16_t)at;
    }
}

static const struct scheme scheme = {
    .decode = decode,
    .answer_size = rtu_serial_answer_size,
    .right = rtu_serial_right,
    .foreign_size = rtu_serial_foreign_size,
    .foreign_right = rtu_serial_foreign_right,
    .put = rtu_serial_put,
    .own_heartbeat = HEARTBEAT,
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
    size_t size = 0;
    for (size_t i = 0; i < len; i++) {
        bool special = adu[i] == ESCAPE || adu[i] == HEARTBEAT;
        if (special)
            out[size++] = ESCAPE;
        if (special)
            out[size++] = adu[i] == ESCAPE ? ESCAPED_FD : ESCAPED_FE;
        else
            out[size++] = adu[i];
    }
    return size;
}

const struct framing framing_escaped = {
    .name = "escaped",
    .registration = search_registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = search_acknowledge,
};
