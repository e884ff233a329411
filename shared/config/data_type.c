/*
 * The type names of data_config.yml, and which of length, bits and scale go with each.
 */
#include "shared/config/data_draft.h"

#include <string.h>

#define SIZE(n) (1u << (n)) /* a set of the sizes 2, 4 and 8 */

struct type_rule {
    enum reg_kind kind;
    unsigned sizes;      /* the lengths allowed; 0: every even one (text) */
    uint8_t standard;    /* the length where the file gives none; 0: it must */
    const char *lengths; /* the same in words, for messages */
};

static const struct type_rule rules[] = {
    [TYPE_INT] = {REG_INT, SIZE(2) | SIZE(4) | SIZE(8), 0, "2, 4 or 8"},
    [TYPE_UINT] = {REG_UINT, SIZE(2) | SIZE(4) | SIZE(8), 0, "2, 4 or 8"},
    [TYPE_FLOAT] = {REG_FLOAT, SIZE(4) | SIZE(8), 4, "4 or 8"},
    [TYPE_DOUBLE] = {REG_FLOAT, SIZE(8), 8, "8"},
    [TYPE_BITS] = {REG_BITS, SIZE(2) | SIZE(4), 2, "2 or 4"},
    [TYPE_STRING] = {REG_STRING, 0, 0, "even, from 2 to 64"},
    [TYPE_BCD] = {REG_BCD, SIZE(2) | SIZE(4) | SIZE(8), 0, "2, 4 or 8"},
    [TYPE_INT16] = {REG_INT, SIZE(2), 2, "2"},
    [TYPE_UINT16] = {REG_UINT, SIZE(2), 2, "2"},
    [TYPE_INT32] = {REG_INT, SIZE(4), 4, "4"},
    [TYPE_UINT32] = {REG_UINT, SIZE(4), 4, "4"},
    [TYPE_INT64] = {REG_INT, SIZE(8), 8, "8"},
    [TYPE_UINT64] = {REG_UINT, SIZE(8), 8, "8"},
    [TYPE_FLOAT32] = {REG_FLOAT, SIZE(4), 4, "4"},
    [TYPE_FLOAT64] = {REG_FLOAT, SIZE(8), 8, "8"},
};

static const char *type_name(const struct draft_point *point)
{
    return point_table.settings[POINT_TYPE].choices[point->type];
}

static void resolve_length(const struct data_draft *draft, struct draft_point *point)
{
    const struct type_rule *rule = &rules[point->type];
    uint32_t length = point->length;
    if (point->lines[POINT_LENGTH] == 0 && rule->standard > 0)
        length = rule->standard;
    else if (point->lines[POINT_LENGTH] == 0)
        data_point_fault(draft, point, POINT_TYPE,
                         "%s is missing: type %s needs its length in bytes, %s",
                         POINT_KEY(point, POINT_LENGTH), type_name(point), rule->lengths);
    else if (rule->sizes == 0 ? length % 2 != 0 : length > 8 || !(rule->sizes & SIZE(length)))
        data_point_fault(draft, point, POINT_LENGTH, "%s: %u bytes do not fit type %s: write %s",
                         POINT_KEY(point, POINT_LENGTH), length, type_name(point), rule->lengths);
    point->reg.size = (uint8_t)length;
}

static void resolve_bits(const struct data_draft *draft, struct draft_point *point)
{
    enum point_key key = point->lines[POINT_BITS] > 0 ? POINT_BITS : POINT_BIT;
    if (point->lines[key] == 0)
        return;
    if (point->type != TYPE_BITS) {
        data_point_fault(draft, point, key,
                         "%s goes with type bits only: leave it out, or write type: bits",
                         POINT_KEY(point, key));
        return;
    }
    if (point->lines[POINT_BIT] > 0 && point->lines[POINT_BITS] > 0) {
        data_point_fault(draft, point, POINT_BITS,
                         "%s: bit is given too (line %u): keep one of them",
                         POINT_KEY(point, POINT_BITS), point->lines[POINT_BIT]);
        return;
    }
    if (key == POINT_BIT) {
        point->bit_first = point->bit;
        point->bit_count = 1;
    }
    if (point->bit_first + point->bit_count > 8u * point->reg.size)
        data_point_fault(draft, point, key,
                         "%s: bit %u lies outside of %u bytes: the last one is bit %u",
                         POINT_KEY(point, key), point->bit_first + point->bit_count - 1,
                         point->reg.size, 8u * point->reg.size - 1);
}

static void resolve_number(const struct data_draft *draft, struct draft_point *point)
{
    static const enum point_key numeric[] = {POINT_SCALE,    POINT_OFFSET, POINT_DECIMALS,
                                             POINT_DEADBAND, POINT_MIN,    POINT_MAX};
    for (size_t i = 0; point->type == TYPE_STRING && i < sizeof(numeric) / sizeof(*numeric); i++) {
        if (point->lines[numeric[i]] > 0)
            data_point_fault(draft, point, numeric[i], "%s: a text is no number: leave %s out",
                             POINT_KEY(point, numeric[i]),
                             setting_key(&point_table.settings[numeric[i]]));
    }
    if (point->scale == 0)
        data_point_fault(draft, point, POINT_SCALE,
                         "%s: 0 makes every value 0: write null to take the number as it is",
                         POINT_KEY(point, POINT_SCALE));
}

/* Keys that mean nothing without another one: what they were written for would not happen. */
static void resolve_companions(const struct data_draft *draft, struct draft_point *point)
{
    static const struct {
        enum point_key key, needs;
    } companions[] = {
        {POINT_DEADBAND, POINT_ON_CHANGE},
        {POINT_MAX_INTERVAL, POINT_ON_CHANGE},
        {POINT_MIN, POINT_WRITABLE},
        {POINT_MAX, POINT_WRITABLE},
        {POINT_WRITE_FUNCTION, POINT_WRITABLE},
    };
    for (size_t i = 0; i < sizeof(companions) / sizeof(*companions); i++) {
        enum point_key key = companions[i].key, needs = companions[i].needs;
        if (point->lines[key] > 0 && point->lines[needs] == 0)
            data_point_fault(draft, point, key,
                             "%s goes with %s only: add %s: true, or leave it out",
                             POINT_KEY(point, key), setting_key(&point_table.settings[needs]),
                             setting_key(&point_table.settings[needs]));
    }
    if (point->lines[POINT_MIN] > 0 && point->lines[POINT_MAX] > 0 && point->min > point->max)
        data_point_fault(draft, point, POINT_MAX, "%s: %.15g is below min, %.15g: swap them",
                         POINT_KEY(point, POINT_MAX), point->max, point->min);
}

void data_type_resolve(const struct data_draft *draft, struct draft_point *point)
{
    point->reg.kind = rules[point->type].kind;
    point->reg.order = point->order;
    resolve_length(draft, point);
    resolve_number(draft, point);
    resolve_companions(draft, point);
    if (!point->faulty)
        resolve_bits(draft, point);
    point->reg.bit_first = (uint8_t)point->bit_first;
    point->reg.bit_count = (uint8_t)point->bit_count;
}
