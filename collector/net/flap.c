#include "collector/net/flap.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

struct device {
    UT_hash_handle hh;
    TAILQ_ENTRY(device) link;
    bool flaps;
    uint8_t used, room;
    int64_t *times; /* its latest registrations, oldest first */
    char id[];
};

TAILQ_HEAD(devices, device);

struct flap {
    unsigned count;
    int64_t window_ms;
    struct device *by_id;
    struct devices steady, flapping; /* the longest silent ones first */
    size_t nflapping;
};

struct flap *flap_new(unsigned count, int64_t window_ms)
{
    struct flap *flap = xcalloc(1, sizeof(*flap));
    TAILQ_INIT(&flap->steady);
    TAILQ_INIT(&flap->flapping);
    flap_configure(flap, count, window_ms);
    return flap;
}

void flap_configure(struct flap *flap, unsigned count, int64_t window_ms)
{
    flap->count = count < FLAP_COUNT_MAX ? count : FLAP_COUNT_MAX;
    flap->window_ms = window_ms;
}

static struct devices *list_of(struct flap *flap, const struct device *device)
{
    return device->flaps ? &flap->flapping : &flap->steady;
}

static void set_flaps(struct flap *flap, struct device *device, bool flaps)
{
    TAILQ_REMOVE(list_of(flap, device), device, link);
    flap->nflapping = flap->nflapping - device->flaps + flaps;
    device->flaps = flaps;
    TAILQ_INSERT_TAIL(list_of(flap, device), device, link);
}

static void forget(struct flap *flap, struct device *device)
{
    TAILQ_REMOVE(list_of(flap, device), device, link);
    flap->nflapping -= device->flaps;
    HASH_DEL(flap->by_id, device);
    free(device->times);
    free(device);
}

void flap_free(struct flap *flap)
{
    if (flap == NULL)
        return;
    struct device *device, *next;
    HASH_ITER (hh, flap->by_id, device, next) {
        forget(flap, device);
    }
    free(flap);
}

static struct device *find(const struct flap *flap, const char *id)
{
    struct device *device;
    HASH_FIND_STR(flap->by_id, id, device);
    return device;
}

static struct device *remember(struct flap *flap, const char *id)
{
    if (HASH_COUNT(flap->by_id) >= FLAP_DEVICES_MAX) {
        struct device *oldest = TAILQ_FIRST(&flap->steady);
        forget(flap, oldest != NULL ? oldest : TAILQ_FIRST(&flap->flapping));
    }
    size_t size = strlen(id) + 1;
    struct device *device = xcalloc(1, sizeof(*device) + size);
    memcpy(device->id, id, size);
    HASH_ADD_KEYPTR(hh, flap->by_id, device->id, size - 1, device);
    TAILQ_INSERT_TAIL(&flap->steady, device, link);
    return device;
}

static void drop_oldest(struct device *device, size_t n)
{
    memmove(device->times, device->times + n, (device->used - n) * sizeof(*device->times));
    device->used = (uint8_t)(device->used - n);
}

/* Only the last ${count} registrations matter. */
static void note(struct device *device, unsigned count, int64_t now_ms)
{
    if (device->used >= count)
        drop_oldest(device, device->used - count + 1);
    if (device->room < count) {
        device->times = xreallocarray(device->times, count, sizeof(*device->times));
        device->room = (uint8_t)count;
    }
    device->times[device->used++] = now_ms;
}

/* Registrations that lie within the window. */
static unsigned recent(const struct flap *flap, const struct device *device, int64_t now_ms)
{
    unsigned n = 0;
    while (n < device->used && now_ms - device->times[device->used - 1 - n] < flap->window_ms)
        n++;
    return n;
}

enum flap_verdict flap_registered(struct flap *flap, const char *id, int64_t now_ms)
{
    if (flap->count < 2)
        return FLAP_STEADY;
    struct device *device = find(flap, id);
    if (device == NULL)
        device = remember(flap, id);
    note(device, flap->count, now_ms);
    bool flapped = device->flaps;
    set_flaps(flap, device, flapped || recent(flap, device, now_ms) >= flap->count);
    if (!device->flaps)
        return FLAP_STEADY;
    return flapped ? FLAP_GOES_ON : FLAP_BEGAN;
}

void flap_calm(struct flap *flap, int64_t now_ms, void (*calm)(void *cookie, const char *id),
               void *cookie)
{
    for (struct device *device = TAILQ_FIRST(&flap->flapping), *next; device; device = next) {
        next = TAILQ_NEXT(device, link);
        if (flap->count >= 2 && 2 * recent(flap, device, now_ms) >= flap->count)
            continue;
        calm(cookie, device->id);
        forget(flap, device);
    }
    struct device *device;
    while ((device = TAILQ_FIRST(&flap->steady)) != NULL && recent(flap, device, now_ms) == 0)
        forget(flap, device);
}

bool flap_flaps(const struct flap *flap, const char *id)
{
    const struct device *device = find(flap, id);
    return device != NULL && device->flaps;
}

size_t flap_count(const struct flap *flap)
{
    return flap->nflapping;
}

size_t flap_remembered(const struct flap *flap)
{
    return HASH_COUNT(flap->by_id);
}
