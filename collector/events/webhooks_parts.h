/* What the files of the webhooks share: their life (webhooks.c), the calls of deliveries
 * (webhooks_call.c), calls for a test (webhooks_test.c), and what is shown (webhooks_view.c). */
#ifndef DTUHUB_COLLECTOR_EVENTS_WEBHOOKS_PARTS_H
#define DTUHUB_COLLECTOR_EVENTS_WEBHOOKS_PARTS_H

#include "collector/events/guard.h"
#include "collector/events/lanes.h"
#include "collector/events/webhooks.h"
#include "shared/base/log.h"

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>

struct hook;

/** A delivery that the outbox gave out. */
struct held {
    LIST_ENTRY(held) link;
    struct hook *hook;
    struct delivery *delivery;
    bool about_webhooks; /* its event is one of ours: its end raises no other */
    struct call *call;   /* under way, or NULL */
    char *request;       /* the body of the try under way, as far as it is kept */
    size_t request_size;
    int64_t tried_ms; /* wall clock */
};

LIST_HEAD(held_list, held);

struct hook_counts {
    uint64_t delivered, dead; /* deliveries */
    uint64_t tries, failed;   /* calls; those that did not deliver */
};

/** The last try of a target. */
struct hook_last {
    int64_t ms, took_ms; /* wall clock; 0: none yet */
    long status;
    char error[MESSAGE_ERROR_SIZE];
};

/** A target at work. */
struct hook {
    STAILQ_ENTRY(hook) link;
    struct webhooks *webhooks;
    char *name;
    const struct webhook_target *target; /* of the configuration that runs */
    struct lanes *lanes;
    struct event *timer;
    struct held_list held;
    bool disabled;
    char *reason; /* of that, or NULL */
    bool was_down;
    uint64_t waiting; /* rows in the database, as last counted */
    int64_t oldest_ms;
    struct hook_counts counts;
    struct hook_last last;
    struct log_limit failures;
    /* Deliveries that died are told together, where there are many. */
    size_t dead_untold;
    int64_t dead_told_ms; /* monotonic; 0: never */
    char dead_why[MESSAGE_ERROR_SIZE], dead_uid[DELIVERY_ID_SIZE];
};

STAILQ_HEAD(hook_list, hook);

/** A call that somebody asked for. */
struct test_call {
    LIST_ENTRY(test_call) link;
    struct webhooks *webhooks;
    char target[WEBHOOK_NAME_MAX + 1]; /* a reload may take it out meanwhile */
    webhooks_tested *done;
    void *cookie;
    struct event *failed; /* no call could be made: says so from the loop */
    struct call_result result;
};

LIST_HEAD(test_list, test_call);

struct webhooks {
    struct event_base *base;
    struct bus *bus;
    struct outbox *outbox;
    const struct webhook_config *config;
    struct guard *guard;
    struct caller *caller;
    struct hook_list hooks;
    struct test_list tests;
    bool stopping;
};

/** webhooks_find(webhooks, name): or NULL. */
struct hook *webhooks_find(const struct webhooks *webhooks, const char *name);

/** hook_wake(hook): look at it soon, from the loop. */
void hook_wake(struct hook *hook);

/** hook_run(hook): make the calls that are due, say when to look again, and how much the outbox is
 * to load. */
void hook_run(struct hook *hook);

/** hook_take(hook, delivery): one that the outbox gave out. */
void hook_take(struct hook *hook, struct delivery *delivery);

/** hook_drop_all(hook): calls under way are cancelled, and nothing is held any more. */
void hook_drop_all(struct hook *hook);

/** hook_set_disabled(hook, reason): NULL: it is called again. */
void hook_set_disabled(struct hook *hook, const char *reason);

/** hook_note_dead(hook, uid, why): a delivery is given up: raise the event, or remember to. */
void hook_note_dead(struct hook *hook, const char *uid, const char *why, size_t rows);

/** webhooks_drop_tests(webhooks): at the end. */
void webhooks_drop_tests(struct webhooks *webhooks);

#endif
