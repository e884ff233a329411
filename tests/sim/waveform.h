/*
 * What a simulated point shows: a pure function of (seed, device, point's name, moment), so that a
 * test can compute every value again from the line that says it was served.
 *
 * The name chooses a shape from a table in waveform.c: the first whose word is part of the name,
 * letters without case. A curve is
 *
 *   mean + spread * u(DEVICE) + amplitude * sin(2 pi * (wall_ms / period_ms + phase)) + noise * n
 *
 * with u() one number from -1 to 1 a device, slave and point, n the mean of two such numbers anew
 * each millisecond, and phase the shape's own or u(PHASE) / 2. A status keeps its state for whole
 * slots of period_ms and is 1 in four slots of five. Every other name counts the device's polls.
 * Pure; any thread.
 */
#ifndef DTUHUB_SIM_WAVEFORM_H
#define DTUHUB_SIM_WAVEFORM_H

#include "shared/config/data_config.h"

#include <stdint.h>

/** Who is asked, and when. */
struct waveform_moment {
    uint64_t seed;
    int64_t wall_ms; /* UTC, since 1970 */
    uint64_t poll;   /* how many reads this device has answered with registers, this one included */
    uint32_t device;
    uint32_t slave; /* which of the DTU's slaves, from 0: each has curves of its own */
};

struct waveform {
    const struct waveform_shape *shape; /* NULL: counts up */
    uint64_t key;                       /* FNV-1a, 64 bit, of the point's name */
};

/** waveform_for(name): the waveform of a point of that name. */
struct waveform waveform_for(const char *name);

/**
 * waveform_number(waveform, point, moment): the number ${point} shows, before its scale and offset:
 * what reg_encode() takes. A counter starts anew where its type is full.
 */
double waveform_number(const struct waveform *waveform, const struct point_def *point,
                       const struct waveform_moment *moment);

/** waveform_mix(seed, a, b): 64 well-mixed bits of the three; the only source of chance in the
 * simulator. */
uint64_t waveform_mix(uint64_t seed, uint64_t a, uint64_t b);

#endif
