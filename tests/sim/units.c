#include "tests/sim/units.h"

#include <ctype.h>
#include <stdlib.h>

enum { UNIT_MAX = 247 };

void units_add(struct units *units, uint8_t unit)
{
    units->bits[unit / 64] |= UINT64_C(1) << unit % 64;
}

bool units_have(const struct units *units, uint8_t unit)
{
    return units->bits[unit / 64] >> unit % 64 & 1;
}

unsigned units_before(const struct units *units, uint8_t unit)
{
    unsigned n = 0;
    for (unsigned i = 0; i < unit; i++)
        n += units_have(units, (uint8_t)i);
    return n;
}

/* A unit id at ${*text}, which is moved behind it; 0 where there is none. */
static unsigned long take_unit(const char **text)
{
    char *rest;
    if (!isdigit((unsigned char)**text))
        return 0;
    unsigned long unit = strtoul(*text, &rest, 10);
    *text = rest;
    return unit <= UNIT_MAX ? unit : 0;
}

int units_parse(const char *text, struct units *out)
{
    *out = (struct units){0};
    for (;; text++) {
        unsigned long first = take_unit(&text), last = first;
        if (*text == '-') {
            text++;
            last = take_unit(&text);
        }
        if (first == 0 || last < first || (*text != ',' && *text != '\0'))
            return -1;
        for (unsigned long unit = first; unit <= last; unit++)
            units_add(out, (uint8_t)unit);
        if (*text == '\0')
            return 0;
    }
}
