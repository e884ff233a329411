/* The journal's thread: from the cache into the file, and what is old out of it. */
#include "collector/store/journal_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PACE_MS = 100, /* a group this often at the most, unless much waits */
    TRY_AGAIN_MS = 1000,
    CLOSING_LOOK_MS = 100,
    GROUP_RECORDS = 20000,
};

/* Taking */

/* A chunk that is not full gives its rest back. */
static void shrink(struct cache_chunks *chunks)
{
    struct cache_chunks all;
    struct cache_chunk *chunk;
    TAILQ_INIT(&all);
    TAILQ_CONCAT(&all, chunks, link);
    while ((chunk = TAILQ_FIRST(&all)) != NULL) {
        TAILQ_REMOVE(&all, chunk, link);
        if (chunk->room > 2 * chunk->size) {
            chunk->room = chunk->size;
            chunk = xreallocarray(chunk, 1, sizeof(*chunk) + chunk->size);
        }
        TAILQ_INSERT_TAIL(chunks, chunk, link);
    }
}

static struct cache_limit limit(struct journal *journal)
{
    struct cache_stats stats;
    cache_stats(journal->cache, &stats);
    size_t quarter = stats.max_size / 4 + 1; /* so that there is room while it is written */
    return (struct cache_limit){quarter < GROUP_RECORDS ? quarter : GROUP_RECORDS,
                                journal_bounds(journal).group};
}

/* Writing */

static void set_ok(struct journal *journal, bool anew)
{
    if (!journal->status.ok && anew)
        log_info("journal", NULL, "%s can be written again", journal->dir);
    journal->status.ok = true;
    journal->status.error[0] = '\0';
}

/* The pending records are in the file: on to the tail. */
static void committed(struct journal *journal, const struct file_group *group, int64_t took_us)
{
    struct block *block = xcalloc(1, sizeof(*block));
    struct cache_chunk *chunk;
    struct volume *volume = journal->current;
    TAILQ_INIT(&block->chunks);
    block->volume = volume;
    block->first_seq = group->first_seq;
    block->last_seq = group->last_seq;
    block->committed_ms = clock_mono_ms();
    cache_tell(journal->cache, &journal->pending, true);
    uint64_t disk_bytes = file_disk_bytes(volume->path);

    pthread_mutex_lock(&journal->lock);
    set_ok(journal, true);
    TAILQ_CONCAT(&block->chunks, &journal->pending, link);
    TAILQ_FOREACH (chunk, &block->chunks, link) {
        block->bytes += sizeof(*chunk) + chunk->room;
    }
    if (journal_count(volume) == 0)
        volume->oldest_ms = group->made_ms;
    volume->last_seq = group->last_seq;
    volume->bytes = disk_bytes;
    TAILQ_INSERT_TAIL(&journal->tail, block, link);
    journal->tail_records += journal->pending_records;
    journal->tail_bytes += block->bytes;
    journal->status.groups++;
    journal->status.records += journal->pending_records;
    if ((uint64_t)took_us > journal->status.sync_max_us)
        journal->status.sync_max_us = (uint64_t)took_us;
    cache_hand_on(journal->cache, journal->pending_records);
    journal->pending_records = 0;
    journal->busy = false;
    journal_trim(journal);
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
}

