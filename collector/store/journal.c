#include "collector/store/journal.h"

#include "collector/store/journal_parts.h"
#include "collector/store/journal_place.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TAIL_BYTES = 64 << 20,
    TOLD_WITHIN_MS = 5000, /* of the start, by the database */
    WAIT_MS = 500,         /* without news at the most */
    LOOSE_WAIT_MS = 50,    /* the cache does not tell the one who takes */
    READ_AGAIN_MS = 1000,
    COMPLAIN_AGAIN_MS = 30000,
    GAPS_TOLD = 50, /* each says other records */
};

/* Start and end */

void journal_folder(const struct server_config *config, const char *dir, unsigned stream,
                    char out[PATH_MAX])
{
    journal_place(config, dir, out);
    size_t len = strlen(out);
    if (stream > 0)
        snprintf(out + len, PATH_MAX - len, "/stream-%u", stream);
}

static void init_locks(struct journal *journal)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&journal->change, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&journal->lock, NULL);
}

static void free_journal(struct journal *journal)
{
    while (!TAILQ_EMPTY(&journal->tail))
        journal_free_block(journal, TAILQ_FIRST(&journal->tail));
    journal_free_chunks(&journal->pending);
    journal_read_close(journal);
    journal_folder_close(journal);
    group_maker_free(journal->maker);
    pthread_cond_destroy(&journal->change);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

static void open_folder(struct journal *journal)
{
    journal->status.ok = true; /* so that a failure is news */
    if (journal_folder_open(journal) != 0)
        return;
    struct journal_status status;
    journal_status(journal, &status);
    log_info("journal", NULL, "%s is open, %llu records of earlier are not known to be stored",
             journal->dir, (unsigned long long)status.depth);
}

struct journal *journal_start(const struct server_config *config, const char *dir,
                              const struct journal_parts *parts)
{
    struct journal *journal = xcalloc(1, sizeof(*journal));
    journal->stream = parts->stream;
    journal->budget = parts->budget;
    journal->first_file = parts->first_file;
    journal->cache = parts->cache;
    journal->names = parts->names;
    journal->enabled = journal->status.enabled = config->journal.enabled;
    journal->sync = (enum file_sync)config->journal.sync;
    journal->lock_fd = -1;
    journal->complaint = (struct log_limit)LOG_LIMIT(1, COMPLAIN_AGAIN_MS);
    journal->drop_complaint = journal->read_complaint = journal->complaint;
    journal->gap_complaint = (struct log_limit)LOG_LIMIT(GAPS_TOLD, COMPLAIN_AGAIN_MS);
    TAILQ_INIT(&journal->volumes);
    TAILQ_INIT(&journal->tail);
    TAILQ_INIT(&journal->pending);
    init_locks(journal);
    journal_folder(config, dir, parts->stream.number, journal->dir);
    journal_configure(journal, config);
    journal->status.ok = true;
    journal->told_by_ms = clock_mono_ms() + TOLD_WITHIN_MS;
    if (!journal->enabled)
        return journal;
    journal->maker = group_maker_new(parts->names);
    open_folder(journal);
    if (pthread_create(&journal->thread, NULL, journal_run, journal) != 0) {
        free_journal(journal);
        return NULL;
    }
    return journal;
}

void journal_configure(struct journal *journal, const struct server_config *config)
{
    pthread_mutex_lock(&journal->lock);
    journal->max_bytes = config->journal.max_bytes;
    journal->status.max_bytes = stream_share(&journal->stream, journal->max_bytes);
    journal->retention_ms = config->journal.retention_ms;
    journal->flush_interval_ms = config->cache.flush_interval_ms;
    journal->shutdown_timeout_ms = config->server.shutdown_timeout_ms;
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
}

void journal_flush(struct journal *journal, int64_t until_ms)
{
    pthread_mutex_lock(&journal->lock);
    while (journal->enabled && !journal->ended && clock_mono_ms() < until_ms)
        journal_wait(journal, until_ms);
    pthread_mutex_unlock(&journal->lock);
}

size_t journal_stop(struct journal *journal)
{
    struct cache_stats stats;
    if (journal->enabled)
        pthread_join(journal->thread, NULL);
    cache_stats(journal->cache, &stats);
    /* What is pending, and what was handed out, is still in flight for the cache. */
    size_t lost = stats.waiting + stats.in_flight + journal->lost;
    free_journal(journal);
    return lost;
}

/* The tail */

void journal_wait(struct journal *journal, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&journal->change, &journal->lock, &until);
}

