#include "collector/hub.h"

#include "collector/connection.h"
#include "collector/session_event.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <string.h>

/* The wheel turns at least this often, so that a clock that leaps (a suspended machine) is noticed.
 */
enum { TICK_AT_MOST_MS = 1000 };

/* So many ids that nobody knows are let in for each line that may stand: far above what DTUs make,
 * and an end to what a stranger can make. */
enum { STRANGERS_PER_LINE = 10 };

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

/* Devices that have not come yet are known by name, too. */
static void name_devices(const struct data_config *data, struct names *names)
{
    for (size_t i = 0; i < data->ndevices; i++)
        names_device(names, data->devices[i].id);
}

/* A profile's counts are there from the start, also before its first line. */
static void name_profiles(struct hub *hub, const struct data_config *data)
{
    for (size_t i = 0; i < data->nprofiles; i++)
        profile_table_get(&hub->profiles, data->profiles[i].name);
}

static struct plan_set *plans_of(const struct server_config *config, struct data_config *data,
                                 struct names *names)
{
    name_devices(data, names);
    const struct plan_defaults defaults = {
        .response_timeout_ms = config->polling.response_timeout_ms,
        .request_gap_ms = config->polling.request_gap_ms,
        .slave_gap_ms = config->polling.slave_gap_ms,
        .heartbeat_timeout_ms = config->server.heartbeat_timeout_ms,
        .registration_timeout_ms = config->server.registration_timeout_ms,
        .stagger_ms = config->polling.stagger_ms,
        .max_missed = config->server.max_missed,
        .max_timeouts = config->polling.max_timeouts,
        .retries = config->polling.retries,
    };
    return plan_set_new(data, names, &defaults);
}

static void set_limits(struct hub *hub, const struct server_config *config)
{
    hub->max_connections = config->server.max_connections;
    hub->pool_size = config->server.connection_pool_size;
    hub->env.strangers_most = (size_t)STRANGERS_PER_LINE * hub->max_connections;
    connection_pool_fill(hub);
    flap_configure(hub->flap, config->server.flap_count, config->server.flap_window_ms);
}

static void adopt_list(struct registry_list *list)
{
    struct registry_entry *entry, *next;
    for (entry = TAILQ_FIRST(list); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link); /* a line that leaves quarantine leaves its list, too */
        connection_adopt(connection_of(entry));
    }
}

/* A device that is named now is no stranger any more, though it has not called again. */
static void forget_known(void *cookie, const struct quarantine_entry *entry)
{
    struct hub *hub = cookie;
    if (data_config_device(hub->env.plans->config, entry->id) != NULL)
        quarantine_forget(hub->quarantine, entry->id);
}

void hub_configure(struct hub *hub, const struct server_config *config, struct data_config *data)
{
    struct plan_set *old = hub->env.plans;
    set_limits(hub, config);
    name_profiles(hub, data);
    hub->env.plans = plans_of(config, data, hub->env.names);
    quarantine_each(hub->quarantine, forget_known, hub);
    adopt_list(&hub->registry.online);
    adopt_list(&hub->registry.pending);
    plan_set_release(old);
}

/* Who registers */

static void on_calm(void *cookie, const char *id)
{
    struct hub *hub = cookie;
    log_within(&hub->env.budget, LOG_FLAPS, id, LOGL_INFO, "hub", id, "does not flap any more");
}

static void on_sweep(evutil_socket_t fd, short what, void *cookie)
{
    struct hub *hub = cookie;
    (void)fd, (void)what;
    flap_calm(hub->flap, clock_mono_ms(), on_calm, hub);
    log_budget_sweep(&hub->env.budget);
}

void hub_registered(struct hub *hub, const struct session *session)
{
    quarantine_forget(hub->quarantine, session->id);
    if (flap_registered(hub->flap, session->id, clock_mono_ms()) != FLAP_BEGAN)
        return;
    static const char details[] = "registers anew again and again: two DTUs with one id, a weak "
                                  "signal, or a carrier that cuts silent lines";
    hub->metrics.flapping++;
    log_within(&hub->env.budget, LOG_FLAPS, session->id, LOGL_WARN, "hub", session->who,
               "flaps: %s", details);
    session_raise(session, EVENT_DEVICE_FLAPPING, details, NULL, session->registered_wall_ms);
}

void hub_quarantined(struct hub *hub, const struct session *session)
{
    if (quarantine_seen(hub->quarantine, session->id, session->plan->profile->name, &session->peer,
                        session->life_wall_ms))
        session_raise(session, EVENT_DEVICE_UNKNOWN,
                      "an unknown device called and is kept in quarantine", NULL,
                      session->life_wall_ms);
}

void hub_init(struct hub *hub, const struct hub_parts *parts)
{
    const struct timeval sweep = {.tv_sec = 10};
    memset(hub, 0, sizeof(*hub));
    int64_t now_ms = clock_mono_ms();
    hub->base = parts->base;
    hub->env.names = store_names(parts->store);
    hub->env.bus = parts->bus;
    hub->env.main_port = parts->config->server.main_port;
    hub->env.metrics = &hub->metrics;
    hub->env.profiles = &hub->profiles;
    log_budget_init(&hub->env.budget);
    store_recorder(parts->store, &hub->env.recorder);
    registry_init(&hub->registry);
    SLIST_INIT(&hub->pool);
    hub->wheel = wheel_new(now_ms);
    hub->tick = event_new(parts->base, -1, 0, on_tick, hub);
    arm(hub, now_ms, now_ms + TICK_AT_MOST_MS);
    hub->flap = flap_new(parts->config->server.flap_count, parts->config->server.flap_window_ms);
    hub->quarantine = quarantine_new();
    hub->env.refusals = refusals_new();
    hub->sweep = event_new(parts->base, -1, EV_PERSIST, on_sweep, hub);
    event_add(hub->sweep, &sweep);
    set_limits(hub, parts->config);
    name_profiles(hub, parts->data);
    hub->env.plans = plans_of(parts->config, parts->data, hub->env.names);
}

void hub_close_device(struct hub *hub, const char *id, const char *reason)
{
    struct registry_entry *entry = registry_find(&hub->registry, id);
    if (entry != NULL)
        connection_close(connection_of(entry), reason);
}

static void close_list(struct registry_list *list, const char *reason)
{
    struct registry_entry *entry;
    while ((entry = TAILQ_FIRST(list)) != NULL)
        connection_close(connection_of(entry), reason);
}

void hub_close_all(struct hub *hub, const char *reason)
{
    hub->env.stopping = true;
    close_list(&hub->registry.pending, reason);
    close_list(&hub->registry.online, reason);
}

void hub_free(struct hub *hub)
{
    connection_pool_drain(hub);
    plan_set_release(hub->env.plans);
    profile_table_clear(&hub->profiles);
    flap_free(hub->flap);
    quarantine_free(hub->quarantine);
    refusals_free(hub->env.refusals);
    event_free(hub->sweep);
    event_free(hub->tick);
    wheel_free(hub->wheel);
}
