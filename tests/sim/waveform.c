#include "tests/sim/waveform.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

enum shape_kind { SHAPE_CURVE, SHAPE_STATUS };

struct waveform_shape {
    const char *words[2]; /* part of the point's name, lower case; the second may be NULL */
    enum shape_kind kind;
    double mean, spread, amplitude, noise;
    int64_t period_ms;
    double phase; /* in periods; OWN_PHASE: each device has its own */
};

#define OWN_PHASE (-1)

/* A sine that is highest at 15:00 UTC, or lowest. */
#define WARM_AT_15 (-9.0 / 24)
#define COLD_AT_15 (3.0 / 24)

/* In this order: "temperature_status" is a status, "output_current_frequency" a current. */
static const struct waveform_shape shapes[] = {
    {{"status", "状态"}, SHAPE_STATUS, .period_ms = 5 * MINUTE_MS},
    {{"temp", "温度"}, SHAPE_CURVE, 22, 2, 6, 0.3, DAY_MS, WARM_AT_15},
    {{"humid", "湿度"}, SHAPE_CURVE, 58, 6, 14, 1.5, DAY_MS, COLD_AT_15},
    {{"pressure", "压力"}, SHAPE_CURVE, 3.5, 0.2, 0.35, 0.03, 40 * MINUTE_MS, OWN_PHASE},
    {{"flow", "流量"}, SHAPE_CURVE, 12.5, 2, 4, 0.5, 30 * MINUTE_MS, OWN_PHASE},
    {{"level", "液位"}, SHAPE_CURVE, 2.4, 0.4, 0.8, 0.02, 6 * HOUR_MS, OWN_PHASE},
    {{"volt", "电压"}, SHAPE_CURVE, 230, 2, 3, 0.8, HOUR_MS, OWN_PHASE},
    {{"current", "电流"}, SHAPE_CURVE, 8, 1.5, 2.5, 0.2, 15 * MINUTE_MS, OWN_PHASE},
    {{"rpm", "转速"}, SHAPE_CURVE, 1480, 15, 12, 5, 20 * MINUTE_MS, OWN_PHASE},
    {{"freq", "频率"}, SHAPE_CURVE, 50, 0.05, 0.12, 0.08, 10 * MINUTE_MS, OWN_PHASE},
};

/* What a number of chance is for, so that no two uses of one key share their bits. */
enum purpose { FOR_DEVICE = 1, FOR_PHASE, FOR_NOISE, FOR_STATUS };

/* The finaliser of MurmurHash3, 64 bit: every bit of the input moves about half of the output. */
static uint64_t scramble(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

uint64_t waveform_mix(uint64_t seed, uint64_t a, uint64_t b)
{
    return scramble(scramble(scramble(seed + 1) ^ a) + b);
}

/* From -1 to 1 of the upper 53 bits. */
static double signed_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-52 - 1;
}

/* From -1 to 1, more often near 0: the mean of two numbers of 32 bits. */
static double noise_unit(uint64_t bits)
{
    return ((double)(bits >> 32) + (double)(bits & 0xffffffff)) * 0x1p-32 - 1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int contains(const char *name, const char *word)
{
    size_t len = strlen(word);
    for (; *name != '\0'; name++) {
        size_t i = 0;
        while (i < len && lower(name[i]) == word[i])
            i++;
        if (i == len)
            return 1;
    }
    return 0;
}

struct waveform waveform_for(const char *name)
{
    struct waveform waveform = {.key = UINT64_C(0xcbf29ce484222325)};
    for (const char *p = name; *p != '\0'; p++)
        waveform.key = (waveform.key ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes) && waveform.shape == NULL; i++)
        for (size_t word = 0; word < 2; word++)
            if (contains(name, shapes[i].words[word]))
                waveform.shape = &shapes[i];
    return waveform;
}

/* How many different whole numbers a type holds, from 0 up. */
static double span(const struct reg_type *type)
{
    switch (type->kind) {
    case REG_INT:
        return ldexp(1, 8 * type->size - 1);
    case REG_UINT:
        return ldexp(1, 8 * type->size);
    case REG_FLOAT:
        return type->size == 4 ? 0x1p24 : 0x1p53;
    case REG_BITS:
        return ldexp(1, type->bit_count);
    case REG_BCD:
        return pow(10, 2 * type->size);
    case REG_STRING:
        return pow(10, type->size < 15 ? type->size : 15);
    }
    return 1;
}

/* One key a point, device and slave. */
static uint64_t own_key(uint64_t key, const struct waveform_moment *moment)
{
    uint64_t who = (uint64_t)moment->slave << 32 | moment->device;
    return waveform_mix(moment->seed, key, who);
}

static double curve(const struct waveform_shape *shape, uint64_t key,
                    const struct waveform_moment *moment)
{
    uint64_t own = own_key(key, moment);
    double phase =
        shape->phase == OWN_PHASE ? signed_unit(waveform_mix(own, FOR_PHASE, 0)) / 2 : shape->phase;
    double turns = (double)(moment->wall_ms % shape->period_ms) / (double)shape->period_ms + phase;
    return shape->mean + shape->spread * signed_unit(waveform_mix(own, FOR_DEVICE, 0)) +
           shape->amplitude * sin(2 * M_PI * turns) +
           shape->noise * noise_unit(waveform_mix(own, FOR_NOISE, (uint64_t)moment->wall_ms));
}

static double status(const struct waveform_shape *shape, uint64_t key,
                     const struct waveform_moment *moment)
{
    uint64_t own = own_key(key, moment);
    uint64_t slot = (uint64_t)(moment->wall_ms / shape->period_ms);
    uint64_t bits = waveform_mix(own, FOR_STATUS, slot);
    static const double rare[] = {0, 2, 3, 4};
    return bits % 5 != 0 ? 1 : rare[bits >> 32 & 3];
}

double waveform_number(const struct waveform *waveform, const struct point_def *point,
                       const struct waveform_moment *moment)
{
    if (waveform->shape == NULL)
        return fmod((double)moment->poll, span(&point->type));
    if (waveform->shape->kind == SHAPE_STATUS)
        return status(waveform->shape, waveform->key, moment);
    double value = curve(waveform->shape, waveform->key, moment);
    return (value - point->offset) / point->scale;
}
