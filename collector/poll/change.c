#include "collector/poll/change.h"

#include <math.h>

/* FNV-1a, 64 bit: texts are compared by it. */
static uint64_t digest(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t raw_of(const struct reg_value *value)
{
    return value->text[0] != '\0' || !value->has_raw ? digest(value->text) : value->raw;
}

static bool differs(const struct point_def *point, const struct change_state *state,
                    const struct reg_value *value)
{
    if (state->has_number != (value->has_number != 0))
        return true;
    if (state->has_number)
        return fabs(value->number - state->number) > point->deadband;
    return raw_of(value) != state->raw;
}

bool change_wanted(const struct point_def *point, struct change_state *state,
                   const struct reg_value *value, int64_t now_ms)
{
    bool over = point->max_interval_ms > 0 && now_ms - state->stored_ms >= point->max_interval_ms;
    if (state->known && !over && !differs(point, state, value))
        return false;
    *state = (struct change_state){.number = value->has_number ? value->number : 0,
                                   .raw = raw_of(value),
                                   .stored_ms = now_ms,
                                   .known = true,
                                   .has_number = value->has_number != 0};
    return true;
}
