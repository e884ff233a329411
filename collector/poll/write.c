#include "collector/poll/write.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES = 65536 };

static bool writes_coils(uint32_t function)
{
    return function == FC_WRITE_COIL || function == FC_WRITE_COILS;
}

static bool writes_one(uint32_t function)
{
    return function == FC_WRITE_COIL || function == FC_WRITE_REGISTER;
}

/* The fewest digits that give the same number again: 15 do for whatever a person types. */
char *write_number_text(double number, char text[WRITE_NUMBER_SIZE])
{
    snprintf(text, WRITE_NUMBER_SIZE, "%.15g", number);
    if (isfinite(number) && strtod(text, NULL) != number)
        snprintf(text, WRITE_NUMBER_SIZE, "%.17g", number);
    return text;
}

#define REFUSE(...) (snprintf(error, size, __VA_ARGS__), -1)

/* What a type holds, before scaling: from ${low} to below ${end}, in whole numbers. */
struct span {
    double low, end;
};

static struct span span_of(const struct reg_type *type)
{
    int bits = 8 * type->size;
    switch (type->kind) {
    case REG_INT:
        return (struct span){-ldexp(1, bits - 1), ldexp(1, bits - 1)};
    case REG_BCD:
        return (struct span){0, pow(10, 2 * type->size)};
    case REG_BITS:
        return (struct span){0, ldexp(1, type->bit_count)};
    default:
        return (struct span){0, ldexp(1, bits)};
    }
}

/* The inverse of reg_scale(), which divides where that is the exact way. */
static double unscaled(const struct point_def *point, double value)
{
    return (value - point->offset) / point->scale;
}

static double decoded(const struct point_def *point, const struct reg_type *type,
                      const uint8_t *data)
{
    struct reg_value value;
    reg_decode(type, data, &value);
    return reg_scale(value.number, point->scale, point->offset);
}

/* Whether ${got} is ${value}, but for the last bits that scaling costs. */
static bool same(const struct point_def *point, double got, double value)
{
    double size = fmax(fabs(value), fmax(fabs(got), fabs(point->offset)));
    return fabs(got - value) <= 8 * DBL_EPSILON * size;
}

/* Whether ${got} is shown as ${value}, which has no more decimals than are shown. */
static bool shown_as(const struct point_def *point, double got, double value)
{
    if (point->decimals < 0)
        return false;
    double tens = pow(10, point->decimals), wanted = round(value * tens);
    return fabs(value * tens - wanted) <= 1e-6 && round(got * tens) == wanted;
}

static int refuse_range(const struct point_def *point, const struct reg_type *type, double value,
                        char *error, size_t size)
{
    struct span span = span_of(type);
    char asked[WRITE_NUMBER_SIZE], low[WRITE_NUMBER_SIZE], high[WRITE_NUMBER_SIZE];
    double a = reg_scale(span.low, point->scale, point->offset);
    double b = reg_scale(span.end - 1, point->scale, point->offset);
    if (writes_coils(point->write_function) && type->bit_count == 1)
        return REFUSE("%s: %s is no value of a coil: write %s or %s", point->name,
                      write_number_text(value, asked), write_number_text(fmin(a, b), low),
                      write_number_text(fmax(a, b), high));
    if (writes_coils(point->write_function))
        return REFUSE("%s: %s does not fit into its %u coils: they hold %s to %s", point->name,
                      write_number_text(value, asked), (unsigned)type->bit_count,
                      write_number_text(fmin(a, b), low), write_number_text(fmax(a, b), high));
    return REFUSE("%s: %s does not fit into its %u bytes: they hold %s to %s", point->name,
                  write_number_text(value, asked), (unsigned)type->size,
                  write_number_text(fmin(a, b), low), write_number_text(fmax(a, b), high));
}

/* An integer type: the nearest whole number, and it must show the value. */
static int encode_whole(const struct point_def *point, const struct reg_type *type, double value,
                        uint8_t *data, char *error, size_t size)
{
    struct span span = span_of(type);
    double whole = round(unscaled(point, value));
    char asked[WRITE_NUMBER_SIZE], step[WRITE_NUMBER_SIZE], near[WRITE_NUMBER_SIZE];
    if (!(whole >= span.low && whole < span.end))
        return refuse_range(point, type, value, error, size);
    reg_encode(type, whole, data);
    double got = decoded(point, type, data);
    if (same(point, got, value) || shown_as(point, got, value))
        return 0;
    return REFUSE("%s: %s lies between two steps: it goes in steps of %s, and the nearest is %s",
                  point->name, write_number_text(value, asked),
                  write_number_text(fabs(point->scale), step), write_number_text(got, near));
}

static int encode_float(const struct point_def *point, const struct reg_type *type, double value,
                        uint8_t *data, char *error, size_t size)
{
    double number = unscaled(point, value);
    char asked[WRITE_NUMBER_SIZE];
    if (!(fabs(number) <= (type->size == 4 ? (double)FLT_MAX : DBL_MAX)))
        return REFUSE("%s: %s is beyond what a float of %u bytes holds", point->name,
                      write_number_text(value, asked), (unsigned)type->size);
    reg_encode(type, number, data);
    return 0;
}