/* Only a fault of this program leads here: records that make no sense. */
static void discard(struct journal *journal)
{
    log_error("journal", NULL, "%zu records make no sense and are dropped",
              journal->pending_records);
    cache_tell(journal->cache, &journal->pending, false);
    pthread_mutex_lock(&journal->lock);
    journal->status.dropped += journal->pending_records;
    cache_done(journal->cache, &journal->pending);
    TAILQ_INIT(&journal->pending);
    journal->pending_records = 0;
    journal->busy = false;
    pthread_mutex_unlock(&journal->lock);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* One attempt with the file as it is. */
static enum file_result write_group(struct journal *journal)
{
    struct group_info info = {.first_seq = journal->current->last_seq + 1,
                              .records = (uint32_t)journal->pending_records,
                              .made_ms = clock_wall_ms()};
    memcpy(info.id, journal->current->id, sizeof(info.id));
    struct file_group group = {.first_seq = info.first_seq,
                               .last_seq = info.first_seq + info.records - 1,
                               .made_ms = info.made_ms};
    size_t size;
    const uint8_t *bytes = group_make(journal->maker, &info, &journal->pending, &size, &group.crc);
    if (bytes == NULL) {
        discard(journal);
        return FILE_OK;
    }
    int64_t start_us = now_us();
    enum file_result result = file_append(journal->file, &group, bytes, size);
    if (result == FILE_OK)
        committed(journal, &group, now_us() - start_us);
    return result;
}

static void stay(struct journal *journal)
{
    journal->tried_ms = clock_mono_ms();
    pthread_mutex_lock(&journal->lock);
    journal->busy = false;
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
}

/* What is pending goes to the file, or to a new one, or stays pending. */
static void write_pending(struct journal *journal)
{
    enum file_result result = write_group(journal);
    if (result == FILE_BAD && journal_folder_renew(journal) == 0)
        result = write_group(journal);
    if (result == FILE_AGAIN && journal_reclaim(journal))
        result = write_group(journal);
    if (result == FILE_OK)
        return;
    if (journal->file != NULL)
        journal_fail(journal, file_error(journal->file));
    stay(journal);
}

/* The loop */

/* The file takes groups: false where there will be no more. */
static bool good_round(struct journal *journal)
{
    struct cache_chunks chunks;
    size_t taken = cache_take_between(journal->cache, limit(journal), journal->taken_ms + PACE_MS,
                                      journal->tidied_ms + JOURNAL_TIDY_MS, &chunks);
    if (taken == 0)
        return !cache_closed(journal->cache);
    journal->taken_ms = clock_mono_ms();
    shrink(&chunks);
    pthread_mutex_lock(&journal->lock);
    TAILQ_CONCAT(&journal->pending, &chunks, link);
    journal->pending_records = taken;
    journal->busy = true;
    pthread_mutex_unlock(&journal->lock);
    write_pending(journal);
    return true;
}

/* Wait for the next attempt; false where the cache is closed. */
static bool wait_bad(struct journal *journal)
{
    bool closed;
    pthread_mutex_lock(&journal->lock);
    for (;;) {
        int64_t now_ms = clock_mono_ms(), due_ms = journal->tried_ms + TRY_AGAIN_MS;
        closed = cache_closed(journal->cache);
        if (closed || now_ms >= due_ms)
            break;
        journal_wait(journal,
                     now_ms + CLOSING_LOOK_MS < due_ms ? now_ms + CLOSING_LOOK_MS : due_ms);
    }
    pthread_mutex_unlock(&journal->lock);
    return !closed;
}

/* Try again, with what is pending or waits, in its order. */
static void try_again(struct journal *journal)
{
    journal->tried_ms = clock_mono_ms();
    if (journal->file == NULL)
        journal_reclaim(journal);
    if (journal->file == NULL && (journal->current != NULL ? journal_folder_renew(journal)
                                                           : journal_folder_open(journal)) != 0)
        return;
    struct cache_limit most = limit(journal);
    pthread_mutex_lock(&journal->lock);
    journal->busy = true;
    if (journal->pending_records == 0)
        journal->pending_records =
            cache_take_between(journal->cache, most, 0, 0, &journal->pending);
    bool probe = journal->pending_records == 0;
    pthread_mutex_unlock(&journal->lock);
    if (!probe) {
        write_pending(journal);
        return;
    }
    enum file_result result = file_probe(journal->file);
    if (result == FILE_BAD && journal_folder_renew(journal) == 0)
        result = FILE_OK;
    if (result == FILE_AGAIN && journal_reclaim(journal))
        result = file_probe(journal->file);
    pthread_mutex_lock(&journal->lock);
    if (result == FILE_OK)
        set_ok(journal, true);
    journal->busy = false;
    pthread_mutex_unlock(&journal->lock);
}

static bool is_ok(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool ok = journal->status.ok;
    pthread_mutex_unlock(&journal->lock);
    return ok && journal->file != NULL;
}

void *journal_run(void *cookie)
{
    struct journal *journal = cookie;
    char part[STREAM_PART_SIZE];
    log_thread_part(stream_part(&journal->stream, part));
    for (bool more = true; more;) {
        if (is_ok(journal)) {
            more = good_round(journal);
            if (journal->file != NULL)
                journal_tidy(journal);
        } else {
            more = wait_bad(journal);
            try_again(journal);
            more |= is_ok(journal); /* it came back at the end: the rest of the cache goes, too */
        }
    }
    pthread_mutex_lock(&journal->lock);
    journal->ended = true;
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}
