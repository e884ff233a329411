#include "collector/hub.h"

#include "collector/connection.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <string.h>

/* The wheel turns at least this often, so that a clock that leaps (a suspended machine) is noticed.
 */
enum { TICK_AT_MOST_MS = 1000 };

struct session_time hub_now(void)
{
    return (struct session_time){.mono_ms = clock_mono_ms(), .wall_ms = clock_wall_ms()};
}

static void arm(struct hub *hub, int64_t now_ms, int64_t due_ms)
{
    int64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    event_add(hub->tick, &tv);
    hub->tick_armed_ms = due_ms;
}

static void turn(struct hub *hub)
{
    hub->tick_armed_ms = INT64_MAX; /* no arming for each timer that is set meanwhile */
    wheel_advance(hub->wheel, clock_mono_ms(), connection_due, hub);
    int64_t now_ms = clock_mono_ms();
    arm(hub, now_ms, wheel_next_ms(hub->wheel, now_ms, TICK_AT_MOST_MS));
}

static void on_tick(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    turn(cookie);
}

void hub_set_timer(struct hub *hub, struct wheel_timer *timer, int64_t due_ms)
{
    wheel_set(hub->wheel, timer, due_ms);
    /* A timer goes off at the next whole tick at or behind its time. */
    int64_t tick_ms = (due_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS * WHEEL_TICK_MS;
    if (hub->tick_armed_ms != INT64_MAX && tick_ms < hub->tick_armed_ms)
        arm(hub, clock_mono_ms(), tick_ms);
}

void hub_configure(struct hub *hub, const struct server_config *config)
{
    struct session_env *env = &hub->env;
    env->timing = (struct exchange_timing){
        .response_timeout_ms = config->polling.response_timeout_ms,
        .request_gap_ms = config->polling.request_gap_ms,
        .retries = config->polling.retries,
    };
    env->registration_timeout_ms = config->server.registration_timeout_ms;
    env->heartbeat_timeout_ms = config->server.heartbeat_timeout_ms;
    env->max_missed = config->server.max_missed;
    hub->max_connections = config->server.max_connections;
    hub->pool_size = config->server.connection_pool_size;
    connection_pool_fill(hub);
}

void hub_init(struct hub *hub, const struct hub_parts *parts)
{
    memset(hub, 0, sizeof(*hub));
    int64_t now_ms = clock_mono_ms();
    hub->base = parts->base;
    hub->env.framing = &framing_tlv;
    hub->env.plan = parts->plan;
    hub->env.names = parts->names;
    hub->env.metrics = &hub->metrics;
    hub->env.noise = (struct log_limit)LOG_LIMIT(20, 10000);
    recorder_init(&hub->env.recorder, parts->cache);
    registry_init(&hub->registry);
    SLIST_INIT(&hub->pool);
    hub->wheel = wheel_new(now_ms);
    hub->tick = event_new(parts->base, -1, 0, on_tick, hub);
    arm(hub, now_ms, now_ms + TICK_AT_MOST_MS);
    hub_configure(hub, parts->config);
}

void hub_replan(struct hub *hub, struct plan *plan)
{
    struct registry_entry *entry;
    struct session_time now = hub_now();
    plan_release(hub->env.plan);
    hub->env.plan = plan;
    TAILQ_FOREACH (entry, &hub->registry.online, link) {
        session_adopt(connection_session(connection_of(entry)), now);
        connection_reschedule(connection_of(entry));
    }
}

static void close_list(struct registry_list *list, const char *reason)
{
    struct registry_entry *entry;
    while ((entry = TAILQ_FIRST(list)) != NULL)
        connection_close(connection_of(entry), reason);
}

void hub_close_all(struct hub *hub, const char *reason)
{
    close_list(&hub->registry.pending, reason);
    close_list(&hub->registry.online, reason);
}

void hub_free(struct hub *hub)
{
    connection_pool_drain(hub);
    plan_release(hub->env.plan);
    event_free(hub->tick);
    wheel_free(hub->wheel);
}
