#include "collector/collector.h"

#include "collector/control.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/service.h"
#include "shared/base/version.h"
#include "shared/config/data_advice.h"
#include "shared/config/webhook_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SPARE_DESCRIPTORS = 128 };

/* What only both files together can tell. */
static void check_ports(const struct server_config *server, const struct data_config *data,
                        const char *path, struct faults *faults)
{
    for (size_t i = 0; i < data->nprofiles; i++) {
        const struct profile *profile = &data->profiles[i];
        if (profile->port == 0)
            continue;
        if (profile->port == server->server.main_port)
            faults_add(faults, path, profile->port_line,
                       "profiles.%s.port: %u is server.main_port, which profiles without a port "
                       "share: leave it out, or choose another",
                       profile->name, (unsigned)profile->port);
        else if (profile->port == server->server.web_port)
            faults_add(faults, path, profile->port_line,
                       "profiles.%s.port: %u is server.web_port, on which nginx listens: choose "
                       "another",
                       profile->name, (unsigned)profile->port);
    }
}

int collector_load(const char *dir, struct server_config **server, struct data_config **data,
                   struct faults *faults)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/server_config.yml", dir);
    *server = server_config_load(path, faults);
    snprintf(path, sizeof(path), "%s/data_config.yml", dir);
    *data = data_config_load(path, faults);
    size_t before = faults->count;
    if (*server != NULL && *data != NULL) {
        check_ports(*server, *data, path, faults);
        snprintf(path, sizeof(path), "%s/server_config.yml", dir);
        webhook_check_names(&(*server)->hooks, *data, path, faults);
    }
    if (*server != NULL && *data != NULL && faults->count == before)
        return 0;
    server_config_free(*server);
    data_config_release(*data);
    *server = NULL;
    *data = NULL;
    return -1;
}

/* Each DTU is a descriptor; the service manager's default of 1024 would be the real limit. */
static void raise_descriptors(uint32_t max_connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)max_connections + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted)
        limit.rlim_max = wanted; /* only root may */
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    log_warn(
        "collector", NULL,
        "only %llu files may be open, too few for server.max_connections %u: raise LimitNOFILE",
        (unsigned long long)limit.rlim_cur, max_connections);
}

/* ${cookie} is the file's name. */
static void log_note(void *cookie, unsigned line, const char *text)
{
    log_warn("config", NULL, "%s:%u: %s", (const char *)cookie, line, text);
}

static void log_notes(const struct server_config *server, const struct data_config *data)
{
    webhook_advice(&server->hooks, log_note, (char *)"server_config.yml");
    data_advice(data, log_note, (char *)"data_config.yml");
}

/* Rules */

static void record_alarm(void *cookie, uint32_t device, const struct alarm *alarm, int64_t ts_ms)
{
    struct collector *collector = cookie;
    recorder_alarm(&collector->hub.env.recorder, device, ts_ms, alarm);
}

static uint32_t device_ref(void *cookie, const char *id)
{
    struct collector *collector = cookie;
    return names_device(store_names(collector->store), id);
}

static void on_rules_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct collector *collector = cookie;
    (void)fd, (void)what;
    rules_tick(collector->rules, clock_wall_ms(), clock_mono_ms());
}

static void start_rules(struct collector *collector, struct data_config *data)
{
    static const struct timeval second = {.tv_sec = 1};
    const struct rules_ops ops = {
        .record = record_alarm, .device = device_ref, .cookie = collector};
    collector->rules = rules_new(collector->bus, data, &ops);
    rules_restored(collector->rules, clock_wall_ms(), clock_mono_ms());
    collector->rules_timer = event_new(collector->base, -1, EV_PERSIST, on_rules_timer, collector);
    event_add(collector->rules_timer, &second);
}

static void stop_rules(struct collector *collector)
{
    if (collector->rules_timer != NULL)
        event_free(collector->rules_timer);
    rules_free(collector->rules);
}

static int open_parts(struct collector *collector, struct data_config *data)
{
    const struct server_config *config = collector->config;
    collector->base = event_base_new();
    if (collector->base == NULL) {
        log_error("collector", NULL, "libevent has no working back end");
        return -1;
    }
    collector->store = store_new(config);
    collector->bus = bus_new();
    struct hub_parts parts = {.base = collector->base,
                              .config = config,
                              .data = data,
                              .store = collector->store,
                              .bus = collector->bus};
    hub_init(&collector->hub, &parts);
    collector->ledger =
        ledger_new(collector->bus, &collector->hub.env.recorder, store_names(collector->store),
                   config->server.name, &config->hooks);
    start_rules(collector, data);
    collector->live = live_new(collector->base, collector->bus, config->server.name);
    if (config->journal.enabled) {
        collector->acknowledger = acknowledger_start(&collector->hub, collector->store);
        if (collector->acknowledger == NULL)
            return -1;
    }
    collector->entrance = entrance_open(&collector->hub, config, data);
    if (collector->entrance == NULL)
        return -1;
    char path[PATH_MAX];
    const char *socket = config->server.control_socket;
    if (socket == NULL)
        socket = service_runtime_path("control.sock", path, sizeof(path));
    if (socket != NULL) {
        collector->control = control_open(collector, socket);
        if (collector->control == NULL)
            return -1;
    }
    if (store_start(collector->store, config, collector->config_dir) != 0)
        return -1;
    collector->storage_watch = storage_watch_start(collector);
    collector->keeper = keeper_start(config);
    return collector->keeper != NULL ? 0 : -1;
}

