#include "webapp/packet_parts.h"

#include "shared/base/text.h"
#include "shared/modbus/adu.h"
#include "shared/modbus/crc16.h"

#include <stdbool.h>
#include <stdio.h>

enum { SHOWN_REGISTERS = 16, ADU_LEAST = 4, FC_LAST_READ = FC_READ_INPUT_REGISTERS };

struct packet_field *packet_take(struct packet_fields *out, struct packet_cursor *cursor,
                                 size_t length, const char *name)
{
    struct packet_field *field = &out->items[out->count++];
    *field = (struct packet_field){.offset = cursor->at, .length = length, .name = name};
    cursor->at += length;
    return field;
}

void packet_take_number(struct packet_fields *out, struct packet_cursor *cursor, size_t length,
                        const char *name)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | cursor->bytes[cursor->at + i];
    struct packet_field *field = packet_take(out, cursor, length, name);
    snprintf(field->text, sizeof(field->text), "%llu", (unsigned long long)number);
}

void packet_take_text(struct packet_fields *out, struct packet_cursor *cursor, const char *name)
{
    const uint8_t *from = cursor->bytes + cursor->at;
    size_t length = cursor->end - cursor->at;
    struct packet_field *field = packet_take(out, cursor, length, name);
    text_printable(from, length, field->text, sizeof(field->text));
}

static void take_registers(struct packet_fields *out, struct packet_cursor *cursor, size_t length)
{
    const uint8_t *data = cursor->bytes + cursor->at;
    struct packet_field *field = packet_take(out, cursor, length, "packet.registers");
    size_t used = 0;
    for (size_t i = 0; i + 1 < length && i / 2 < SHOWN_REGISTERS; i += 2)
        used += (size_t)snprintf(field->text + used, sizeof(field->text) - used, "%s%u",
                                 i > 0 ? " " : "", (unsigned)(data[i] << 8 | data[i + 1]));
    if (length / 2 > SHOWN_REGISTERS)
        snprintf(field->text + used, sizeof(field->text) - used, " \xe2\x80\xa6");
}

const char *packet_function_key(uint8_t function)
{
    static const char *const keys[] = {
        [1] = "packet.fc.1", [2] = "packet.fc.2", [3] = "packet.fc.3",   [4] = "packet.fc.4",
        [5] = "packet.fc.5", [6] = "packet.fc.6", [15] = "packet.fc.15", [16] = "packet.fc.16"};
    function &= 0x7f;
    return function < sizeof(keys) / sizeof(*keys) ? keys[function] : NULL;
}

static const char *exception_key(uint8_t code)
{
    static const char *const keys[] = {
        [1] = "packet.exception.1",  [2] = "packet.exception.2", [3] = "packet.exception.3",
        [4] = "packet.exception.4",  [5] = "packet.exception.5", [6] = "packet.exception.6",
        [7] = "packet.exception.7",  [8] = "packet.exception.8", [10] = "packet.exception.10",
        [11] = "packet.exception.11"};
    return code < sizeof(keys) / sizeof(*keys) ? keys[code] : NULL;
}

static void take_crc(struct packet_fields *out, struct packet_cursor *cursor, const uint8_t *frame,
                     size_t len)
{
    uint16_t right = crc16_modbus(frame, len - 2);
    int ok = adu_crc_ok(frame, len);
    struct packet_field *field = packet_take(out, cursor, 2, "packet.crc");
    field->verdict = out->verdict = ok ? PACKET_GOOD : PACKET_BAD;
    field->meaning = ok ? "packet.crc_ok" : "packet.crc_bad";
    if (!ok)
        snprintf(field->text, sizeof(field->text), "%02x %02x", (unsigned)(right & 0xff),
                 (unsigned)(right >> 8));
}

static int writes(uint8_t function)
{
    return function == FC_WRITE_COIL || function == FC_WRITE_REGISTER ||
           function == FC_WRITE_COILS || function == FC_WRITE_REGISTERS;
}

/* A write's answer: where, and what or how many. */
static void take_written(struct packet_fields *out, struct packet_cursor *cursor, uint8_t function)
{
    const uint8_t *body = cursor->bytes + cursor->at;
    bool several = function == FC_WRITE_COILS || function == FC_WRITE_REGISTERS;
    packet_take_number(out, cursor, 2, "packet.start");
    packet_take_number(out, cursor, 2, several ? "packet.count" : "packet.value");
    if (function == FC_WRITE_COIL && body[3] == 0 && (body[2] == 0 || body[2] == 0xff))
        out->items[out->count - 1].meaning = body[2] != 0 ? "packet.on" : "packet.off";
}

static void take_pdu(struct packet_fields *out, struct packet_cursor *cursor, uint8_t function,
                     size_t length)
{
    const uint8_t *body = cursor->bytes + cursor->at;
    if (function & 0x80 && length == 1) {
        packet_take_number(out, cursor, 1, "packet.exception_code");
        out->items[out->count - 1].meaning = exception_key(body[0]);
        out->items[out->count - 1].verdict = PACKET_BAD;
    } else if (function >= 1 && function <= FC_LAST_READ && length > 0 && body[0] == length - 1) {
        packet_take_number(out, cursor, 1, "packet.byte_count");
        if (function >= FC_READ_HOLDING_REGISTERS)
            take_registers(out, cursor, length - 1);
        else
            packet_take(out, cursor, length - 1, "packet.bits");
    } else if (function >= 1 && function <= FC_LAST_READ && length == 4) {
        packet_take_number(out, cursor, 2, "packet.start");
        packet_take_number(out, cursor, 2, "packet.count");
    } else if (writes(function) && length == 4) {
        take_written(out, cursor, function);
    } else if (length > 0) {
        packet_take(out, cursor, length, "packet.payload");
    }
}

static void take_function(struct packet_fields *out, struct packet_cursor *cursor)
{
    uint8_t function = cursor->bytes[cursor->at + 1];
    packet_take_number(out, cursor, 1, "packet.unit");
    packet_take_number(out, cursor, 1, "packet.function");
    out->items[out->count - 1].meaning = packet_function_key(function);
}

void packet_take_mbap_pdu(struct packet_fields *out, struct packet_cursor *cursor)
{
    uint8_t function = cursor->bytes[cursor->at + 1];
    take_function(out, cursor);
    take_pdu(out, cursor, function, cursor->end - cursor->at);
}

void packet_take_adu(struct packet_fields *out, struct packet_cursor *cursor)
{
    const uint8_t *frame = cursor->bytes + cursor->at;
    size_t len = cursor->end - cursor->at;
    if (len < ADU_LEAST) {
        if (len > 0)
            packet_take(out, cursor, len, "packet.payload");
        return;
    }
    take_function(out, cursor);
    take_pdu(out, cursor, frame[1], len - 4);
    take_crc(out, cursor, frame, len);
}
