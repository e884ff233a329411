/*
 * Dials the DTUs that listen themselves, and keeps their lines up: one line for each target,
 * dialled again whenever it is gone, with pauses as net/dial.h has them. All dials together are
 * spread to a bounded rate.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_DIALLER_H
#define DTUHUB_COLLECTOR_DIALLER_H

#include "collector/connection.h"
#include "collector/net/dial.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIALLER_RATE = 200 };

struct dialler;

struct dialler_target {
    const char *id;   /* of the device */
    const char *host; /* an address or a name */
    uint16_t port;
};

struct dialler_parts {
    struct hub *hub; /* base, metrics, registry and max_connections are used */
    /* Close the line of the device ${id}, which is no target any more or is to be found elsewhere;
     * its closed() may be called meanwhile or later. */
    void (*drop)(struct hub *hub, const char *id);
    /* Where a socket that stands goes; NULL: connection_open(). */
    int (*open)(struct hub *hub, int fd, const struct connection_origin *origin);
};

struct dialler_status {
    const char *id, *host;
    uint16_t port;
    enum dial_state state;
    unsigned failures; /* in a row */
    const char *error; /* of the last failure; "" where there was none in this row */
    int64_t since_ms;  /* so long it has been in this state */
    int64_t next_ms;   /* DIAL_WAITING: until the next attempt; else 0 */
};

/** dialler_new(parts): without targets, at DIALLER_RATE dials a second. */
struct dialler *dialler_new(const struct dialler_parts *parts);

/** dialler_free(dialler): dial no more. Lines that stand stay open. To be called before
 * they are closed, else each would be dialled anew. NULL is allowed. */
void dialler_free(struct dialler *dialler);

/**
 * dialler_configure(dialler, targets, n): dial these, which are copied. Targets that stay the same
 * keep their line and their pause; the lines of those that are gone, or have another host or port,
 * are dropped. Of several with one id the first counts.
 */
void dialler_configure(struct dialler *dialler, const struct dialler_target *targets, size_t n);

/** dialler_pace(dialler, per_second): from now on so many dials a second; 0: no limit. */
void dialler_pace(struct dialler *dialler, uint32_t per_second);

/** dialler_each(dialler, each, cookie): call each() with every target's status, in no order. */
void dialler_each(const struct dialler *dialler,
                  void (*each)(void *cookie, const struct dialler_status *status), void *cookie);

/** dialler_status(dialler, id, out): that of one target; false where ${id} is none. */
bool dialler_status(const struct dialler *dialler, const char *id, struct dialler_status *out);

/** dialler_count(dialler): targets. */
size_t dialler_count(const struct dialler *dialler);

#endif
