#include "collector/store/outage.h"

void outage_failed(struct outage *outage, int64_t now_ms)
{
    if (outage->since_ms == 0)
        outage->since_ms = now_ms;
}

bool outage_goes_on(const struct outage *outage)
{
    return outage->since_ms != 0 || outage->lasted_ms != 0;
}

bool outage_stored(struct outage *outage, uint64_t records, uint64_t waiting, int64_t now_ms)
{
    if (outage->since_ms != 0) {
        int64_t lasted_ms = now_ms - outage->since_ms;
        *outage = (struct outage){.lasted_ms = lasted_ms >= OUTAGE_TOLD_MS ? lasted_ms : 0,
                                  .waited = waiting};
    }
    if (outage->lasted_ms == 0)
        return false;
    outage->stored += records;
    /* Some may have been stored before, whose answer was lost. */
    if (outage->stored < outage->waited && waiting > records)
        return false;
    return true;
}
