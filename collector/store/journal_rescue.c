/* What is still to be had of the journal's file when its folder was deleted: it is open. */
#include "collector/store/journal_parts.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From the old file into the new one. */
struct rescue {
    struct volume *from;
    uint64_t seq, last; /* up to here, and up to there */
    uint64_t saved;
};

/* Those up to ${seq} are stored, or with who stores them. */
static void cut_head(struct cache_chunk *chunk, uint64_t first_seq, uint64_t seq)
{
    struct record_head head;
    const uint8_t *body;
    size_t at = 0;
    for (; first_seq <= seq; first_seq++) {
        if (record_next(chunk->bytes, chunk->size, &at, &head, &body) <= 0)
            break;
        chunk->records--;
    }
    chunk->size -= at;
    memmove(chunk->bytes, chunk->bytes + at, chunk->size);
}

static bool append(struct journal *journal, struct cache_chunk *chunk, int64_t made_ms)
{
    struct volume *volume = journal->current;
    struct group_info info = {
        .first_seq = volume->last_seq + 1, .records = chunk->records, .made_ms = made_ms};
    struct file_group group = {.first_seq = info.first_seq,
                               .last_seq = volume->last_seq + chunk->records,
                               .made_ms = made_ms};
    struct cache_chunks chunks;
    size_t size;
    memcpy(info.id, volume->id, sizeof(info.id));
    TAILQ_INIT(&chunks);
    TAILQ_INSERT_TAIL(&chunks, chunk, link);
    const uint8_t *bytes = group_make(journal->maker, &info, &chunks, &size, &group.crc);
    if (bytes == NULL || file_append(journal->file, &group, bytes, size) != FILE_OK)
        return false;
    pthread_mutex_lock(&journal->lock);
    if (volume->last_seq == 0)
        volume->oldest_ms = made_ms;
    volume->last_seq = group.last_seq;
    pthread_mutex_unlock(&journal->lock);
    return true;
}

/* The next group that can be read; false where there is none. */
static bool copy_group(struct journal *journal, struct rescue *rescue)
{
    struct file_group group;
    struct file_blob blob = {0};
    struct group_info info;
    const char *problem;
    if (rescue->seq >= rescue->last ||
        file_next(journal->orphan, rescue->seq + 1, rescue->last, &group, &blob) != FILE_OK)
        return false;
    struct cache_chunk *chunk =
        group_read(blob.bytes, blob.size, group.crc, journal->names, &info, &problem);
    free(blob.bytes);
    if (chunk != NULL && info.first_seq == group.first_seq) {
        uint64_t through = info.first_seq + info.records - 1;
        cut_head(chunk, info.first_seq, rescue->seq);
        if (chunk->records > 0 && append(journal, chunk, info.made_ms))
            rescue->saved += chunk->records;
        group.last_seq = through;
    }
    free(chunk);
    if (group.last_seq <= rescue->seq)
        return false;
    rescue->seq = group.last_seq;
    return true;
}

/* The one who takes gets nothing from there any more, so that nothing comes twice. */
static struct rescue begin(struct journal *journal)
{
    struct block *block;
    struct rescue rescue = {.from = journal->orphan_volume};
    pthread_mutex_lock(&journal->lock);
    struct volume *volume = rescue.from;
    rescue.seq = journal_handed_out(journal, volume);
    if (volume->stored_seq > rescue.seq)
        rescue.seq = volume->stored_seq;
    if (volume->first_seq > rescue.seq + 1)
        rescue.seq = volume->first_seq - 1;
    rescue.last = volume->last_seq;
    if (!volume->gone)
        volume->owed_seq = rescue.seq;
    else
        rescue.last = 0;
    volume->gone = true;
    while ((block = TAILQ_FIRST(&journal->tail)) != NULL && block->volume->number <= volume->number)
        journal_free_block(journal, block);
    pthread_mutex_unlock(&journal->lock);
    return rescue;
}

static void say_lost(const struct volume *volume, uint64_t lost)
{
    log_error("journal", NULL,
              "%s was deleted: %llu records of it up to %llu, not stored yet, are lost",
              volume->path, (unsigned long long)lost, (unsigned long long)volume->last_seq);
}

/* Files of earlier went with the folder. */
static void count_deleted(struct journal *journal)
{
    struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (volume->gone || access(volume->path, F_OK) == 0)
            continue;
        pthread_mutex_lock(&journal->lock);
        uint64_t lost = journal_give_up(journal, volume, volume->last_seq);
        volume->gone = true;
        pthread_mutex_unlock(&journal->lock);
        if (lost > 0)
            say_lost(volume, lost);
    }
}

void journal_rescue(struct journal *journal)
{
    if (journal->orphan_volume == NULL)
        return;
    struct rescue rescue = begin(journal);
    uint64_t waiting = rescue.last > rescue.seq ? rescue.last - rescue.seq : 0,
             from = rescue.seq + 1;
    while (journal->orphan != NULL && copy_group(journal, &rescue)) {
    }
    file_close(journal->orphan);
    journal->orphan = NULL;
    journal->orphan_volume = NULL;
    journal_learn(journal);
    pthread_mutex_lock(&journal->lock);
    journal->status.dropped += waiting - rescue.saved;
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
    if (waiting > 0)
        log_error("journal", NULL,
                  "%s was deleted: of its records %llu to %llu, which wait for the database, %llu "
                  "are in %s now, %llu are lost",
                  rescue.from->path, (unsigned long long)from, (unsigned long long)rescue.last,
                  (unsigned long long)rescue.saved, journal->current->path,
                  (unsigned long long)(waiting - rescue.saved));
    count_deleted(journal);
}
