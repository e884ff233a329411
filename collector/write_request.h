/*
 * What POST /write of the control channel asks for, from its body. Pure; any thread.
 *
 *   {"device": "1001", "point": "setpoint", "value": 23.5, "actor": "name"}
 *   {"device": "1001", "slave": 1, "function": 16, "address": 100, "values": [1, 2], "actor": ...}
 *
 * actor may be left out, and is "control" then.
 */
#ifndef DTUHUB_COLLECTOR_WRITE_REQUEST_H
#define DTUHUB_COLLECTOR_WRITE_REQUEST_H

#include "collector/poll/write.h"
#include "shared/config/link_def.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct write_request {
    char device[LINK_ID_SIZE];
    char actor[WRITE_ACTOR_SIZE];
    bool registers;               /* named as such, and not by a point */
    char point[WRITE_POINT_SIZE]; /* a point: its name and value */
    double value;
    uint32_t slave, function, address; /* registers, or coils: not yet held against any limit */
    uint32_t values[ADU_MAX_WRITE_BITS];
    size_t count;
};

/**
 * write_request_parse(text, len, out, error, size): 0, or -1 with one line in ${error} that names
 * the key, what is wrong and the way out.
 */
int write_request_parse(const char *text, size_t len, struct write_request *out, char *error,
                        size_t size);

#endif
