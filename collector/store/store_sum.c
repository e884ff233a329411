#include "collector/store/store.h"

#include <stdio.h>

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void sum_cache(struct cache_stats *sum, const struct cache_stats *one)
{
    sum->waiting += one->waiting;
    sum->in_flight += one->in_flight;
    sum->max_size += one->max_size;
    sum->peak += one->peak;
    sum->appended += one->appended;
    sum->dropped += one->dropped;
}

static void sum_journal(struct journal_status *sum, const struct journal_status *one)
{
    sum->enabled &= one->enabled;
    if (sum->ok && !one->ok)
        snprintf(sum->error, sizeof(sum->error), "%s", one->error);
    sum->ok &= one->ok;
    sum->bytes += one->bytes;
    sum->max_bytes += one->max_bytes;
    sum->depth += one->depth;
    if (sum->oldest_ms == 0 || (one->oldest_ms != 0 && one->oldest_ms < sum->oldest_ms))
        sum->oldest_ms = one->oldest_ms;
    sum->groups += one->groups;
    sum->records += one->records;
    sum->unjournalled += one->unjournalled;
    sum->dropped += one->dropped;
    sum->unreadable += one->unreadable;
    sum->missing += one->missing;
    sum->errors += one->errors;
    if (one->sync_max_us > sum->sync_max_us)
        sum->sync_max_us = one->sync_max_us;
}

static void sum_writer(struct writer_status *sum, const struct writer_status *one)
{
    if (sum->up && !one->up)
        snprintf(sum->error, sizeof(sum->error), "%s", one->error);
    sum->up &= one->up;
    sum->bulk &= one->bulk;
    sum->batches += one->batches;
    sum->records += one->records;
    sum->readings += one->readings;
    sum->packets += one->packets;
    sum->heartbeats += one->heartbeats;
    sum->rejected += one->rejected;
    sum->moved += one->moved;
    sum->retries += one->retries;
    sum->lock_retries += one->lock_retries;
    sum->lost_retries += one->lost_retries;
    sum->reconnects += one->reconnects;
    sum->last_commit_ms = later(sum->last_commit_ms, one->last_commit_ms);
}

void store_sum(struct store_status *sum, const struct store_status *one)
{
    sum_cache(&sum->cache, &one->cache);
    sum_journal(&sum->journal, &one->journal);
    sum_writer(&sum->writer, &one->writer);
}
