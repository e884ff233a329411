/*
 * A set of Modbus unit ids, as a person writes it: "1,2,48-57". Pure; any thread.
 */
#ifndef DTUHUB_SIM_UNITS_H
#define DTUHUB_SIM_UNITS_H

#include <stdbool.h>
#include <stdint.h>

struct units {
    uint64_t bits[4];
};

/** units_parse(text, out): numbers from 1 to 247 and ranges of them, separated by commas. 0, or -1
 * where ${text} is anything else. */
int units_parse(const char *text, struct units *out);

void units_add(struct units *units, uint8_t unit);

bool units_have(const struct units *units, uint8_t unit);

/** units_before(units, unit): how many in the set are less than ${unit}. */
unsigned units_before(const struct units *units, uint8_t unit);

#endif
