/* The room that the journal takes on its disk, and what is done when that disk is full. */
#include "collector/store/journal_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    GROUP_MOST = 1 << 20,
    LOG = 1 << 20,
    LOG_MOST = 4 << 20,
    SPARE_MOST = 16 << 20,
    INDEX = 64 << 10, /* of the log (-shm) */
    RECLAIM_STEPS = 4096,
    SHRINK_STEPS = 64,
    NEW_FILE_BYTES = 128 << 10,
    RESERVE_FROM = 16,
    DATA_LEAST = 8, /* a part of so many for data, however many streams there are */
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* journal.max_bytes, or the size of the disk: to fill that helps nobody. */
static uint64_t room_most(struct journal *journal)
{
    struct statvfs room;
    pthread_mutex_lock(&journal->lock);
    uint64_t most = journal->max_bytes;
    pthread_mutex_unlock(&journal->lock);
    if (statvfs(journal->dir, &room) != 0 || room.f_blocks == 0)
        return most;
    return less(most, (uint64_t)room.f_blocks * room.f_frsize);
}

struct journal_bounds journal_bounds(struct journal *journal)
{
    unsigned streams = journal->budget->streams > 0 ? journal->budget->streams : 1;
    uint64_t all = room_most(journal), most = all / streams;
    struct journal_bounds bounds = {.group = less(most / 16, GROUP_MOST),
                                    .log = less(most / 8, LOG),
                                    .log_most = less(most / 4, LOG_MOST),
                                    .spare = less(most / 16, SPARE_MOST)};
    bounds.reserve = bounds.log_most + bounds.group;
    uint64_t rest = streams * (bounds.log_most + bounds.group + bounds.reserve + INDEX);
    bounds.data = all > rest + all / DATA_LEAST ? all - rest : all / DATA_LEAST;
    return bounds;
}

static uint64_t others(struct journal *journal)
{
    const struct volume *volume;
    uint64_t bytes = 0;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        bytes += volume->gone || volume == journal->current ? 0 : volume->bytes;
    }
    return bytes;
}

uint64_t journal_data(struct journal *journal, struct file_pages *pages)
{
    file_pages(journal->file, pages);
    uint64_t bytes = others(journal) + pages->used;
    atomic_fetch_add(&journal->budget->data, bytes - journal->budgeted.data);
    journal->budgeted.data = bytes;
    return bytes;
}

bool journal_near(struct journal *journal, uint64_t bytes)
{
    uint64_t most = room_most(journal);
    pthread_mutex_lock(&journal->lock);
    uint64_t own = others(journal) + journal->current->bytes + journal->reserve_bytes;
    pthread_mutex_unlock(&journal->lock);
    atomic_fetch_add(&journal->budget->disk, own - journal->budgeted.disk);
    journal->budgeted.disk = own;
    return atomic_load(&journal->budget->disk) + bytes > most;
}

enum file_result journal_checkpoint(struct journal *journal)
{
    struct journal_bounds bounds = journal_bounds(journal);
    struct file_pages pages;
    journal_data(journal, &pages);
    uint64_t data = atomic_load(&journal->budget->data);
    bool much = journal_near(journal, bounds.log);
    uint64_t room = bounds.data > data ? bounds.data - data : 0;
    enum file_result result = file_shrink(journal->file, less(room, bounds.spare));
    if (result == FILE_OK)
        result = file_checkpoint(journal->file, much ? 0 : bounds.log, much ? 0 : bounds.log_most);
    journal_learn(journal);
    return result;
}

/* The reserve */

static void reserve_path(const struct journal *journal, char path[PATH_MAX + 16])
{
    snprintf(path, PATH_MAX + 16, "%s/reserve", journal->dir);
}

static void set_reserve(struct journal *journal, uint64_t bytes)
{
    pthread_mutex_lock(&journal->lock);
    journal->reserve_bytes = bytes;
    pthread_mutex_unlock(&journal->lock);
}

void journal_release(struct journal *journal)
{
    char path[PATH_MAX + 16];
    reserve_path(journal, path);
    unlink(path);
    set_reserve(journal, 0);
}

