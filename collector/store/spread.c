#include "collector/store/spread.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct spread {
    struct names *names;
    unsigned streams;
    uint8_t *known; /* by reference: the stream and one; 0: not looked up yet */
    size_t room;
};

struct spread *spread_new(struct names *names, unsigned streams)
{
    struct spread *spread = xcalloc(1, sizeof(*spread));
    spread->names = names;
    spread->streams = streams;
    return spread;
}

void spread_free(struct spread *spread)
{
    if (spread == NULL)
        return;
    free(spread->known);
    free(spread);
}

/* FNV-1a, whose low bits are then mixed with the others: ids differ in their last digits mostly. */
unsigned spread_id(const char *id, unsigned streams)
{
    uint32_t hash = 2166136261u;
    if (id[0] == '\0')
        return 0;
    for (; *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * 16777619u;
    hash ^= hash >> 16;
    hash *= 0x85EBCA6Bu;
    hash ^= hash >> 13;
    return hash % streams;
}

static unsigned look_up(const struct spread *spread, uint32_t ref)
{
    char *id = names_get_device(spread->names, ref);
    unsigned stream = id != NULL ? spread_id(id, spread->streams) : 0;
    free(id);
    return stream;
}

unsigned spread_device(struct spread *spread, uint32_t ref)
{
    if (spread->streams == 1)
        return 0;
    if (ref >= spread->room) {
        size_t room = 2 * (size_t)ref + 64;
        spread->known = xreallocarray(spread->known, room, sizeof(*spread->known));
        memset(spread->known + spread->room, 0, room - spread->room);
        spread->room = room;
    }
    if (spread->known[ref] == 0)
        spread->known[ref] = (uint8_t)(look_up(spread, ref) + 1);
    return spread->known[ref] - 1u;
}
