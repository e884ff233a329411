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
    uint64_t first_seq;        /* records before this one were deleted; 0: none were */
    uint64_t last_seq;         /* where closed: the last record that it holds, or held */
    bool damaged;              /* what is said here contradicts itself; not closed, then */
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

/** file_delete(file, through): the oldest groups that end at ${through} or before, some of them;
 * and note that none of these is expected any more. FILE_NONE where there was none left. */
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

/** The bytes of a group, for free(). */
struct file_blob {
    uint8_t *bytes;
    size_t size;
};

/*
 * Looking for groups: with ${blob}, for groups whose bytes can be read, and these are in it where
 * FILE_OK is returned; else it is NULL. What is damaged is stepped over, so only the numbers of the
 * groups found tell what is missing, and what ${last} is: a group that begins behind that one is
 * damage, too (FILE_MOST_SEQ: any may come). FILE_BAD: nothing more can be read up to ${last}.
 */
#define FILE_MOST_SEQ INT64_MAX

/** file_next(file, seq, last, out, blob): the group that holds ${seq}, or else the first one behind
 * it. */
enum file_result file_next(struct journal_file *file, uint64_t seq, uint64_t last,
                           struct file_group *out, struct file_blob *blob);

/** file_after(file, seq, last, out, blob): the first group that begins behind ${seq}. */
enum file_result file_after(struct journal_file *file, uint64_t seq, uint64_t last,
                            struct file_group *out, struct file_blob *blob);

/** file_last(file, out, blob): the newest group; damage is not stepped over. */
enum file_result file_last(struct journal_file *file, struct file_group *out,
                           struct file_blob *blob);

/** file_remove(path): delete a file and what SQLite keeps beside it. */
void file_remove(const char *path);

/** file_rename(path, to): rename it in the same way. */
void file_rename(const char *path, const char *to);

/** file_keep(path, as): give it another name in the same way, besides its own; whether it has it.
 */
bool file_keep(const char *path, const char *as);

#endif
