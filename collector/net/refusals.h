/*
 * Lines that were closed before they registered, and why: what an operator looks at to see why a
 * DTU is missing. Bounded, and no single peer can push everybody out: what differs in nothing but
 * its time and port is one entry with a count, at most REFUSALS_PER_PEER entries are of one
 * address, and the one not seen for longest goes first.
 *
 * Pure; belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_REFUSALS_H
#define DTUHUB_COLLECTOR_NET_REFUSALS_H

#include "collector/record.h"

#include <stddef.h>
#include <stdint.h>

enum {
    REFUSALS_MAX = 200,
    REFUSALS_PER_PEER = 50, /* many DTUs may stand behind one carrier's address */
    REFUSAL_BYTES = 64,     /* kept of what came first */
    REFUSAL_ID_SIZE = 128,  /* with the NUL, as LINK_ID_SIZE */
    REFUSAL_REASON_SIZE = 160,
};

struct refusals;

/** One line's end. */
struct refusal {
    const char *peer; /* its textual address; cut where it is longer than any */
    uint16_t port;
    const char *id;       /* printable; "" or NULL where the line never said one */
    const char *reason;   /* in English, as the log has it; NULL: none */
    const uint8_t *bytes; /* what came first, without any secret; may be NULL */
    size_t len;
};

struct refusal_entry {
    char address[RECORD_ADDRESS_SIZE];
    uint16_t port; /* the last one */
    char id[REFUSAL_ID_SIZE];
    char reason[REFUSAL_REASON_SIZE];
    uint8_t bytes[REFUSAL_BYTES];
    size_t len;                /* of ${bytes} */
    int64_t first_ms, last_ms; /* wall clock */
    uint64_t times;
};

struct refusals *refusals_new(void);

/** refusals_free(refusals): NULL is allowed, here and below. */
void refusals_free(struct refusals *refusals);

/** refusals_add(refusals, refusal, wall_ms): a line was closed; all is copied, the first
 * REFUSAL_BYTES bytes of it. */
void refusals_add(struct refusals *refusals, const struct refusal *refusal, int64_t wall_ms);

/** refusals_each(refusals, each, cookie): call each() for every entry, the one seen last first. It
 * must not change the list. */
void refusals_each(const struct refusals *refusals,
                   void (*each)(void *cookie, const struct refusal_entry *entry), void *cookie);

/** refusals_clear(refusals): forget all. */
void refusals_clear(struct refusals *refusals);

size_t refusals_count(const struct refusals *refusals);

#endif
