/*
 * Modbus replies, requests and values from hostile bytes. Input: two bytes of type (kind and order,
 * size), then eight bytes that are read as a request, then the frame.
 */
#include "shared/modbus/adu.h"
#include "shared/modbus/regtype.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_SIZE = 2, HEAD_SIZE = TYPE_SIZE + ADU_READ_REQUEST_SIZE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Whatever the request is, an accepted answer lies inside of the frame and has the size asked for.
 */
static void check_reply(const struct adu_request *request, const uint8_t *frame, size_t len)
{
    struct adu_reply reply;
    enum adu_verdict verdict = adu_check_reply(request, frame, len, &reply);
    require(adu_verdict_name(verdict)[0] != '\0');
    if (verdict == ADU_EXCEPTION)
        require(adu_exception_name(reply.exception)[0] != '\0');
    if (verdict != ADU_OK)
        return;
    require(reply.size == adu_read_data_size(request));
    require(reply.data == frame + 3 && reply.size + 5 == len);

    uint8_t again[ADU_MAX];
    require(adu_build_reply(request, reply.data, again) == len);
    require(memcmp(again, frame, len) == 0);
}

/* A fuzzer hardly finds a CRC: give the frame a right one, and the request's unit and function. */
static void check_repaired(const struct adu_request *request, const uint8_t *frame, size_t len)
{
    uint8_t copy[ADU_MAX];
    struct adu_request shape = {.function = FC_READ_HOLDING_REGISTERS,
                                .count = (uint16_t)(len / 2 % ADU_MAX_REGISTERS)};
    if (len < 2 * (size_t)shape.count)
        return;
    size_t whole = adu_build_reply(&shape, frame, copy);
    require(whole > 0);
    check_reply(&shape, copy, whole);
    check_reply(request, copy, whole);
    if (len > 0) {
        whole = adu_build_exception(request->unit, request->function & 0x7F, frame[0], copy);
        check_reply(request, copy, whole);
    }
}

static void check_value(const uint8_t *type_bytes, const uint8_t *frame, size_t len)
{
    struct reg_type type = {.kind = (enum reg_kind)(type_bytes[0] % (REG_BCD + 1)),
                            .order = (enum word_order)(type_bytes[0] >> 4 & 3)};
    if (type.kind == REG_STRING)
        type.size = (uint8_t)(2 + 2 * (type_bytes[1] % (REG_STRING_MAX / 2)));
    else if (type.kind == REG_FLOAT)
        type.size = type_bytes[1] & 1 ? 8 : 4;
    else
        type.size = (uint8_t)(2 << (type_bytes[1] % (type.kind == REG_BITS ? 2 : 3)));
    if (type.kind == REG_BITS) {
        type.bit_first = (uint8_t)(type_bytes[1] >> 3 & (8 * type.size - 1));
        type.bit_count = (uint8_t)(8 * type.size - type.bit_first);
    }
    if (len < type.size)
        return;
    struct reg_value value, again;
    reg_decode(&type, frame, &value);
    require(strlen(value.text) < sizeof(value.text));
    require(value.has_raw == (type.size <= 8));
    if (!value.has_number)
        return;
    require(isfinite(value.number));

    /* Encoding what was decoded decodes to the same number. */
    uint8_t bytes[REG_STRING_MAX] = {0};
    reg_encode(&type, value.number, bytes);
    reg_decode(&type, bytes, &again);
    require(again.has_number && again.number == value.number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < HEAD_SIZE)
        return 0;
    const uint8_t *head = data + TYPE_SIZE;
    struct adu_request request;
    if (adu_parse_read(head, ADU_READ_REQUEST_SIZE, &request) < 0) {
        request = (struct adu_request){.unit = head[0],
                                       .function = (uint8_t)(1 + head[1] % 4),
                                       .start = (uint16_t)(head[2] << 8 | head[3]),
                                       .count = (uint16_t)(head[4] << 8 | head[5])};
    }
    /* An exact copy, so that a read past the end is seen. */
    size_t rest = len - HEAD_SIZE;
    uint8_t *frame = malloc(rest ? rest : 1);
    require(frame != NULL);
    memcpy(frame, data + HEAD_SIZE, rest);
    check_reply(&request, frame, rest);
    check_repaired(&request, frame, rest);
    check_value(data, frame, rest);
    free(frame);
    return 0;
}
