/* The groups in a file of the journal: written, deleted, found. */
#include "collector/store/journal_file_parts.h"
#include "shared/base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DELETE_GROUPS = 64, /* in one step */
    WAL_MAX = 64 << 20, /* the log is cut from this size on */
    FREE_PAGES_KEPT = 4096,
    VACUUM_PAGES = 2048, /* in one step */
    SEEK_STEPS = 62,
};

#define GROUP "SELECT first_seq, last_seq, made_ms, crc"
#define FROM_BEFORE " FROM groups WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1"
#define FROM_AFTER " FROM groups WHERE first_seq > ?1 ORDER BY first_seq LIMIT 1"
#define FROM_LAST " FROM groups ORDER BY first_seq DESC LIMIT 1"

static const char *const sql[STATEMENTS] = {
    [APPEND] = "INSERT INTO groups (first_seq, last_seq, made_ms, crc, bytes) "
               "VALUES (?1, ?2, ?3, ?4, ?5)",
    [BEFORE] = GROUP FROM_BEFORE,
    [AFTER] = GROUP FROM_AFTER,
    [LAST] = GROUP FROM_LAST,
    [READ_BEFORE] = GROUP ", bytes" FROM_BEFORE,
    [READ_AFTER] = GROUP ", bytes" FROM_AFTER,
    [READ_LAST] = GROUP ", bytes" FROM_LAST,
    [MARK] = "UPDATE meta SET first_seq = max(first_seq, ?1)",
    [DELETE] = "DELETE FROM groups WHERE first_seq IN (SELECT first_seq FROM groups "
               "WHERE first_seq <= ?1 AND last_seq <= ?1 ORDER BY first_seq LIMIT ?2)",
    [PROBE] = "UPDATE meta SET probes = probes + 1",
};

enum file_result file_prepare(struct journal_file *file, bool writing)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < STATEMENTS && rc == SQLITE_OK; i++) {
        if (writing || i < APPEND)
            rc = sqlite3_prepare_v3(file->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &file->statements[i], NULL);
    }
    return file_fail(file, rc);
}

/* Writing */

/* After a failure nothing may stay half done. */
static enum file_result undo(struct journal_file *file, enum file_result result)
{
    if (result != FILE_OK && sqlite3_get_autocommit(file->db) == 0 &&
        file_run(file->db, "ROLLBACK") != SQLITE_OK)
        result = FILE_BAD;
    return result;
}

static enum file_result commit(struct journal_file *file)
{
    return undo(file, file_fail(file, file_run(file->db, "COMMIT")));
}

/* Run a statement that changes something, in the open transaction, or else one of its own. */
static enum file_result change(struct journal_file *file, enum statement which)
{
    sqlite3_stmt *statement = file->statements[which];
    enum file_result result = file_fail(file, sqlite3_step(statement));
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return undo(file, result);
}

enum file_result file_append(struct journal_file *file, const struct file_group *group,
                             const void *bytes, size_t size)
{
    sqlite3_stmt *statement = file->statements[APPEND];
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)group->first_seq);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)group->last_seq);
    sqlite3_bind_int64(statement, 3, group->made_ms);
    sqlite3_bind_int64(statement, 4, group->crc);
    sqlite3_bind_blob64(statement, 5, bytes, size, SQLITE_STATIC);
    return change(file, APPEND);
}

/* In one transaction: what the file is expected to hold, and what it holds. */
enum file_result file_delete(struct journal_file *file, uint64_t through)
{
    enum file_result result = file_fail(file, file_run(file->db, "BEGIN IMMEDIATE"));
    if (result != FILE_OK)
        return result;
    sqlite3_bind_int64(file->statements[DELETE], 1, (sqlite3_int64)through);
    sqlite3_bind_int(file->statements[DELETE], 2, DELETE_GROUPS);
    result = change(file, DELETE);
    bool none = sqlite3_changes(file->db) == 0;
    if (result == FILE_OK && !none) {
        sqlite3_bind_int64(file->statements[MARK], 1, (sqlite3_int64)through + 1);
        result = change(file, MARK);
    }
    if (result == FILE_OK)
        result = commit(file);
    return result == FILE_OK && none ? FILE_NONE : result;
}

enum file_result file_probe(struct journal_file *file)
{
    return change(file, PROBE);
}

enum file_result file_checkpoint(struct journal_file *file)
{
    char text[64];
    int pages = 0, done = 0;
    if (file_number(file->db, "PRAGMA freelist_count") > FREE_PAGES_KEPT) {
        snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
        enum file_result result = file_fail(file, file_run(file->db, text));
        if (result != FILE_OK)
            return result;
    }
    int rc = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    if (rc == SQLITE_OK && (sqlite3_int64)pages * 4096 > WAL_MAX)
        rc = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, &done);
    return (rc & 0xff) == SQLITE_BUSY ? FILE_OK : file_fail(file, rc);
}

