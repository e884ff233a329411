#include "shared/modbus/regtype.h"

#include "shared/base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_MAX = 8 }; /* bytes of the largest number */

static int swaps_bytes(enum word_order order)
{
    return order == ORDER_BADC || order == ORDER_DCBA;
}

static int swaps_words(enum word_order order)
{
    return order == ORDER_CDAB || order == ORDER_DCBA;
}

/* Where on the wire the ${i}-th most significant byte is. Each order is its own inverse. */
static size_t place(const struct reg_type *type, size_t i)
{
    size_t word = i / 2, byte = i % 2;
    if (swaps_words(type->order) && type->kind != REG_STRING)
        word = type->size / 2U - 1 - word;
    if (swaps_bytes(type->order))
        byte = 1 - byte;
    return 2 * word + byte;
}

static uint64_t load(const struct reg_type *type, const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < type->size; i++)
        value = value << 8 | bytes[place(type, i)];
    return value;
}

static void store(const struct reg_type *type, uint64_t value, uint8_t *bytes)
{
    for (size_t i = type->size; i-- > 0; value >>= 8)
        bytes[place(type, i)] = (uint8_t)value;
}

static uint64_t bit_mask(const struct reg_type *type)
{
    return (UINT64_C(1) << type->bit_count) - 1;
}

static void decode_int(const struct reg_type *type, uint64_t word, struct reg_value *out)
{
    unsigned unused = 64 - 8U * type->size;
    out->number = (double)((int64_t)(word << unused) >> unused);
    out->has_number = 1;
}

static void decode_float(const struct reg_type *type, uint64_t word, struct reg_value *out)
{
    double number;
    if (type->size == 4) {
        uint32_t half = (uint32_t)word;
        float single;
        memcpy(&single, &half, sizeof(single));
        number = (double)single;
    } else {
        memcpy(&number, &word, sizeof(number));
    }
    out->has_number = isfinite(number);
    out->number = out->has_number ? number : 0;
}

static void decode_bcd(const struct reg_type *type, uint64_t word, struct reg_value *out)
{
    uint64_t number = 0;
    for (unsigned digits = 2U * type->size; digits-- > 0;) {
        uint64_t digit = word >> 4 * digits & 15;
        if (digit > 9)
            return;
        number = 10 * number + digit;
    }
    out->number = (double)number;
    out->has_number = 1;
}

static void decode_string(const struct reg_type *type, const uint8_t *bytes, struct reg_value *out)
{
    uint8_t text[REG_STRING_MAX];
    size_t len = 0;
    while (len < type->size && len < sizeof(text)) {
        uint8_t c = bytes[place(type, len)];
        if (c == '\0')
            break;
        text[len++] = c;
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text_printable(text, len, out->text, sizeof(out->text));
}

void reg_decode(const struct reg_type *type, const uint8_t *bytes, struct reg_value *out)
{
    out->number = 0;
    out->raw = 0;
    out->has_number = 0;
    out->has_raw = type->size <= NUMBER_MAX;
    out->text[0] = '\0';
    for (size_t i = 0; out->has_raw && i < type->size; i++)
        out->raw = out->raw << 8 | bytes[i];
    if (type->kind == REG_STRING) {
        decode_string(type, bytes, out);
        return;
    }

    uint64_t word = load(type, bytes);
    switch (type->kind) {
    case REG_INT:
        decode_int(type, word, out);
        break;
    case REG_FLOAT:
        decode_float(type, word, out);
        break;
    case REG_BCD:
        decode_bcd(type, word, out);
        break;
    case REG_BITS:
        word = word >> type->bit_first & bit_mask(type);
        /* fall through */
    default:
        out->number = (double)word;
        out->has_number = 1;
    }
}

/* The nearest integer from 0 to ${max}. (double)max may be max + 1: then nothing below it rounds up
 * to it. */
static uint64_t to_unsigned(double number, uint64_t max)
{
    if (!(number > 0))
        return 0;
    return number >= (double)max ? max : (uint64_t)round(number);
}

static uint64_t encode_int(const struct reg_type *type, double number)
{
    uint64_t max = UINT64_MAX >> (65 - 8U * type->size);
    if (number >= 0)
        return to_unsigned(number, max);
    return -to_unsigned(-number, max + 1);
}

static uint64_t encode_float(const struct reg_type *type, double number)
{
    uint64_t word;
    if (type->size == 4) {
        if (isfinite(number))
            number = fmax(-(double)FLT_MAX, fmin((double)FLT_MAX, number));
        float single = (float)number;
        uint32_t half;
        memcpy(&half, &single, sizeof(half));
        return half;
    }
    memcpy(&word, &number, sizeof(word));
    return word;
}

static uint64_t encode_bcd(const struct reg_type *type, double number)
{
    uint64_t max = 1, word = 0;
    for (unsigned i = 0; i < 2U * type->size; i++)
        max *= 10;
    uint64_t rest = to_unsigned(number, max - 1);
    for (unsigned shift = 0; rest > 0; shift += 4, rest /= 10)
        word |= rest % 10 << shift;
    return word;
}

static uint64_t encode_bits(const struct reg_type *type, double number, const uint8_t *bytes)
{
    uint64_t mask = bit_mask(type), field = to_unsigned(number, mask);
    return (load(type, bytes) & ~(mask << type->bit_first)) | field << type->bit_first;
}

static void encode_string(const struct reg_type *type, double number, uint8_t *bytes)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%.15g", isnan(number) ? 0 : number);
    for (size_t i = 0; i < type->size; i++)
        bytes[place(type, i)] = i < (size_t)len ? (uint8_t)digits[i] : 0;
}

void reg_encode(const struct reg_type *type, double number, uint8_t *bytes)
{
    switch (type->kind) {
    case REG_INT:
        store(type, encode_int(type, number), bytes);
        break;
    case REG_UINT:
        store(type, to_unsigned(number, UINT64_MAX >> (64 - 8U * type->size)), bytes);
        break;
    case REG_FLOAT:
        store(type, encode_float(type, number), bytes);
        break;
    case REG_BITS:
        store(type, encode_bits(type, number, bytes), bytes);
        break;
    case REG_BCD:
        store(type, encode_bcd(type, number), bytes);
        break;
    case REG_STRING:
        encode_string(type, number, bytes);
        break;
    }
}

double reg_scale(double number, double scale, double offset)
{
    /* Each literal is the double that a file's text of it becomes, and its inverse is exact. */
    static const struct {
        double scale, divisor;
    } tenths[] = {
        {1e-1, 1e1}, {1e-2, 1e2}, {1e-3, 1e3}, {1e-4, 1e4},   {1e-5, 1e5},   {1e-6, 1e6},
        {1e-7, 1e7}, {1e-8, 1e8}, {1e-9, 1e9}, {1e-10, 1e10}, {1e-11, 1e11}, {1e-12, 1e12},
    };
    if (scale > 0 && scale < 1) {
        for (size_t i = 0; i < sizeof(tenths) / sizeof(*tenths); i++)
            if (scale == tenths[i].scale)
                return number / tenths[i].divisor + offset;
    }
    return number * scale + offset;
}
