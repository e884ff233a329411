/*
 * A token bucket: so many a second on average, a tenth of a second's worth (at least one) at once.
 *
 * rate_take() is for what can wait where it is (connections in the kernel's backlog); rate_book()
 * for a crowd in which each member sleeps until its own turn. Pure: the caller brings the time,
 * from a clock that does not go back. Not locked.
 */
#ifndef DTUHUB_COLLECTOR_NET_RATE_H
#define DTUHUB_COLLECTOR_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint32_t per_second; /* 0: no limit */
    int64_t tokens;      /* in thousandths of a token; below 0: booked in advance */
    int64_t at_ms;       /* up to when ${tokens} is right */
};

/** rate_init(rate, per_second, now_ms): a full bucket; ${per_second} 0: no limit. */
void rate_init(struct rate *rate, uint32_t per_second, int64_t now_ms);

/** rate_set(rate, per_second, now_ms): another speed; what is in the bucket stays as far as it fits
 * in. */
void rate_set(struct rate *rate, uint32_t per_second, int64_t now_ms);

/** rate_take(rate, now_ms): take a token; false where there is none. */
bool rate_take(struct rate *rate, int64_t now_ms);

/** rate_next_ms(rate, now_ms): when the next token is there; ${now_ms} where one is there now. */
int64_t rate_next_ms(struct rate *rate, int64_t now_ms);

/** rate_book(rate, now_ms): take a token in advance and return when it is there, not before
 * ${now_ms}. */
int64_t rate_book(struct rate *rate, int64_t now_ms);

#endif
