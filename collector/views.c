#include "collector/views.h"

#include "collector/connection.h"
#include "shared/base/alloc.h"

#include <stdlib.h>

static void view_line(const struct session *session, struct line_view *view)
{
    const struct profile *profile = session->plan->profile;
    *view = (struct line_view){
        .id = session->id,
        .name = "",
        .profile = profile->name,
        .framing = session->env->framing->name,
        .since_ms = session->registered_wall_ms,
        .seen_ms = session->life_wall_ms,
        .heartbeats = session->heartbeats,
        .answers = session->answers,
        .timeouts = session->timeouts,
        .slaves = xcalloc(profile->nslaves + 1, sizeof(*view->slaves)),
        .nslaves = profile->nslaves,
    };
    control_peer(session->peer.address, session->peer.port, view->peer);
    for (size_t i = 0; i < profile->nslaves; i++)
        view->slaves[i] =
            (struct slave_view){.unit = profile->slaves[i].unit, .name = profile->slaves[i].name};
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

void views_lines_free(struct line_view *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(lines[i].slaves);
    free(lines);
}

struct quarantine_view *views_quarantine(struct hub *hub, size_t *n)
{
    (void)hub;
    *n = 0;
    return NULL;
}

struct dial_view *views_dials(struct hub *hub, size_t *n)
{
    (void)hub;
    *n = 0;
    return NULL;
}