static int encode(const struct point_def *point, const struct reg_type *type, double value,
                  uint8_t *data, char *error, size_t size)
{
    return type->kind == REG_FLOAT ? encode_float(point, type, value, data, error, size)
                                   : encode_whole(point, type, value, data, error, size);
}

/* Coils as a number of their own, the first in the lowest bit: one, two or four bytes of them. */
static struct reg_type coils_type(unsigned count)
{
    struct reg_type type = {.kind = REG_BITS, .bit_count = (uint8_t)count};
    type.size = count <= 8 ? 1 : count <= 16 ? 2 : 4;
    type.order = count <= 8 ? ORDER_ABCD : count <= 16 ? ORDER_BADC : ORDER_DCBA;
    return type;
}

static int check_limits(const struct point_def *point, double value, char *error, size_t size)
{
    char asked[WRITE_NUMBER_SIZE], min[WRITE_NUMBER_SIZE], max[WRITE_NUMBER_SIZE];
    if (!isfinite(value))
        return REFUSE("%s: the value is no number", point->name);
    if (value >= point->min && value <= point->max)
        return 0;
    write_number_text(value, asked);
    write_number_text(point->min, min);
    write_number_text(point->max, max);
    if (!isfinite(point->min))
        return REFUSE("%s: %s is too much: at most %s is allowed", point->name, asked, max);
    if (!isfinite(point->max))
        return REFUSE("%s: %s is too little: at least %s is allowed", point->name, asked, min);
    return REFUSE("%s: %s is out of bounds: %s to %s is allowed", point->name, asked, min, max);
}

/* Whether a request of the point's function can carry the point. */
static int check_shape(const struct point_def *point, char *error, size_t size)
{
    const struct reg_type *type = &point->type;
    if (!point->writable)
        return REFUSE("%s is not writable: say so in data_config.yml, with its bounds",
                      point->name);
    if (type->kind == REG_STRING)
        return REFUSE("%s is a text: only numbers can be written to a point, write its registers",
                      point->name);
    if (point->slave < 1 || point->slave > 247 || !adu_writes(point->write_function))
        return REFUSE("%s cannot be written: slave %u, function %u", point->name,
                      (unsigned)point->slave, (unsigned)point->write_function);
    if (writes_coils(point->write_function)) {
        if (type->kind != REG_BITS)
            return REFUSE("%s is no bit: function %u writes bits only", point->name,
                          (unsigned)point->write_function);
        if (point->write_function == FC_WRITE_COIL && type->bit_count != 1)
            return REFUSE("%s has %u bits: function 5 writes one, function 15 several", point->name,
                          (unsigned)type->bit_count);
        return 0;
    }
    if (type->kind == REG_BITS && (type->bit_first != 0 || type->bit_count != 8 * type->size))
        return REFUSE("%s is a part of a register whose other bits may change meanwhile: write "
                      "the whole register",
                      point->name);
    if (type->size < 2 || (point->write_function == FC_WRITE_REGISTER && type->size != 2))
        return REFUSE("%s has %u bytes: function 6 writes 2, function 16 more", point->name,
                      (unsigned)type->size);
    return 0;
}

/* The requests of ${order}, whose data are there. */
static void make_requests(struct write_order *order, uint8_t unit, uint8_t function, uint16_t start,
                          uint16_t count)
{
    bool coils = writes_coils(function);
    order->request = (struct adu_request){
        .unit = unit,
        .function = function,
        .start = start,
        .count = count,
    };
    if (function == FC_WRITE_COIL)
        order->request.value = order->data[0] & 1 ? 0xFF00 : 0;
    if (function == FC_WRITE_REGISTER)
        order->request.value = (uint16_t)(order->data[0] << 8 | order->data[1]);
    order->read_back = (struct adu_request){
        .unit = unit,
        .function = coils ? FC_READ_COILS : FC_READ_HOLDING_REGISTERS,
        .start = start,
        .count = count,
    };
    order->size = adu_read_data_size(&order->read_back);
}

int write_point(const struct point_def *point, double value, struct write_order *order, char *error,
                size_t size)
{
    memset(order, 0, sizeof(*order));
    if (check_shape(point, error, size) != 0 || check_limits(point, value, error, size) != 0)
        return -1;
    value += 0.0; /* no -0 */
    bool coils = writes_coils(point->write_function);
    order->type = coils ? coils_type(point->type.bit_count) : point->type;
    order->scale = point->scale;
    order->offset = point->offset;
    if (encode(point, &order->type, value, order->data, error, size) != 0)
        return -1;
    unsigned count = coils ? point->type.bit_count : point->type.size / 2u;
    if (point->address + count > ADDRESSES)
        return REFUSE("%s ends behind the last address, 65535", point->name);
    make_requests(order, point->slave, point->write_function, point->address, (uint16_t)count);
    char text[WRITE_NUMBER_SIZE];
    snprintf(order->point, sizeof(order->point), "%s", point->name);
    snprintf(order->value, sizeof(order->value), "%s", write_number_text(value, text));
    return 0;
}

