/*
 * POST /write: takes an order in, hands it to the device's session, and answers when the slave has.
 * Each order for a known device goes to the audit, also one that was refused. Belongs to the loop's
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_WRITE_H
#define DTUHUB_COLLECTOR_CONTROL_WRITE_H

#include "collector/hub.h"

#include <event2/http.h>

struct control_writes;

/** control_writes_new(hub): ${hub} must outlive it, and the orders that are still out. */
struct control_writes *control_writes_new(struct hub *hub);

/**
 * control_writes_free(writes): before the server of the requests is freed. Requests that wait are
 * answered with 503; their orders go on, and into the audit.
 */
void control_writes_free(struct control_writes *writes);

/** control_write(writes, request): answer a POST, now or later. */
void control_write(struct control_writes *writes, struct evhttp_request *request);

#endif
