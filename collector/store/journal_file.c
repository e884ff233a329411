#include "collector/store/journal_file.h"

#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x44545548, /* "DTUH" */
    FORMAT = 1,
    BUSY_MS = 1000,
    DELETE_GROUPS = 64, /* in one step */
    WAL_MAX = 64 << 20, /* the log is cut from this size on */
    FREE_PAGES_KEPT = 4096,
    VACUUM_PAGES = 2048, /* in one step */
    SEEK_STEPS = 62,
    META_ROWS_MOST = 2,
};

enum statement {
    BEFORE, /* the next three take a number */
    AFTER,
    LAST,
    READ_BEFORE, /* the same with the bytes */
    READ_AFTER,
    READ_LAST,
    APPEND, /* from here on for writing */
    MARK,
    DELETE,
    PROBE,
    STATEMENTS,
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

#define META_TABLE                                                                                 \
    "CREATE TABLE meta (id TEXT NOT NULL, version INTEGER NOT NULL, before TEXT NOT NULL, "        \
    "before_seq INTEGER NOT NULL, closed INTEGER NOT NULL, first_seq INTEGER NOT NULL, "           \
    "last_seq INTEGER NOT NULL, probes INTEGER NOT NULL)"
#define GROUPS_TABLE                                                                               \
    "CREATE TABLE groups (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, "              \
    "made_ms INTEGER NOT NULL, crc INTEGER NOT NULL, bytes BLOB NOT NULL)"

struct journal_file {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct file_meta meta;
    char error[FILE_ERROR_SIZE];
};

static bool out_of_room(int system_error)
{
    return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

/* The system's last error at the file or its log; SQLite itself forgets it when a commit fails. */
static int last_errno(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int number = sqlite3_system_errno(db), own = 0;
    if (sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != NULL && log->pMethods != NULL)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &own);
    if (own == 0)
        sqlite3_file_control(db, NULL, SQLITE_FCNTL_LAST_ERRNO, &own);
    return own != 0 ? own : number;
}

/* What a result of SQLite means for the file. */
static enum file_result judge(sqlite3 *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return FILE_OK;
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOMEM:
        return FILE_AGAIN;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
            return FILE_BAD;
        return out_of_room(last_errno(db)) ? FILE_AGAIN : FILE_BAD;
    }
    return FILE_BAD;
}

static enum file_result judge_open(sqlite3 *db, int rc, char *error)
{
    enum file_result result = judge(db, rc);
    if (result == FILE_OK)
        return FILE_OK;
    int number = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN ? last_errno(db) : 0;
    snprintf(error, FILE_ERROR_SIZE, "%s%s%s",
             rc == SQLITE_FULL ? "no room left on the disk" : sqlite3_errmsg(db),
             number != 0 ? ": " : "", number != 0 ? strerror(number) : "");
    return result;
}

static enum file_result fail(struct journal_file *file, int rc)
{
    return judge_open(file->db, rc, file->error);
}

static int run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static sqlite3_int64 pragma(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement;
    sqlite3_int64 value = -1;
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* The files of SQLite beside ${path}. */
static const char *const beside[] = {"", "-wal", "-shm", "-journal"};

void file_remove(const char *path)
{
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
        snprintf(name, sizeof(name), "%s%s", path, beside[i]);
        unlink(name);
    }
}

void file_rename(const char *path, const char *to)
{
    char name[PATH_MAX + 16], next[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
        snprintf(name, sizeof(name), "%s%s", path, beside[i]);
        snprintf(next, sizeof(next), "%s%s", to, beside[i]);
        rename(name, next);
    }
}

bool file_keep(const char *path, const char *as)
{
    char name[PATH_MAX + 16], kept[PATH_MAX + 16];
    bool all = true;
    for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
        snprintf(name, sizeof(name), "%s%s", path, beside[i]);
        snprintf(kept, sizeof(kept), "%s%s", as, beside[i]);
        all &= link(name, kept) == 0 || errno == ENOENT || errno == EEXIST;
    }
    return all;
}

/* Making */

