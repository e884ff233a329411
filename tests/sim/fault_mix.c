#include "tests/sim/fault_mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FAULT_KINDS] = {
    [FAULT_NONE] = "none",
    [FAULT_CRC] = "crc",
    [FAULT_WRONG_SLAVE] = "wrong_slave",
    [FAULT_EXCEPTION] = "exception",
    [FAULT_SILENCE] = "silence",
    [FAULT_LATE] = "late",
    [FAULT_SPLIT_HEARTBEAT] = "split_heartbeat",
    [FAULT_NOISE] = "noise",
    [FAULT_HALF_OPEN] = "half_open",
};

const char *fault_name(enum fault_kind kind)
{
    return names[kind];
}

static int find_kind(const char *name, size_t len)
{
    for (int i = FAULT_NONE + 1; i < FAULT_KINDS; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return i;
    return -1;
}

/* A percentage that ends at ${*text}'s comma or end; -1 where it is none. */
static double take_percent(const char **text)
{
    char *rest;
    double percent = strtod(*text, &rest);
    if (rest == *text || (*rest != ',' && *rest != '\0') || !(percent >= 0 && percent <= 100))
        return -1;
    *text = rest;
    return percent;
}

static int fail(const char *rest, const char *what, char *error, size_t size)
{
    snprintf(error, size, "\"%s\": %s", rest, what);
    return -1;
}

static int spread(double all, struct fault_mix *out)
{
    for (int i = FAULT_NONE + 1; i < FAULT_KINDS; i++)
        out->percent[i] = all / (FAULT_KINDS - 1);
    return 0;
}

int fault_mix_parse(const char *text, struct fault_mix *out, char *error, size_t size)
{
    *out = (struct fault_mix){0};
    const char *all = text;
    double percent = take_percent(&all), sum = 0;
    if (percent >= 0 && *all == '\0')
        return spread(percent, out);
    for (;; text++) {
        const char *entry = text, *equals = strchr(text, '=');
        int kind = equals != NULL ? find_kind(text, (size_t)(equals - text)) : -1;
        if (kind < 0)
            return fail(entry,
                        "write KIND=PERCENT, separated by commas, of crc, wrong_slave, exception, "
                        "silence, late, split_heartbeat, noise, half_open; or one number for all",
                        error, size);
        text = equals + 1;
        percent = take_percent(&text);
        if (percent < 0)
            return fail(entry, "a percentage is a number from 0 to 100", error, size);
        out->percent[kind] = percent;
        if ((sum += percent) > 100)
            return fail(entry, "all together are more than 100 percent", error, size);
        if (*text == '\0')
            return 0;
    }
}

enum fault_kind fault_choose(const struct fault_mix *mix, uint64_t chance)
{
    double at = (double)(chance >> 11) * 0x1p-53 * 100;
    for (int i = FAULT_NONE + 1; i < FAULT_KINDS; i++) {
        if (at < mix->percent[i])
            return (enum fault_kind)i;
        at -= mix->percent[i];
    }
    return FAULT_NONE;
}
