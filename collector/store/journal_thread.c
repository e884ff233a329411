/* The journal's thread: from the cache into the file, and what is old out of it. */
#include "collector/store/journal_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PACE_MS = 100, /* a group this often at the most, unless much waits */
    TIDY_MS = 1000,
    TRY_AGAIN_MS = 1000,
    CLOSING_LOOK_MS = 100,
    GROUP_RECORDS = 20000,
    GROUP_BYTES = 1 << 20,
    CHECKPOINT_BYTES = 8 << 20,
    DELETE_STEPS = 8,
    DROP_GROUPS = 16, /* the oldest, in one step */
    DROP_STEPS = 64,
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
    return (struct cache_limit){quarter < GROUP_RECORDS ? quarter : GROUP_RECORDS, GROUP_BYTES};
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
static void committed(struct journal *journal, const struct file_group *group, size_t size,
                      int64_t took_us)
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

    pthread_mutex_lock(&journal->lock);
    set_ok(journal, true);
    TAILQ_CONCAT(&block->chunks, &journal->pending, link);
    TAILQ_FOREACH (chunk, &block->chunks, link) {
        block->bytes += sizeof(*chunk) + chunk->room;
    }
    if (journal_count(volume) == 0)
        volume->oldest_ms = group->made_ms;
    volume->last_seq = group->last_seq;
    volume->bytes += size;
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
    journal->since_checkpoint += size;
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
        committed(journal, &group, size, now_us() - start_us);
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
    if (result == FILE_OK)
        return;
    if (journal->file != NULL)
        journal_fail(journal, file_error(journal->file));
    stay(journal);
}

/* Tidying */

static void drop_volume(struct journal *journal, struct volume *volume)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t dropped = journal_count(volume);
    volume->gone = true;
    journal->status.dropped += dropped;
    pthread_mutex_unlock(&journal->lock);
    file_remove(volume->path);
    if (dropped > 0)
        log_at_limit(&journal->drop_complaint, LOGL_ERROR, "journal", NULL,
                     "journal.max_bytes is reached: dropped the oldest %llu records",
                     (unsigned long long)dropped);
}

/* What may go by now: up to ${through}, or all of it. */
struct due {
    uint64_t through;
    bool all;
};

static struct due find_due(struct journal *journal, struct volume *volume, int64_t now_ms)
{
    struct due due = {0};
    size_t old = 0;
    pthread_mutex_lock(&journal->lock);
    journal_mark(journal, volume, now_ms);
    while (old < volume->nmarks && volume->marks[old].at_ms + journal->retention_ms <= now_ms)
        due.through = volume->marks[old++].seq;
    if (old > 1) { /* the last one stays until all of it is deleted */
        memmove(volume->marks, volume->marks + old - 1,
                (volume->nmarks - old + 1) * sizeof(*volume->marks));
        volume->nmarks -= old - 1;
    }
    due.all = volume != journal->current && volume->drained && due.through >= volume->last_seq;
    pthread_mutex_unlock(&journal->lock);
    return due;
}

/* After something was deleted from the file, or added. */
static void learn(struct journal *journal)
{
    struct volume *volume = journal->current;
    struct file_group first, waiting = {0};
    uint64_t bytes = file_bytes(journal->file);
    pthread_mutex_lock(&journal->lock);
    uint64_t stored_seq = volume->stored_seq;
    pthread_mutex_unlock(&journal->lock);
    enum file_result result = file_next(journal->file, 1, FILE_MOST_SEQ, &first, NULL);
    if (result == FILE_OK)
        file_next(journal->file, stored_seq + 1, FILE_MOST_SEQ, &waiting, NULL);
    pthread_mutex_lock(&journal->lock);
    volume->bytes = bytes;
    if (result == FILE_OK)
        volume->first_seq = first.first_seq;
    else if (result == FILE_NONE)
        volume->first_seq = volume->last_seq + 1;
    if (waiting.made_ms != 0)
        volume->oldest_ms = waiting.made_ms;
    pthread_mutex_unlock(&journal->lock);
}

static enum file_result delete_through(struct journal *journal, uint64_t through, int steps)
{
    enum file_result result = FILE_OK;
    pthread_mutex_lock(&journal->lock);
    journal->current->leaving_seq = through;
    pthread_mutex_unlock(&journal->lock);
    for (int i = 0; i < steps && result == FILE_OK; i++)
        result = file_delete(journal->file, through);
    return result;
}

static struct volume *oldest_volume(struct journal *journal)
{
    struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (!volume->gone)
            return volume;
    }
    return NULL;
}

static enum file_result delete_stored(struct journal *journal, int64_t now_ms)
{
    struct volume *volume;
    enum file_result result = FILE_OK;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (volume->gone)
            continue;
        struct due due = find_due(journal, volume, now_ms);
        if (volume == journal->current && due.through > 0)
            result = delete_through(journal, due.through, DELETE_STEPS);
        else if (due.all && volume == oldest_volume(journal))
            drop_volume(journal, volume); /* a later one may say where this one ends */
    }
    return result == FILE_NONE ? FILE_OK : result;
}

