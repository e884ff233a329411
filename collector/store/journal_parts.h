/*
 * What the files of the journal share: journal.c hands out, journal_thread.c writes,
 * journal_tidy.c deletes what is old, journal_room.c keeps to the room there is, journal_folder.c
 * knows the files, journal_rescue.c saves what is in a deleted one, journal_read.c reads them back.
 */
#ifndef DTUHUB_COLLECTOR_STORE_JOURNAL_PARTS_H
#define DTUHUB_COLLECTOR_STORE_JOURNAL_PARTS_H

#include "collector/store/group.h"
#include "collector/store/journal.h"
#include "collector/store/journal_file.h"
#include "shared/base/log.h"

#include <limits.h>
#include <pthread.h>
#include <sys/queue.h>

enum { VOLUME_MARKS = 40, JOURNAL_TIDY_MS = 1000 };

/** A place up to which records were stored, and since when. */
struct stored_mark {
    uint64_t seq;
    int64_t at_ms; /* monotonic */
};

/** One file of the journal. They are in the order of their numbers, and none is freed before the
 * end. */
struct volume {
    TAILQ_ENTRY(volume) link;
    char *path;
    char id[JOURNAL_ID_SIZE];
    unsigned number;
    uint64_t first_seq;   /* of what it should still hold */
    uint64_t leaving_seq; /* up to here it may be deleted at any time */
    uint64_t last_seq;    /* of its last record that counts; 0: none */
    uint64_t earlier_seq; /* last record from before this start */
    uint64_t given_seq;   /* up to here they were handed out */
    uint64_t stored_seq;  /* up to here the database has them */
    int64_t oldest_ms;    /* wall clock of its oldest record not stored, about */
    uint64_t owed_seq;    /* up to here they left the file while they were handed out: who has them
                             stores them, or else they are dropped */
    uint64_t bytes;       /* on the disk */
    bool drained;         /* read to its end, nothing will come any more */
    bool gone;            /* deleted */
    bool left;            /* cannot be opened, or came too late: the next start reads it */
    struct stored_mark marks[VOLUME_MARKS];
    size_t nmarks;
};

TAILQ_HEAD(volumes, volume);

/** A group that is in a file, and still in memory for the one who takes. */
struct block {
    TAILQ_ENTRY(block) link;
    struct volume *volume;
    uint64_t first_seq, last_seq;
    int64_t committed_ms; /* monotonic */
    size_t bytes;
    struct cache_chunks chunks;
};

TAILQ_HEAD(blocks, block);

struct journal {
    struct stream stream;
    struct stream_budget *budget;
    unsigned first_file; /* see struct journal_parts */
    struct cache *cache;
    struct names *names;
    bool enabled;
    char dir[PATH_MAX];
    enum file_sync sync;
    pthread_t thread;

    /* The thread's alone. */
    int lock_fd;               /* on the folder; -1: not ours yet */
    struct journal_file *file; /* the newest, open for writing; NULL: none */
    struct group_maker *maker;
    char cut_id[JOURNAL_ID_SIZE]; /* the last file given up, and its last record that counts */
    uint64_t cut_seq;
    int64_t taken_ms, tidied_ms, tried_ms; /* monotonic */
    struct {
        uint64_t data, disk;
    } budgeted;                  /* bytes that ${budget} knows of */
    struct journal_file *orphan; /* still open, of a folder that was deleted */
    struct volume *orphan_volume;
    struct log_limit complaint, drop_complaint;

    /* Of the one who takes alone. */
    struct journal_file *reader;
    struct volume *reading; /* what ${reader} is open on */
    unsigned reader_faults;
    struct log_limit read_complaint, gap_complaint;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t change;
    struct volumes volumes;
    struct volume *current; /* the one that ${file} writes */
    struct volume *cursor;  /* where the one who takes is */
    uint64_t cursor_seq;    /* taken, or sought, up to here */
    struct blocks tail;     /* the newest groups, oldest first, without a gap to the end */
    size_t tail_records, tail_bytes;
    struct cache_chunks pending; /* taken from the cache, in no file yet */
    size_t pending_records;
    bool busy;          /* the thread is about to write ${pending} */
    bool outrun;        /* the database knows more of the current file than it holds */
    int64_t told_by_ms; /* monotonic: until then the database may say what of earlier is stored; 0:
                           it has */
    bool ended;         /* the thread has done what it can */
    bool past;          /* nothing of earlier lives was left when this was last asked */
    size_t loose;       /* records handed out that are in no file */
    size_t lost;        /* such ones that came back unstored */
    int64_t loose_ms;   /* monotonic: when such ones were handed out last */
    uint64_t max_bytes;
    uint64_t reserve_bytes; /* on the disk */
    int64_t retention_ms, flush_interval_ms, shutdown_timeout_ms;
    int64_t closed_ms; /* monotonic: when the end was first seen; 0: not yet */
    struct journal_status status;
};

/* journal_folder.c: for the thread, which is not running yet or calls itself. */

/** journal_folder_open(journal): lock the folder, look what is there, and have a file to write to.
 * 0, or -1 with the reason in ${journal}->status.error. Again after a failure. */
