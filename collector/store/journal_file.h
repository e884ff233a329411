/*
 * One file of the journal: a SQLite database whose rows are groups (collector/store/group.h). Thin:
 * it knows nothing of what the groups hold. A handle belongs to one thread at a time; a file may be
 * open for writing and, by another handle, for reading.
 */
#ifndef DTUHUB_COLLECTOR_STORE_JOURNAL_FILE_H
#define DTUHUB_COLLECTOR_STORE_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal_file;

enum file_result {
    FILE_OK,
    FILE_NONE,  /* there is no such group */
    FILE_AGAIN, /* not done: no room, no right, locked; the file is as it was */
    FILE_BAD,   /* damaged, or nobody knows what is in it now: do not write to it any more */
};

enum { FILE_ID_SIZE = 33, FILE_ERROR_SIZE = 256 };

enum file_sync { FILE_SYNC_FULL, FILE_SYNC_NORMAL, FILE_SYNC_OFF };

/** What a file says of itself. */
struct file_meta {
    char id[FILE_ID_SIZE];
    char before[FILE_ID_SIZE]; /* the file that this one took over from; "": none */
    uint64_t before_seq;       /* that one's last record that counts: later ones are here again */
    bool closed;               /* by file_close_clean(), and so complete */
    uint64_t first_seq;        /* then: the first record that it holds, or will hold */
    uint64_t last_seq;         /* and its last one */
};

/** file_create(path, meta, error): make a file: it is there whole or not at all. */
enum file_result file_create(const char *path, const struct file_meta *meta, char *error);

/** file_open(path, writing, sync, out, error): open what is there. For writing, it no longer counts
 * as closed from here on. */
enum file_result file_open(const char *path, bool writing, enum file_sync sync,
                           struct journal_file **out, char *error);

/** file_close(file): as if killed: nothing is written any more. NULL is allowed. */
void file_close(struct journal_file *file);

/** file_close_clean(file, first_seq, last_seq): mark it as complete, then close it. Where that
 * fails, it is closed only. */
void file_close_clean(struct journal_file *file, uint64_t first_seq, uint64_t last_seq);

/** file_error(file): what the last call that failed complains of. */
const char *file_error(const struct journal_file *file);

/** file_meta(file, out): as it was when the file was opened. */
void file_get_meta(const struct journal_file *file, struct file_meta *out);

struct file_group {
    uint64_t first_seq, last_seq;
    int64_t made_ms;
    uint32_t crc;
};

/** file_append(file, group, bytes, size): FILE_OK where it is in the file for good. */
enum file_result file_append(struct journal_file *file, const struct file_group *group,
                             const void *bytes, size_t size);

/** file_delete(file, through): the oldest groups that end at ${through} or before, some of them.
 * FILE_NONE where there was none left. */
enum file_result file_delete(struct journal_file *file, uint64_t through);

/** file_probe(file): write something small, to see whether that goes again. */
enum file_result file_probe(struct journal_file *file);

/** file_checkpoint(file): now and then: move what was appended to its place, and give some of the
 * room of deleted groups back. */
enum file_result file_checkpoint(struct journal_file *file);

/** file_moved(file): whether its name does not lead to it any more. */
bool file_moved(struct journal_file *file);

/** file_bytes(file): what the groups take. */
uint64_t file_bytes(struct journal_file *file);

/** file_next(file, seq, out): the group that holds ${seq}, or else the first one behind it. */
enum file_result file_next(struct journal_file *file, uint64_t seq, struct file_group *out);

/** file_after(file, first_seq, out): the first group that begins behind ${first_seq}. */
enum file_result file_after(struct journal_file *file, uint64_t first_seq, struct file_group *out);

/** file_last(file, out): the newest group. */
enum file_result file_last(struct journal_file *file, struct file_group *out);

/** file_load(file, first_seq, bytes, size): the bytes of a group, for free(). */
enum file_result file_load(struct journal_file *file, uint64_t first_seq, uint8_t **bytes,
                           size_t *size);

/** file_remove(path): delete a file and what SQLite keeps beside it. */
void file_remove(const char *path);

/** file_rename(path, to): rename it in the same way. */
void file_rename(const char *path, const char *to);

#endif