void journal_free_chunks(struct cache_chunks *chunks)
{
    struct cache_chunk *chunk;
    while ((chunk = TAILQ_FIRST(chunks)) != NULL) {
        TAILQ_REMOVE(chunks, chunk, link);
        free(chunk);
    }
}

void journal_free_block(struct journal *journal, struct block *block)
{
    TAILQ_REMOVE(&journal->tail, block, link);
    journal->tail_records -= block->last_seq - block->first_seq + 1;
    journal->tail_bytes -= block->bytes;
    journal_free_chunks(&block->chunks);
    free(block);
}

static bool passed(const struct journal *journal, const struct block *block)
{
    const struct volume *at = journal->cursor;
    return block->volume->number < at->number ||
           (block->volume == at && block->last_seq <= journal->cursor_seq);
}

void journal_trim(struct journal *journal)
{
    struct cache_stats stats;
    struct block *oldest;
    cache_stats(journal->cache, &stats);
    size_t held = stats.waiting + stats.in_flight;
    while ((oldest = TAILQ_FIRST(&journal->tail)) != NULL &&
           (passed(journal, oldest) || journal->tail_bytes > TAIL_BYTES ||
            journal->tail_records + held > stats.max_size))
        journal_free_block(journal, oldest);
}

/* Taking */

static void hand_out_block(struct journal *journal, struct block *block, struct parcel *out)
{
    size_t records = block->last_seq - block->first_seq + 1;
    if (out->records == 0)
        out->first_seq = block->first_seq;
    out->last_seq = block->last_seq;
    out->records += records;
    TAILQ_CONCAT(&out->chunks, &block->chunks, link);
    journal_free_block(journal, block);
}

static size_t take_tail(struct journal *journal, size_t most, struct parcel *out)
{
    struct block *block;
    struct volume *volume = journal->cursor;
    while (out->records < most && (block = TAILQ_FIRST(&journal->tail)) != NULL &&
           block->volume == volume && (out->records == 0 || block->first_seq == out->last_seq + 1))
        hand_out_block(journal, block, out);
    memcpy(out->journal, volume->id, sizeof(out->journal));
    out->file = volume->number;
    journal->cursor_seq = volume->given_seq = out->last_seq;
    return out->records;
}

/* Records that are in no file, since it cannot be written. */
static size_t take_loose(struct journal *journal, size_t most, struct parcel *out)
{
    if (journal->pending_records > 0) {
        TAILQ_CONCAT(&out->chunks, &journal->pending, link);
        out->records = journal->pending_records;
        journal->pending_records = 0;
    } else {
        out->records = cache_take_between(journal->cache, (struct cache_limit){most, SIZE_MAX}, 0,
                                          0, &out->chunks);
    }
    journal->loose_ms = clock_mono_ms();
    journal->status.unjournalled += out->records;
    return out->records;
}

/* Whether such records are there and due; ${until_ms} is then, or when to look again. */
static bool loose_due(struct journal *journal, size_t most, int64_t now_ms, int64_t *until_ms)
{
    struct cache_stats stats;
    if ((journal->status.ok && !journal->ended) || journal->busy)
        return false;
    cache_stats(journal->cache, &stats);
    size_t there = stats.waiting + journal->pending_records;
    if (now_ms + LOOSE_WAIT_MS < *until_ms)
        *until_ms = now_ms + LOOSE_WAIT_MS;
    return there > 0 && (there >= most || journal->closed_ms != 0 ||
                         now_ms >= journal->loose_ms + journal->flush_interval_ms);
}

static bool tail_reaches(const struct journal *journal)
{
    const struct block *oldest = TAILQ_FIRST(&journal->tail);
    return oldest != NULL && oldest->volume == journal->cursor &&
           oldest->first_seq <= journal->cursor_seq + 1;
}

/* Whether the groups in the tail are due. */
static bool tail_due(struct journal *journal, size_t most, int64_t now_ms, int64_t *until_ms)
{
    int64_t due_ms = TAILQ_FIRST(&journal->tail)->committed_ms + journal->flush_interval_ms;
    if (journal->tail_records >= most || journal->closed_ms != 0 || now_ms >= due_ms)
        return true;
    if (due_ms < *until_ms)
        *until_ms = due_ms;
    return false;
}

static bool in_files(const struct journal *journal)
{
    return journal->cursor != NULL && !journal->cursor->gone &&
           journal->cursor->last_seq > journal->cursor_seq;
}

