/*
 * Sends what was promised: the threads of the store say what became of records, and the loop, woken
 * by them, acknowledges the packets that are safe by now (collector/promises.h). Thin. Belongs to
 * the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_ACKNOWLEDGER_H
#define DTUHUB_COLLECTOR_ACKNOWLEDGER_H

#include "collector/hub.h"
#include "collector/store/store.h"

struct acknowledger;

/** acknowledger_start(hub, store): from now on the sessions of ${hub} wait with promises, and
 * ${store}, which is not started yet, says what became of its records. NULL, with the reason in
 * the log, where the system has no descriptor left. */
struct acknowledger *acknowledger_start(struct hub *hub, struct store *store);

/** acknowledger_stop(acknowledger): all lines are closed. The threads of the store may go on. */
void acknowledger_stop(struct acknowledger *acknowledger);

/** acknowledger_free(acknowledger): behind acknowledger_stop(), once those have ended. */
void acknowledger_free(struct acknowledger *acknowledger);

#endif
