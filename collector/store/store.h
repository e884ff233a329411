/*
 * The store: the names, and N streams of a cache, a journal and a writer each, so that several
 * writers store into the database at once. The records of one device are all in one stream (see
 * collector/store/spread.h), and so keep their order.
 *
 * The number of streams may be another one at the next start. A stream that is no longer asked for
 * is there all the same while its folder holds files: it stores them, and gets no records.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_STORE_H
#define DTUHUB_COLLECTOR_STORE_STORE_H

#include "collector/store/cache.h"
#include "collector/store/fate.h"
#include "collector/store/journal.h"
#include "collector/store/names.h"
#include "collector/store/recorder.h"
#include "collector/store/writer.h"
#include "shared/config/server_config.h"

#include <stdbool.h>
#include <stddef.h>

struct store;

/** What one stream, or all together, are up to. */
struct store_status {
    struct cache_stats cache;
    struct journal_status journal;
    struct writer_status writer;
};

/** store_new(config): names and caches, so that there is where to put records; no thread yet. */
struct store *store_new(const struct server_config *config);

/** store_watch(store, fates): before store_start() and the first record: tell there what becomes
 * of each; ${fates} must outlive the store. */
void store_watch(struct store *store, struct fates *fates);

/** store_start(store, config, dir): open the journals and start the threads; ${dir} is the folder
 * of the configuration. 0, or -1 where no thread can be made; store_stop() either way. */
int store_start(struct store *store, const struct server_config *config, const char *dir);

/** store_configure(store, config): take over what a reload may change. */
void store_configure(struct store *store, const struct server_config *config);

/** store_names(store). */
struct names *store_names(struct store *store);

/** store_recorder(store, recorder): make a recorder that puts records into the store. */
void store_recorder(struct store *store, struct recorder *recorder);

/** store_status(store, out): of all streams together, see store_sum(). */
void store_status(struct store *store, struct store_status *out);

/** store_streams(store): how many there are, those only for what an earlier start left included.
 * store_stream_status(store, i, number, out): of the ${i}-th of them, whose number is ${number}. */
size_t store_streams(const struct store *store);
void store_stream_status(struct store *store, size_t i, unsigned *number, struct store_status *out);

/**
 * store_sum(sum, one): add a stream's status to those before it: all is well where it is well with
 * each, the error is the first one's, numbers are added, the oldest is the oldest of all, and the
 * longest the longest. max_size and max_bytes are added too.
 */
void store_sum(struct store_status *sum, const struct store_status *one);

/**
 * store_stop(store, timeout_ms, ended): store what is left; what the database does not take in time
 * stays in the journals. Frees the store, unless a writer hangs: then ${ended} is false, and what
 * the store works with must stay. Return the number of records that are lost.
 */
size_t store_stop(struct store *store, int64_t timeout_ms, bool *ended);

#endif
