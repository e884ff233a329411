#include "collector/store/batch_size.h"

struct batch_size batch_size_first(void)
{
    return (struct batch_size){BATCH_SIZE_FIRST};
}

void batch_size_adapt(struct batch_size *size, size_t records, int64_t ms)
{
    if (ms > BATCH_SLOW_MS)
        size->now = size->now / 2 > BATCH_SIZE_LEAST ? size->now / 2 : BATCH_SIZE_LEAST;
    else if (records >= size->now && ms < BATCH_QUICK_MS)
        size->now = size->now * 2 < BATCH_SIZE_MOST ? size->now * 2 : BATCH_SIZE_MOST;
    else if (records < size->now / 2 && size->now > BATCH_SIZE_FIRST)
        size->now = size->now / 2 > BATCH_SIZE_FIRST ? size->now / 2 : BATCH_SIZE_FIRST;
}
