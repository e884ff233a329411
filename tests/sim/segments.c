#include "tests/sim/segments.h"

#include "tests/sim/waveform.h"

#include <string.h>

int segments_by_name(const char *name, enum segments *out)
{
    static const char *const names[SEGMENTS_KINDS] = {
        [SEGMENTS_WHOLE] = "whole",
        [SEGMENTS_ONE] = "one",
        [SEGMENTS_GLUED] = "glued",
        [SEGMENTS_RANDOM] = "random",
    };
    for (int i = 0; i < SEGMENTS_KINDS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum segments)i;
            return 0;
        }
    }
    return -1;
}

/* Half of the packets whole, a quarter in bytes of their own, a quarter in pieces of up to half. */
static size_t random_end(uint64_t chance, size_t sent, size_t len)
{
    switch (chance >> 8 & 3) {
    case 0:
        return sent + 1;
    case 1:
        return sent + 1 + waveform_mix(chance, sent, len) % (len - sent < 2 ? 1 : (len - sent) / 2);
    default:
        return len;
    }
}

size_t segments_end(enum segments how, uint64_t chance, size_t sent, size_t len)
{
    if (how == SEGMENTS_ONE)
        return sent + 1;
    return how == SEGMENTS_RANDOM ? random_end(chance, sent, len) : len;
}

void segments_heartbeats(enum segments how, uint64_t chance, bool *before, bool *behind)
{
    bool glue = how == SEGMENTS_GLUED || (how == SEGMENTS_RANDOM && (chance & 3) == 0);
    *before = glue && (chance >> 16 & 1) != 0;
    *behind = glue && (chance >> 17 & 1) != 0;
}
