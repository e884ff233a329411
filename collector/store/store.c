#include "collector/store/store.h"

#include "collector/store/store_folder.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <limits.h>
#include <stdlib.h>

enum { FLUSH_MS = 5000 };

/* One stream's parts. */
struct lane {
    struct stream stream;
    struct cache *cache;
    struct journal *journal;
    struct writer *writer;
};

struct store {
    struct names *names;
    struct spread *spread;
    struct gate *gate;
    struct stream_budget budget;
    struct lane *lanes; /* those asked for, then those that an earlier start left */
    size_t count;
    unsigned asked;      /* for */
    unsigned first_file; /* see struct journal_parts */
};

/* Start */

static void add_lane(struct store *store, const struct server_config *config, unsigned number)
{
    store->lanes = xreallocarray(store->lanes, store->count + 1, sizeof(*store->lanes));
    struct lane *lane = &store->lanes[store->count++];
    *lane = (struct lane){.stream = {.number = number, .count = store->asked}};
    lane->cache = cache_new(stream_cache_size(&lane->stream, config->cache.max_size),
                            config->cache.flush_interval_ms);
}

struct store *store_new(const struct server_config *config)
{
    struct store *store = xcalloc(1, sizeof(*store));
    store->asked = config->journal.streams > 0 ? config->journal.streams : 1;
    store->names = names_new();
    store->spread = spread_new(store->names, store->asked);
    for (unsigned i = 0; i < store->asked; i++)
        add_lane(store, config, i);
    return store;
}

/* What streams hold that the configuration does not ask for any more is stored as well. Where there
 * are several, the files of this life come behind all others, see collector/store/gate.h. */
static void look_into_folder(struct store *store, const struct server_config *config,
                             const char *dir)
{
    char base[PATH_MAX];
    size_t count;
    if (!config->journal.enabled)
        return;
    journal_folder(config, dir, 0, base);
    unsigned *numbers = store_folder_left(base, store->asked, &count);
    for (size_t i = 0; i < count; i++)
        add_lane(store, config, numbers[i]);
    free(numbers);
    if (store->count > 1)
        store->first_file = store_folder_next(base);
}

static int start_journal(struct store *store, struct lane *lane, const struct server_config *config,
                         const char *dir)
{
    char part[STREAM_PART_SIZE];
    const struct journal_parts parts = {.stream = lane->stream,
                                        .budget = &store->budget,
                                        .first_file = store->first_file,
                                        .cache = lane->cache,
                                        .names = store->names};
    log_thread_part(stream_part(&lane->stream, part));
    lane->journal = journal_start(config, dir, &parts);
    log_thread_part("");
    return lane->journal != NULL ? 0 : -1;
}

static int start_writer(struct store *store, struct lane *lane, const struct server_config *config)
{
    const struct writer_parts parts = {.stream = lane->stream,
                                       .gate = store->gate,
                                       .place = (unsigned)(lane - store->lanes),
                                       .cache = lane->cache,
                                       .journal = lane->journal,
                                       .names = store->names};
    lane->writer = writer_start(config, &parts);
    return lane->writer != NULL ? 0 : -1;
}

/* Those that get records are there already. */
void store_watch(struct store *store, struct fates *fates)
{
    for (unsigned i = 0; i < store->asked; i++)
        cache_watch(store->lanes[i].cache, i, fates);
}

int store_start(struct store *store, const struct server_config *config, const char *dir)
{
    look_into_folder(store, config, dir);
    store->gate = gate_new((unsigned)store->count);
    for (size_t i = 0; i < store->count; i++) {
        store->lanes[i].stream.several = store->count > 1;
        if (start_journal(store, &store->lanes[i], config, dir) != 0)
            return -1;
    }
    for (size_t i = 0; i < store->count; i++) {
        if (start_writer(store, &store->lanes[i], config) != 0)
            return -1;
    }
    return 0;
}

void store_configure(struct store *store, const struct server_config *config)
{
    for (size_t i = 0; i < store->count; i++) {
        struct lane *lane = &store->lanes[i];
        cache_configure(lane->cache, stream_cache_size(&lane->stream, config->cache.max_size),
                        config->cache.flush_interval_ms);
        journal_configure(lane->journal, config);
    }
}

