/*
 * Calls: HTTP requests on the loop, by libcurl's multi interface. Connections are kept and used
 * again, HTTP/2 is spoken where it is offered. Redirects are not followed, certificates are
 * verified, and no address that the guard denies is connected to. Only http and https.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_CALLER_H
#define DTUHUB_COLLECTOR_EVENTS_CALLER_H

#include "collector/events/guard.h"
#include "collector/events/message.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

struct caller;

struct call_result {
    long status;      /* HTTP; 0: no answer */
    char error[256];  /* why not; "" */
    const char *body; /* the first bytes of the answer */
    size_t size;
    const char *retry_after; /* the header, or NULL */
    int64_t took_ms;
};

/** done(cookie, result): later, never inside of caller_call(). */
typedef void caller_done(void *cookie, const struct call_result *result);

struct caller *caller_new(struct event_base *base);
void caller_free(struct caller *caller); /* calls under way end without their done() */

/** caller_guard(caller, guard): from now on, for every request that is sent, also on connections
 * that were kept; before the first call. It must outlive the caller or the next caller_guard(). */
void caller_guard(struct caller *caller, const struct guard *guard);

/** caller_call(caller, target, message, done, cookie): ${message} is copied. Return a handle for
 * caller_cancel(), good until done(). */
struct call *caller_call(struct caller *caller, const struct webhook_target *target,
                         const struct message *message, caller_done *done, void *cookie);
void caller_cancel(struct caller *caller, struct call *call);

#endif
