/*
 * Roll-ups: readings_minute from readings, readings_hour from readings_minute.
 *
 * Which minutes have changed the writers say by themselves: they add to traffic_minutes.readings in
 * the transaction of the readings, those that came late included. rollup_minutes holds what that
 * number was before the minute was read; where it is another now, the minute is read again, whole
 * and for all devices. So late data, a replay, a crash at any place and a second collector all come
 * to the same. The number is read before the readings are: rows that come in between make it grow,
 * and the minute is done once more.
 *
 * A minute is rolled up when it is over, and so is an hour: keeper_sums.h does the one and the
 * other.
 *
 * The last hours of traffic_minutes are looked at each time. What is older is looked at in slices,
 * from the newest to the oldest and then again, so that a look costs the same after many years.
 */
#ifndef DTUHUB_COLLECTOR_STORE_KEEPER_ROLLUP_H
#define DTUHUB_COLLECTOR_STORE_KEEPER_ROLLUP_H

#include "collector/store/keeper_job.h"

struct keeper_rollup;

struct keeper_rollup *keeper_rollup_new(void);
void keeper_rollup_free(struct keeper_rollup *rollup);

/**
 * keeper_rollup(rollup, job, error): one look, and work for a second or two at the most; ${job}'s
 * count of minutes that wait says whether more is left. 0, or -1 with ${error}.
 */
int keeper_rollup(struct keeper_rollup *rollup, struct keeper_job *job, struct db_error *error);

#endif
