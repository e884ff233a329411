/*
 * Modbus requests and answers, for a master: the PDU (function and data), and the RTU frame around
 * it (ADU = unit id, PDU, CRC low byte first).
 * Source: Modbus Application Protocol V1.1b3, sections 6.1 to 6.6, 6.11, 6.12 and 7. Pure; any
 * thread.
 */
#ifndef DTUHUB_MODBUS_ADU_H
#define DTUHUB_MODBUS_ADU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    ADU_MAX = 256,                 /* bytes of a whole frame */
    ADU_READ_REQUEST_SIZE = 8,     /* bytes of every read request */
    ADU_MAX_REGISTERS = 125,       /* in one answer to function 03 or 04 */
    ADU_MAX_BITS = 2000,           /* in one answer to function 01 or 02 */
    ADU_MAX_WRITE_REGISTERS = 123, /* in one request of function 16 */
    ADU_MAX_WRITE_BITS = 1968,     /* in one request of function 15 */
    ADU_PDU_MAX = 253,
};

enum adu_function {
    FC_READ_COILS = 1,
    FC_READ_DISCRETE_INPUTS = 2,
    FC_READ_HOLDING_REGISTERS = 3,
    FC_READ_INPUT_REGISTERS = 4,
    FC_WRITE_COIL = 5,
    FC_WRITE_REGISTER = 6,
    FC_WRITE_COILS = 15,
    FC_WRITE_REGISTERS = 16,
};

/**
 * One request, as far as its answer is held against it: the data that functions 15 and 16 carry
 * apart. ${count} is registers, or bits for functions 01, 02 and 15; 1 for 05 and 06.
 */
struct adu_request {
    uint8_t unit;     /* unit id (slave address), 1 to 247 */
    uint8_t function; /* enum adu_function */
    uint16_t start;   /* wire address, 0-based */
    uint16_t count;
    uint16_t value; /* functions 05 (FF00 or 0000) and 06; else 0 */
};

/** adu_writes(function): whether it is 05, 06, 15 or 16. */
bool adu_writes(uint8_t function);

/**
 * adu_build(request, data, out): the RTU frame of any request with its CRC; ${data} is what 15
 * (bits, eight to a byte, the first in the lowest) and 16 (registers, big-endian) write, NULL for
 * the others. Return its length.
 */
size_t adu_build(const struct adu_request *request, const uint8_t *data, uint8_t out[ADU_MAX]);

/** adu_seal(frame, len): append the CRC to the ${len} bytes of ${frame}; return the length with it.
 */
size_t adu_seal(uint8_t *frame, size_t len);

/** adu_build_read(request, out): write the request with its CRC into ${out}. */
void adu_build_read(const struct adu_request *request, uint8_t out[ADU_READ_REQUEST_SIZE]);

/**
 * adu_parse_read(frame, len, out): the other way round, for a slave. 0, or -1 where it is no read
 * request with a right CRC. The count is not judged: 0 or too many is the slave's to refuse, with
 * exception 03.
 */
int adu_parse_read(const uint8_t *frame, size_t len, struct adu_request *out);

/** adu_read_data_size(request): the data bytes a whole answer to ${request} carries. */
size_t adu_read_data_size(const struct adu_request *request);

enum adu_verdict {
    ADU_OK,        /* the answer to the request */
    ADU_EXCEPTION, /* the slave's refusal of it: an answer too */
    ADU_TOO_SHORT, /* less than an exception's five bytes */
    ADU_BAD_CRC,
    ADU_WRONG_UNIT,
    ADU_WRONG_FUNCTION,
    ADU_WRONG_TRANSACTION, /* of a framing with transactions: the answer to another request */
    ADU_WRONG_ECHO,        /* a write's answer names another address, value or count */
    ADU_WRONG_SIZE, /* the byte count does not fit the request, or the frame does not fit the byte
                       count */
};

struct adu_reply {
    const uint8_t *data; /* ADU_OK of a read: the registers, inside of the frame */
    size_t size;         /* ADU_OK: their bytes */
    uint8_t exception;   /* ADU_EXCEPTION: its code */
};

/**
 * adu_check_reply(request, frame, len, out): hold a whole frame against the one outstanding
 * request.
 * ${out} is filled where the verdict is ADU_OK or ADU_EXCEPTION.
 */
enum adu_verdict adu_check_reply(const struct adu_request *request, const uint8_t *frame,
                                 size_t len, struct adu_reply *out);

/**
 * adu_check_pdu(request, unit, pdu, len, out): the same for what a framing without CRC carried.
 */
enum adu_verdict adu_check_pdu(const struct adu_request *request, uint8_t unit, const uint8_t *pdu,
                               size_t len, struct adu_reply *out);

/**
 * adu_answer_size(request, bytes, len): ${bytes} begin, at their first byte, what may be an answer
 * to ${request} in RTU: the bytes that the answer takes with its CRC (which is not looked at), once
 * that is known: an exception's five or the whole's, also where ${len} is less; 0 where too few
 * bytes are there to say; -1 where they begin no answer to it (slave, function, byte count, echoed
 * address, value or count differ).
 */
ssize_t adu_answer_size(const struct adu_request *request, const uint8_t *bytes, size_t len);

/** adu_crc_ok(frame, len): nonzero where the last two bytes are the CRC of those before. */
int adu_crc_ok(const uint8_t *frame, size_t len);

/**
 * adu_build_reply(request, data, out): a slave's answer with ${data} of adu_read_data_size() bytes;
 * returns its length, or 0 where that does not fit a frame.
 */
size_t adu_build_reply(const struct adu_request *request, const uint8_t *data,
                       uint8_t out[ADU_MAX]);

/** adu_build_exception(unit, function, code, out): a slave's refusal; returns its length, 5. */
size_t adu_build_exception(uint8_t unit, uint8_t function, uint8_t code, uint8_t out[ADU_MAX]);

/** adu_exception_name(code): "illegal data address" and the like; never NULL. */
const char *adu_exception_name(uint8_t code);

/** adu_verdict_name(verdict): "wrong CRC" and the like, for log lines; never NULL. */
const char *adu_verdict_name(enum adu_verdict verdict);

#endif
