#include "collector/store/position.h"

#include "shared/base/alloc.h"

#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNAL_MAX = 32, NAME_MAX_LEN = 64, KEY_MAX = 320, SETTLED_S = 5 };

struct position {
    char journal[JOURNAL_MAX + 1];
    uint64_t seq;
    bool there;    /* the database has a row of it */
    uint64_t most; /* the highest ${seq} so far */
    bool known;    /* ${seq} was the database's once */
    bool sure;     /* and is still */
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

struct quoted {
    char collector[2 * NAME_MAX_LEN + 1], journal[2 * JOURNAL_MAX + 1];
};

static struct quoted quote(const struct positions *positions, MYSQL *conn, const char *journal)
{
    struct quoted quoted;
    mysql_real_escape_string(conn, quoted.collector, positions->collector,
                             strnlen(positions->collector, NAME_MAX_LEN));
    mysql_real_escape_string(conn, quoted.journal, journal, strnlen(journal, JOURNAL_MAX));
    return quoted;
}

/*
 * Which row. A journal's id is its own whatever the collector was called when it wrote; what no
 * journal holds is counted by the collector's name.
 */
static void write_key(const struct positions *positions, MYSQL *conn, const char *journal,
                      char key[KEY_MAX])
{
    struct quoted quoted = quote(positions, conn, journal);
    int end =
        snprintf(key, KEY_MAX, "stream = %u AND journal = '%s'", positions->stream, quoted.journal);
    if (journal[0] == '\0')
        snprintf(key + end, KEY_MAX - (size_t)end, " AND collector = '%s'", quoted.collector);
}

/* One number, or none. */
static int read_number(MYSQL *conn, const char *sql, uint64_t *number, bool *there,
                       struct db_error *error)
{
    MYSQL_RES *result = db_query(conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    *there = row != NULL && row[0] != NULL;
    *number = *there ? strtoull(row[0], NULL, 10) : 0;
    mysql_free_result(result);
    return 0;
}

static int read_seq(struct positions *positions, MYSQL *conn, const char *journal, uint64_t *seq,
                    bool *there, struct db_error *error)
{
    char key[KEY_MAX], sql[512];
    write_key(positions, conn, journal, key);
    snprintf(sql, sizeof(sql), "SELECT MAX(seq) FROM ingest_position WHERE %s", key);
    return read_number(conn, sql, seq, there, error);
}

/* Whether tables are made anew just now: 1; 0: not for a while; -1 with ${error} filled. */
static int unsettled(MYSQL *conn, struct db_error *error)
{
    char sql[256];
    uint64_t young;
    bool there;
    snprintf(sql, sizeof(sql),
             "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND "
             "create_time > NOW() - INTERVAL %d SECOND",
             SETTLED_S);
    if (read_number(conn, sql, &young, &there, error) != 0)
        return -1;
    return young > 0;
}

static void note_most(struct position *position)
{
    if (position->seq > position->most)
        position->most = position->seq;
}

enum positions_answer positions_get(struct positions *positions, MYSQL *conn, const char *journal,
                                    uint64_t *seq, struct db_error *error)
{
    struct position *position = find(positions, journal);
    uint64_t stored = position->seq;
    bool there = position->there;
    if (!position->sure && read_seq(positions, conn, journal, &stored, &there, error) != 0)
        return POSITION_FAULT;
    bool fewer = position->known && stored < position->seq;
    int wait = fewer ? unsettled(conn, error) : 0;
    if (wait != 0)
        return wait < 0 ? POSITION_FAULT : POSITION_UNSETTLED;
    position->seq = *seq = stored;
    position->there = there;
    position->known = position->sure = true;
    note_most(position);
    return fewer ? POSITION_FEWER : POSITION_READ;
}

/* The row as it is known, to be moved on; or the journal's first one. */
static void write_move(struct positions *positions, MYSQL *conn, const struct position *position,
                       uint64_t seq, char *sql, size_t size)
{
    char key[KEY_MAX];
    if (position->there) {
        write_key(positions, conn, position->journal, key);
        snprintf(sql, size,
                 "UPDATE ingest_position SET seq = %llu, updated = UTC_TIMESTAMP(3) "
                 "WHERE %s AND seq = %llu",
                 (unsigned long long)seq, key, (unsigned long long)position->seq);
        return;
    }
    struct quoted quoted = quote(positions, conn, position->journal);
    snprintf(sql, size,
             "INSERT INTO ingest_position (collector, stream, journal, seq, updated) "
             "VALUES ('%s', %u, '%s', %llu, UTC_TIMESTAMP(3))",
             quoted.collector, positions->stream, quoted.journal, (unsigned long long)seq);
}

int positions_write(struct positions *positions, MYSQL *conn, const char *journal, uint64_t seq,
                    struct db_error *error)
{
    char sql[640];
    const struct position *position = find(positions, journal);
    write_move(positions, conn, position, seq, sql, sizeof(sql));
    if (db_run(conn, sql, error) != 0)
        return !position->there && error->code == ER_DUP_ENTRY ? 1 : -1;
    return mysql_affected_rows(conn) == 0;
}

void positions_committed(struct positions *positions, const char *journal, uint64_t seq)
{
    struct position *position = find(positions, journal);
    position->seq = seq;
    position->there = position->known = position->sure = true;
    note_most(position);
}

uint64_t positions_most(struct positions *positions, const char *journal)
{
    return find(positions, journal)->most;
}

int positions_expire(struct positions *positions, MYSQL *conn, struct db_error *error)
{
    char sql[512];
    struct quoted quoted = quote(positions, conn, "");
    snprintf(sql, sizeof(sql),
             "DELETE FROM ingest_position WHERE collector = '%s' AND journal <> '' AND "
             "updated < UTC_TIMESTAMP(3) - INTERVAL 90 DAY",
             quoted.collector);
    return db_run(conn, sql, error);
}
