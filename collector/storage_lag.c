#include "collector/storage_lag.h"

bool storage_lag_look(struct storage_lag *lag, int64_t age_ms, int64_t now_ms)
{
    bool over = age_ms <= LAG_OVER_MS || (lag->behind && age_ms < lag->worst_ms / 2);
    lag->age_ms = age_ms;
    if (over || lag->low_at_ms == 0 || age_ms < lag->low_ms) {
        lag->low_ms = age_ms;
        lag->low_at_ms = now_ms;
    }
    if (over) {
        lag->behind = false;
        lag->worst_ms = 0;
    } else if (age_ms > LAG_BEHIND_MS && now_ms - lag->low_at_ms >= LAG_STUCK_MS) {
        lag->behind = true;
    }
    if (lag->behind && age_ms > lag->worst_ms)
        lag->worst_ms = age_ms;
    return lag->behind;
}
