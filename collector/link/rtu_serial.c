#include "collector/link/rtu_serial.h"

#include <string.h>

enum {
    UNIT_MAX = 247,
    EXCEPTION_FLAG = 0x80,
    EXCEPTION_SIZE = 5,
    EXCEPTION_LAST = 0x0B,
    ECHO_SIZE = 8,   /* the answer to a write */
    AROUND_DATA = 5, /* unit, function, byte count, CRC */
    DATA_MAX = 250,
};

ssize_t rtu_serial_answer_size(const struct expectation *expected, const uint8_t *bytes, size_t len)
{
    ssize_t size = adu_answer_size(&expected->request, bytes, len);
    return size <= ADU_MAX ? size : -1;
}

bool rtu_serial_right(const struct expectation *expected, const uint8_t *bytes, size_t size)
{
    struct adu_reply reply;
    enum adu_verdict verdict = adu_check_reply(&expected->request, bytes, size, &reply);
    return verdict == ADU_OK || verdict == ADU_EXCEPTION;
}

static bool reads(uint8_t function)
{
    return function >= FC_READ_COILS && function <= FC_READ_INPUT_REGISTERS;
}

/* By the byte count: bits come in any number of bytes, registers in pairs. */
static ssize_t read_size(uint8_t function, uint8_t count)
{
    bool pairs = function == FC_READ_HOLDING_REGISTERS || function == FC_READ_INPUT_REGISTERS;
    if (count == 0 || count > DATA_MAX || (pairs && count % 2 != 0))
        return -1;
    return AROUND_DATA + count;
}

ssize_t rtu_serial_foreign_size(const uint8_t *bytes, size_t len)
{
    if (len > 0 && (bytes[0] == 0 || bytes[0] > UNIT_MAX))
        return -1;
    if (len < 2)
        return 0;
    uint8_t function = bytes[1] & (uint8_t)~EXCEPTION_FLAG;
    if (!reads(function) && !adu_writes(function))
        return -1;
    if (bytes[1] == function && adu_writes(function))
        return ECHO_SIZE;
    if (len < 3)
        return 0;
    if (bytes[1] == function)
        return read_size(function, bytes[2]);
    return bytes[2] >= 1 && bytes[2] <= EXCEPTION_LAST ? EXCEPTION_SIZE : -1;
}

bool rtu_serial_foreign_right(const uint8_t *bytes, size_t size)
{
    return adu_crc_ok(bytes, size);
}

void rtu_serial_put(const uint8_t *bytes, size_t size, struct frame *frame)
{
    frame->adu_size = size < ADU_MAX ? size : ADU_MAX;
    memcpy(frame->adu, bytes, frame->adu_size);
    frame->intact = adu_crc_ok(frame->adu, frame->adu_size);
    frame->transaction = 0;
}
