/*
 * The outbox: deliveries that wait in the table webhook_deliveries, and what became of them.
 *
 * Rows come into the table by the writer, in the transaction of the event itself. A thread with a
 * database connection of its own reads them, in order, joins those that may go in one call, and
 * writes results; the loop gets what it read, and tells results, without waiting. What the database
 * does not take now is kept and tried again; a delivery whose result is not yet written when the
 * collector dies is made again, with the same id.
 *
 * All calls belong to the loop's thread, and so do the callbacks, but for outbox_poke() and
 * outbox_release().
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_OUTBOX_H
#define DTUHUB_COLLECTOR_EVENTS_OUTBOX_H

#include "collector/alarm.h"
#include "shared/config/server_config.h"
#include "shared/config/webhook_config.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;

enum { DELIVERY_ID_SIZE = 48, DELIVERY_ANSWER_MOST = 500, DELIVERY_REQUEST_MOST = 4000 };

/** A delivery that waits: the receiver frees it with delivery_free(). */
struct delivery {
    uint64_t id;                /* the row's: the order */
    char uid[DELIVERY_ID_SIZE]; /* what the receiver sees, the same for every try */
    char *target;
    char *device;   /* "": of several or none */
    char *events;   /* JSON list of event objects */
    uint32_t count; /* of events */
    uint32_t attempts;
    int64_t created_ms, next_ms; /* wall clock; next_ms 0: at once */
};
void delivery_free(struct delivery *delivery);

enum delivery_status { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_DEAD };

/** What became of one try. */
struct delivery_try {
    uint64_t id;
    enum delivery_status status;
    uint32_t attempts;         /* with this one */
    int64_t next_ms;           /* of DELIVERY_PENDING */
    int64_t tried_ms, took_ms; /* wall clock; duration */
    long http_status;          /* 0: no answer */
    const char *error;         /* "" where delivered */
    const char *request;       /* the body, its first DELIVERY_REQUEST_MOST bytes are kept */
    size_t request_size;
    const char *answer; /* its first DELIVERY_ANSWER_MOST bytes are kept */
    size_t answer_size;
};

struct outbox_status {
    bool up;
    char error[256];
    uint64_t waiting;  /* rows not yet delivered, of all targets, as last counted */
    int64_t oldest_ms; /* wall clock of the oldest; 0: none */
    uint64_t dead;     /* given up since the start */
};

struct outbox_ops {
    /* loaded(cookie, delivery): one that waits, in the order of its target; yours. One that was
     * given before and is not yet told about is not given again. */
    void (*loaded)(void *cookie, struct delivery *delivery);
    /* disabled(cookie, target, reason): at the start: an earlier life was told 410. */
    void (*disabled)(void *cookie, const char *target, const char *reason);
    /* restored(cookie, alarms, n): once, at the start: alarms left open (see rules.h); the alarms
     * are yours, the array is not. */
    void (*restored)(void *cookie, struct alarm **alarms, size_t n);
    /* gave_up(cookie, target, rows, reason): so many of its deliveries, that were not given out,
     * are dead now; those about webhook_* events are not counted. */
    void (*gave_up)(void *cookie, const char *target, size_t rows, const char *reason);
    /* counted(cookie, target, waiting, oldest_ms): now and then: how many wait, those given out
     * included, and since when the oldest does; 0: none. */
    void (*counted)(void *cookie, const char *target, uint64_t waiting, int64_t oldest_ms);
    void *cookie; /* of all; any of the calls may be NULL */
};

/** outbox_start(base, config, ops): the thread; ${config}'s mysql section and server.name are
 * copied, its webhooks too as far as they matter. NULL where no thread can be made. */
struct outbox *outbox_start(struct event_base *base, const struct server_config *config,
                            const struct outbox_ops *ops);

/** outbox_release(outbox): all that earlier lives of the collector left is stored: alarms that are
 * open in the database are restored from now on. Any thread; more than once is fine. */
void outbox_release(struct outbox *outbox);

/** outbox_configure(outbox, config): a reload: other targets. Rows of targets that are gone are
 * given up ("the target is not configured any more"), those that were given out too. */
void outbox_configure(struct outbox *outbox, const struct server_config *config);

/** outbox_poke(outbox): there may be new rows: after a commit of the writer. Any thread. ${outbox}
 * is a void * to be a callback. */
void outbox_poke(void *outbox);

/** outbox_want(outbox, target, room, blocked): load up to ${room} more of the target, none of the
 * devices in ${blocked} (NULL-terminated, copied); 0 room: none. Stays in force: new rows are
 * loaded as they come until the room is used up. */
void outbox_want(struct outbox *outbox, const char *target, size_t room,
                 const char *const *blocked);

/** outbox_tried(outbox, result): the texts are copied. */
void outbox_tried(struct outbox *outbox, const struct delivery_try *result);

/** outbox_disable(outbox, target, reason): remember it, also for the next start;
 * outbox_enable(): it is called again. */
void outbox_disable(struct outbox *outbox, const char *target, const char *reason);
void outbox_enable(struct outbox *outbox, const char *target);

/** What is to be delivered once more. */
struct outbox_range {
    uint64_t id;            /* one delivery; 0: those of the range */
    const char *target;     /* of a range: NULL: every target */
    int64_t from_ms, to_ms; /* created then */
    bool dead_only;         /* else delivered ones too */
};

/** outbox_replay(outbox, range, done, cookie): ${done} gets how many, or -1 and what is wrong; it
 * is not called where the outbox is stopped first. They keep their ids. Those of targets that are
 * not configured are left alone. */
typedef void outbox_done(void *cookie, int64_t rows, const char *error);
void outbox_replay(struct outbox *outbox, const struct outbox_range *range, outbox_done *done,
                   void *cookie);

/** outbox_status(outbox, out). */
void outbox_status(struct outbox *outbox, struct outbox_status *out);

/** outbox_stop(outbox, timeout_ms): write the results that wait, as far as time allows, and end.
 * Nothing may poke it any more. NULL is allowed. */
void outbox_stop(struct outbox *outbox, int64_t timeout_ms);

#endif
