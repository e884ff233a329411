#include "collector/poll/wheel.h"

#include "shared/base/alloc.h"

#include <stdlib.h>

LIST_HEAD(slot, wheel_timer);

struct wheel {
    struct slot slots[WHEEL_SLOTS];
    int64_t tick; /* the last one that wheel_advance() has gone through */
};

/* A timer's tick is rounded up, so that it never goes off early. */
static int64_t tick_of(int64_t ms)
{
    return (ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

struct wheel *wheel_new(int64_t now_ms)
{
    struct wheel *wheel = xcalloc(1, sizeof(*wheel));
    wheel->tick = now_ms / WHEEL_TICK_MS;
    return wheel;
}

void wheel_free(struct wheel *wheel)
{
    free(wheel);
}

void wheel_stop(struct wheel *wheel, struct wheel_timer *timer)
{
    (void)wheel;
    if (timer->due_ms == 0)
        return;
    LIST_REMOVE(timer, link);
    timer->due_ms = 0;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, int64_t due_ms)
{
    if (due_ms < 1)
        due_ms = 1;
    if (timer->due_ms == due_ms)
        return;
    wheel_stop(wheel, timer);
    timer->due_ms = due_ms;
    int64_t tick = tick_of(due_ms);
    if (tick <= wheel->tick) /* overdue: the next advance */
        tick = wheel->tick + 1;
    LIST_INSERT_HEAD(&wheel->slots[tick % WHEEL_SLOTS], timer, link);
}

static void fire_slot(struct wheel *wheel, struct slot *slot, int64_t now_ms,
                      void (*fire)(void *cookie, struct wheel_timer *timer), void *cookie)
{
    /* Firing may change the slot, so what is due is moved to a list of its own first; wheel_stop()
     * works there too. */
    struct slot due = LIST_HEAD_INITIALIZER(due);
    struct wheel_timer *timer, *next;
    for (timer = LIST_FIRST(slot); timer != NULL; timer = next) {
        next = LIST_NEXT(timer, link);
        if (timer->due_ms <= now_ms) {
            LIST_REMOVE(timer, link);
            LIST_INSERT_HEAD(&due, timer, link);
        }
    }
    while ((timer = LIST_FIRST(&due)) != NULL) {
        wheel_stop(wheel, timer);
        fire(cookie, timer);
    }
}

void wheel_advance(struct wheel *wheel, int64_t now_ms,
                   void (*fire)(void *cookie, struct wheel_timer *timer), void *cookie)
{
    int64_t last = now_ms / WHEEL_TICK_MS;
    if (last - wheel->tick > WHEEL_SLOTS) /* after a long sleep one turn sees them all */
        wheel->tick = last - WHEEL_SLOTS;
    while (wheel->tick < last) {
        wheel->tick++;
        fire_slot(wheel, &wheel->slots[wheel->tick % WHEEL_SLOTS], now_ms, fire, cookie);
    }
}

int64_t wheel_next_ms(const struct wheel *wheel, int64_t now_ms, int64_t most_ms)
{
    int64_t last = (now_ms + most_ms) / WHEEL_TICK_MS;
    for (int64_t tick = wheel->tick + 1; tick < last; tick++) {
        if (!LIST_EMPTY(&wheel->slots[tick % WHEEL_SLOTS]))
            return tick * WHEEL_TICK_MS;
    }
    return now_ms + most_ms;
}
