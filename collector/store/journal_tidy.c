/* What goes from the journal's files: what is stored since long, and past the bound the oldest. */
#include "collector/store/journal_parts.h"
#include "shared/base/clock.h"

#include <string.h>

enum {
    DELETE_STEPS = 8,
    DROP_GROUPS = 16, /* the oldest, in one step */
    DROP_STEPS = 64,
    SHRINK_STEPS = 64,
};

static void say_dropped(struct journal *journal, uint64_t dropped)
{
    if (dropped == 0)
        return;
    log_at_limit(&journal->drop_complaint, LOGL_ERROR, "journal", NULL,
                 "%s: dropped the oldest %llu records unstored",
                 journal->status.ok ? "journal.max_bytes, or the size of the disk, is reached"
                                    : "the disk is full",
                 (unsigned long long)dropped);
}

void journal_drop_volume(struct journal *journal, struct volume *volume)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t dropped = journal_give_up(journal, volume, volume->last_seq);
    volume->gone = true;
    pthread_mutex_unlock(&journal->lock);
    file_remove(volume->path);
    say_dropped(journal, dropped);
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
void journal_learn(struct journal *journal)
{
    struct volume *volume = journal->current;
    struct file_group first, waiting = {0};
    uint64_t bytes = file_disk_bytes(volume->path);
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

enum file_result journal_delete_through(struct journal *journal, uint64_t through, int steps)
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
            result = journal_delete_through(journal, due.through, DELETE_STEPS);
        else if (due.all && volume == oldest_volume(journal))
            journal_drop_volume(journal, volume); /* a later one may say where this one ends */
    }
    return result == FILE_NONE ? FILE_OK : result;
}

/* The oldest groups of a file that is open for writing, stored or not. */
static enum file_result drop_groups(struct journal *journal, struct volume *volume,
                                    struct journal_file *file)
{
    struct file_group group = {0};
    struct journal_bounds bounds = journal_bounds(journal);
    uint64_t few = bounds.data / bounds.group / 16; /* not much more than has to go */
    for (uint64_t i = 0; i == 0 || (i < few && i < DROP_GROUPS); i++) {
        struct file_group next;
        if (file_after(file, group.first_seq, volume->last_seq, &next, NULL) != FILE_OK)
            break;
        if (next.last_seq < next.first_seq || next.last_seq > volume->last_seq)
            return FILE_BAD; /* more than it holds would be deleted */
        group = next;
    }
    if (group.last_seq == 0)
        return FILE_NONE;
    pthread_mutex_lock(&journal->lock);
    volume->leaving_seq = group.last_seq;
    pthread_mutex_unlock(&journal->lock);
    enum file_result result = file_delete(file, group.last_seq);
    if (result != FILE_OK)
        return result;
    pthread_mutex_lock(&journal->lock);
    uint64_t dropped = journal_give_up(journal, volume, group.last_seq);
    struct block *block;
    volume->first_seq = group.last_seq + 1;
    while ((block = TAILQ_FIRST(&journal->tail)) != NULL && block->volume == volume &&
           block->last_seq <= group.last_seq)
        journal_free_block(journal, block);
    pthread_mutex_unlock(&journal->lock);
    say_dropped(journal, dropped);
    return FILE_OK;
}

/* The oldest groups of a file of before, which may hold nearly all there is; or first what holds
 * nothing in it. Whether that goes. */
static bool thin_volume(struct journal *journal, struct volume *volume)
{
    char error[FILE_ERROR_SIZE];
    struct journal_file *file;
    struct file_meta meta;
    struct file_pages pages = {0};
    if (file_open(volume->path, true, journal->sync, &file, error) != FILE_OK)
        return false;
    file_get_meta(file, &meta);
    file_pages(file, &pages);
    enum file_result result = pages.free > 0 ? FILE_OK : drop_groups(journal, volume, file);
    for (int i = 0; i < SHRINK_STEPS && result == FILE_OK; i++) {
        file_pages(file, &pages);
        if (pages.free == 0)
            break;
        result = file_shrink(file, 0);
    }
    file_checkpoint(file, 0, 0);
    if (meta.closed)
        file_close_clean(file, volume->first_seq, volume->last_seq);
    else
        file_close(file);
    pthread_mutex_lock(&journal->lock);
    volume->bytes = file_disk_bytes(volume->path);
    pthread_mutex_unlock(&journal->lock);
    return result == FILE_OK;
}

enum file_result journal_drop_oldest(struct journal *journal)
{
    struct volume *oldest = oldest_volume(journal);
    if (oldest != NULL && oldest != journal->current) {
        if (oldest->last_seq < oldest->first_seq || !thin_volume(journal, oldest))
            journal_drop_volume(journal, oldest);
        return FILE_OK;
    }
    if (oldest == NULL || journal->file == NULL)
        return FILE_NONE;
    enum file_result result = drop_groups(journal, oldest, journal->file);
    journal_learn(journal);
    return result;
}

/* What earlier lives left is mostly stored, which only the database knows: right after the start it
 * is not dropped before the database had its say, or some time to. */
static bool may_be_stored(struct journal *journal)
{
    struct volume *oldest = oldest_volume(journal);
    pthread_mutex_lock(&journal->lock);
    bool untold = clock_mono_ms() < journal->told_by_ms;
    pthread_mutex_unlock(&journal->lock);
    return untold && oldest != NULL && oldest != journal->current;
}

/* All streams hold too much, and this one more than its share: the oldest goes. Room for more than
 * is there need not be made. */
static enum file_result make_room(struct journal *journal)
{
    struct journal_bounds bounds = journal_bounds(journal);
    struct file_pages pages;
    enum file_result result = FILE_OK;
    if (journal->current->last_seq > 0)
        atomic_store(&journal->budget->grows, true);
    /* As it was left it fits; and what of that is stored may not be known yet. */
    if (!atomic_load(&journal->budget->grows))
        return FILE_OK;
    for (int i = 0; i < DROP_STEPS && result == FILE_OK; i++) {
        uint64_t own = journal_data(journal, &pages);
        if (!stream_over_budget(&journal->stream, journal->budget, own, bounds.data))
            break;
        if (may_be_stored(journal))
            break;
        result = journal_drop_oldest(journal);
    }
    return result == FILE_NONE ? FILE_OK : result;
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
    struct journal_bounds bounds = journal_bounds(journal);
    if (now_ms < journal->tidied_ms + JOURNAL_TIDY_MS && !journal_near(journal, 2 * bounds.log) &&
        file_log_bytes(journal->file) < bounds.log_most)
        return;
    journal->tidied_ms = now_ms;
    enum file_result result = file_moved(journal->file) || outrun(journal) ? FILE_BAD : FILE_OK;
    if (result == FILE_OK)
        result = delete_stored(journal, now_ms);
    if (result == FILE_OK)
        journal_learn(journal);
    if (result == FILE_OK)
        result = make_room(journal);
    if (result == FILE_OK)
        result = journal_checkpoint(journal);
    if (result == FILE_OK)
        journal_reserve(journal);
    if (result == FILE_BAD)
        journal_folder_renew(journal);
}
