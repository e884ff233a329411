/*
 * The hub: what all lines of one collector share. There is one, and it belongs to the loop's
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_HUB_H
#define DTUHUB_COLLECTOR_HUB_H

#include "collector/metrics.h"
#include "collector/net/flap.h"
#include "collector/net/quarantine.h"
#include "collector/poll/wheel.h"
#include "collector/registry.h"
#include "collector/session.h"
#include "collector/store/store.h"
#include "shared/config/server_config.h"

#include <event2/event.h>
#include <stdint.h>
#include <sys/queue.h>

struct connection;
struct dialler;
SLIST_HEAD(connection_pool, connection);

struct hub {
    struct event_base *base;
    struct session_env env;
    struct metrics metrics;
    struct profile_table profiles;
    struct registry registry;
    struct wheel *wheel;
    struct event *tick;          /* drives the wheel */
    int64_t tick_armed_ms;       /* when it goes off */
    struct connection_pool pool; /* memory of lines that are gone, for lines to come */
    size_t pooled, pool_size;
    uint32_t max_connections;
    struct flap *flap;
    struct quarantine *quarantine;
    struct dialler *dialler;            /* the entrance's; NULL: nobody is dialled */
    struct event *sweep;                /* now and then: who is calm again */
    uint8_t scratch[SESSION_READ_MOST]; /* what one read takes in */
};

/** hub_init(hub, parts): ${parts}' store must outlive it; ${config} is looked at only. */
struct hub_parts {
    struct event_base *base;
    const struct server_config *config;
    struct data_config *data; /* the plans hold it */
    struct store *store;
    struct bus *bus;
};
void hub_init(struct hub *hub, const struct hub_parts *parts);

/** hub_configure(hub, config, data): take over the settings that a reload may change: all sessions
 * go on by ${data}. */
void hub_configure(struct hub *hub, const struct server_config *config, struct data_config *data);

/** hub_registered(hub, session), hub_quarantined(hub, session): a line said who it is. */
void hub_registered(struct hub *hub, const struct session *session);
void hub_quarantined(struct hub *hub, const struct session *session);

/** hub_close_device(hub, id, reason): close the line of a device, where it has one. */
void hub_close_device(struct hub *hub, const char *id, const char *reason);

/** hub_close_all(hub, reason): close every line. */
void hub_close_all(struct hub *hub, const char *reason);

/** hub_free(hub): close_all() first. Frees what the hub made, not the struct. */
void hub_free(struct hub *hub);

/** hub_now(): both clocks. */
struct session_time hub_now(void);

/** hub_set_timer(hub, timer, due_ms): on the wheel, and see that the wheel turns in time. */
void hub_set_timer(struct hub *hub, struct wheel_timer *timer, int64_t due_ms);

#endif