static uint64_t total_bytes(struct journal *journal)
{
    struct volume *volume;
    uint64_t bytes = 0;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        bytes += volume->gone ? 0 : volume->bytes;
    }
    return bytes;
}

/* The oldest groups of the file, stored or not. */
static enum file_result drop_groups(struct journal *journal)
{
    struct volume *volume = journal->current;
    struct file_group group = {0};
    for (int i = 0; i < DROP_GROUPS; i++) {
        struct file_group next;
        if (file_after(journal->file, group.first_seq, volume->last_seq, &next, NULL) != FILE_OK)
            break;
        if (next.last_seq < next.first_seq || next.last_seq > volume->last_seq)
            return FILE_BAD; /* more than it holds would be deleted */
        group = next;
    }
    if (group.last_seq == 0)
        return FILE_NONE;
    enum file_result result = delete_through(journal, group.last_seq, 1);
    if (result != FILE_OK)
        return result;
    pthread_mutex_lock(&journal->lock);
    uint64_t before = journal_count(volume);
    struct block *block;
    volume->first_seq = group.last_seq + 1;
    while ((block = TAILQ_FIRST(&journal->tail)) != NULL && block->volume == volume &&
           block->last_seq <= group.last_seq)
        journal_free_block(journal, block);
    uint64_t dropped = before - journal_count(volume);
    journal->status.dropped += dropped;
    pthread_mutex_unlock(&journal->lock);
    if (dropped > 0)
        log_at_limit(&journal->drop_complaint, LOGL_ERROR, "journal", NULL,
                     "journal.max_bytes is reached: dropped the oldest %llu records",
                     (unsigned long long)dropped);
    return FILE_OK;
}

static bool too_much(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t bytes = total_bytes(journal), max_bytes = journal->max_bytes;
    pthread_mutex_unlock(&journal->lock);
    atomic_fetch_add(&journal->budget->held, bytes - journal->budgeted);
    journal->budgeted = bytes;
    return stream_over_budget(&journal->stream, journal->budget, bytes, max_bytes);
}

/* Too much is held: first what is stored goes, then the oldest. */
static enum file_result make_room(struct journal *journal)
{
    struct volume *oldest;
    enum file_result result = FILE_OK;
    for (int i = 0; i < DROP_STEPS && result == FILE_OK && too_much(journal) &&
                    (oldest = oldest_volume(journal)) != NULL;
         i++) {
        if (oldest != journal->current) {
            drop_volume(journal, oldest);
            continue;
        }
        result = drop_groups(journal);
        learn(journal);
    }
    return result == FILE_NONE ? FILE_OK : result;
}

static enum file_result checkpoint(struct journal *journal)
{
    if (journal->since_checkpoint < CHECKPOINT_BYTES)
        return FILE_OK;
    journal->since_checkpoint = 0;
    return file_checkpoint(journal->file);
}

/* Whether the database knows records that the file has lost: their numbers must not come again. */
static bool outrun(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool outrun = journal->outrun;
    journal->outrun = false;
    pthread_mutex_unlock(&journal->lock);
    return outrun;
}

void journal_tidy(struct journal *journal)
{
    int64_t now_ms = clock_mono_ms();
    if (now_ms < journal->tidied_ms + TIDY_MS && !too_much(journal))
        return;
    journal->tidied_ms = now_ms;
    enum file_result result = file_moved(journal->file) || outrun(journal) ? FILE_BAD : FILE_OK;
    if (result == FILE_OK)
        result = delete_stored(journal, now_ms);
    if (result == FILE_OK)
        learn(journal);
    if (result == FILE_OK)
        result = make_room(journal);
    if (result == FILE_OK)
        result = checkpoint(journal);
    if (result == FILE_BAD)
        journal_folder_renew(journal);
}

/* The loop */

/* The file takes groups: false where there will be no more. */
static bool good_round(struct journal *journal)
{
    struct cache_chunks chunks;
    size_t taken = cache_take_between(journal->cache, limit(journal), journal->taken_ms + PACE_MS,
                                      journal->tidied_ms + TIDY_MS, &chunks);
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
    if (journal->file == NULL && (journal->current != NULL ? journal_folder_renew(journal)
                                                           : journal_folder_open(journal)) != 0)
        return;
    pthread_mutex_lock(&journal->lock);
    journal->busy = true;
    if (journal->pending_records == 0)
        journal->pending_records =
            cache_take_between(journal->cache, limit(journal), 0, 0, &journal->pending);
    bool probe = journal->pending_records == 0;
    pthread_mutex_unlock(&journal->lock);
    if (!probe) {
        write_pending(journal);
        return;
    }
    enum file_result result = file_probe(journal->file);
    if (result == FILE_BAD && journal_folder_renew(journal) == 0)
        result = FILE_OK;
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
