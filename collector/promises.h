/*
 * Promises: acknowledgements that say "stored", each waiting until that is true of its record.
 *
 * A queue for each stream, in the order of its records. They are told what becomes of these
 * (collector/store/fate.h), and what is due by then is given out. Two of one line never swap: one
 * whose record is safe before that of an earlier one of the same line waits for it. A line that
 * ends takes its promises with it. Pure; belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_PROMISES_H
#define DTUHUB_COLLECTOR_PROMISES_H

#include "collector/store/fate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct promises;

enum promise_state { PROMISE_WAITS, PROMISE_KEPT, PROMISE_BROKEN };

struct promise {
    TAILQ_ENTRY(promise) link;
    STAILQ_ENTRY(promise) behind; /* of its line */
    struct promise_line *line;    /* NULL once it is given out */
    void *owner;                  /* whose line it is */
    struct receipt receipt;       /* of the record */
    int64_t since_ms;             /* monotonic */
    enum promise_state state;
    bool due; /* it is the first of its line, and settled */
    size_t size;
    uint8_t bytes[]; /* to be sent */
};

/** The promises of one line, the oldest first. */
STAILQ_HEAD(promise_line, promise);

/** promises_new(most): no more than ${most} wait at once. */
struct promises *promises_new(size_t most);

/** promises_free(promises): no line has any. */
void promises_free(struct promises *promises);

/** promises_add(promises, line, promise, bytes): to be sent on ${line} once the record is safe;
 * ${promise}'s owner, receipt, since_ms and size say the rest, and the numbers of a stream must
 * grow. 0, or -1 where too many wait. */
int promises_add(struct promises *promises, struct promise_line *line,
                 const struct promise *promise, const uint8_t *bytes);

/** promises_settle(promises, fate): what became of these records. */
void promises_settle(struct promises *promises, const struct fate *fate);

/** promises_next(promises): one that is due, kept or broken; NULL: none. The caller frees it. */
struct promise *promises_next(struct promises *promises);

/** promises_forget(promises, line): the line is over. */
void promises_forget(struct promises *promises, struct promise_line *line);

/** promises_stats(promises, now_ms, out): NULL has none. */
struct promises_stats {
    size_t waiting;
    int64_t oldest_ms; /* age of the oldest */
};
void promises_stats(const struct promises *promises, int64_t now_ms, struct promises_stats *out);

#endif