uint16_t write_first_coil(const struct profile *profile, const struct point_def *point)
{
    for (size_t t = 0; t < profile->ntasks; t++) {
        const struct query_task *task = &profile->tasks[t];
        if (task->request.function != FC_READ_COILS)
            continue;
        for (size_t i = 0; i < task->npoints; i++) {
            if (task->points[i].point == point)
                return (uint16_t)(task->request.start + 8 * task->points[i].offset +
                                  point->type.bit_first);
        }
    }
    return point->address;
}

static int check_raw(const struct write_raw *raw, char *error, size_t size)
{
    if (raw->slave < 1 || raw->slave > 247)
        return REFUSE("slave: %u is none: write 1 to 247", raw->slave);
    if (raw->function > UINT8_MAX || !adu_writes((uint8_t)raw->function))
        return REFUSE("function: %u does not write: use 5 (a coil), 6 (a register), 15 (coils) or "
                      "16 (registers)",
                      raw->function);
    bool one = writes_one(raw->function), coils = writes_coils(raw->function);
    size_t most = one ? 1 : coils ? ADU_MAX_WRITE_BITS : ADU_MAX_WRITE_REGISTERS;
    if (raw->count < 1 || raw->count > most)
        return REFUSE("values: %zu of them, but function %u takes %s%zu", raw->count, raw->function,
                      one ? "" : "1 to ", most);
    if (raw->address >= ADDRESSES || raw->count > ADDRESSES - raw->address)
        return REFUSE("address: %zu from %u on end behind the last address, 65535", raw->count,
                      raw->address);
    for (size_t i = 0; i < raw->count; i++) {
        if (raw->values[i] > (coils ? 1u : 65535u))
            return REFUSE("values[%zu]: %u is no %s", i, raw->values[i],
                          coils ? "bit: write 0 or 1" : "register: write 0 to 65535");
    }
    return 0;
}

void write_list(const uint32_t *values, size_t n, char *text, size_t size)
{
    static const char more[] = " ...";
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        char one[16];
        size_t len = (size_t)snprintf(one, sizeof(one), "%s%u", i > 0 ? " " : "", values[i]);
        if (used + len + sizeof(more) > size) {
            memcpy(text + used, more, sizeof(more));
            return;
        }
        memcpy(text + used, one, len + 1);
        used += len;
    }
}

int write_registers(const struct write_raw *raw, struct write_order *order, char *error,
                    size_t size)
{
    memset(order, 0, sizeof(*order));
    if (check_raw(raw, error, size) != 0)
        return -1;
    for (size_t i = 0; i < raw->count; i++) {
        if (writes_coils(raw->function)) {
            order->data[i / 8] |= (uint8_t)(raw->values[i] << i % 8);
        } else {
            order->data[2 * i] = (uint8_t)(raw->values[i] >> 8);
            order->data[2 * i + 1] = (uint8_t)raw->values[i];
        }
    }
    make_requests(order, (uint8_t)raw->slave, (uint8_t)raw->function, (uint16_t)raw->address,
                  (uint16_t)raw->count);
    write_list(raw->values, raw->count, order->value, sizeof(order->value));
    return 0;
}

bool write_verified(const struct write_order *order, const uint8_t *data, size_t size)
{
    if (size != order->size || size == 0)
        return false;
    unsigned rest = writes_coils(order->request.function) ? order->request.count % 8 : 0;
    unsigned last = rest > 0 ? (1u << rest) - 1 : UINT8_MAX;
    return memcmp(data, order->data, size - 1) == 0 &&
           ((data[size - 1] ^ order->data[size - 1]) & last) == 0;
}

bool write_value(const struct write_order *order, const uint8_t *data, size_t size, double *value)
{
    uint8_t whole[REG_STRING_MAX] = {0}; /* three bytes of coils are decoded as four */
    struct reg_value got;
    if (order->type.size == 0 || order->type.size > sizeof(whole) || size != order->size)
        return false;
    memcpy(whole, data, size < order->type.size ? size : order->type.size);
    reg_decode(&order->type, whole, &got);
    *value = reg_scale(got.number, order->scale, order->offset);
    return got.has_number && isfinite(*value);
}

const char *write_status_name(enum write_status status)
{
    static const char *const names[] = {
        [WRITE_DONE] = "written",        [WRITE_NOT_VERIFIED] = "not verified",
        [WRITE_EXCEPTION] = "exception", [WRITE_TIMEOUT] = "time-out",
        [WRITE_LINE_LOST] = "line lost", [WRITE_CANCELLED] = "cancelled",
    };
    return names[status];
}
