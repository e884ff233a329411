/*
 * What a receiver echoes of the call (many a 404 page shows the path) must not put a target's
 * secrets on record. Pure but for memory.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_HIDE_H
#define DTUHUB_COLLECTOR_EVENTS_HIDE_H

#include "shared/config/webhook_config.h"

#include <stddef.h>

struct hidden;

/** hidden_new(target): what is secret of it: its secret, the values of its headers, and of the URL
 * what follows the host, its long segments and the values of its query. Copied. */
struct hidden *hidden_new(const struct webhook_target *target);
void hidden_free(struct hidden *hidden);

/** hidden_mask(hidden, text, size): put asterisks wherever one of them stands in ${text}. */
void hidden_mask(const struct hidden *hidden, char *text, size_t size);

#endif
