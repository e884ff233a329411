#include "collector/net/refusals.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct refused {
    TAILQ_ENTRY(refused) link;
    struct refusal_entry entry;
};

TAILQ_HEAD(refused_list, refused);

struct refusals {
    struct refused_list seen; /* the last one first */
    size_t n;
};

struct refusals *refusals_new(void)
{
    struct refusals *refusals = xcalloc(1, sizeof(*refusals));
    TAILQ_INIT(&refusals->seen);
    return refusals;
}

static void drop(struct refusals *refusals, struct refused *refused)
{
    TAILQ_REMOVE(&refusals->seen, refused, link);
    refusals->n--;
    free(refused);
}

void refusals_clear(struct refusals *refusals)
{
    while (refusals != NULL && !TAILQ_EMPTY(&refusals->seen))
        drop(refusals, TAILQ_FIRST(&refusals->seen));
}

void refusals_free(struct refusals *refusals)
{
    refusals_clear(refusals);
    free(refusals);
}

/* A copy of ${text}, cut where ${size} bytes do not hold it, though not within a character. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0, used = 0;
    while (used < len) {
        size_t one = text_utf8_length((const uint8_t *)text + used, len - used);
        if (one == 0)
            one = 1;
        if (used + one >= size)
            break;
        used += one;
    }
    if (used > 0)
        memcpy(out, text, used);
    out[used] = '\0';
}

static void fill(struct refusal_entry *entry, const struct refusal *refusal)
{
    copy_text(entry->address, sizeof(entry->address), refusal->peer);
    copy_text(entry->id, sizeof(entry->id), refusal->id);
    copy_text(entry->reason, sizeof(entry->reason), refusal->reason);
    entry->len = refusal->bytes == NULL         ? 0
                 : refusal->len < REFUSAL_BYTES ? refusal->len
                                                : REFUSAL_BYTES;
    if (entry->len > 0)
        memcpy(entry->bytes, refusal->bytes, entry->len);
}

static bool same(const struct refusal_entry *a, const struct refusal_entry *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0 &&
           strcmp(a->address, b->address) == 0 && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->id, b->id) == 0;
}

static struct refused *find(const struct refusals *refusals, const struct refusal_entry *entry)
{
    struct refused *at;
    TAILQ_FOREACH (at, &refusals->seen, link) {
        if (same(&at->entry, entry))
            return at;
    }
    return NULL;
}

/* Room for one more of ${address}: its own oldest goes where it has its share. */
static void make_room(struct refusals *refusals, const char *address)
{
    struct refused *at, *oldest = NULL;
    size_t own = 0;
    TAILQ_FOREACH (at, &refusals->seen, link) {
        if (strcmp(at->entry.address, address) == 0) {
            own++;
            oldest = at;
        }
    }
    if (own >= REFUSALS_PER_PEER)
        drop(refusals, oldest);
    else if (refusals->n >= REFUSALS_MAX)
        drop(refusals, TAILQ_LAST(&refusals->seen, refused_list));
}

static struct refused *take_in(struct refusals *refusals, const struct refusal_entry *entry)
{
    make_room(refusals, entry->address);
    struct refused *refused = xcalloc(1, sizeof(*refused));
    refused->entry = *entry;
    TAILQ_INSERT_HEAD(&refusals->seen, refused, link);
    refusals->n++;
    return refused;
}

void refusals_add(struct refusals *refusals, const struct refusal *refusal, int64_t wall_ms)
{
    struct refusal_entry entry = {.first_ms = wall_ms};
    if (refusals == NULL)
        return;
    fill(&entry, refusal);
    struct refused *refused = find(refusals, &entry);
    if (refused == NULL)
        refused = take_in(refusals, &entry);
    refused->entry.port = refusal->port;
    refused->entry.last_ms = wall_ms;
    refused->entry.times++;
    TAILQ_REMOVE(&refusals->seen, refused, link);
    TAILQ_INSERT_HEAD(&refusals->seen, refused, link);
}

void refusals_each(const struct refusals *refusals,
                   void (*each)(void *cookie, const struct refusal_entry *entry), void *cookie)
{
    struct refused *at;
    if (refusals == NULL)
        return;
    TAILQ_FOREACH (at, &refusals->seen, link) {
        each(cookie, &at->entry);
    }
}

size_t refusals_count(const struct refusals *refusals)
{
    return refusals != NULL ? refusals->n : 0;
}
