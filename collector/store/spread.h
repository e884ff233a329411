/*
 * Which stream a device's records go to: by a hash of its registration id, so that it is the same
 * in every life of the collector as long as the number of streams is. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_SPREAD_H
#define DTUHUB_COLLECTOR_STORE_SPREAD_H

#include "collector/store/names.h"

struct spread;

enum { STREAMS_MAX = 16 };

/** spread_new(names, streams): over 1 to STREAMS_MAX of them; ${names} must outlive it. */
struct spread *spread_new(struct names *names, unsigned streams);
void spread_free(struct spread *spread);

/** spread_device(spread, ref): the stream of a device; what is of no device is in stream 0. */
unsigned spread_device(struct spread *spread, uint32_t ref);

/** spread_id(id, streams): the same by its registration id; that of no device is "". */
unsigned spread_id(const char *id, unsigned streams);

#endif
