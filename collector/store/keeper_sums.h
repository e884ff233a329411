/*
 * One minute of all devices from readings, one hour from minutes: read and stored.
 *
 * Readings are read without locks, by the primary key, and brought back in rows: INSERT ... SELECT
 * would lock them against the writers. New minutes and the mark on their hour (rollup_hours) are
 * one transaction, the hour's rows and the end of the mark another. Afterwards ${job} has a
 * connection without an open transaction, also where it failed.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_SUMS_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_SUMS_H

#include "collector/store/keeper_job.h"

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

struct keeper_sums;

struct keeper_sums *keeper_sums_new(void);
void keeper_sums_free(struct keeper_sums *sums);

/** keeper_sums_devices(sums, job, error): learn which devices there are; before the minutes that
 * may hold their readings. 0, or -1 with ${error}; so are those below. */
int keeper_sums_devices(struct keeper_sums *sums, struct keeper_job *job, struct db_error *error);

/** keeper_sums_minute(sums, job, start_ms, readings, error): roll up the minute, and note that it
 * had ${readings} (traffic_minutes) before. */
int keeper_sums_minute(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                       uint64_t readings, struct db_error *error);

/** keeper_sums_hour(sums, job, start_ms, error): roll up the hour, and take its mark away. */
int keeper_sums_hour(struct keeper_sums *sums, struct keeper_job *job, int64_t start_ms,
                     struct db_error *error);

#endif
