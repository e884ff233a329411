#include "collector/orders.h"

#include "collector/connection.h"

#include <string.h>

static struct connection *line_of(struct hub *hub, const char *device_id)
{
    struct registry_entry *entry = registry_find(&hub->registry, device_id);
    return entry != NULL ? connection_of(entry) : NULL;
}

static bool in_quarantine(struct hub *hub, const char *device_id)
{
    struct registry_entry *entry;
    TAILQ_FOREACH (entry, &hub->registry.pending, link) {
        const struct session *session = connection_session(connection_of(entry));
        if (session->quarantined && strcmp(session->id, device_id) == 0)
            return true;
    }
    return false;
}

const struct profile *orders_profile(struct hub *hub, const char *device_id)
{
    struct connection *line = line_of(hub, device_id);
    return line != NULL ? connection_session(line)->plan->profile : NULL;
}

enum order_verdict orders_submit(struct hub *hub, const char *device_id, struct write_order *order)
{
    struct connection *line = line_of(hub, device_id);
    if (line == NULL)
        return in_quarantine(hub, device_id) ? ORDER_QUARANTINED : ORDER_OFFLINE;
    struct session *session = connection_session(line);
    if (session->closing)
        return ORDER_OFFLINE;
    if (session->plan->profile->link.listen_only)
        return ORDER_LISTEN_ONLY;
    if (session_write(session, order, hub_now()) != 0)
        return ORDER_QUEUE_FULL;
    connection_reschedule(line);
    return ORDER_TAKEN;
}
