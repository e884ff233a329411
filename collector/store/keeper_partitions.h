/*
 * Partitions of the tables of readings and roll-ups: made ahead, dropped by retention.
 *
 * An ALTER waits for all statements that use the table, and all that come later wait for it; so the
 * keeper's connection gives up soon (lock_wait_timeout) and tries again at its next look. A
 * partition that holds many rows is not cut, since that copies them while writers wait: they are
 * moved (keeper_move.h).
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_PARTITIONS_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_PARTITIONS_H

#include "collector/store/keeper_job.h"
#include "collector/store/keeper_plan.h"

#include <stdbool.h>

struct partitioned_table {
    const char *name;
    enum partition_unit unit;
    unsigned ahead;
    size_t days;        /* offset in struct retention_section */
    const char *time;   /* the column it is partitioned by */
    const char *key[2]; /* the primary key behind device_id */
    bool rollup;        /* only the keeper writes it */
};

extern const struct partitioned_table partitioned_tables[];
extern const size_t partitioned_tables_count;

/** keeper_read_partitions(job, table, n, error): the ${n} partitions of the table in its order, to
 * free(); none where it is partitioned in a way that is not ours. NULL with ${error}. */
struct partition *keeper_read_partitions(struct keeper_job *job, const char *table, size_t *n,
                                         struct db_error *error);

/** keeper_days(job, table): how long its rows are kept; 0: for ever. */
uint32_t keeper_days(const struct keeper_job *job, const struct partitioned_table *table);

/** keeper_partitions(job, table, error): make and drop what is due. Return 1 where the table's rows
 * are being moved, 0 where not, or -1 with ${error}. */
int keeper_partitions(struct keeper_job *job, const struct partitioned_table *table,
                      struct db_error *error);

#endif