static enum file_result fill(const char *path, const struct file_meta *meta, char *error)
{
    sqlite3 *db;
    char text[1400];
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    snprintf(text, sizeof(text),
             "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; BEGIN;"
             "PRAGMA application_id = %d; PRAGMA user_version = %d;" META_TABLE ";" GROUPS_TABLE ";"
             "INSERT INTO meta VALUES ('%s', %d, '%s', %lld, 0, 0, 0, 0);"
             "INSERT INTO meta SELECT * FROM meta; COMMIT",
             APPLICATION_ID, FORMAT, meta->id, FORMAT, meta->before, (long long)meta->before_seq);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db, 1);
        rc = run(db, text);
    }
    enum file_result result = judge_open(db, rc, error);
    sqlite3_close(db);
    return result;
}

static int sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    close(fd);
    return rc;
}

enum file_result file_create(const char *path, const struct file_meta *meta, char *error)
{
    char draft[PATH_MAX + 8];
    snprintf(draft, sizeof(draft), "%s.new", path);
    file_remove(draft);
    enum file_result result = fill(draft, meta, error);
    if (result == FILE_OK && (rename(draft, path) != 0 || sync_folder(path) != 0)) {
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
        result = FILE_AGAIN;
    }
    if (result != FILE_OK)
        file_remove(draft);
    return result;
}

/* Opening */

static bool is_id(const char *text)
{
    return text != NULL && strlen(text) == FILE_ID_SIZE - 1 &&
           text[strspn(text, "0123456789abcdef")] == '\0';
}

static void copy_text(char *to, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (is_id(text))
        memcpy(to, text, FILE_ID_SIZE);
}

static struct file_meta meta_of_row(sqlite3_stmt *statement)
{
    struct file_meta meta = {0};
    copy_text(meta.id, statement, 0);
    copy_text(meta.before, statement, 1);
    meta.before_seq = (uint64_t)sqlite3_column_int64(statement, 2);
    meta.closed = sqlite3_column_int64(statement, 3) == 1;
    meta.first_seq = (uint64_t)sqlite3_column_int64(statement, 4);
    meta.last_seq = (uint64_t)sqlite3_column_int64(statement, 5);
    meta.damaged = sqlite3_column_int64(statement, 6) != FORMAT;
    return meta;
}

static bool same_meta(const struct file_meta *a, const struct file_meta *b)
{
    return strcmp(a->id, b->id) == 0 && strcmp(a->before, b->before) == 0 &&
           a->before_seq == b->before_seq && a->closed == b->closed &&
           a->first_seq == b->first_seq && a->last_seq == b->last_seq && a->damaged == b->damaged;
}

/* The row is there twice, since nothing else guards it; once in a file of before that. */
static enum file_result read_meta(struct journal_file *file)
{
    sqlite3_stmt *statement;
    struct file_meta *meta = &file->meta;
    int rc = sqlite3_prepare_v2(
        file->db, "SELECT id, before, before_seq, closed, first_seq, last_seq, version FROM meta",
        -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return fail(file, rc);
    bool differ = false;
    int rows = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && rows++ < META_ROWS_MOST) {
        struct file_meta row = meta_of_row(statement);
        differ |= rows > 1 && !same_meta(meta, &row);
        if (rows == 1 || meta->id[0] == '\0' || meta->damaged)
            *meta = row;
    }
    enum file_result result = fail(file, rc);
    sqlite3_finalize(statement);
    if (result == FILE_AGAIN)
        return result;
    if (meta->id[0] == '\0' || meta->damaged) {
        snprintf(file->error, sizeof(file->error), "it does not say which journal it is");
        return FILE_BAD;
    }
    meta->damaged = differ || result != FILE_OK || rows > META_ROWS_MOST;
    meta->closed &= !meta->damaged;
    return FILE_OK;
}

/* Where the text of a table is damaged, the table may well look empty. */
static bool has_tables(struct journal_file *file)
{
    return pragma(file->db, "SELECT count(*) = 2 FROM sqlite_schema WHERE "
                            "(name = 'meta' AND sql = '" META_TABLE "') OR "
                            "(name = 'groups' AND sql = '" GROUPS_TABLE "')") == 1;
}

static enum file_result check_kind(struct journal_file *file)
{
    sqlite3_int64 version = pragma(file->db, "PRAGMA user_version");
    if (version == FORMAT && pragma(file->db, "PRAGMA application_id") == APPLICATION_ID &&
        has_tables(file))
        return FILE_OK;
    enum file_result result = fail(file, sqlite3_extended_errcode(file->db));
    if (result != FILE_OK)
        return result;
    snprintf(file->error, sizeof(file->error),
             "it is no journal, or a damaged one, or one of another version of this program");
    return FILE_BAD;
}

