/*
 * Which devices flap: register so often that their line cannot be in order. Two DTUs with the same
 * id do so, a modem that restarts, a SIM card out of credit, a carrier that cuts silent lines.
 *
 * A device flaps from its ${count}th registration within ${window_ms} on, and is calm again once
 * fewer than half as many lie within the window. The two bounds differ, so that a device on the
 * edge is not told again and again. Memory is bounded: steady devices are forgotten after a window
 * of silence, and at most FLAP_DEVICES_MAX are remembered, the longest silent ones going first,
 * steady ones before flapping ones.
 *
 * Pure: the caller brings the time, from a clock that does not go back. Not locked.
 */
#ifndef DTUHUB_COLLECTOR_NET_FLAP_H
#define DTUHUB_COLLECTOR_NET_FLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLAP_DEVICES_MAX = 200000, FLAP_COUNT_MAX = 32 };

enum flap_verdict {
    FLAP_STEADY,
    FLAP_BEGAN,   /* with this registration; said once */
    FLAP_GOES_ON, /* said before */
};

struct flap;

/** flap_new(count, window_ms), flap_configure(flap, count, window_ms): see above; ${count} is at
 * most FLAP_COUNT_MAX; below 2: no device is said to flap. A change takes effect with each device's
 * next registration, or with flap_calm(). */
struct flap *flap_new(unsigned count, int64_t window_ms);
void flap_configure(struct flap *flap, unsigned count, int64_t window_ms);

/** flap_free(flap): NULL is allowed. */
void flap_free(struct flap *flap);

/** flap_registered(flap, id, now_ms): the device ${id} registered on a new line. To be called once
 * a line, not for each repetition of the registration packet on it. */
enum flap_verdict flap_registered(struct flap *flap, const char *id, int64_t now_ms);

/** flap_calm(flap, now_ms, calm, cookie): forget what is too old, and call calm() for each device
 * that stopped flapping, which must not call back into ${flap}. To be called every few seconds. */
void flap_calm(struct flap *flap, int64_t now_ms, void (*calm)(void *cookie, const char *id),
               void *cookie);

/** flap_flaps(flap, id): whether ${id} flaps now. */
bool flap_flaps(const struct flap *flap, const char *id);

/** flap_count(flap): devices that flap now. */
size_t flap_count(const struct flap *flap);

/** flap_remembered(flap): devices remembered. */
size_t flap_remembered(const struct flap *flap);

#endif
