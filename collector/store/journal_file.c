#include "collector/store/journal_file.h"

#include "collector/store/journal_file_parts.h"
#include "shared/base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x44545548, /* "DTUH" */
    FORMAT = 1,
    BUSY_MS = 1000,
    META_ROWS_MOST = 2,
};

#define META_TABLE                                                                                 \
    "CREATE TABLE meta (id TEXT NOT NULL, version INTEGER NOT NULL, before TEXT NOT NULL, "        \
    "before_seq INTEGER NOT NULL, closed INTEGER NOT NULL, first_seq INTEGER NOT NULL, "           \
    "last_seq INTEGER NOT NULL, probes INTEGER NOT NULL)"
#define GROUPS_TABLE                                                                               \
    "CREATE TABLE groups (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, "              \
    "made_ms INTEGER NOT NULL, crc INTEGER NOT NULL, bytes BLOB NOT NULL)"

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

enum file_result file_judge(sqlite3 *db, int rc, char *error)
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

enum file_result file_fail(struct journal_file *file, int rc)
{
    return file_judge(file->db, rc, file->error);
}

int file_run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

sqlite3_int64 file_number(sqlite3 *db, const char *text)
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
        rc = file_run(db, text);
    }
    enum file_result result = file_judge(db, rc, error);
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
        return file_fail(file, rc);
    bool differ = false;
    int rows = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && rows++ < META_ROWS_MOST) {
        struct file_meta row = meta_of_row(statement);
        differ |= rows > 1 && !same_meta(meta, &row);
        if (rows == 1 || meta->id[0] == '\0' || meta->damaged)
            *meta = row;
    }
    enum file_result result = file_fail(file, rc);
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
    return file_number(file->db, "SELECT count(*) = 2 FROM sqlite_schema WHERE "
                                 "(name = 'meta' AND sql = '" META_TABLE "') OR "
                                 "(name = 'groups' AND sql = '" GROUPS_TABLE "')") == 1;
}

static enum file_result check_kind(struct journal_file *file)
{
    sqlite3_int64 version = file_number(file->db, "PRAGMA user_version");
    if (version == FORMAT && file_number(file->db, "PRAGMA application_id") == APPLICATION_ID &&
        has_tables(file))
        return FILE_OK;
    enum file_result result = file_fail(file, sqlite3_extended_errcode(file->db));
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
    int rc = file_run(file->db, "PRAGMA journal_mode = WAL");
    if (rc == SQLITE_OK)
        rc = file_run(file->db, modes[sync]);
    if (rc == SQLITE_OK)
        rc = file_run(file->db, "PRAGMA wal_autocheckpoint = 0; UPDATE meta SET closed = 0");
    return file_fail(file, rc);
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
    enum file_result result = file_fail(file, rc);
    if (result == FILE_OK)
        result = check_kind(file);
    if (result == FILE_OK)
        result = read_meta(file);
    if (result == FILE_OK && writing)
        result = set_up(file, sync);
    if (result == FILE_OK)
        result = file_prepare(file, writing);
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
    if (file_run(file->db, text) == SQLITE_OK)
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
