/*
 * Whether the worker threads get on. Each says so before and after every step that may take long: a
 * query, a piece of the answer that the web server takes. No step takes longer than its time-out,
 * so where all threads are in one for longer than that, they hang and will not come back.
 */
#ifndef DTUHUB_WEBAPP_PROGRESS_H
#define DTUHUB_WEBAPP_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than a query's 60 s and a new connection's 5 s, see shared/db/db.h. The web server gives up
 * on a viewer who takes nothing for as long. */
enum { PROGRESS_STEP_MS = 90000 };

/** progress_mark(): a worker got on. Any thread. */
void progress_mark(void);

/** progress_stalled(now_ms): whether no worker got on for PROGRESS_STEP_MS before ${now_ms},
 * monotonic. That is no fault while one of them has nothing to do. Any thread. */
bool progress_stalled(int64_t now_ms);

#endif
