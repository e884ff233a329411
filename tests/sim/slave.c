#include "tests/sim/slave.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    ILLEGAL_FUNCTION = 0x01,
    ILLEGAL_ADDRESS = 0x02,
    ILLEGAL_VALUE = 0x03,
    TARGET_FAILED = 0x0B,
    ADDRESSES = 0x10000,
    WRITE_ECHO = 6, /* bytes of a write that its answer repeats */
    /* Registers of the longest point: so far before a range one may begin that reaches into it. */
    MARGIN = REG_STRING_MAX / 2,
    MARGIN_SIZE = 2 * MARGIN,
    IMAGE_SIZE = MARGIN_SIZE + 2 * ADU_MAX_REGISTERS + MARGIN_SIZE,
};

struct slave {
    const struct profile *profile;
    struct slave_options options;
    struct waveform *waveforms; /* one a point of the profile, in its order */
    bool *coils;                /* the same: it is no point of registers */
};

bool *slave_coil_points(const struct profile *profile)
{
    bool *coils = xcalloc(profile->npoints + 1, sizeof(*coils));
    for (size_t i = 0; i < profile->ntasks; i++) {
        const struct query_task *task = &profile->tasks[i];
        bool bits = task->request.function <= FC_READ_DISCRETE_INPUTS;
        for (size_t j = 0; bits && j < task->npoints; j++)
            coils[task->points[j].point - profile->points] = true;
    }
    return coils;
}

struct slave *slave_new(const struct profile *profile, const struct slave_options *options)
{
    struct slave *slave = xcalloc(1, sizeof(*slave));
    struct waveform *waveforms = xcalloc(profile->npoints + 1, sizeof(*waveforms));
    *slave = (struct slave){
        .profile = profile,
        .options = *options,
        .waveforms = waveforms,
        .coils = slave_coil_points(profile),
    };
    for (size_t i = 0; i < profile->npoints; i++)
        waveforms[i] = waveform_for(profile->points[i].name);
    return slave;
}

void slave_free(struct slave *slave)
{
    if (slave == NULL)
        return;
    free(slave->waveforms);
    free(slave->coils);
    free(slave);
}

