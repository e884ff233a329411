/*
 * The ledger: what is raised on the bus goes into the store, with the targets of webhooks that are
 * to be called about it. So an event and its calls are on record together, or neither is.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_LEDGER_H
#define DTUHUB_COLLECTOR_EVENTS_LEDGER_H

#include "collector/events/bus.h"
#include "collector/store/names.h"
#include "collector/store/recorder.h"
#include "shared/config/webhook_config.h"

struct ledger;

/** ledger_new(bus, recorder, names, collector, webhooks): listens from now on. ${collector} is its
 * name in the database, copied; the rest must outlive it, ${webhooks} until the next
 * ledger_configure(). */
struct ledger *ledger_new(struct bus *bus, struct recorder *recorder, struct names *names,
                          const char *collector, const struct webhook_config *webhooks);
void ledger_free(struct ledger *ledger);

/** ledger_configure(ledger, webhooks): other targets, from a reload. */
void ledger_configure(struct ledger *ledger, const struct webhook_config *webhooks);

#endif
