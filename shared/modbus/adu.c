#include "shared/modbus/adu.h"

#include "shared/modbus/crc16.h"

#include <string.h>

enum {
    HEAD_SIZE = 3, /* unit, function, byte count */
    CRC_SIZE = 2,
    EXCEPTION_SIZE = 5,
    EXCEPTION_FLAG = 0x80,
    ECHO_PDU_SIZE = 5, /* of the answer to a write */
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

size_t adu_seal(uint8_t *frame, size_t len)
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

void adu_build_read(const struct adu_request *request, uint8_t out[ADU_READ_REQUEST_SIZE])
{
    out[0] = request->unit;
    out[1] = request->function;
    put_u16(out + 2, request->start);
    put_u16(out + 4, request->count);
    adu_seal(out, 6);
}

bool adu_writes(uint8_t function)
{
    return function == FC_WRITE_COIL || function == FC_WRITE_REGISTER ||
           function == FC_WRITE_COILS || function == FC_WRITE_REGISTERS;
}

static bool writes_one(uint8_t function)
{
    return function == FC_WRITE_COIL || function == FC_WRITE_REGISTER;
}

/* The bytes that a write of several carries behind its count. */
static size_t written_size(const struct adu_request *request)
{
    if (request->function == FC_WRITE_COILS)
        return ((size_t)request->count + 7) / 8;
    return request->function == FC_WRITE_REGISTERS ? 2 * (size_t)request->count : 0;
}

size_t adu_build(const struct adu_request *request, const uint8_t *data, uint8_t out[ADU_MAX])
{
    size_t size = written_size(request), len = 6;
    out[0] = request->unit;
    out[1] = request->function;
    put_u16(out + 2, request->start);
    put_u16(out + 4, writes_one(request->function) ? request->value : request->count);
    if (size > 0) {
        out[len++] = (uint8_t)size;
        memcpy(out + len, data, size);
        len += size;
    }
    return adu_seal(out, len);
}

int adu_parse_read(const uint8_t *frame, size_t len, struct adu_request *out)
{
    if (len != ADU_READ_REQUEST_SIZE || !adu_crc_ok(frame, len))
        return -1;
    if (frame[1] < FC_READ_COILS || frame[1] > FC_READ_INPUT_REGISTERS)
        return -1;
    *out = (struct adu_request){
        .unit = frame[0],
        .function = frame[1],
        .start = get_u16(frame + 2),
        .count = get_u16(frame + 4),
    };
    return 0;
}

size_t adu_read_data_size(const struct adu_request *request)
{
    if (reads_bits(request->function))
        return ((size_t)request->count + 7) / 8;
    return (size_t)request->count * 2;
}

/* The PDU of an answer to a write echoes what was asked. */
static enum adu_verdict check_echo(const struct adu_request *request, const uint8_t *pdu,
                                   size_t len)
{
    if (len != ECHO_PDU_SIZE)
        return ADU_WRONG_SIZE;
    uint16_t echoed = writes_one(request->function) ? request->value : request->count;
    return get_u16(pdu + 1) == request->start && get_u16(pdu + 3) == echoed ? ADU_OK
                                                                            : ADU_WRONG_ECHO;
}

enum adu_verdict adu_check_pdu(const struct adu_request *request, uint8_t unit, const uint8_t *pdu,
                               size_t len, struct adu_reply *out)
{
    *out = (struct adu_reply){0};
    if (len < 2)
        return ADU_TOO_SHORT;
    if (unit != request->unit)
        return ADU_WRONG_UNIT;
    if (pdu[0] == (request->function | EXCEPTION_FLAG)) {
        if (len != 2)
            return ADU_WRONG_SIZE;
        out->exception = pdu[1];
        return ADU_EXCEPTION;
    }
    if (pdu[0] != request->function)
        return ADU_WRONG_FUNCTION;
    if (adu_writes(request->function))
        return check_echo(request, pdu, len);
    size_t size = adu_read_data_size(request);
    if (pdu[1] != size || len != 2 + size)
        return ADU_WRONG_SIZE;
    *out = (struct adu_reply){.data = pdu + 2, .size = size};
    return ADU_OK;
}

enum adu_verdict adu_check_reply(const struct adu_request *request, const uint8_t *frame,
                                 size_t len, struct adu_reply *out)
{
    if (len < EXCEPTION_SIZE)
        return ADU_TOO_SHORT;
    if (!adu_crc_ok(frame, len))
        return ADU_BAD_CRC;
    return adu_check_pdu(request, frame[0], frame + 1, len - 1 - CRC_SIZE, out);
}

ssize_t adu_answer_size(const struct adu_request *request, const uint8_t *bytes, size_t len)
{
    if (len > 0 && bytes[0] != request->unit)
        return -1;
    if (len < 2)
        return 0;
    if (bytes[1] == (request->function | EXCEPTION_FLAG))
        return EXCEPTION_SIZE;
    if (bytes[1] != request->function)
        return -1;
    if (!adu_writes(request->function)) {
        size_t size = adu_read_data_size(request);
        if (len < HEAD_SIZE)
            return 0;
        return bytes[2] == size ? (ssize_t)(HEAD_SIZE + size + CRC_SIZE) : -1;
    }
    uint8_t echo[4];
    put_u16(echo, request->start);
    put_u16(echo + 2, writes_one(request->function) ? request->value : request->count);
    size_t there = len - 2 < sizeof(echo) ? len - 2 : sizeof(echo);
    if (memcmp(bytes + 2, echo, there) != 0)
        return -1;
    return there == sizeof(echo) ? 1 + ECHO_PDU_SIZE + CRC_SIZE : 0;
}

size_t adu_build_reply(const struct adu_request *request, const uint8_t *data, uint8_t out[ADU_MAX])
{
    size_t size = adu_read_data_size(request);
    if (size > ADU_MAX - HEAD_SIZE - CRC_SIZE)
        return 0;
    out[0] = request->unit;
    out[1] = request->function;
    out[2] = (uint8_t)size;
    memcpy(out + HEAD_SIZE, data, size);
    return adu_seal(out, HEAD_SIZE + size);
}

size_t adu_build_exception(uint8_t unit, uint8_t function, uint8_t code, uint8_t out[ADU_MAX])
{
    out[0] = unit;
    out[1] = function | EXCEPTION_FLAG;
    out[2] = code;
    return adu_seal(out, 3);
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
    case ADU_WRONG_TRANSACTION:
        return "wrong transaction";
    case ADU_WRONG_ECHO:
        return "wrong echo of a write";
    case ADU_WRONG_SIZE:
        return "wrong byte count";
    }
    return "unknown verdict";
}
