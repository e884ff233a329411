#include "collector/store/suspects.h"

#include "collector/record.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Until when; 0: never refused. */
struct suspect {
    int64_t until_ms[RECORD_WRITE + 1];
};

struct suspects {
    struct suspect *devices; /* by reference */
    size_t room;
};

struct suspects *suspects_new(void)
{
    return xcalloc(1, sizeof(struct suspects));
}

void suspects_free(struct suspects *suspects)
{
    if (suspects == NULL)
        return;
    free(suspects->devices);
    free(suspects);
}

void suspects_note(struct suspects *suspects, uint32_t device, unsigned type, int64_t now_ms)
{
    if (type > RECORD_WRITE)
        return;
    if (device >= suspects->room) {
        size_t room = 2 * (size_t)device + 64;
        suspects->devices = xreallocarray(suspects->devices, room, sizeof(*suspects->devices));
        memset(suspects->devices + suspects->room, 0,
               (room - suspects->room) * sizeof(*suspects->devices));
        suspects->room = room;
    }
    suspects->devices[device].until_ms[type] = now_ms + SUSPECT_MS;
}

bool suspects_has(const struct suspects *suspects, uint32_t device, unsigned type, int64_t now_ms)
{
    return device < suspects->room && type <= RECORD_WRITE &&
           now_ms < suspects->devices[device].until_ms[type];
}
