#include "collector/profile_counts.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct profile_counts *profile_table_get(struct profile_table *table, const char *name)
{
    struct profile_counts *counts;
    size_t len = strlen(name);
    if (table == NULL)
        return NULL;
    HASH_FIND(hh, table->head, name, len, counts);
    if (counts != NULL)
        return counts;
    counts = xcalloc(1, sizeof(*counts) + len + 1);
    memcpy(counts->name, name, len);
    HASH_ADD(hh, table->head, name, len, counts);
    return counts;
}

void profile_table_clear(struct profile_table *table)
{
    struct profile_counts *counts, *next;
    HASH_ITER (hh, table->head, counts, next) {
        HASH_DEL(table->head, counts);
        free(counts);
    }
}
