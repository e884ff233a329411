/*
 * How the bytes of registers become a value, and back (for simulated slaves).
 *
 * A point starts at a register and takes whole registers (2 bytes each, big-endian on the wire).
 * The word order says how the bytes of the wire are put in order, A being the most significant one:
 * 230.2f is 43 66 33 33 in ABCD, 33 33 43 66 in CDAB, 66 43 33 33 in BADC and 33 33 66 43 in DCBA;
 * for 64 bits the same rule holds for four words (CDAB: words reversed; BADC: bytes swapped in
 * each word; DCBA: all bytes reversed). A text always starts in its first register: for it only the
 * order of bytes within a word counts (BADC and DCBA swap them). Pure; any thread.
 */
#ifndef DTUHUB_MODBUS_REGTYPE_H
#define DTUHUB_MODBUS_REGTYPE_H

#include <stddef.h>
#include <stdint.h>

enum reg_kind {
    REG_INT,    /* two's complement, 2, 4 or 8 bytes */
    REG_UINT,   /* 2, 4 or 8 bytes */
    REG_FLOAT,  /* IEEE 754, 4 bytes, or 8 ("double") */
    REG_BITS,   /* ${bit_count} bits from bit ${bit_first} (0 is the least significant) of 2 or 4
                   bytes */
    REG_STRING, /* text of 2 to REG_STRING_MAX bytes, ends at the first NUL; trailing spaces do not
                   count */
    REG_BCD,    /* packed decimal digits, 2, 4 or 8 bytes */
};

enum word_order { ORDER_ABCD, ORDER_CDAB, ORDER_BADC, ORDER_DCBA };

enum { REG_STRING_MAX = 64 };

struct reg_type {
    enum reg_kind kind;
    enum word_order order;
    uint8_t size;      /* bytes, even; or 1, for REG_BITS in the order ABCD: eight coils */
    uint8_t bit_first; /* REG_BITS */
    uint8_t bit_count; /* REG_BITS, 1 to 32 */
};

struct reg_value {
    double number;
    uint64_t raw;   /* the bytes as they came on the wire, as one unsigned big-endian integer */
    int has_number; /* 0 for text, for NaN and infinity, and for BCD with a digit above 9 */
    int has_raw;    /* 0 for more than 8 bytes */
    char text[4 * REG_STRING_MAX +
              1]; /* REG_STRING: printable UTF-8 (see text_printable()), else "" */
};

/** reg_decode(type, bytes, out): decode ${type}->size bytes as they came on the wire. ${number} is
 * 0 where there is none. */
void reg_decode(const struct reg_type *type, const uint8_t *bytes, struct reg_value *out);

/**
 * reg_encode(type, number, bytes): the inverse for numbers, rounded and clamped to what the type
 * holds; NaN becomes 0 in all but a REG_FLOAT, which takes NaN and infinity as they are. Other bits
 * of a REG_BITS register are left as they are in ${bytes}; a REG_STRING gets the number's decimal
 * digits, cut at its size.
 */
void reg_encode(const struct reg_type *type, double number, uint8_t *bytes);

/**
 * reg_scale(number, scale, offset): number * scale + offset. Where 1/scale is a power of ten it
 * divides instead, so that 3 with scale 0.1 is 0.3 and not 0.30000000000000004.
 */
double reg_scale(double number, double scale, double offset);

#endif
