/*
 * The port that DTUs dial. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_LISTENER_H
#define DTUHUB_COLLECTOR_LISTENER_H

#include "collector/hub.h"

struct listener;

/** listener_open(hub, host, port): bind and listen. NULL where that fails; the reason is in the
 * log. */
struct listener *listener_open(struct hub *hub, const char *host, uint16_t port);

/** listener_close(listener): accept no more. NULL is allowed. */
void listener_close(struct listener *listener);

#endif
