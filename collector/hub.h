/*
 * The hub: what all lines of one collector share. There is one, and it belongs to the loop's
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_HUB_H
#define DTUHUB_COLLECTOR_HUB_H

#include "collector/metrics.h"
#include "collector/poll/wheel.h"
#include "collector/registry.h"
#include "collector/session.h"
#include "shared/config/server_config.h"

#include <event2/event.h>
#include <stdint.h>
#include <sys/queue.h>

struct connection;
SLIST_HEAD(connection_pool, connection);

enum { HUB_READ_SIZE = 4096 };

struct hub {
    struct event_base *base;
    struct session_env env;
    struct metrics metrics;
    struct registry registry;
    struct wheel *wheel;
    struct event *tick;          /* drives the wheel */
    int64_t tick_armed_ms;       /* when it goes off */
    struct connection_pool pool; /* memory of lines that are gone, for lines to come */
    size_t pooled, pool_size;
    uint32_t max_connections;
    uint8_t scratch[FRAMING_HELD +
                    HUB_READ_SIZE]; /* what one read takes in, behind what was left over */
};

/** hub_init(hub, base, config, plan, names, cache): ${names} and ${cache} must outlive it; takes
 * over the hold on ${plan}. */
struct hub_parts {
    struct event_base *base;
    const struct server_config *config;
    struct plan *plan;
    struct names *names;
    struct cache *cache;
};
void hub_init(struct hub *hub, const struct hub_parts *parts);

/** hub_configure(hub, config): take over the settings that a reload may change. */
void hub_configure(struct hub *hub, const struct server_config *config);

/** hub_replan(hub, plan): all sessions go on by ${plan}; takes over the hold on it. */
void hub_replan(struct hub *hub, struct plan *plan);

/** hub_close_all(hub, reason): close every line. */
void hub_close_all(struct hub *hub, const char *reason);

/** hub_free(hub): close_all() first. Frees what the hub made, not the struct. */
void hub_free(struct hub *hub);

/** hub_now(): both clocks. */
struct session_time hub_now(void);

/** hub_set_timer(hub, timer, due_ms): on the wheel, and see that the wheel turns in time. */
void hub_set_timer(struct hub *hub, struct wheel_timer *timer, int64_t due_ms);

#endif
