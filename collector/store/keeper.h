/*
 * The keeper: a thread with a connection of its own that looks after what is stored. It makes
 * partitions ahead, moves the rows of a partition that grew too large into some, lets old rows go
 * as the section `retention` says, and rolls readings up by the minute and by the hour.
 *
 * Of the collectors on one database one keeper works, under a lock of the server's; the others look
 * now and then whether it is gone. The tables are the writer's to make: before that the keeper
 * waits. Nothing depends on it from moment to moment: where the database is away, or the account
 * may not do something, it tries again at the next look, and the rest goes on.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_H

#include "collector/store/keeper_job.h"

struct keeper;

struct keeper_status {
    bool working;        /* connected, and the one keeper of this database */
    int64_t last_run_ms; /* wall clock: the end of the last look in which nothing failed; 0: none */
    uint64_t failures;   /* statements that failed */
    char error[256];     /* of the last look, or "" */
    struct keeper_counts counts;
};

/** keeper_start(config): start the thread, after the writer's. What it needs of ${config} is
 * copied. Return NULL where no thread can be made. */
struct keeper *keeper_start(const struct server_config *config);

/** keeper_configure(keeper, retention): new settings, in effect at once. */
void keeper_configure(struct keeper *keeper, const struct retention_section *retention);

/** keeper_stop(keeper): end it, within a second: a statement under way is broken off. NULL is
 * allowed. */
void keeper_stop(struct keeper *keeper);

/** keeper_status(keeper, out): any thread. */
void keeper_status(struct keeper *keeper, struct keeper_status *out);

#endif
