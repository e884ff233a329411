/*
 * Old rows of the tables that are not partitioned, deleted in small pieces.
 *
 * These tables grow at their end: the lower the id, the older the row, but for what came late or
 * under a wrong clock. So the old rows are found by walking the primary key from its start, a piece
 * at a time, up to the first piece in which nothing is too old: it needs no index by time, and
 * locks only rows that no writer touches. A row that came late goes when its neighbours do. To
 * partition these tables instead would have copied them whole at the upgrade.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_RETENTION_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_RETENTION_H

#include "collector/store/keeper_job.h"

struct retained_table {
    const char *name;
    size_t days;      /* offset in struct retention_section */
    const char *only; /* SQL: what rows may go; NULL: all */
};

extern const struct retained_table retained_tables[];
extern const size_t retained_tables_count;

/**
 * keeper_retention(job, table, error): delete what is too old, for about a second. Return 1 where
 * more is left, 0 where not, -1 with ${error}.
 */
int keeper_retention(struct keeper_job *job, const struct retained_table *table,
                     struct db_error *error);

/**
 * keeper_retention_alarms(job, error): the same for alarms, by when they cleared: one that has not
 * stays.
 */
int keeper_retention_alarms(struct keeper_job *job, struct db_error *error);

/**
 * keeper_retention_minutes(job, error): the same for traffic_minutes and rollup_minutes, whose key
 * is the minute. No minute goes that is not older than every reading.
 */
int keeper_retention_minutes(struct keeper_job *job, struct db_error *error);

#endif
