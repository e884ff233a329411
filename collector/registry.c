#include "collector/registry.h"

#include <string.h>

void registry_init(struct registry *registry)
{
    memset(registry, 0, sizeof(*registry));
    TAILQ_INIT(&registry->pending);
    TAILQ_INIT(&registry->online);
}

void registry_add(struct registry *registry, struct registry_entry *entry)
{
    entry->id = NULL;
    TAILQ_INSERT_TAIL(&registry->pending, entry, link);
    registry->npending++;
}

struct registry_entry *registry_find(const struct registry *registry, const char *id)
{
    struct registry_entry *entry;
    HASH_FIND(hh, registry->by_id, id, strlen(id), entry);
    return entry;
}

void registry_name(struct registry *registry, struct registry_entry *entry, const char *id)
{
    TAILQ_REMOVE(&registry->pending, entry, link);
    registry->npending--;
    entry->id = id;
    HASH_ADD_KEYPTR(hh, registry->by_id, entry->id, strlen(entry->id), entry);
    TAILQ_INSERT_TAIL(&registry->online, entry, link);
    registry->nonline++;
}

void registry_remove(struct registry *registry, struct registry_entry *entry)
{
    if (entry->id == NULL) {
        TAILQ_REMOVE(&registry->pending, entry, link);
        registry->npending--;
        return;
    }
    HASH_DEL(registry->by_id, entry);
    TAILQ_REMOVE(&registry->online, entry, link);
    registry->nonline--;
}

size_t registry_count(const struct registry *registry)
{
    return registry->npending + registry->nonline;
}
