/*
 * When to dial a DTU that listens itself: the states of one such line, and the pauses between
 * attempts. backoff.h after failures; a line that is lost within a minute counts as a failure too,
 * so that a DTU which takes the connection and drops it is not dialled every second. A line that
 * lived longer is dialled anew after about a second.
 *
 * Pure: the caller dials, and brings the time (a clock that does not go back) and chance (0 to 1).
 */
#ifndef DTUHUB_COLLECTOR_NET_DIAL_H
#define DTUHUB_COLLECTOR_NET_DIAL_H

#include <stdint.h>

enum {
    DIAL_TIMEOUT_MS = 10000,    /* of one attempt, from the look-up of the name on */
    DIAL_SHORT_LIFE_MS = 60000, /* a line that lives shorter counts as a failure */
    DIAL_ERROR_SIZE = 160,
};

enum dial_state {
    DIAL_WAITING,    /* for its next attempt, at next_ms */
    DIAL_CONNECTING, /* until next_ms at the most */
    DIAL_ONLINE,     /* until it is lost */
};

struct dial {
    enum dial_state state;
    unsigned failures;           /* in a row; a line that lived long enough ends the row */
    int64_t since_ms;            /* when this state began */
    int64_t next_ms;             /* when something is due; INT64_MAX: never */
    char error[DIAL_ERROR_SIZE]; /* why the last attempt failed; "" where none did in this row */
};

/** dial_init(dial, now_ms, first_ms): the first attempt is due at ${first_ms}. */
void dial_init(struct dial *dial, int64_t now_ms, int64_t first_ms);

/** dial_put_off(dial, until_ms): DIAL_WAITING: it is not this line's turn before ${until_ms}. */
void dial_put_off(struct dial *dial, int64_t until_ms);

/** dial_started(dial, now_ms): an attempt begins. */
void dial_started(struct dial *dial, int64_t now_ms);

/** dial_stands(dial, now_ms): it succeeded. */
void dial_stands(struct dial *dial, int64_t now_ms);

/** dial_failed(dial, error, now_ms, chance): it failed; return the pause before the next one. */
int64_t dial_failed(struct dial *dial, const char *error, int64_t now_ms, double chance);

/** dial_lost(dial, now_ms, chance): the line is gone; return the pause before the next attempt. */
int64_t dial_lost(struct dial *dial, int64_t now_ms, double chance);

/** dial_state_name(state): "waiting", "connecting", "online". */
const char *dial_state_name(enum dial_state state);

#endif