int collector_start(struct collector *collector, const char *dir, struct server_config *server,
                    struct data_config *data)
{
    memset(collector, 0, sizeof(*collector));
    collector->config_dir = dir;
    collector->config = collector->started = server;
    collector->started_ms = clock_mono_ms();
    collector->started_wall_ms = collector->reloaded_wall_ms = clock_wall_ms();
    if (log_setup(server->log.level, server->log.format, server->log.file) != 0)
        log_error("collector", NULL, "log.file %s: %s; logging to stderr", server->log.file,
                  strerror(errno));
    log_info("collector", NULL, "dtuhub-collector " DTUHUB_VERSION ", configuration %s", dir);
    log_notes(server, data);
    raise_descriptors(server->server.max_connections);
    int rc = open_parts(collector, data);
    data_config_release(data); /* the plans hold it */
    if (rc == 0)
        bus_raise(collector->bus,
                  &(struct bus_event){.kind = EVENT_SERVER_STARTED,
                                      .message = "dtuhub-collector " DTUHUB_VERSION});
    return rc;
}

/* Reload */

static void reject(struct collector *collector, const struct faults *faults)
{
    size_t used = 0, room = sizeof(collector->reload_error);
    collector->hub.metrics.reloads_rejected++;
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];
        log_error("reload", NULL, "%s:%u: %s", fault->file, fault->line, fault->message);
        int len = snprintf(collector->reload_error + used, room - used, "%s%s:%u: %s",
                           i > 0 ? "\n" : "", fault->file, fault->line, fault->message);
        if ((size_t)len < room - used)
            used += (size_t)len;
        else if (used == 0)
            used = room - 1; /* cut */
        else
            collector->reload_error[used] = '\0'; /* whole lines only */
    }
    bus_raise(collector->bus, &(struct bus_event){.kind = EVENT_CONFIG_REJECTED,
                                                  .message = collector->reload_error});
    log_error("reload", NULL, "refused because of %zu faults; what ran before goes on unchanged",
              faults->count);
}

static void count_plans(const struct hub *hub, size_t *ntasks, size_t *npoints)
{
    const struct plan_set *set = hub->env.plans;
    *ntasks = *npoints = 0;
    for (size_t i = 0; i < set->nplans; i++) {
        *ntasks += set->plans[i].ntasks;
        *npoints += set->plans[i].profile->npoints;
    }
}

static void adopt(struct collector *collector, struct server_config *server,
                  struct data_config *data)
{
    size_t ntasks, npoints;
    char *problem = NULL;
    const char *fixed = server_config_fixed_changed(collector->started, server);
    if (fixed != NULL)
        log_warn("reload", NULL, "%s changed: that takes a restart", fixed);
    if (log_setup(server->log.level, server->log.format, server->log.file) != 0)
        log_error("reload", NULL, "log.file %s: %s; logging as before", server->log.file,
                  strerror(errno));
    log_notes(server, data);
    raise_descriptors(server->server.max_connections);
    store_configure(collector->store, server);
    keeper_configure(collector->keeper, &server->retention);
    hub_configure(&collector->hub, server, data);
    ledger_configure(collector->ledger, &server->hooks);
    rules_configure(collector->rules, data, clock_wall_ms(), clock_mono_ms());
    collector->reload_error[0] = '\0';
    if (entrance_configure(collector->entrance, server, data, &problem) != 0) {
        snprintf(collector->reload_error, sizeof(collector->reload_error), "%s", problem);
        log_error("reload", NULL, "%s", problem);
        free(problem);
    }
    data_config_release(data);
    if (collector->config != collector->started)
        server_config_free(collector->config);
    collector->config = server;
    collector->hub.metrics.reloads++;
    collector->reloaded_wall_ms = clock_wall_ms();
    count_plans(&collector->hub, &ntasks, &npoints);
    bus_raise(collector->bus, &(struct bus_event){.kind = EVENT_CONFIG_RELOADED});
    log_info("reload", NULL, "taken over: %zu profiles, %zu tasks, %zu points, %zu lines stay open",
             collector->hub.env.plans->nplans, ntasks, npoints,
             registry_count(&collector->hub.registry));
}

void collector_reload(struct collector *collector)
{
    struct server_config *server;
    struct data_config *data;
    struct faults faults = {0};
    collector->reload_tried_wall_ms = clock_wall_ms();
    log_info("reload", NULL, "reading %s", collector->config_dir);
    if (collector_load(collector->config_dir, &server, &data, &faults) == 0)
        adopt(collector, server, data);
    else
        reject(collector, &faults);
    faults_clear(&faults);
}

/* End */

int collector_stop(struct collector *collector)
{
    size_t lost = 0;
    bool ended = true;
    if (collector->base != NULL) {
        bus_raise(collector->bus, &(struct bus_event){.kind = EVENT_SERVER_STOPPING});
        entrance_close(collector->entrance);
        hub_close_all(&collector->hub, "server stopping");
    }
    live_free(collector->live);
    control_close(collector->control);
    keeper_stop(collector->keeper);
    storage_watch_stop(collector->storage_watch);
    acknowledger_stop(collector->acknowledger);
    if (collector->store != NULL)
        lost = store_stop(collector->store, collector->config->server.shutdown_timeout_ms, &ended);
    if (lost > 0)
        log_error("collector", NULL, "%zu records could not be stored in time and are lost", lost);
    if (collector->base != NULL) {
        hub_free(&collector->hub);
        stop_rules(collector);
        ledger_free(collector->ledger);
        bus_free(collector->bus);
        event_base_free(collector->base);
    }
    if (ended) /* else a writer hangs and may still tell it of records */
        acknowledger_free(collector->acknowledger);
    if (collector->config != collector->started)
        server_config_free(collector->config);
    server_config_free(collector->started);
    log_info("collector", NULL, "stopped");
    return lost > 0 ? -1 : 0;
}
