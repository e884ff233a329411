#include "collector/events/lanes.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    DOWN_AFTER = 5,   /* failures in a row that mean the target is down */
    RATE_MOST = 1024, /* calls remembered for the rate */
    TABLE_ROOM = 256, /* lanes found by device: a small hash table is enough */
    JITTER_PERCENT = 20,
    SET_BACK_MS = 1000, /* less than that is no matter */
};

struct item {
    TAILQ_ENTRY(item) link; /* in its lane, by id */
    struct lane_item item;
};

TAILQ_HEAD(item_list, item);

struct lane {
    TAILQ_ENTRY(lane) link;  /* among those of its hash */
    TAILQ_ENTRY(lane) order; /* among all */
    char *device;
    struct item_list items;
    bool busy; /* its first item is under way */
};

TAILQ_HEAD(lane_list, lane);

struct lanes {
    const struct webhook_target *target;
    struct lane_list table[TABLE_ROOM];
    struct lane_list all;
    size_t count, under_way;
    unsigned failures;        /* in a row */
    int64_t calls[RATE_MOST]; /* when the last ones were made: a ring */
    size_t call_next, call_count;
    int64_t seen_ms; /* the latest time told */
};

struct lanes *lanes_new(const struct webhook_target *target)
{
    struct lanes *lanes = xcalloc(1, sizeof(*lanes));
    for (size_t i = 0; i < TABLE_ROOM; i++)
        TAILQ_INIT(&lanes->table[i]);
    TAILQ_INIT(&lanes->all);
    lanes->target = target;
    return lanes;
}

void lanes_configure(struct lanes *lanes, const struct webhook_target *target)
{
    lanes->target = target;
}

static struct lane_list *bucket(struct lanes *lanes, const char *device)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = device; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &lanes->table[hash % TABLE_ROOM];
}

static struct lane *find_lane(struct lanes *lanes, const char *device)
{
    struct lane *lane;
    TAILQ_FOREACH (lane, bucket(lanes, device), link) {
        if (strcmp(lane->device, device) == 0)
            return lane;
    }
    return NULL;
}

static void free_lane(struct lanes *lanes, struct lane *lane)
{
    TAILQ_REMOVE(bucket(lanes, lane->device), lane, link);
    TAILQ_REMOVE(&lanes->all, lane, order);
    free(lane->device);
    free(lane);
}

static struct lane *make_lane(struct lanes *lanes, const char *device)
{
    struct lane *lane = xcalloc(1, sizeof(*lane));
    lane->device = xstrdup(device);
    TAILQ_INIT(&lane->items);
    TAILQ_INSERT_TAIL(bucket(lanes, device), lane, link);
    TAILQ_INSERT_TAIL(&lanes->all, lane, order);
    return lane;
}

static void drop(struct lanes *lanes, struct lane *lane, struct item *item)
{
    TAILQ_REMOVE(&lane->items, item, link);
    free(item);
    lanes->count--;
    if (TAILQ_EMPTY(&lane->items))
        free_lane(lanes, lane);
}

void lanes_free(struct lanes *lanes)
{
    struct lane *lane;
    if (lanes == NULL)
        return;
    while ((lane = TAILQ_FIRST(&lanes->all)) != NULL)
        drop(lanes, lane, TAILQ_FIRST(&lane->items));
    free(lanes);
}

bool lanes_add(struct lanes *lanes, const struct lane_item *from)
{
    struct lane *lane = find_lane(lanes, from->device);
    struct item *at;
    if (lane == NULL)
        lane = make_lane(lanes, from->device);
    TAILQ_FOREACH_REVERSE(at, &lane->items, item_list, link)
    {
        if (at->item.id <= from->id)
            break;
    }
    if (at != NULL && at->item.id == from->id)
        return false;
    struct item *item = xcalloc(1, sizeof(*item));
    item->item = *from;
    item->item.device = lane->device;
    if (at != NULL)
        TAILQ_INSERT_AFTER(&lane->items, at, item, link);
    else if (lane->busy) /* the one under way stays the first */
        TAILQ_INSERT_AFTER(&lane->items, TAILQ_FIRST(&lane->items), item, link);
    else
        TAILQ_INSERT_HEAD(&lane->items, item, link);
    lanes->count++;
    return true;
}

void *lanes_remove(struct lanes *lanes, uint64_t id)
{
    struct lane *lane;
    struct item *item;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        TAILQ_FOREACH (item, &lane->items, link) {
            if (item->item.id != id)
                continue;
            if (lane->busy && item == TAILQ_FIRST(&lane->items))
                return NULL;
            void *cookie = item->item.cookie;
            drop(lanes, lane, item);
            return cookie;
        }
    }
    return NULL;
}

/* When the rate allows the next call. */
static int64_t rate_due_ms(const struct lanes *lanes)
{
    const struct webhook_target *target = lanes->target;
    size_t rate = target->rate < RATE_MOST ? target->rate : RATE_MOST;
    if (rate == 0 || lanes->call_count < rate)
        return 0;
    size_t at = (lanes->call_next + RATE_MOST - rate) % RATE_MOST;
    return lanes->calls[at] + target->rate_window_ms;
}

static void note_call(struct lanes *lanes, int64_t now_ms)
{
    lanes->calls[lanes->call_next] = now_ms;
    lanes->call_next = (lanes->call_next + 1) % RATE_MOST;
    lanes->call_count += lanes->call_count < RATE_MOST;
}

bool lanes_is_down(const struct lanes *lanes)
{
    return lanes->failures >= DOWN_AFTER;
}