static bool take_reserve(struct journal *journal, uint64_t bytes)
{
    char path[PATH_MAX + 16];
    reserve_path(journal, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    bool taken = posix_fallocate(fd, 0, (off_t)bytes) == 0;
    close(fd);
    if (!taken)
        unlink(path);
    set_reserve(journal, taken ? bytes : 0);
    return taken;
}

void journal_reserve(struct journal *journal)
{
    struct statvfs room;
    uint64_t bytes = journal_bounds(journal).reserve;
    if (statvfs(journal->dir, &room) != 0)
        return;
    uint64_t free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    /* Where the disk is nearly full; but not the last of it, which would be given up at once. */
    if (journal->reserve_bytes == 0 && free_bytes < RESERVE_FROM * bytes &&
        free_bytes >= bytes * 5 / 4)
        take_reserve(journal, bytes);
}

/* A full disk */

/* Whether the one who takes does not get on, and memory is half full: what comes next would be
 * dropped instead. */
static bool pressed(struct journal *journal)
{
    struct cache_stats stats;
    cache_stats(journal->cache, &stats);
    return stats.waiting + stats.in_flight > stats.max_size / 2;
}

static void drop_stored_volumes(struct journal *journal)
{
    struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (volume->gone || volume == journal->current)
            continue;
        pthread_mutex_lock(&journal->lock);
        bool waits = !volume->drained || volume->stored_seq < volume->last_seq;
        pthread_mutex_unlock(&journal->lock);
        if (waits)
            break; /* a later one may say where this one ends */
        journal_drop_volume(journal, volume);
    }
}

/* An eighth of what there is, so that it is worth the while. */
static void drop_some(struct journal *journal)
{
    struct file_pages pages = {0};
    if (journal->file == NULL) {
        journal_drop_oldest(journal);
        return;
    }
    uint64_t enough = journal_data(journal, &pages) / 8 * 7;
    while (journal_data(journal, &pages) > enough && journal_drop_oldest(journal) == FILE_OK) {
    }
}

/* What was deleted becomes room on the disk. */
static enum file_result give_back(struct journal *journal)
{
    struct file_pages pages;
    enum file_result result = file_checkpoint(journal->file, 0, 0);
    for (int i = 0; i < SHRINK_STEPS && result == FILE_OK; i++) {
        file_pages(journal->file, &pages);
        if (pages.free == 0)
            break;
        result = file_shrink(journal->file, 0);
        if (result == FILE_OK)
            result = file_checkpoint(journal->file, 0, 0);
    }
    return result;
}

/* Whether the file that is written holds nothing but what is stored. */
static bool all_stored(struct journal *journal, uint64_t *stored_seq)
{
    pthread_mutex_lock(&journal->lock);
    const struct volume *volume = journal->current;
    *stored_seq = volume->stored_seq;
    bool all = volume->last_seq > 0 && volume->stored_seq >= volume->last_seq;
    pthread_mutex_unlock(&journal->lock);
    return all;
}

static bool reclaim_file(struct journal *journal)
{
    uint64_t stored_seq, reserve = journal->reserve_bytes;
    journal_release(journal);
    bool all = all_stored(journal, &stored_seq);
    /* Each step may make the room that the next one needs. */
    file_checkpoint(journal->file, 0, 0);
    enum file_result result =
        stored_seq > 0 ? journal_delete_through(journal, stored_seq, RECLAIM_STEPS) : FILE_OK;
    if (pressed(journal))
        drop_some(journal);
    if (result != FILE_BAD)
        result = give_back(journal);
    journal_learn(journal);
    /* Where groups took the reserve, nothing could be deleted the next time. */
    if (result == FILE_OK && (reserve == 0 || take_reserve(journal, reserve)) &&
        file_probe(journal->file) == FILE_OK)
        return true;
    return all && journal_folder_replace(journal) == 0;
}

/* Whether not even a new file finds room. */
static bool disk_full(const struct journal *journal)
{
    struct statvfs room;
    return statvfs(journal->dir, &room) == 0 &&
           (uint64_t)room.f_bavail * room.f_frsize < NEW_FILE_BYTES;
}

bool journal_reclaim(struct journal *journal)
{
    if (journal->file != NULL ? !file_full(journal->file) : !disk_full(journal))
        return false;
    drop_stored_volumes(journal);
    if (journal->file != NULL)
        return reclaim_file(journal);
    journal_release(journal);
    if (pressed(journal))
        drop_some(journal);
    return false;
}
