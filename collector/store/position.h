/*
 * Positions: up to which record each journal is stored, as the table ingest_position has it, and as
 * the writer knows it. Records that no journal holds are counted under the empty id.
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

/**
 * positions_get(positions, conn, journal, seq, error): the number of the last stored record; 0
 * where there is none yet. Return 0; 1 where the database knows of fewer records than it once did;
 * -1 with ${error} filled.
 */
int positions_get(struct positions *positions, MYSQL *conn, const char *journal, uint64_t *seq,
                  struct db_error *error);

/** positions_write(positions, conn, journal, seq, error): inside of the caller's transaction. 0, or
 * -1 with ${error} filled. */
int positions_write(struct positions *positions, MYSQL *conn, const char *journal, uint64_t seq,
                    struct db_error *error);

/** positions_committed(positions, journal, seq): that transaction was. */
void positions_committed(struct positions *positions, const char *journal, uint64_t seq);

/** positions_expire(positions, conn, error): delete those of journals of any stream that nobody has
 * written for 90 days. 0, or -1 with ${error} filled. */
int positions_expire(struct positions *positions, MYSQL *conn, struct db_error *error);

#endif
