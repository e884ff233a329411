#include "shared/modbus/adu.h"

#include "shared/modbus/crc16.h"

#include <string.h>

enum {
    HEAD_SIZE = 3, /* unit, function, byte count */
    CRC_SIZE = 2,
    EXCEPTION_SIZE = 5,
    EXCEPTION_FLAG = 0x80,
};

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Append the CRC to the ${len} bytes of ${frame}; return the length with it. */
static size_t seal(uint8_t *frame, size_t len)
{
    uint16_t crc = crc16_modbus(frame, len);
    frame[len] = (uint8_t)crc;
    frame[len + 1] = (uint8_t)(crc >> 8);
    return len + CRC_SIZE;
}

static int reads_bits(uint8_t function)
{
    return function == FC_READ_COILS || function == FC_READ_DISCRETE_INPUTS;
}

int adu_crc_ok(const uint8_t *frame, size_t len)
{
    if (len < CRC_SIZE + 1)
        return 0;
    uint16_t crc = crc16_modbus(frame, len - CRC_SIZE);
    return frame[len - 2] == (uint8_t)crc && frame[len - 1] == (uint8_t)(crc >> 8);
}

void adu_build_read(const struct adu_read *request, uint8_t out[ADU_READ_REQUEST_SIZE])
{
    out[0] = request->unit;
    out[1] = request->function;
    put_u16(out + 2, request->start);
    put_u16(out + 4, request->count);
    seal(out, 6);
}

int adu_parse_read(const uint8_t *frame, size_t len, struct adu_read *out)
{
    if (len != ADU_READ_REQUEST_SIZE || !adu_crc_ok(frame, len))
        return -1;
    if (frame[1] < FC_READ_COILS || frame[1] > FC_READ_INPUT_REGISTERS)
        return -1;
    *out = (struct adu_read){
        .unit = frame[0],
        .function = frame[1],
        .start = get_u16(frame + 2),
        .count = get_u16(frame + 4),
    };
    return 0;
}

size_t adu_read_data_size(const struct adu_read *request)
{
    if (reads_bits(request->function))
        return ((size_t)request->count + 7) / 8;
    return (size_t)request->count * 2;
}

enum adu_verdict adu_check_reply(const struct adu_read *request, const uint8_t *frame, size_t len,
                                 struct adu_reply *out)
{
    if (len < EXCEPTION_SIZE)
        return ADU_TOO_SHORT;
    if (!adu_crc_ok(frame, len))
        return ADU_BAD_CRC;
    if (frame[0] != request->unit)
        return ADU_WRONG_UNIT;
    if (frame[1] == (request->function | EXCEPTION_FLAG)) {
        if (len != EXCEPTION_SIZE)
            return ADU_WRONG_SIZE;
        *out = (struct adu_reply){.exception = frame[2]};
        return ADU_EXCEPTION;
    }
    if (frame[1] != request->function)
        return ADU_WRONG_FUNCTION;
    size_t size = adu_read_data_size(request);
    if (frame[2] != size || len != HEAD_SIZE + size + CRC_SIZE)
        return ADU_WRONG_SIZE;
    *out = (struct adu_reply){.data = frame + HEAD_SIZE, .size = size};
    return ADU_OK;
}

size_t adu_build_reply(const struct adu_read *request, const uint8_t *data, uint8_t out[ADU_MAX])
{
    size_t size = adu_read_data_size(request);
    if (size > ADU_MAX - HEAD_SIZE - CRC_SIZE)
        return 0;
    out[0] = request->unit;
    out[1] = request->function;
    out[2] = (uint8_t)size;
    memcpy(out + HEAD_SIZE, data, size);
    return seal(out, HEAD_SIZE + size);
}

size_t adu_build_exception(uint8_t unit, uint8_t function, uint8_t code, uint8_t out[ADU_MAX])
{
    out[0] = unit;
    out[1] = function | EXCEPTION_FLAG;
    out[2] = code;
    return seal(out, 3);
}

const char *adu_exception_name(uint8_t code)
{
    static const char *const names[] = {
        [0x01] = "illegal function",
        [0x02] = "illegal data address",
        [0x03] = "illegal data value",
        [0x04] = "server device failure",
        [0x05] = "acknowledge",
        [0x06] = "server device busy",
        [0x07] = "negative acknowledge",
        [0x08] = "memory parity error",
        [0x0A] = "gateway path unavailable",
        [0x0B] = "gateway target failed to respond",
    };
    if (code >= sizeof(names) / sizeof(*names) || names[code] == NULL)
        return "unknown exception";
    return names[code];
}

const char *adu_verdict_name(enum adu_verdict verdict)
{
    switch (verdict) {
    case ADU_OK:
        return "answer";
    case ADU_EXCEPTION:
        return "exception";
    case ADU_TOO_SHORT:
        return "frame too short";
    case ADU_BAD_CRC:
        return "wrong CRC";
    case ADU_WRONG_UNIT:
        return "wrong unit id";
    case ADU_WRONG_FUNCTION:
        return "wrong function";
    case ADU_WRONG_SIZE:
        return "wrong byte count";
    }
    return "unknown verdict";
}
