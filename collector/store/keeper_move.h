/*
 * A table whose last partition has grown large, copied into partitions beside the writers.
 *
 * To cut a partition copies its rows while every writer waits. So where they are many, a new table
 * <name>_cut is made and filled in small transactions; the two change names in one statement; and
 * what was stored meanwhile follows. Readers find every row all the time, but for those that were
 * stored since the last pass of copying came by: some seconds' worth, for some seconds, and what
 * came later than its time by more than LATE_MS, until the last pass has found it.
 *
 *   copy    all of <name> into <name>_cut
 *   follow  again, what is not older than the start of the pass before; until a pass is short
 *           then <name> becomes <name>_uncut, and <name>_cut becomes <name>
 *   rest    what came since then, from <name>_uncut into <name>
 *   check   all of <name>_uncut once more; then it is dropped
 *
 * A row that is there already stays as it is, so that it never matters what was copied before.
 * partition_moves says how far a pass is, in the transaction of its rows, and <name>_uncut is there
 * from the change of names on: so the work goes on after a crash at any place.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_MOVE_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_MOVE_H

#include "collector/store/keeper_job.h"
#include "collector/store/keeper_partitions.h"

enum move_phase { MOVE_NONE, MOVE_COPY, MOVE_FOLLOW, MOVE_REST, MOVE_CHECK };

struct move {
    const struct partitioned_table *table;
    enum move_phase phase;
    unsigned turn;
    int64_t since_ms, started_ms;
    uint64_t device;
    char key1[32], key2[32]; /* "" is before the first */
};

/** move_is_swapped(phase): the table has its partitions, and the old one is called _uncut. */
static inline bool move_is_swapped(enum move_phase phase)
{
    return phase == MOVE_REST || phase == MOVE_CHECK;
}

/** move_read(job, table, move, error): what is under way, mended where a crash left it in between.
 * 0, or -1 with ${error}; so are those below. */
int move_read(struct keeper_job *job, const struct partitioned_table *table, struct move *move,
              struct db_error *error);

/** move_begin(job, table, error): make the new table, and return 1; a table that has triggers is
 * left, the log says so, and 0 is returned. */
int move_begin(struct keeper_job *job, const struct partitioned_table *table,
               struct db_error *error);

/** move_work(job, move, error): go on for about a second. 1 where more is left, 0 where it is over.
 */
int move_work(struct keeper_job *job, struct move *move, struct db_error *error);

/** move_holds_rollups(move): minutes cannot be rolled up now: not all of the readings are in their
 * table, or the minutes and hours are themselves on the move. */
static inline bool move_holds_rollups(const struct move *move)
{
    return move_is_swapped(move->phase) || (move->phase != MOVE_NONE && move->table->rollup);
}

#endif