bool file_moved(struct journal_file *file)
{
    int moved = 0;
    return sqlite3_file_control(file->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved;
}

uint64_t file_bytes(struct journal_file *file)
{
    sqlite3_int64 pages =
        file_number(file->db, "PRAGMA page_count") - file_number(file->db, "PRAGMA freelist_count");
    return pages > 0 ? (uint64_t)pages * 4096 : 0;
}

/* Reading */

/* Groups that begin behind ${behind}, and not behind ${last}. */
struct range {
    uint64_t behind, last;
};

static void take_blob(sqlite3_stmt *statement, struct file_blob *blob)
{
    const void *bytes = sqlite3_column_blob(statement, 4);
    blob->size = bytes != NULL ? (size_t)sqlite3_column_bytes(statement, 4) : 0;
    blob->bytes = xcalloc(1, blob->size + 1);
    if (blob->size > 0)
        memcpy(blob->bytes, bytes, blob->size);
}

/* ${which}: BEFORE, AFTER, LAST. Damage may make the tree lead to any row. */
static enum file_result find(struct journal_file *file, enum statement which, struct range range,
                             struct file_group *out, struct file_blob *blob)
{
    sqlite3_stmt *statement = file->statements[blob != NULL ? which + READ_BEFORE : which];
    if (which != LAST)
        sqlite3_bind_int64(statement, 1,
                           (sqlite3_int64)(which == BEFORE ? range.last : range.behind));
    int rc = sqlite3_step(statement);
    enum file_result result = file_fail(file, rc);
    if (rc == SQLITE_ROW) {
        *out = (struct file_group){
            .first_seq = (uint64_t)sqlite3_column_int64(statement, 0),
            .last_seq = (uint64_t)sqlite3_column_int64(statement, 1),
            .made_ms = sqlite3_column_int64(statement, 2),
            .crc = (uint32_t)sqlite3_column_int64(statement, 3),
        };
        if (out->first_seq <= range.behind || out->first_seq > range.last) {
            snprintf(file->error, sizeof(file->error), "a group is not where it belongs");
            result = FILE_BAD;
        } else if (blob != NULL) {
            take_blob(statement, blob);
        }
    }
    sqlite3_reset(statement);
    return result == FILE_OK && rc == SQLITE_DONE ? FILE_NONE : result;
}

/* Whether a group can be read, or there is none. */
static bool is_good(struct journal_file *file, struct range range, bool bytes)
{
    struct file_group group;
    struct file_blob blob = {0};
    enum file_result result = find(file, AFTER, range, &group, bytes ? &blob : NULL);
    free(blob.bytes);
    return result != FILE_BAD;
}

/*
 * Where the tree is damaged: the first group of the part that is good again. The damage is a run of
 * groups, so the nearest place that can be read is found by halving.
 */
static enum file_result find_behind_damage(struct journal_file *file, struct range range,
                                           struct file_group *out, struct file_blob *blob)
{
    uint64_t bad = range.behind, good = 0;
    for (int i = 0; i < SEEK_STEPS && good == 0; i++) {
        uint64_t at = range.behind + ((uint64_t)1 << i);
        if (at >= range.last)
            break;
        if (is_good(file, (struct range){at, range.last}, blob != NULL))
            good = at;
        else
            bad = at;
    }
    while (good > bad + 1) {
        uint64_t middle = bad + (good - bad) / 2;
        if (is_good(file, (struct range){middle, range.last}, blob != NULL))
            good = middle;
        else
            bad = middle;
    }
    return good > 0 ? find(file, AFTER, (struct range){good, range.last}, out, blob) : FILE_BAD;
}

enum file_result file_after(struct journal_file *file, uint64_t seq, uint64_t last,
                            struct file_group *out, struct file_blob *blob)
{
    struct range range = {seq, last};
    enum file_result result = find(file, AFTER, range, out, blob);
    return result == FILE_BAD ? find_behind_damage(file, range, out, blob) : result;
}

enum file_result file_next(struct journal_file *file, uint64_t seq, uint64_t last,
                           struct file_group *out, struct file_blob *blob)
{
    enum file_result result = find(file, BEFORE, (struct range){0, seq}, out, blob);
    if (result == FILE_OK && (out->last_seq >= seq || out->first_seq == seq))
        return FILE_OK;
    if (result == FILE_OK && blob != NULL)
        free(blob->bytes);
    if (result == FILE_AGAIN)
        return result;
    return file_after(file, seq, last, out, blob);
}

enum file_result file_last(struct journal_file *file, struct file_group *out,
                           struct file_blob *blob)
{
    return find(file, LAST, (struct range){0, INT64_MAX}, out, blob);
}
