/*
 * How many records the writer takes at once: few while it keeps up, so that data is visible early;
 * more while it is behind, since a large transaction costs less a row; fewer again where one takes
 * so long that others wait for its locks. Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_BATCH_SIZE_H
#define DTUHUB_COLLECTOR_STORE_BATCH_SIZE_H

#include <stddef.h>
#include <stdint.h>

enum {
    BATCH_SIZE_LEAST = 100,
    BATCH_SIZE_FIRST = 2000,
    BATCH_SIZE_MOST = 20000,
    BATCH_QUICK_MS = 700,
    BATCH_SLOW_MS = 1500,
};

struct batch_size {
    size_t now;
};

/** batch_size_first(): where it starts. */
struct batch_size batch_size_first(void);

/** batch_size_adapt(size, records, ms): ${records} were stored, and that took ${ms}. */
void batch_size_adapt(struct batch_size *size, size_t records, int64_t ms);

#endif
