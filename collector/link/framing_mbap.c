/*
 * "mbap": the DTU or serial server converts between Modbus TCP and RTU itself (Ebyte, Waveshare and
 * others offer it). A frame has no CRC, but a header:
 *
 *   transaction (2), protocol 0 (2), length of what follows (2), unit id (1), function, data
 *
 * all big-endian. An answer repeats its request's transaction, so that late ones are known.
 * Registrations and heartbeats stand between the frames as in rtu.
 * Source: Modbus Messaging on TCP/IP, implementation guide V1.0b, 3.1.3.
 */
#include "collector/link/search.h"

#include <string.h>

enum {
    HEAD_SIZE = 6, /* transaction, protocol, length */
    UNIT = HEAD_SIZE,
    FUNCTION,
    COUNT,
    CRC_SIZE = 2,
    EXCEPTION_FLAG = 0x80,
    EXCEPTION_LENGTH = 3, /* unit, function, code */
    WRITE_LENGTH = 6,     /* unit, function, address, value or count */
    AROUND_DATA = 3,      /* unit, function, byte count */
    LENGTH_MAX = 1 + ADU_PDU_MAX,
};

static void decode(const uint8_t *bytes, size_t len, size_t most, struct serial *out)
{
    out->size = len < most ? len : most;
    out->blocked = false;
    out->half = -1;
    memcpy(out->bytes, bytes, out->size);
    for (size_t i = 0; i < out->size; i++)
        out->ends[i] = (uint16_t)(i + 1);
}

/* Whether the byte at ${at} is ${byte}, or not yet there. */
static bool may_be(const uint8_t *bytes, size_t len, size_t at, uint8_t byte)
{
    return at >= len || bytes[at] == byte;
}

static size_t answer_length(const struct adu_request *request)
{
    return adu_writes(request->function) ? WRITE_LENGTH : AROUND_DATA + adu_read_data_size(request);
}

static ssize_t answer_size(const struct expectation *expected, const uint8_t *bytes, size_t len)
{
    const struct adu_request *request = &expected->request;
    const uint8_t head[] = {(uint8_t)(expected->transaction >> 8), (uint8_t)expected->transaction,
                            0, 0, 0};
    size_t there = len < sizeof(head) ? len : sizeof(head), length = answer_length(request);
    if (memcmp(bytes, head, there) != 0 || !may_be(bytes, len, UNIT, request->unit))
        return -1;
    if (len < HEAD_SIZE)
        return 0;
    if (length <= LENGTH_MAX && bytes[5] == length &&
        may_be(bytes, len, FUNCTION, request->function))
        return (ssize_t)(HEAD_SIZE + length);
    if (bytes[5] == EXCEPTION_LENGTH &&
        may_be(bytes, len, FUNCTION, request->function | EXCEPTION_FLAG))
        return HEAD_SIZE + EXCEPTION_LENGTH;
    return -1;
}

static bool right(const struct expectation *expected, const uint8_t *bytes, size_t size)
{
    struct adu_reply reply;
    enum adu_verdict verdict =
        adu_check_pdu(&expected->request, bytes[UNIT], bytes + FUNCTION, size - FUNCTION, &reply);
    return verdict == ADU_OK || verdict == ADU_EXCEPTION;
}

static ssize_t foreign_size(const uint8_t *bytes, size_t len)
{
    if (!may_be(bytes, len, 2, 0) || !may_be(bytes, len, 3, 0) || !may_be(bytes, len, 4, 0))
        return -1;
    if (len < HEAD_SIZE)
        return 0;
    return bytes[5] >= EXCEPTION_LENGTH && bytes[5] <= LENGTH_MAX ? HEAD_SIZE + bytes[5] : -1;
}

/* The length says what the function would have it say. */
static bool foreign_right(const uint8_t *bytes, size_t size)
{
    uint8_t function = bytes[FUNCTION] & (uint8_t)~EXCEPTION_FLAG;
    size_t length = size - HEAD_SIZE;
    bool reads = function >= FC_READ_COILS && function <= FC_READ_INPUT_REGISTERS;
    if (!reads && !adu_writes(function))
        return false;
    if (bytes[FUNCTION] != function)
        return length == EXCEPTION_LENGTH;
    if (!reads)
        return length == WRITE_LENGTH;
    return bytes[COUNT] > 0 && length == AROUND_DATA + (size_t)bytes[COUNT];
}

/* What is too short to be a frame (one cut off by a token) has no ADU. */
static void put(const uint8_t *bytes, size_t size, struct frame *frame)
{
    frame->adu_size = 0;
    frame->transaction = (uint16_t)(bytes[0] << 8 | bytes[1]);
    frame->intact = size > FUNCTION && size - HEAD_SIZE <= ADU_MAX - CRC_SIZE;
    if (!frame->intact)
        return;
    memcpy(frame->adu, bytes + HEAD_SIZE, size - HEAD_SIZE);
    frame->adu_size = adu_seal(frame->adu, size - HEAD_SIZE);
}

static const struct scheme scheme = {
    .decode = decode,
    .answer_size = answer_size,
    .right = right,
    .foreign_size = foreign_size,
    .foreign_right = foreign_right,
    .put = put,
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
    (void)view;
    size_t length = len - CRC_SIZE;
    const uint8_t head[HEAD_SIZE] = {(uint8_t)(transaction >> 8), (uint8_t)transaction, 0, 0,
                                     (uint8_t)(length >> 8),      (uint8_t)length};
    memcpy(out, head, HEAD_SIZE);
    memcpy(out + HEAD_SIZE, adu, length);
    return HEAD_SIZE + length;
}

const struct framing framing_mbap = {
    .name = "mbap",
    .transactions = true,
    .registration = search_registration,
    .next = next,
    .wrap = wrap,
    .acknowledge = search_acknowledge,
};