int journal_folder_open(struct journal *journal);

/** journal_folder_renew(journal): the file is not to be trusted: go on with a new one. 0, or -1. */
int journal_folder_renew(struct journal *journal);

/** journal_folder_close(journal): at the end. */
void journal_folder_close(struct journal *journal);

/** journal_folder_replace(journal): all that the file holds is stored: delete it and go on with a
 * new one. 0, or -1. */
int journal_folder_replace(struct journal *journal);

/** journal_fail(journal, error): say that nothing goes to the file now, and why. Lock not held. */
void journal_fail(struct journal *journal, const char *error);

/* journal_thread.c */

/** journal_run(journal): the thread. */
void *journal_run(void *journal);

/* journal_tidy.c: for the thread. */

/** journal_tidy(journal): now and then: delete what is stored since long, and what is too much. */
void journal_tidy(struct journal *journal);

/** journal_drop_oldest(journal): a file, or some groups of the file that is written: stored or not,
 * and counted where not. FILE_NONE where there is nothing. */
enum file_result journal_drop_oldest(struct journal *journal);

/** journal_drop_volume(journal, volume): delete it; what of it is not stored is counted. */
void journal_drop_volume(struct journal *journal, struct volume *volume);

/** journal_delete_stored(journal, through, steps): groups of the file that is written, as far as
 * ${through}. */
enum file_result journal_delete_through(struct journal *journal, uint64_t through, int steps);

/** journal_learn(journal): what the file that is written holds, after something went. */
void journal_learn(struct journal *journal);

/* journal_room.c: for the thread. */

/** How journal.max_bytes is divided, or the size of the disk where that is less. All but ${data} is
 * what one stream has for itself. */
struct journal_bounds {
    uint64_t group;         /* records are written in groups of about so many bytes at the most */
    uint64_t log, log_most; /* the log (-wal) is moved to its place from this size on: once a
                               second, and at once */
    uint64_t reserve;       /* the file reserve */
    uint64_t data;          /* of all streams: the files without the log of the newest */
    uint64_t spare;         /* of that for groups to come: more is given back */
};

struct journal_bounds journal_bounds(struct journal *journal);

/** journal_data(journal, pages): bytes of all its files, but of the one that is written its groups
 * alone; its pages in ${pages}. The budget of all streams learns it. */
uint64_t journal_data(struct journal *journal, struct file_pages *pages);

/** journal_near(journal, bytes): whether so many bytes more on the disk, where all streams are, are
 * too many. */
bool journal_near(struct journal *journal, uint64_t bytes);

/** journal_checkpoint(journal): move the log to its place where it is time, and give back room. */
enum file_result journal_checkpoint(struct journal *journal);

/**
 * journal_reclaim(journal): a write failed. Where that was for want of room: what is stored goes,
 * however new it is; and where memory is running out too, the oldest of the rest. Whether it is
 * worth another attempt.
 */
bool journal_reclaim(struct journal *journal);

/** journal_reserve(journal): set room aside for journal_reclaim(), which cannot delete from a file
 * without some. */
void journal_reserve(struct journal *journal);

/** journal_release(journal): give that up. */
void journal_release(struct journal *journal);

/* journal_rescue.c: for the thread. */

/** journal_rescue(journal): the folder was deleted: what waits in the file that was written, which
 * is still open, goes into the new one; what is lost is counted. */
void journal_rescue(struct journal *journal);

/* journal_read.c: for the one who takes. Lock held, and given up while it reads. */

/** journal_advance(journal): go on to the next file where that at the cursor holds no more. */
void journal_advance(struct journal *journal);

/** journal_read(journal, most, out): records from the file at the cursor, where there are any.
 * Return their number; 0 where there is nothing, or nothing just now. */
size_t journal_read(struct journal *journal, size_t most, struct parcel *out);

void journal_read_close(struct journal *journal);

/* journal.c: lock held. */

/** journal_count(volume): records that it holds and that are not stored. */
uint64_t journal_count(const struct volume *volume);

/** journal_give_up(journal, volume, through): its records up to ${through} go: count those as
 * dropped that are neither stored nor handed out, and return their number. */
uint64_t journal_give_up(struct journal *journal, struct volume *volume, uint64_t through);

/** journal_handed_out(journal, volume): up to here they were. */
uint64_t journal_handed_out(const struct journal *journal, const struct volume *volume);

/** journal_trim(journal): the oldest blocks go where there are too many, and those behind which the
 * cursor is. */
void journal_trim(struct journal *journal);

/** journal_earlier_left(journal): whether records from before this start were not taken yet. */
bool journal_earlier_left(struct journal *journal);

/** journal_free_block(journal, block): take it out of the tail. */
void journal_free_block(struct journal *journal, struct block *block);

/** journal_wait(journal, until_ms): for a change, or until then (monotonic). */
void journal_wait(struct journal *journal, int64_t until_ms);

/** journal_mark(journal, volume, now_ms): note what is stored by now, so that its time runs. */
void journal_mark(struct journal *journal, struct volume *volume, int64_t now_ms);

/** journal_free_chunks(chunks). */
void journal_free_chunks(struct cache_chunks *chunks);

#endif
