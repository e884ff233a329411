/*
 * What a batch inserts where: the statements of the store, one for each kind of row, in the order
 * in which a transaction executes them.
 */
#ifndef DTUHUB_COLLECTOR_STORE_TABLES_H
#define DTUHUB_COLLECTOR_STORE_TABLES_H

#include "collector/store/rowset.h"

enum table {
    TABLE_READINGS,
    TABLE_TEXTS,
    TABLE_PACKETS,
    TABLE_HEARTBEATS,
    TABLE_HISTORY,
    TABLE_EVENTS,
    TABLE_WRITES,
    TABLE_DELIVERIES,
    TABLE_ALARMS,
    TABLE_SEEN,   /* devices.last_seen */
    TABLE_STATUS, /* devices: where it is */
    TABLE_NAMING, /* devices: what it is called */
    /* Last: every writer changes the same few rows, and waits for who has. */
    TABLE_TRAFFIC,
    TABLES,
};

extern const struct rowset_spec tables[TABLES];

#endif
