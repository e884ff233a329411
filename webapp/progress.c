#include "webapp/progress.h"

#include "shared/base/clock.h"

#include <stdatomic.h>

static _Atomic int64_t last_ms;

void progress_mark(void)
{
    atomic_store_explicit(&last_ms, clock_mono_ms(), memory_order_relaxed);
}

bool progress_stalled(int64_t now_ms)
{
    return now_ms - atomic_load_explicit(&last_ms, memory_order_relaxed) >= PROGRESS_STEP_MS;
}
