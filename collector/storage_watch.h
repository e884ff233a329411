/*
 * Watches whether records are stored, and puts what went wrong among the events: in the database it
 * is seen when that is back. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORAGE_WATCH_H
#define DTUHUB_COLLECTOR_STORAGE_WATCH_H

#include <stddef.h>
#include <stdint.h>

struct collector;
struct storage_watch;

/** storage_watch_start(collector): with the collector's base, cache, journal and names. */
struct storage_watch *storage_watch_start(struct collector *collector);

/** storage_watch_stop(watch): NULL is allowed. */
void storage_watch_stop(struct storage_watch *watch);

#endif
