#include "collector/net/backoff.h"

enum { DOUBLINGS_MAX = 6 }; /* 64 s: above the bound already */

int64_t backoff_ms(unsigned failures, double chance)
{
    unsigned doublings = failures > 0 ? failures - 1 : 0;
    if (doublings > DOUBLINGS_MAX)
        doublings = DOUBLINGS_MAX;
    int64_t pause_ms = (int64_t)BACKOFF_FIRST_MS << doublings;
    if (pause_ms > BACKOFF_MAX_MS)
        pause_ms = BACKOFF_MAX_MS;
    return (int64_t)((double)pause_ms * (0.75 + 0.5 * chance));
}
