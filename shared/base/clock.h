/*
 * Time. All durations and instants in dtuhub are int64_t milliseconds; a name that ends in _ms says
 * so.
 *
 * Two clocks that must not be mixed: the monotonic one schedules (it never jumps), the wall clock
 * stamps what is stored (UTC, milliseconds since 1970). All functions here may be called from any
 * thread.
 */
#ifndef DTUHUB_BASE_CLOCK_H
#define DTUHUB_BASE_CLOCK_H

#include <stdint.h>

/** clock_mono_ms(): CLOCK_MONOTONIC in milliseconds. */
int64_t clock_mono_ms(void);

/** clock_wall_ms(): UTC now, in milliseconds since the epoch. */
int64_t clock_wall_ms(void);

/* "2026-01-31T23:59:59.123Z" and its terminating NUL. */
#define CLOCK_ISO_SIZE 25

/**
 * clock_iso(wall_ms, buf): write ${wall_ms} as ISO 8601 UTC with milliseconds into ${buf}; return
 * ${buf}. Instants outside of the years 1970 to 9999 are clamped.
 */
char *clock_iso(int64_t wall_ms, char buf[CLOCK_ISO_SIZE]);

#endif
