/*
 * An outage: the database takes nothing, for whatever reason, then takes data again, and at last
 * has all that waited meanwhile. Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_OUTAGE_H
#define DTUHUB_COLLECTOR_STORE_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

enum { OUTAGE_TOLD_MS = 5000 }; /* a shorter one is not worth a line */

/** A zeroed one: there is none. */
struct outage {
    int64_t since_ms;  /* monotonic: the first failure; 0: none is going on */
    int64_t lasted_ms; /* of the last one, that is being caught up; 0: none is */
    uint64_t stored;   /* since its end */
    uint64_t waited;   /* at its end */
};

/** outage_failed(outage, now_ms): an attempt failed. */
void outage_failed(struct outage *outage, int64_t now_ms);

/**
 * outage_stored(outage, records, waiting, now_ms): the database took ${records} of the ${waiting}
 * ones, or, 0, would have. Return true where that ends the catching up after an outage that is to
 * be told of: ${lasted_ms} and ${stored} then say how long and how many; it is the caller's to
 * zero ${outage}.
 */
bool outage_stored(struct outage *outage, uint64_t records, uint64_t waiting, int64_t now_ms);

/** outage_goes_on(outage): whether outage_stored() has anything to do. */
bool outage_goes_on(const struct outage *outage);

#endif
