/*
 * Positions: up to which record each journal is stored, as the table ingest_position has it, and as
 * the writer knows it. A journal is known by its id alone, so that a collector that is renamed goes
 * on where it was. Records that no journal holds are counted under the empty id and the
 * collector's name.
 *
 * A position is moved from what the writer knows, and never just set: where the database has
 * another one, because it was restored from a backup, or another collector works on a copy of the
 * journal, nothing is written, and the database is asked again.
 *
 * Belongs to a writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_POSITION_H
#define DTUHUB_COLLECTOR_STORE_POSITION_H

#include "shared/db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct positions;

/** positions_new(collector, stream): those of one stream; ${collector} is the collector's name in
 * the database. */
struct positions *positions_new(const char *collector, unsigned stream);
void positions_free(struct positions *positions);

/** positions_doubt(positions): what is known may be wrong: ask the database again before it is
 * used. */
void positions_doubt(struct positions *positions);

enum positions_answer {
    POSITION_FAULT = -1,
    POSITION_READ,
    POSITION_FEWER,     /* the database knows of fewer records than it once did; said once */
    POSITION_UNSETTLED, /* that, and its tables were made anew a moment ago: a restore may go on,
                           and what is written now may be replaced in turn: ask again */
};

/**
 * positions_get(positions, conn, journal, seq, error): the number of the last stored record; 0
 * where there is none yet. ${error} is filled where it is POSITION_FAULT.
 */
enum positions_answer positions_get(struct positions *positions, MYSQL *conn, const char *journal,
                                    uint64_t *seq, struct db_error *error);

/** positions_write(positions, conn, journal, seq, error): move it on from what positions_get()
 * said, inside of the caller's transaction. 0; 1 where the database is not there: nothing of the
 * transaction may stay; -1 with ${error} filled. */
int positions_write(struct positions *positions, MYSQL *conn, const char *journal, uint64_t seq,
                    struct db_error *error);

/** positions_committed(positions, journal, seq): that transaction was. */
void positions_committed(struct positions *positions, const char *journal, uint64_t seq);

/** positions_most(positions, journal): up to here its records were stored once, whatever the
 * database knows now. */
uint64_t positions_most(struct positions *positions, const char *journal);

/** positions_expire(positions, conn, error): delete those of journals of any stream that nobody has
 * written for 90 days. 0, or -1 with ${error} filled. */
int positions_expire(struct positions *positions, MYSQL *conn, struct db_error *error);

#endif