struct names *store_names(struct store *store)
{
    return store->names;
}

void store_recorder(struct store *store, struct recorder *recorder)
{
    struct cache *caches[STREAMS_MAX];
    for (unsigned i = 0; i < store->asked; i++)
        caches[i] = store->lanes[i].cache;
    recorder_spread(recorder, store->spread, caches, store->asked);
}

/* State */

size_t store_streams(const struct store *store)
{
    return store->count;
}

void store_stream_status(struct store *store, size_t i, unsigned *number, struct store_status *out)
{
    struct lane *lane = &store->lanes[i];
    *number = lane->stream.number;
    cache_stats(lane->cache, &out->cache);
    journal_status(lane->journal, &out->journal);
    writer_status(lane->writer, &out->writer);
}

void store_status(struct store *store, struct store_status *out)
{
    unsigned number;
    store_stream_status(store, 0, &number, out);
    for (size_t i = 1; i < store->count; i++) {
        struct store_status one;
        store_stream_status(store, i, &number, &one);
        store_sum(out, &one);
    }
}

/* End */

static void flush(struct store *store)
{
    int64_t until_ms = clock_mono_ms() + FLUSH_MS;
    for (size_t i = 0; i < store->count; i++)
        cache_close(store->lanes[i].cache);
    for (size_t i = 0; i < store->count; i++) {
        if (store->lanes[i].journal != NULL)
            journal_flush(store->lanes[i].journal, until_ms);
    }
}

/* Wait for the writers until then; whether all have ended. ${lost} is what they have in hand. */
static bool wait_writers(struct store *store, int64_t until_ms, size_t *lost)
{
    bool ended = true;
    *lost = 0;
    for (size_t i = 0; i < store->count; i++) {
        struct lane *lane = &store->lanes[i];
        size_t in_hand;
        if (lane->writer == NULL)
            continue;
        if (writer_wait(lane->writer, until_ms, &in_hand)) {
            lane->writer = NULL; /* its journal knows what it had in hand */
            continue;
        }
        ended = false;
        *lost += in_hand;
    }
    return ended;
}

static bool stop_writers(struct store *store, int64_t timeout_ms, size_t *lost)
{
    int64_t until_ms = clock_mono_ms() + timeout_ms;
    for (size_t i = 0; i < store->count; i++) {
        if (store->lanes[i].writer != NULL)
            writer_ask(store->lanes[i].writer, timeout_ms);
    }
    if (wait_writers(store, until_ms, lost))
        return true;
    for (size_t i = 0; i < store->count; i++) { /* they wait for an answer of the database */
        if (store->lanes[i].writer != NULL)
            writer_cut(store->lanes[i].writer);
    }
    return wait_writers(store, clock_mono_ms() + WRITER_CUT_WAIT_MS, lost);
}

static void tell_what_stays(struct store *store)
{
    uint64_t depth = 0;
    for (size_t i = 0; i < store->count; i++) {
        struct journal_status status = {0};
        if (store->lanes[i].journal != NULL)
            journal_status(store->lanes[i].journal, &status);
        depth += status.depth;
    }
    if (depth > 0)
        log_info("collector", NULL, "%llu records stay in the journal until the database is back",
                 (unsigned long long)depth);
}

static size_t stop_journals(struct store *store)
{
    size_t lost = 0;
    for (size_t i = 0; i < store->count; i++) {
        if (store->lanes[i].journal != NULL && store->lanes[i].writer == NULL)
            lost += journal_stop(store->lanes[i].journal);
    }
    return lost;
}

static void free_store(struct store *store)
{
    for (size_t i = 0; i < store->count; i++)
        cache_free(store->lanes[i].cache);
    gate_free(store->gate);
    spread_free(store->spread);
    names_free(store->names);
    free(store->lanes);
    free(store);
}

size_t store_stop(struct store *store, int64_t timeout_ms, bool *ended)
{
    size_t lost;
    flush(store);
    *ended = stop_writers(store, timeout_ms, &lost);
    tell_what_stays(store);
    lost += stop_journals(store);
    if (*ended) /* else a writer hangs and may still use it */
        free_store(store);
    return lost;
}
