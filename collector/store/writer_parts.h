/* What the two files of the writer share: its thread (writer.c) and the storing of one parcel
 * (writer_store.c). */
#ifndef DTUHUB_COLLECTOR_STORE_WRITER_PARTS_H
#define DTUHUB_COLLECTOR_STORE_WRITER_PARTS_H

#include "collector/store/batch.h"
#include "collector/store/batch_size.h"
#include "collector/store/directory.h"
#include "collector/store/position.h"
#include "collector/store/refusal.h"
#include "collector/store/writer.h"
#include "collector/store/writer_link.h"
#include "shared/base/log.h"

#include <pthread.h>

struct writer {
    pthread_t thread;
    struct cache *cache;
    struct journal *journal;
    struct names *names;

    /* the thread's */
    struct writer_link link;
    struct positions *positions;
    struct directory *directory;
    struct batch *batch;
    struct batch_size size;
    bool tidied;  /* up after an earlier life */
    bool expired; /* old positions, once a life */
    int64_t backoff_ms;
    unsigned strange_code; /* an error that nobody thought of, and how often it came in a row */
    unsigned strange_count;
    struct log_limit complaints[REFUSALS], rejections, moves;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t stop;
    bool stopping;
    int64_t give_up_ms; /* monotonic; once stopping */
    size_t in_hand;     /* records of the parcel that are neither stored nor in a journal */
    struct writer_status status;
    bool settled; /* tidied, for the listener */
    struct writer_listener listener;
};

enum outcome {
    OUTCOME_STORED, /* all of it, now or before */
    OUTCOME_SEEK,   /* not to be stored now: the database is elsewhere in the journal */
    OUTCOME_ENDED,  /* the collector stops first */
};

/**
 * writer_store(writer, parcel, seek): store a parcel, however long it takes. ${seek} is the
 * position to take the journal to, 0: where it is.
 */
enum outcome writer_store(struct writer *writer, const struct parcel *parcel, uint64_t *seek);

/** writer_reach(writer): one attempt to be connected: 0, or -1 where it failed, with a complaint.
 */
int writer_reach(struct writer *writer);

/** writer_back_off(writer): wait before the next attempt; false where the collector stops, and time
 * is over or nothing would be lost. */
bool writer_back_off(struct writer *writer);

/** writer_recover(writer, refusal, error): after a fault: make ready for the next attempt, and
 * wait; false as above. */
bool writer_recover(struct writer *writer, enum refusal refusal, const struct db_error *error);

/** writer_settled(writer): it has tidied up after earlier lives. */
void writer_settled(struct writer *writer);

/** writer_over(writer): the collector stops, and the time to store what is left is over. */
bool writer_over(struct writer *writer);

#endif
