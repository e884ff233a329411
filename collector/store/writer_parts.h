/* What the files of the writer share: its thread (writer.c), the storing of one parcel
 * (writer_store.c), what is refused of it (sift.c), and what comes before the first record of this
 * life (writer_gate.c). */
#ifndef DTUHUB_COLLECTOR_STORE_WRITER_PARTS_H
#define DTUHUB_COLLECTOR_STORE_WRITER_PARTS_H

#include "collector/store/batch.h"
#include "collector/store/batch_size.h"
#include "collector/store/directory.h"
#include "collector/store/gate.h"
#include "collector/store/position.h"
#include "collector/store/refusal.h"
#include "collector/store/set_aside.h"
#include "collector/store/suspects.h"
#include "collector/store/writer.h"
#include "collector/store/writer_link.h"
#include "shared/base/log.h"

#include <pthread.h>

struct writer {
    pthread_t thread;
    struct stream stream;
    struct gate *gate;
    unsigned place; /* at the gate */
    struct cache *cache;
    struct journal *journal;
    struct names *names;

    /* the thread's */
    struct writer_link link;
    struct positions *positions;
    struct directory *directory;
    struct batch *batch;
    struct suspects *suspects;
    struct aside_rows *aside;
    struct batch_size size;
    bool arrived; /* at the gate */
    bool tidied;  /* up after an earlier life, by this writer or another: the gate is open */
    bool expired; /* old positions, once a life */
    int64_t backoff_ms;
    unsigned strange_code; /* an error that nobody thought of, and how often it came in a row */
    unsigned strange_count;
    struct log_limit complaints[REFUSALS], rejections, moves;

    pthread_mutex_t lock;  /* guards what follows */
    pthread_cond_t change; /* of the next two */
    bool stopping;
    bool ended;         /* the thread is about to return */
    int64_t give_up_ms; /* monotonic; once stopping */
    size_t in_hand;     /* records of the parcel that are neither stored nor in a journal */
    struct writer_status status;
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

/** writer_means_row(writer, error): whether the error is taken to refuse a row. */
bool writer_means_row(const struct writer *writer, const struct db_error *error);

/** writer_pause(writer, ms): wait; false as above. */
bool writer_pause(struct writer *writer, int64_t ms);

/**
 * writer_enter(writer, error): all of this stream that earlier lives left is stored: may records of
 * this life be? GATE_SHUT: not yet; GATE_TIDY: it was for this writer to tidy up, and that failed
 * with ${error}.
 */
enum gate_answer writer_enter(struct writer *writer, struct db_error *error);

/** writer_may_store(writer, parcel, error): the same for a parcel of this life or an earlier one.
 */
enum gate_answer writer_may_store(struct writer *writer, const struct parcel *parcel,
                                  struct db_error *error);

/** writer_wait_turn(writer): wait before it is asked again; false as above. */
bool writer_wait_turn(struct writer *writer);

/** writer_wait_claim(writer): until the name is claimed, by another writer; false as above. */
bool writer_wait_claim(struct writer *writer);

/** writer_over(writer): the collector stops, and the time to store what is left is over. */
bool writer_over(struct writer *writer);

#endif