/* The lane whose first item is due and the oldest; else NULL, and when one will be. */
static struct lane *oldest_due(struct lanes *lanes, int64_t now_ms, int64_t *due_ms)
{
    struct lane *lane, *best = NULL;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        const struct lane_item *first = &TAILQ_FIRST(&lane->items)->item;
        if (lane->busy)
            continue;
        if (first->next_ms > now_ms) {
            if (first->next_ms < *due_ms)
                *due_ms = first->next_ms;
        } else if (best == NULL || first->id < TAILQ_FIRST(&best->items)->item.id) {
            best = lane;
        }
    }
    return best;
}

/* The wall clock was set back: waits are as long as they were. */
static void follow_clock(struct lanes *lanes, int64_t now_ms)
{
    int64_t jump_ms = now_ms - lanes->seen_ms;
    struct lane *lane;
    struct item *item;
    if (jump_ms > 0)
        lanes->seen_ms = now_ms;
    if (jump_ms > -SET_BACK_MS)
        return;
    lanes->seen_ms = now_ms;
    for (size_t i = 0; i < RATE_MOST; i++)
        lanes->calls[i] += jump_ms;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        TAILQ_FOREACH (item, &lane->items, link) {
            if (item->item.next_ms > 0)
                item->item.next_ms += jump_ms;
        }
    }
}

int lanes_next(struct lanes *lanes, int64_t now_ms, struct lane_item *item, int64_t *due_ms)
{
    follow_clock(lanes, now_ms);
    size_t most = lanes_is_down(lanes) ? 1 : lanes->target->concurrency;
    *due_ms = INT64_MAX;
    if (lanes->under_way >= most)
        return 0;
    struct lane *lane = oldest_due(lanes, now_ms, due_ms);
    if (lane == NULL)
        return 0;
    if (rate_due_ms(lanes) > now_ms) {
        *due_ms = rate_due_ms(lanes);
        return 0;
    }
    note_call(lanes, now_ms);
    lane->busy = true;
    lanes->under_way++;
    *item = TAILQ_FIRST(&lane->items)->item;
    return 1;
}

static struct lane *busy_lane(struct lanes *lanes, uint64_t id)
{
    struct lane *lane;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        if (lane->busy && TAILQ_FIRST(&lane->items)->item.id == id)
            return lane;
    }
    return NULL;
}

/* It is back: nobody waits for a time that was chosen while it was down. */
static void all_due(struct lanes *lanes)
{
    struct lane *lane;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        TAILQ_FIRST(&lane->items)->item.next_ms = 0;
    }
}

static int64_t wait_ms(const struct webhook_target *target, uint32_t attempts,
                       int64_t retry_after_ms, uint32_t random)
{
    int64_t ms = target->retries_ms[attempts - 1];
    int64_t spread = ms * JITTER_PERCENT / 100;
    if (spread > 0)
        ms += (int64_t)(random % (uint64_t)(2 * spread + 1)) - spread;
    return retry_after_ms > ms ? retry_after_ms : ms;
}

/* The first item of ${lane} failed: when it is tried again. */
static struct lane_verdict failed(struct lanes *lanes, struct lane *lane,
                                  const struct lane_try *end, uint32_t random, int64_t now_ms)
{
    const struct webhook_target *target = lanes->target;
    struct lane_item *item = &TAILQ_FIRST(&lane->items)->item;
    lanes->failures += !end->refused;
    item->attempts++;
    if (item->attempts <= target->nretries) {
        item->next_ms = now_ms + wait_ms(target, item->attempts, end->retry_after_ms, random);
        if (item->next_ms <= item->created_ms + target->keep_ms)
            return (struct lane_verdict){.outcome = LANE_AGAIN, .next_ms = item->next_ms};
    }
    drop(lanes, lane, TAILQ_FIRST(&lane->items));
    return (struct lane_verdict){.outcome = LANE_DEAD};
}

struct lane_verdict lanes_tried(struct lanes *lanes, uint64_t id, const struct lane_try *end,
                                uint32_t random, int64_t now_ms)
{
    follow_clock(lanes, now_ms);
    struct lane *lane = busy_lane(lanes, id);
    if (lane == NULL) /* nobody gave it out */
        return (struct lane_verdict){.outcome = LANE_DEAD};
    lane->busy = false;
    lanes->under_way--;
    if (!end->delivered && !end->hopeless)
        return failed(lanes, lane, end, random, now_ms);
    bool was_down = lanes_is_down(lanes);
    lanes->failures = 0;
    drop(lanes, lane, TAILQ_FIRST(&lane->items));
    if (was_down)
        all_due(lanes);
    return (struct lane_verdict){.outcome = end->delivered ? LANE_DELIVERED : LANE_DEAD};
}

size_t lanes_count(const struct lanes *lanes)
{
    return lanes->count;
}

size_t lanes_ready(const struct lanes *lanes)
{
    const struct lane *lane;
    const struct item *item;
    size_t n = 0;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        if (TAILQ_FIRST(&lane->items)->item.next_ms > 0)
            continue;
        TAILQ_FOREACH (item, &lane->items, link) {
            n++;
        }
    }
    return n;
}

size_t lanes_under_way(const struct lanes *lanes)
{
    return lanes->under_way;
}

size_t lanes_blocked(const struct lanes *lanes, const char **out, size_t most)
{
    const struct lane *lane;
    size_t n = 0;
    TAILQ_FOREACH (lane, &lanes->all, order) {
        if (n < most && TAILQ_FIRST(&lane->items)->item.next_ms > 0)
            out[n++] = lane->device;
    }
    return n;
}
