/*
 * All ways in and out for lines: the ports that DTUs dial, and the DTUs that we dial, as the
 * configuration has them. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_ENTRANCE_H
#define DTUHUB_COLLECTOR_ENTRANCE_H

#include "collector/hub.h"
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"

struct dialler;
struct entrance;

/** entrance_open(hub, server, data): bind all ports and begin to dial. NULL where a port cannot be
 * bound; the reason is in the log. Sets hub->dialler. */
struct entrance *entrance_open(struct hub *hub, const struct server_config *server,
                               const struct data_config *data);

/**
 * entrance_configure(entrance, server, data, problem): a reload: new ports open, those of profiles
 * that are gone close, allow-lists count for whoever comes now, targets are dialled or dropped. 0,
 * or -1 where a port could not be bound: in ${problem} is a new text that says which (the first)
 * and why, all are in the log; the rest works, and the next reload tries it again.
 */
int entrance_configure(struct entrance *entrance, const struct server_config *server,
                       const struct data_config *data, char **problem);

/** entrance_close(entrance): accept and dial no more; lines that stand stay. NULL is allowed. */
void entrance_close(struct entrance *entrance);

#endif
