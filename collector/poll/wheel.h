/*
 * A hashed timer wheel: one deadline for each session, set and moved in constant time however many
 * there are.
 *
 * Time is cut into ticks of WHEEL_TICK_MS; a timer goes off at the first wheel_advance() at or
 * behind its time, in the order of ticks. A timer further away than one turn stays in its slot and
 * is looked at once a turn. Timers are part of their owner's struct and must be stopped before it
 * goes. Pure; belongs to one thread.
 */
#ifndef DTUHUB_COLLECTOR_POLL_WHEEL_H
#define DTUHUB_COLLECTOR_POLL_WHEEL_H

#include <stdint.h>
#include <sys/queue.h>

enum { WHEEL_TICK_MS = 5, WHEEL_SLOTS = 4096 };

struct wheel;

struct wheel_timer {
    LIST_ENTRY(wheel_timer) link;
    int64_t due_ms; /* 0: not set */
};

struct wheel *wheel_new(int64_t now_ms);
void wheel_free(struct wheel *wheel);

/** wheel_set(wheel, timer, due_ms): go off at ${due_ms}; replaces an earlier time. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms);

/** wheel_stop(wheel, timer): do not go off. A timer that is not set is left alone. */
void wheel_stop(struct wheel *wheel, struct wheel_timer *timer);

/**
 * wheel_advance(wheel, now_ms, fire, cookie): call fire(cookie, timer) for each timer due by
 * ${now_ms}; it is not set any more then. ${fire} may set and stop any timer, this one included.
 */
void wheel_advance(struct wheel *wheel, int64_t now_ms,
                   void (*fire)(void *cookie, struct wheel_timer *timer), void *cookie);

/** wheel_next_ms(wheel, most_ms): the time of the next tick that holds a timer, or now + ${most_ms}
 * where none comes before it. */
int64_t wheel_next_ms(const struct wheel *wheel, int64_t now_ms, int64_t most_ms);

#endif
