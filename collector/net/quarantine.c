#include "collector/net/quarantine.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <uthash.h>

struct stranger {
    UT_hash_handle hh;
    TAILQ_ENTRY(stranger) link;
    struct quarantine_entry entry;
    char *profile;
    char id[];
};

TAILQ_HEAD(strangers, stranger);

struct quarantine {
    struct stranger *by_id;
    struct strangers seen; /* the last one first */
};

struct quarantine *quarantine_new(void)
{
    struct quarantine *quarantine = xcalloc(1, sizeof(*quarantine));
    TAILQ_INIT(&quarantine->seen);
    return quarantine;
}

static void drop(struct quarantine *quarantine, struct stranger *stranger)
{
    TAILQ_REMOVE(&quarantine->seen, stranger, link);
    HASH_DEL(quarantine->by_id, stranger);
    free(stranger->profile);
    free(stranger);
}

void quarantine_clear(struct quarantine *quarantine)
{
    while (!TAILQ_EMPTY(&quarantine->seen))
        drop(quarantine, TAILQ_FIRST(&quarantine->seen));
}

void quarantine_free(struct quarantine *quarantine)
{
    if (quarantine == NULL)
        return;
    quarantine_clear(quarantine);
    free(quarantine);
}

static struct stranger *find(const struct quarantine *quarantine, const char *id)
{
    struct stranger *stranger;
    HASH_FIND_STR(quarantine->by_id, id, stranger);
    return stranger;
}

static struct stranger *take_in(struct quarantine *quarantine, const char *id, int64_t wall_ms)
{
    if (HASH_COUNT(quarantine->by_id) >= QUARANTINE_MAX)
        drop(quarantine, TAILQ_LAST(&quarantine->seen, strangers));
    size_t size = strlen(id) + 1;
    struct stranger *stranger = xcalloc(1, sizeof(*stranger) + size);
    memcpy(stranger->id, id, size);
    stranger->entry.id = stranger->id;
    stranger->entry.first_ms = wall_ms;
    HASH_ADD_KEYPTR(hh, quarantine->by_id, stranger->id, size - 1, stranger);
    TAILQ_INSERT_HEAD(&quarantine->seen, stranger, link);
    return stranger;
}

bool quarantine_seen(struct quarantine *quarantine, const char *id, const char *profile,
                     const struct record_connection *peer, int64_t wall_ms)
{
    struct stranger *stranger = find(quarantine, id);
    bool is_new = stranger == NULL;
    if (is_new)
        stranger = take_in(quarantine, id, wall_ms);
    char *name = xstrdup(profile != NULL ? profile : "");
    free(stranger->profile);
    stranger->profile = name;
    stranger->entry.profile = name;
    stranger->entry.peer = *peer;
    stranger->entry.last_ms = wall_ms;
    stranger->entry.times++;
    TAILQ_REMOVE(&quarantine->seen, stranger, link);
    TAILQ_INSERT_HEAD(&quarantine->seen, stranger, link);
    return is_new;
}

bool quarantine_holds(const struct quarantine *quarantine, const char *id)
{
    return find(quarantine, id) != NULL;
}

bool quarantine_forget(struct quarantine *quarantine, const char *id)
{
    struct stranger *stranger = find(quarantine, id);
    if (stranger == NULL)
        return false;
    drop(quarantine, stranger);
    return true;
}

void quarantine_each(const struct quarantine *quarantine,
                     void (*each)(void *cookie, const struct quarantine_entry *entry), void *cookie)
{
    for (struct stranger *at = TAILQ_FIRST(&quarantine->seen), *next; at != NULL; at = next) {
        next = TAILQ_NEXT(at, link);
        each(cookie, &at->entry);
    }
}

size_t quarantine_count(const struct quarantine *quarantine)
{
    return HASH_COUNT(quarantine->by_id);
}
