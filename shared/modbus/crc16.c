#include "shared/modbus/crc16.h"

/*
 * The CRC of one byte is linear: the entry of i is the exclusive or of the entries of its bits, and
 * these eight are the polynomial shifted through. So the compiler computes the table.
 */
#define BIT(i, bit, entry) (((i) >> (bit)&1) ? (entry) : 0)
#define ENTRY(i)                                                                                   \
    (BIT(i, 0, 0xC0C1) ^ BIT(i, 1, 0xC181) ^ BIT(i, 2, 0xC301) ^ BIT(i, 3, 0xC601) ^               \
     BIT(i, 4, 0xCC01) ^ BIT(i, 5, 0xD801) ^ BIT(i, 6, 0xF001) ^ BIT(i, 7, 0xA001))
#define ENTRIES_4(i) ENTRY(i), ENTRY((i) + 1), ENTRY((i) + 2), ENTRY((i) + 3)
#define ENTRIES_16(i) ENTRIES_4(i), ENTRIES_4((i) + 4), ENTRIES_4((i) + 8), ENTRIES_4((i) + 12)
#define ENTRIES_64(i)                                                                              \
    ENTRIES_16(i), ENTRIES_16((i) + 16), ENTRIES_16((i) + 32), ENTRIES_16((i) + 48)

static const uint16_t table[256] = {ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128),
                                    ENTRIES_64(192)};

uint16_t crc16_modbus(const uint8_t *bytes, size_t len)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < len; i++)
        crc = (uint16_t)(crc >> 8 ^ table[(crc ^ bytes[i]) & 0xFF]);
    return crc;
}
