/*
 * Many simulated DTUs in one event loop: dial at a steady rate, say when all are registered, keep
 * the record, end in good order at SIGTERM, SIGINT or when the time is over.
 */
#ifndef DTUHUB_SIM_FLEET_H
#define DTUHUB_SIM_FLEET_H

#include "tests/sim/dtu.h"

struct fleet_options {
    const struct profile *profile;
    const struct dtu_behaviour *behaviour;
    struct sockaddr_storage server;
    socklen_t server_len;
    const struct sockaddr_storage *sources; /* addresses to dial from, taken in turn; may be NULL */
    size_t nsources;
    const struct slave_options *slaves;
    const char *served_path; /* NULL: no record */
    uint64_t seed;
    int64_t duration_ms; /* 0: until a signal */
    uint32_t count;
    uint32_t first_id;
    uint32_t ramp;    /* lines dialled a second */
    uint32_t listen;  /* ports that wait to be dialled, one each from here up; 0: they dial */
    int64_t storm_ms; /* all lines drop so often; 0: never */
};

/** fleet_run(options): run to the end and print the totals on stderr. 0, or -1 where it could not
 * start or a line of the record was lost (logged). */
int fleet_run(const struct fleet_options *options);

#endif