size_t slave_first_point(const struct profile *profile, uint32_t address)
{
    size_t low = 0, high = profile->npoints;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (profile->points[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint16_t slave_unique(uint64_t n, uint32_t address)
{
    enum { PRIME = 65521, STEP = 131 };
    return (uint16_t)((n % PRIME * STEP + address) % PRIME);
}

/*
 * Registers of ${request}, with a margin on both sides: points are encoded whole, so half a point
 * at an edge has the bytes it would have in the middle. Where points lie on one another the later
 * one wins, except that bits leave the other bits as they are.
 */
static void fill(const struct slave *slave, const struct adu_request *request,
                 const struct waveform_moment *moment, uint8_t image[IMAGE_SIZE])
{
    const struct profile *profile = slave->profile;
    uint32_t start = request->start, end = start + request->count;
    memset(image, 0, IMAGE_SIZE);
    size_t i = slave_first_point(profile, start > MARGIN ? start - MARGIN : 0);
    for (; i < profile->npoints && profile->points[i].address < end; i++) {
        const struct point_def *point = &profile->points[i];
        if (slave->coils[i] || !slave_reads_point(point, request))
            continue;
        double number = waveform_number(&slave->waveforms[i], point, moment);
        reg_encode(&point->type, number, image + 2 * (point->address + MARGIN - start));
    }
}

static void fill_unique(const struct adu_request *request, uint64_t n, uint8_t *data)
{
    for (uint32_t i = 0; i < request->count; i++) {
        uint16_t value = slave_unique(n, request->start + i);
        data[2 * i] = (uint8_t)(value >> 8);
        data[2 * i + 1] = (uint8_t)value;
    }
}

static void serve_registers(const struct slave *slave, const struct slave_query *query,
                            struct slave_answer *out)
{
    uint8_t image[IMAGE_SIZE], *data = image + MARGIN_SIZE;
    const struct adu_request *request = &out->request;
    if (slave->options.unique)
        fill_unique(request, query->moment->poll, data);
    else
        fill(slave, request, query->moment, image);
    struct memory_place first = {request->unit, MEMORY_REGISTERS, request->start};
    memory_overlay(query->memory, first, request->count, data);
    out->kind = SLAVE_REGISTERS;
    out->len = adu_build_reply(request, data, out->frame);
}

static void put_bit(uint8_t *bits, uint32_t i, bool on)
{
    unsigned bit = 1U << i % 8;
    bits[i / 8] = (uint8_t)((bits[i / 8] & ~bit) | (on ? bit : 0));
}

/* The coils of one point of a task, as far as ${request} reads them: it lies in whole bytes of the
 * task's answer. */
static void fill_coils(const struct slave *slave, const struct query_task *task,
                       const struct task_point *place, const struct slave_query *query,
                       const struct adu_request *request, uint8_t *bits)
{
    const struct point_def *point = place->point;
    size_t i = (size_t)(point - slave->profile->points);
    uint8_t bytes[8] = {0};
    reg_encode(&point->type, waveform_number(&slave->waveforms[i], point, query->moment), bytes);
    for (uint32_t bit = point->type.bit_first; bit < 8U * point->type.size; bit++) {
        uint32_t coil = task->request.start + 8U * place->offset + bit;
        if (bit >= (uint32_t)point->type.bit_first + point->type.bit_count)
            break;
        if (coil >= request->start && coil < (uint32_t)request->start + request->count)
            put_bit(bits, coil - request->start, bytes[bit / 8] >> bit % 8 & 1);
    }
}

static void serve_bits(const struct slave *slave, const struct slave_query *query,
                       struct slave_answer *out)
{
    uint8_t bits[(ADU_MAX_BITS + 7) / 8] = {0};
    const struct adu_request *request = &out->request;
    const struct profile *profile = slave->profile;
    for (uint32_t i = 0; slave->options.unique && i < request->count; i++) {
        uint32_t coil = request->start + i;
        put_bit(bits, i, slave_unique(query->moment->poll, coil / 16) >> coil % 16 & 1);
    }
    for (size_t i = 0; !slave->options.unique && i < profile->ntasks; i++) {
        const struct query_task *task = &profile->tasks[i];
        if (task->request.unit != request->unit || task->request.function != request->function)
            continue;
        for (size_t j = 0; j < task->npoints; j++)
            fill_coils(slave, task, &task->points[j], query, request, bits);
    }
    struct memory_place first = {request->unit, MEMORY_COILS, request->start};
    memory_overlay(query->memory, first, request->count, bits);
    out->kind = SLAVE_REGISTERS;
    out->len = adu_build_reply(request, bits, out->frame);
}

static void refuse(struct slave_answer *out, uint8_t code)
{
    out->kind = SLAVE_EXCEPTION;
    out->code = code;
    out->len = adu_build_exception(out->request.unit, out->request.function, code, out->frame);
}

static void serve_read(const struct slave *slave, const struct slave_query *query,
                       struct slave_answer *out)
{
    const struct adu_request *request = &out->request;
    bool bits = request->function <= FC_READ_DISCRETE_INPUTS;
    if (request->count == 0 || request->count > (bits ? ADU_MAX_BITS : ADU_MAX_REGISTERS))
        refuse(out, ILLEGAL_VALUE);
    else if ((uint32_t)request->start + request->count > ADDRESSES)
        refuse(out, ILLEGAL_ADDRESS);
    else if (bits)
        serve_bits(slave, query, out);
    else
        serve_registers(slave, query, out);
}

static uint16_t get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* The write in a frame with a right CRC. 0, or -1 where it contradicts itself. */
static int parse_write(const struct slave_query *query, struct slave_answer *out)
{
    enum { ONE_SIZE = 8, HEAD = 7, CRC = 2 };
    const uint8_t *bytes = query->bytes;
    struct adu_request *request = &out->request;
    uint8_t function = request->function;
    bool one = function == FC_WRITE_COIL || function == FC_WRITE_REGISTER;
    if (query->len < ONE_SIZE)
        return -1;
    request->start = get_u16(bytes + 2);
    request->count = one ? 1 : get_u16(bytes + 4);
    if (one) {
        request->value = get_u16(bytes + 4);
        out->written = bytes + 4;
        out->written_size = 2;
        bool sound = function != FC_WRITE_COIL || request->value == 0 || request->value == 0xFF00;
        return query->len == ONE_SIZE && sound ? 0 : -1;
    }
    uint16_t most = function == FC_WRITE_COILS ? ADU_MAX_WRITE_BITS : ADU_MAX_WRITE_REGISTERS;
    size_t size = function == FC_WRITE_COILS ? (request->count + 7U) / 8 : 2U * request->count;
    if (request->count == 0 || request->count > most || bytes[6] != size ||
        query->len != HEAD + size + CRC)
        return -1;
    out->written = bytes + HEAD;
    out->written_size = (uint8_t)size;
    return 0;
}

static void keep(const struct slave_answer *answer, struct memory *memory)
{
    const struct adu_request *request = &answer->request;
    uint8_t function = request->function;
    bool coils = function == FC_WRITE_COIL || function == FC_WRITE_COILS;
    struct memory_place place = {request->unit, coils ? MEMORY_COILS : MEMORY_REGISTERS,
                                 request->start};
    for (uint32_t i = 0; i < request->count; i++, place.address++) {
        /* FF00 of a single coil has its bit in the same place. */
        bool on = coils && (answer->written[i / 8] >> i % 8 & 1) != 0;
        memory_write(memory, place, coils ? on : get_u16(answer->written + 2 * i));
    }
}

static void serve_write(const struct slave *slave, const struct slave_query *query,
                        struct slave_answer *out)
{
    const struct adu_request *request = &out->request;
    if (parse_write(query, out) < 0) {
        refuse(out, ILLEGAL_VALUE);
    } else if (slave->options.reject_writes ||
               (uint32_t)request->start + request->count > ADDRESSES) {
        refuse(out, ILLEGAL_ADDRESS);
    } else {
        if (!slave->options.forget_writes)
            keep(out, query->memory);
        out->kind = SLAVE_WRITTEN;
        memcpy(out->frame, query->bytes, WRITE_ECHO);
        out->len = adu_seal(out->frame, WRITE_ECHO);
    }
}

void slave_serve(const struct slave *slave, const struct slave_query *query,
                 struct slave_answer *out)
{
    const uint8_t *bytes = query->bytes;
    out->kind = SLAVE_SILENT;
    out->len = 0;
    if (query->len < 4 || !adu_crc_ok(bytes, query->len) || bytes[0] == 0)
        return;
    out->request = (struct adu_request){.unit = bytes[0], .function = bytes[1]};
    bool is_read = adu_parse_read(bytes, query->len, &out->request) == 0;
    uint8_t unit = out->request.unit;

    if (units_have(&slave->options.dead, unit))
        return;
    if (!units_have(&slave->options.units, unit)) {
        if (slave->options.absent == SLAVE_ABSENT_EXCEPTION)
            refuse(out, TARGET_FAILED);
    } else if (is_read) {
        serve_read(slave, query, out);
    } else if (adu_writes(out->request.function)) {
        serve_write(slave, query, out);
    } else {
        refuse(out, ILLEGAL_FUNCTION);
    }
}