/* Once the end has come, what is in a file may wait for the next start. */
static bool time_over(struct journal *journal, int64_t now_ms)
{
    if (journal->closed_ms == 0 && cache_closed(journal->cache))
        journal->closed_ms = now_ms;
    return journal->closed_ms != 0 &&
           now_ms >= journal->closed_ms + journal->shutdown_timeout_ms * 3 / 4;
}

/* One look at what there is; 0: wait until ${until_ms}. */
static size_t take_some(struct journal *journal, size_t most, int64_t now_ms, int64_t *until_ms,
                        struct parcel *out)
{
    if (journal->reading != NULL && journal->reading->gone)
        journal_read_close(journal); /* its room is not free before */
    if (journal->cursor != NULL) {
        journal_advance(journal);
        journal_trim(journal);
    }
    if (tail_reaches(journal))
        return tail_due(journal, most, now_ms, until_ms) ? take_tail(journal, most, out) : 0;
    if (in_files(journal)) {
        size_t taken = journal_read(journal, most, out);
        *until_ms = journal->reader_faults > 0 ? now_ms + READ_AGAIN_MS : now_ms;
        return taken;
    }
    return loose_due(journal, most, now_ms, until_ms) ? take_loose(journal, most, out) : 0;
}

static bool nothing_left(struct journal *journal)
{
    struct cache_stats stats;
    cache_stats(journal->cache, &stats);
    return journal->ended && !in_files(journal) && TAILQ_EMPTY(&journal->tail) &&
           journal->pending_records == 0 && stats.waiting == 0;
}

bool journal_earlier_left(struct journal *journal)
{
    const struct volume *volume = journal->cursor;
    uint64_t taken = journal->cursor_seq;
    for (; volume != NULL; volume = TAILQ_NEXT(volume, link), taken = 0) {
        if (!volume->gone && !volume->left && volume->earlier_seq > taken &&
            volume->earlier_seq >= volume->first_seq)
            return true;
    }
    return false;
}

static bool past_earlier(struct journal *journal)
{
    journal->past = !journal_earlier_left(journal);
    return journal->past;
}

static void take_filed(struct journal *journal, size_t most, bool earlier, struct parcel *out)
{
    pthread_mutex_lock(&journal->lock);
    for (;;) {
        int64_t now_ms = clock_mono_ms(), until_ms = now_ms + WAIT_MS;
        if (earlier && past_earlier(journal))
            break;
        if (time_over(journal, now_ms) || take_some(journal, most, now_ms, &until_ms, out) > 0 ||
            nothing_left(journal))
            break;
        if (until_ms > now_ms)
            journal_wait(journal, until_ms);
    }
    pthread_mutex_unlock(&journal->lock);
}

size_t journal_take_earlier(struct journal *journal, size_t most, struct parcel *out)
{
    memset(out, 0, sizeof(*out));
    TAILQ_INIT(&out->chunks);
    if (journal->enabled)
        take_filed(journal, most > 0 ? most : 1, true, out);
    return out->records;
}

bool journal_earlier(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool left = journal_earlier_left(journal);
    pthread_mutex_unlock(&journal->lock);
    return left;
}

size_t journal_take(struct journal *journal, size_t most, struct parcel *out)
{
    memset(out, 0, sizeof(*out));
    TAILQ_INIT(&out->chunks);
    if (journal->enabled)
        take_filed(journal, most > 0 ? most : 1, false, out);
    else
        out->records = cache_take(journal->cache, most, &out->chunks);
    return out->records;
}

/* What became of it */

static struct volume *find_volume(struct journal *journal, const char *id)
{
    struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (strcmp(volume->id, id) == 0 && !volume->gone)
            return volume;
    }
    return NULL;
}

uint64_t journal_handed_out(const struct journal *journal, const struct volume *volume)
{
    const struct volume *at = journal->cursor;
    if (at == volume)
        return journal->cursor_seq;
    return at != NULL && at->number > volume->number ? volume->given_seq : 0;
}

uint64_t journal_give_up(struct journal *journal, struct volume *volume, uint64_t through)
{
    uint64_t before = volume->first_seq > 0 ? volume->first_seq - 1 : 0;
    uint64_t given = journal_handed_out(journal, volume);
    if (volume->stored_seq > before)
        before = volume->stored_seq;
    if (given > through)
        given = through;
    if (given > before)
        before = volume->owed_seq = given;
    uint64_t dropped = !volume->gone && through > before ? through - before : 0;
    journal->status.dropped += dropped;
    return dropped;
}

