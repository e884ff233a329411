/*
 * Modbus RTU frames (ADU = unit id, PDU, CRC low byte first) for a master that reads.
 * Source: Modbus Application Protocol V1.1b3, sections 6.1 to 6.4 and 7. Pure; any thread.
 */
#ifndef DTUHUB_MODBUS_ADU_H
#define DTUHUB_MODBUS_ADU_H

#include <stddef.h>
#include <stdint.h>

enum {
    ADU_MAX = 256,             /* bytes of a whole frame */
    ADU_READ_REQUEST_SIZE = 8, /* bytes of every read request */
    ADU_MAX_REGISTERS = 125,   /* in one answer to function 03 or 04 */
    ADU_MAX_BITS = 2000,       /* in one answer to function 01 or 02 */
};

enum adu_function {
    FC_READ_COILS = 1,
    FC_READ_DISCRETE_INPUTS = 2,
    FC_READ_HOLDING_REGISTERS = 3,
    FC_READ_INPUT_REGISTERS = 4,
};

/** One read request. ${count} is registers, or bits for functions 01 and 02. */
struct adu_read {
    uint8_t unit;     /* unit id (slave address), 1 to 247 */
    uint8_t function; /* enum adu_function */
    uint16_t start;   /* wire address, 0-based */
    uint16_t count;
};

/** adu_build_read(request, out): write the request with its CRC into ${out}. */
void adu_build_read(const struct adu_read *request, uint8_t out[ADU_READ_REQUEST_SIZE]);

/**
 * adu_parse_read(frame, len, out): the other way round, for a slave. 0, or -1 where it is no read
 * request with a right CRC. The count is not judged: 0 or too many is the slave's to refuse, with
 * exception 03.
 */
int adu_parse_read(const uint8_t *frame, size_t len, struct adu_read *out);

/** adu_read_data_size(request): the data bytes a whole answer to ${request} carries. */
size_t adu_read_data_size(const struct adu_read *request);

enum adu_verdict {
    ADU_OK,        /* the answer to the request */
    ADU_EXCEPTION, /* the slave's refusal of it: an answer too */
    ADU_TOO_SHORT, /* less than an exception's five bytes */
    ADU_BAD_CRC,
    ADU_WRONG_UNIT,
    ADU_WRONG_FUNCTION,
    ADU_WRONG_SIZE, /* the byte count does not fit the request, or the frame does not fit the byte
                       count */
};

struct adu_reply {
    const uint8_t *data; /* ADU_OK: the registers, inside of the frame */
    size_t size;         /* ADU_OK: their bytes */
    uint8_t exception;   /* ADU_EXCEPTION: its code */
};

/**
 * adu_check_reply(request, frame, len, out): hold a whole frame against the one outstanding
 * request.
 * ${out} is filled where the verdict is ADU_OK or ADU_EXCEPTION.
 */
enum adu_verdict adu_check_reply(const struct adu_read *request, const uint8_t *frame, size_t len,
                                 struct adu_reply *out);

/** adu_crc_ok(frame, len): nonzero where the last two bytes are the CRC of those before. */
int adu_crc_ok(const uint8_t *frame, size_t len);

/**
 * adu_build_reply(request, data, out): a slave's answer with ${data} of adu_read_data_size() bytes;
 * returns its length, or 0 where that does not fit a frame.
 */
size_t adu_build_reply(const struct adu_read *request, const uint8_t *data, uint8_t out[ADU_MAX]);

/** adu_build_exception(unit, function, code, out): a slave's refusal; returns its length, 5. */
size_t adu_build_exception(uint8_t unit, uint8_t function, uint8_t code, uint8_t out[ADU_MAX]);

/** adu_exception_name(code): "illegal data address" and the like; never NULL. */
const char *adu_exception_name(uint8_t code);

/** adu_verdict_name(verdict): "wrong CRC" and the like, for log lines; never NULL. */
const char *adu_verdict_name(enum adu_verdict verdict);

#endif
