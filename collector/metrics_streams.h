/*
 * GET /metrics: what differs from stream to stream of the store.
 */
#ifndef DTUHUB_COLLECTOR_METRICS_STREAMS_H
#define DTUHUB_COLLECTOR_METRICS_STREAMS_H

#include "collector/store/store.h"

#include <stdio.h>

/** metrics_streams_print(store, out): a line for each stream, by the label stream. */
void metrics_streams_print(struct store *store, FILE *out);

#endif
