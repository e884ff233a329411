#include "collector/store/position.h"

#include "shared/base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNAL_MAX = 32, NAME_MAX_LEN = 64 };

struct position {
    char journal[JOURNAL_MAX + 1];
    uint64_t seq;
    bool known; /* ${seq} was the database's once */
    bool sure;  /* and is still */
};

struct positions {
    char *collector;
    unsigned stream;
    struct position *items;
    size_t count;
};

struct positions *positions_new(const char *collector, unsigned stream)
{
    struct positions *positions = xcalloc(1, sizeof(*positions));
    positions->collector = xstrdup(collector);
    positions->stream = stream;
    return positions;
}

void positions_free(struct positions *positions)
{
    if (positions == NULL)
        return;
    free(positions->items);
    free(positions->collector);
    free(positions);
}

void positions_doubt(struct positions *positions)
{
    for (size_t i = 0; i < positions->count; i++)
        positions->items[i].sure = false;
}

static struct position *find(struct positions *positions, const char *journal)
{
    for (size_t i = 0; i < positions->count; i++) {
        if (strcmp(positions->items[i].journal, journal) == 0)
            return &positions->items[i];
    }
    positions->items =
        xreallocarray(positions->items, positions->count + 1, sizeof(*positions->items));
    struct position *position = &positions->items[positions->count++];
    *position = (struct position){0};
    snprintf(position->journal, sizeof(position->journal), "%s", journal);
    return position;
}

/* Both keys, quoted. */
struct key {
    char collector[2 * NAME_MAX_LEN + 1], journal[2 * JOURNAL_MAX + 1];
};

static struct key quote(const struct positions *positions, MYSQL *conn, const char *journal)
{
    struct key key;
    mysql_real_escape_string(conn, key.collector, positions->collector,
                             strnlen(positions->collector, NAME_MAX_LEN));
    mysql_real_escape_string(conn, key.journal, journal, strnlen(journal, JOURNAL_MAX));
    return key;
}

static int read_seq(struct positions *positions, MYSQL *conn, const char *journal, uint64_t *seq,
                    struct db_error *error)
{
    char sql[512];
    struct key key = quote(positions, conn, journal);
    snprintf(sql, sizeof(sql),
             "SELECT seq FROM ingest_position WHERE collector = '%s' AND stream = %u AND "
             "journal = '%s'",
             key.collector, positions->stream, key.journal);
    MYSQL_RES *result = db_query(conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    *seq = row != NULL ? strtoull(row[0], NULL, 10) : 0;
    mysql_free_result(result);
    return 0;
}

int positions_get(struct positions *positions, MYSQL *conn, const char *journal, uint64_t *seq,
                  struct db_error *error)
{
    struct position *position = find(positions, journal);
    uint64_t stored = position->seq;
    if (!position->sure && read_seq(positions, conn, journal, &stored, error) != 0)
        return -1;
    bool fewer = position->known && stored < position->seq;
    position->seq = *seq = stored;
    position->known = position->sure = true;
    return fewer;
}

int positions_write(struct positions *positions, MYSQL *conn, const char *journal, uint64_t seq,
                    struct db_error *error)
{
    char sql[640];
    struct key key = quote(positions, conn, journal);
    snprintf(sql, sizeof(sql),
             "INSERT INTO ingest_position (collector, stream, journal, seq, updated) "
             "VALUES ('%s', %u, '%s', %llu, UTC_TIMESTAMP(3)) "
             "ON DUPLICATE KEY UPDATE seq = VALUES(seq), updated = VALUES(updated)",
             key.collector, positions->stream, key.journal, (unsigned long long)seq);
    return db_run(conn, sql, error);
}

void positions_committed(struct positions *positions, const char *journal, uint64_t seq)
{
    struct position *position = find(positions, journal);
    position->seq = seq;
    position->known = position->sure = true;
}

int positions_expire(struct positions *positions, MYSQL *conn, struct db_error *error)
{
    char sql[512];
    struct key key = quote(positions, conn, "");
    snprintf(sql, sizeof(sql),
             "DELETE FROM ingest_position WHERE collector = '%s' AND journal <> '' AND "
             "updated < UTC_TIMESTAMP(3) - INTERVAL 90 DAY",
             key.collector);
    return db_run(conn, sql, error);
}
