#include "collector/views.h"

#include "collector/connection.h"
#include "collector/dialler.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>

static void view_line(const struct session *session, struct line_view *view)
{
    const struct profile *profile = session->plan->profile;
    const struct device_def *device = data_config_device(session->plans->config, session->id);
    *view = (struct line_view){
        .id = session->id,
        .name = device != NULL ? device->name : "",
        .profile = profile->name,
        .framing = session->plan->framing->name,
        .since_ms = session->registered_wall_ms,
        .seen_ms = session->life_wall_ms,
        .heartbeats = session->heartbeats,
        .answers = session->answers,
        .timeouts = session->timeouts,
        .noise_bytes = session->noise_bytes,
        .slaves = xcalloc(profile->nslaves + 1, sizeof(*view->slaves)),
        .nslaves = profile->nslaves,
    };
    control_peer(session->peer.address, session->peer.port, view->peer);
    for (size_t i = 0; i < profile->nslaves; i++)
        view->slaves[i] = (struct slave_view){.unit = profile->slaves[i].unit,
                                              .name = profile->slaves[i].name,
                                              .state = session->slaves[i]};
}

struct line_view *views_lines(struct hub *hub, const char *id, size_t *n)
{
    struct line_view *lines = xcalloc(hub->registry.nonline + 1, sizeof(*lines));
    struct registry_entry *entry;
    *n = 0;
    if (id != NULL) {
        entry = registry_find(&hub->registry, id);
        if (entry != NULL)
            view_line(connection_session(connection_of(entry)), &lines[(*n)++]);
        return lines;
    }
    TAILQ_FOREACH (entry, &hub->registry.online, link) {
        view_line(connection_session(connection_of(entry)), &lines[(*n)++]);
    }
    return lines;
}

static bool has_dead_slave(const struct session *session)
{
    for (size_t i = 0; i < session->plan->profile->nslaves; i++) {
        if (session->slaves[i].liveness == SLAVE_DEAD)
            return true;
    }
    return false;
}

struct line_view *views_lines_dead(struct hub *hub, size_t *n)
{
    struct line_view *lines = xcalloc(hub->registry.nonline + 1, sizeof(*lines));
    struct registry_entry *entry;
    *n = 0;
    TAILQ_FOREACH (entry, &hub->registry.online, link) {
        const struct session *session = connection_session(connection_of(entry));
        if (has_dead_slave(session))
            view_line(session, &lines[(*n)++]);
    }
    return lines;
}

void views_lines_free(struct line_view *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(lines[i].slaves);
    free(lines);
}

/* Lists under construction. */
struct quarantine_list {
    struct quarantine_view *items;
    size_t n;
};

static void add_quarantined(void *cookie, const struct quarantine_entry *entry)
{
    struct quarantine_list *list = cookie;
    struct quarantine_view *view = &list->items[list->n++];
    *view = (struct quarantine_view){.id = entry->id,
                                     .profile = entry->profile,
                                     .first_ms = entry->first_ms,
                                     .last_ms = entry->last_ms,
                                     .times = entry->times};
    control_peer(entry->peer.address, entry->peer.port, view->peer);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(struct quarantine_view *const *)a)->id,
                  (*(struct quarantine_view *const *)b)->id);
}

/* Lines in quarantine stand among those that have not registered, of which there may be many: they
 * are gone through once. */
static void mark_connected(struct hub *hub, struct quarantine_list *list)
{
    struct quarantine_view **sorted = xcalloc(list->n + 1, sizeof(struct quarantine_view *));
    struct registry_entry *entry;
    for (size_t i = 0; i < list->n; i++)
        sorted[i] = &list->items[i];
    qsort(sorted, list->n, sizeof(*sorted), by_id);
    TAILQ_FOREACH (entry, &hub->registry.pending, link) {
        const struct session *session = connection_session(connection_of(entry));
        struct quarantine_view wanted = {.id = session->id}, *key = &wanted;
        if (!session->quarantined || session->closing)
            continue;
        struct quarantine_view **found = bsearch(&key, sorted, list->n, sizeof(*sorted), by_id);
        if (found != NULL)
            (*found)->connected = true;
    }
    free(sorted);
}