/* Records that were handed out, and are not stored, are lost where no file has them. */
static void count_owed(struct journal *journal, const struct parcel *parcel)
{
    const struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        uint64_t last = parcel->last_seq < volume->owed_seq ? parcel->last_seq : volume->owed_seq;
        if (strcmp(volume->id, parcel->journal) == 0 && last >= parcel->first_seq)
            journal->status.dropped += last - parcel->first_seq + 1;
    }
}

uint64_t journal_count(const struct volume *volume)
{
    uint64_t before = volume->first_seq > 0 ? volume->first_seq - 1 : 0;
    if (volume->stored_seq > before)
        before = volume->stored_seq;
    return volume->gone || volume->last_seq <= before ? 0 : volume->last_seq - before;
}

void journal_mark(struct journal *journal, struct volume *volume, int64_t now_ms)
{
    size_t n = volume->nmarks;
    if (volume->stored_seq == 0 || (n > 0 && volume->marks[n - 1].seq >= volume->stored_seq))
        return;
    if (n > 0 && now_ms - volume->marks[n - 1].at_ms < journal->retention_ms / 32)
        return; /* a later mark covers it */
    if (n == VOLUME_MARKS)
        n--;
    volume->marks[n] = (struct stored_mark){volume->stored_seq, now_ms};
    volume->nmarks = n + 1;
}

void journal_done(struct journal *journal, struct parcel *parcel, bool stored)
{
    if (parcel->journal[0] == '\0') {
        cache_tell(journal->cache, &parcel->chunks, stored);
        cache_done(journal->cache, &parcel->chunks);
        pthread_mutex_lock(&journal->lock);
        journal->lost += stored ? 0 : parcel->records;
        pthread_mutex_unlock(&journal->lock);
        return;
    }
    journal_free_chunks(&parcel->chunks);
    pthread_mutex_lock(&journal->lock);
    struct volume *volume = find_volume(journal, parcel->journal);
    if (!stored)
        count_owed(journal, parcel);
    if (stored && volume != NULL && parcel->last_seq > volume->stored_seq) {
        volume->stored_seq = parcel->last_seq;
        journal_mark(journal, volume, clock_mono_ms());
    }
    pthread_mutex_unlock(&journal->lock);
}

void journal_seek(struct journal *journal, const char *id, uint64_t seq)
{
    pthread_mutex_lock(&journal->lock);
    struct volume *volume = id[0] != '\0' ? find_volume(journal, id) : NULL;
    journal->told_by_ms = 0;
    if (volume != NULL) {
        journal->cursor = volume;
        if (seq > volume->last_seq) {
            log_error("journal", NULL,
                      "%s has lost records: it ends at %llu, and the database has %llu",
                      volume->path, (unsigned long long)volume->last_seq, (unsigned long long)seq);
            journal->outrun |= volume == journal->current;
            seq = volume->last_seq;
        }
        journal->cursor_seq = seq;
        while (volume->nmarks > 0 && volume->marks[volume->nmarks - 1].seq > seq)
            volume->nmarks--;
        volume->stored_seq = seq;
        journal_mark(journal, volume, clock_mono_ms());
        journal_trim(journal);
        pthread_cond_broadcast(&journal->change);
    }
    pthread_mutex_unlock(&journal->lock);
}

void journal_rewind(struct journal *journal)
{
    struct volume *volume, *first = NULL;
    pthread_mutex_lock(&journal->lock);
    journal->told_by_ms = 0;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (volume->gone || volume->left)
            continue;
        if (first == NULL)
            first = volume;
        volume->stored_seq = 0;
        volume->nmarks = 0;
        volume->drained = false;
    }
    if (first != NULL) {
        journal->cursor = first;
        journal->cursor_seq = 0;
        pthread_cond_broadcast(&journal->change);
    }
    pthread_mutex_unlock(&journal->lock);
}

void journal_missed(struct journal *journal, uint64_t records)
{
    pthread_mutex_lock(&journal->lock);
    journal->status.missing += records;
    pthread_mutex_unlock(&journal->lock);
}

void journal_status(struct journal *journal, struct journal_status *out)
{
    const struct volume *volume;
    pthread_mutex_lock(&journal->lock);
    *out = journal->status;
    out->bytes = out->depth = 0;
    out->oldest_ms = 0;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        uint64_t count = journal_count(volume);
        out->bytes += volume->gone ? 0 : volume->bytes;
        if (out->depth == 0 && count > 0)
            out->oldest_ms = volume->oldest_ms;
        out->depth += count;
    }
    out->bytes += journal->reserve_bytes;
    pthread_mutex_unlock(&journal->lock);
}