/* Checkpoints are asked for, not left to SQLite, which would not tell when one goes wrong. */
static enum file_result set_up(struct journal_file *file, enum file_sync sync)
{
    static const char *const modes[] = {
        [FILE_SYNC_FULL] = "PRAGMA synchronous = FULL",
        [FILE_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
        [FILE_SYNC_OFF] = "PRAGMA synchronous = OFF",
    };
    int rc = run(file->db, "PRAGMA journal_mode = WAL");
    if (rc == SQLITE_OK)
        rc = run(file->db, modes[sync]);
    if (rc == SQLITE_OK)
        rc = run(file->db, "PRAGMA wal_autocheckpoint = 0; UPDATE meta SET closed = 0");
    return fail(file, rc);
}

static enum file_result prepare(struct journal_file *file, bool writing)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < STATEMENTS && rc == SQLITE_OK; i++) {
        if (writing || i < APPEND)
            rc = sqlite3_prepare_v3(file->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &file->statements[i], NULL);
    }
    return fail(file, rc);
}

enum file_result file_open(const char *path, bool writing, enum file_sync sync,
                           struct journal_file **out, char *error)
{
    struct journal_file *file = xcalloc(1, sizeof(*file));
    *out = NULL;
    int rc = sqlite3_open_v2(path, &file->db,
                             writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, NULL);
    sqlite3_extended_result_codes(file->db, 1);
    sqlite3_busy_timeout(file->db, BUSY_MS);
    /* Whoever closes last would otherwise write. */
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    enum file_result result = fail(file, rc);
    if (result == FILE_OK)
        result = check_kind(file);
    if (result == FILE_OK)
        result = read_meta(file);
    if (result == FILE_OK && writing)
        result = set_up(file, sync);
    if (result == FILE_OK)
        result = prepare(file, writing);
    if (result == FILE_OK) {
        *out = file;
        return FILE_OK;
    }
    snprintf(error, FILE_ERROR_SIZE, "%s", file->error);
    file_close(file);
    return result;
}

void file_close(struct journal_file *file)
{
    if (file == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(file->statements[i]);
    sqlite3_close(file->db);
    free(file);
}

void file_close_clean(struct journal_file *file, uint64_t first_seq, uint64_t last_seq)
{
    char text[128];
    snprintf(text, sizeof(text), "UPDATE meta SET closed = 1, first_seq = %llu, last_seq = %llu",
             (unsigned long long)first_seq, (unsigned long long)last_seq);
    if (run(file->db, text) == SQLITE_OK)
        sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    file_close(file);
}

const char *file_error(const struct journal_file *file)
{
    return file->error;
}

void file_get_meta(const struct journal_file *file, struct file_meta *out)
{
    *out = file->meta;
}

/* Writing */

/* After a failure nothing may stay half done. */
static enum file_result undo(struct journal_file *file, enum file_result result)
{
    if (result != FILE_OK && sqlite3_get_autocommit(file->db) == 0 &&
        run(file->db, "ROLLBACK") != SQLITE_OK)
        result = FILE_BAD;
    return result;
}

static enum file_result commit(struct journal_file *file)
{
    return undo(file, fail(file, run(file->db, "COMMIT")));
}

/* Run a statement that changes something, in the open transaction, or else one of its own. */
static enum file_result change(struct journal_file *file, enum statement which)
{
    sqlite3_stmt *statement = file->statements[which];
    enum file_result result = fail(file, sqlite3_step(statement));
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
    enum file_result result = fail(file, run(file->db, "BEGIN IMMEDIATE"));
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
    if (pragma(file->db, "PRAGMA freelist_count") > FREE_PAGES_KEPT) {
        snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
        enum file_result result = fail(file, run(file->db, text));
        if (result != FILE_OK)
            return result;
    }
    int rc = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
    if (rc == SQLITE_OK && (sqlite3_int64)pages * 4096 > WAL_MAX)
        rc = sqlite3_wal_checkpoint_v2(file->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, &done);
    return (rc & 0xff) == SQLITE_BUSY ? FILE_OK : fail(file, rc);
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
        pragma(file->db, "PRAGMA page_count") - pragma(file->db, "PRAGMA freelist_count");
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
    enum file_result result = fail(file, rc);
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