struct quarantine_view *views_quarantine(struct hub *hub, size_t *n)
{
    struct quarantine_list list = {0};
    list.items = xcalloc(quarantine_count(hub->quarantine) + 1, sizeof(*list.items));
    quarantine_each(hub->quarantine, add_quarantined, &list);
    mark_connected(hub, &list);
    *n = list.n;
    return list.items;
}

struct refusal_list {
    struct refusal_view *items;
    size_t n;
};

static void add_refusal(void *cookie, const struct refusal_entry *entry)
{
    struct refusal_list *list = cookie;
    list->items[list->n++] = (struct refusal_view){.id = entry->id,
                                                   .peer = entry->address,
                                                   .port = entry->port,
                                                   .reason = entry->reason,
                                                   .bytes = entry->bytes,
                                                   .len = entry->len,
                                                   .first_ms = entry->first_ms,
                                                   .last_ms = entry->last_ms,
                                                   .times = entry->times};
}

struct refusal_view *views_refusals(struct hub *hub, size_t *n)
{
    struct refusal_list list = {0};
    list.items = xcalloc(refusals_count(hub->env.refusals) + 1, sizeof(*list.items));
    refusals_each(hub->env.refusals, add_refusal, &list);
    *n = list.n;
    return list.items;
}

struct expected_list {
    const struct data_config *config;
    struct expected_view *items; /* as config->devices */
};

/* Refusals come the latest first. */
static void add_reason(void *cookie, const struct refusal_entry *entry)
{
    struct expected_list *list = cookie;
    const struct device_def *device =
        entry->id[0] != '\0' ? data_config_device(list->config, entry->id) : NULL;
    if (device == NULL || list->items[device - list->config->devices].refusal != NULL)
        return;
    list->items[device - list->config->devices].refusal = entry->reason;
    list->items[device - list->config->devices].refused_ms = entry->last_ms;
}

struct expected_view *views_expected(struct hub *hub, bool missing, size_t *n)
{
    const struct data_config *config = hub->env.plans->config;
    struct expected_list list = {config, xcalloc(config->ndevices + 1, sizeof(*list.items))};
    for (size_t i = 0; i < config->ndevices; i++) {
        const struct device_def *device = &config->devices[i];
        list.items[i] = (struct expected_view){
            .id = device->id,
            .name = device->name,
            .profile = device->profile != NULL ? device->profile->name : NULL,
            .dial_host = device->dial_host,
            .dial_port = device->dial_port,
            .online = registry_find(&hub->registry, device->id) != NULL};
    }
    refusals_each(hub->env.refusals, add_reason, &list);
    *n = 0;
    for (size_t i = 0; i < config->ndevices; i++) {
        if (!missing || !list.items[i].online)
            list.items[(*n)++] = list.items[i];
    }
    return list.items;
}

struct dial_list {
    struct dial_view *items;
    size_t n;
    int64_t wall_ms;
};

static void add_dial(void *cookie, const struct dialler_status *status)
{
    struct dial_list *list = cookie;
    list->items[list->n++] = (struct dial_view){
        .id = status->id,
        .host = status->host,
        .port = status->port,
        .state = dial_state_name(status->state),
        .failures = status->failures,
        .error = status->error,
        .next_ms = status->next_ms > 0 ? list->wall_ms + status->next_ms : 0,
    };
}

struct dial_view *views_dials(struct hub *hub, size_t *n)
{
    struct dial_list list = {.wall_ms = clock_wall_ms()};
    size_t room = hub->dialler != NULL ? dialler_count(hub->dialler) : 0;
    list.items = xcalloc(room + 1, sizeof(*list.items));
    if (hub->dialler != NULL)
        dialler_each(hub->dialler, add_dial, &list);
    *n = list.n;
    return list.items;
}
