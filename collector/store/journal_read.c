/* Groups back from the files of the journal. */
#include "collector/store/journal_parts.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 16 << 20, READER_FAULTS = 30, COMPLAIN_AGAIN_MS = 10000 };

void journal_read_close(struct journal *journal)
{
    file_close(journal->reader);
    journal->reader = NULL;
    journal->reading = NULL;
}

/* One more group that cannot be read. */
static void count_unreadable(struct journal *journal, const char *problem)
{
    pthread_mutex_lock(&journal->lock);
    journal->status.unreadable++;
    pthread_mutex_unlock(&journal->lock);
    log_at_limit(&journal->read_complaint, LOGL_ERROR, "journal", NULL,
                 "%s: a group of records cannot be read back and is lost: %s",
                 journal->reading->path, problem);
}

static enum file_result open_reader(struct journal *journal, struct volume *volume)
{
    char error[FILE_ERROR_SIZE];
    if (journal->reading == volume)
        return FILE_OK;
    journal_read_close(journal);
    enum file_result result =
        file_open(volume->path, false, journal->sync, &journal->reader, error);
    if (result == FILE_OK) {
        journal->reading = volume;
        return FILE_OK;
    }
    log_at_limit(&journal->read_complaint, LOGL_ERROR, "journal", NULL,
                 "%s cannot be read back now: %s", volume->path, error);
    return result;
}

/* The records of one group, or NULL where it is damaged. */
static struct cache_chunk *load(struct journal *journal, const struct file_group *group,
                                enum file_result *result)
{
    struct cache_chunk *chunk = NULL;
    struct group_info info;
    const char *problem = file_error(journal->reader);
    uint8_t *bytes;
    size_t size;
    *result = file_load(journal->reader, group->first_seq, &bytes, &size);
    if (*result == FILE_OK) {
        chunk = group_read(bytes, size, group->crc, journal->names, &info, &problem);
        free(bytes);
    }
    if (chunk != NULL &&
        (info.first_seq != group->first_seq || strcmp(info.id, journal->reading->id) != 0)) {
        problem = "it belongs to another place";
        free(chunk);
        chunk = NULL;
    }
    if (chunk == NULL && *result != FILE_AGAIN)
        count_unreadable(journal, problem);
    return chunk;
}

static void append(struct parcel *out, struct cache_chunk *chunk, uint64_t first_seq)
{
    if (out->records == 0)
        out->first_seq = first_seq;
    TAILQ_INSERT_TAIL(&out->chunks, chunk, link);
    out->records += chunk->records;
    out->last_seq = out->first_seq + out->records - 1;
}

struct span {
    uint64_t seq;     /* taken up to here */
    uint64_t last;    /* records behind this one do not count */
    uint64_t earlier; /* up to here from before this start */
    bool behind;
    bool on; /* there are records of this file that were taken before these */
};

/* Groups from ${span}->seq on, without a gap. */
static enum file_result collect(struct journal *journal, size_t most, struct span *span,
                                struct parcel *out)
{
    size_t bytes = 0;
    while (out->records < most && bytes < READ_BYTES) {
        struct file_group group;
        enum file_result result = span->behind ? file_after(journal->reader, span->seq, &group)
                                               : file_next(journal->reader, span->seq + 1, &group);
        if (result == FILE_OK && group.first_seq > span->last)
            result = FILE_NONE;
        if (result == FILE_BAD) /* no part of it that is good again */
            count_unreadable(journal, file_error(journal->reader));
        if (result != FILE_OK)
            return result == FILE_BAD ? FILE_NONE : result;
        /* What is dropped or deleted is the oldest: elsewhere nothing may be missing. */
        if (span->on && !span->behind && out->records == 0 && group.first_seq > span->seq + 1)
            count_unreadable(journal, "records are missing");
        bool goes_on = out->records == 0 || (group.first_seq == out->last_seq + 1 &&
                                             (group.first_seq <= span->earlier) == out->earlier);
        if (!goes_on)
            return FILE_OK;
        struct cache_chunk *chunk = load(journal, &group, &result);
        if (result == FILE_AGAIN)
            return result;
        span->behind = chunk == NULL;
        span->seq = group.first_seq;
        if (chunk == NULL)
            continue;
        if (out->records == 0)
            out->earlier = group.first_seq <= span->earlier;
        append(out, chunk, group.first_seq);
        bytes += chunk->size;
        span->seq = out->last_seq;
        span->on = true;
    }
    return FILE_OK;
}

void journal_advance(struct journal *journal)
{
    struct volume *volume;
    while ((volume = journal->cursor) != NULL && TAILQ_NEXT(volume, link) != NULL &&
           volume != journal->current &&
           (volume->gone || volume->left || volume->last_seq <= journal->cursor_seq)) {
        volume->drained = !volume->left;
        /* What could not be read at its end is not waited for. */
        if (volume->drained && volume->last_seq > volume->given_seq &&
            volume->last_seq > volume->stored_seq)
            volume->last_seq =
                volume->given_seq > volume->stored_seq ? volume->given_seq : volume->stored_seq;
        journal->cursor = TAILQ_NEXT(volume, link);
        journal->cursor_seq = 0;
        journal->behind = false;
    }
}

size_t journal_read(struct journal *journal, size_t most, struct parcel *out)
{
    struct volume *volume = journal->cursor;
    struct span span = {.seq = journal->cursor_seq,
                        .last = volume->last_seq,
                        .earlier = volume->earlier_seq,
                        .behind = journal->behind,
                        .on = journal->cursor_seq > 0 && volume->given_seq == journal->cursor_seq &&
                              journal->cursor_seq >= volume->first_seq};
    enum file_result result = FILE_NONE;
    if (!volume->gone && volume->last_seq > journal->cursor_seq) {
        pthread_mutex_unlock(&journal->lock);
        result = open_reader(journal, volume);
        if (result == FILE_OK)
            result = collect(journal, most, &span, out);
        pthread_mutex_lock(&journal->lock);
        journal->status.unreadable += result == FILE_BAD; /* the file as a whole */
    }
    journal->cursor_seq = span.seq;
    journal->behind = span.behind;
    if (result == FILE_AGAIN && out->records == 0) {
        /* The records are safe, so there is no hurry, unless newer ones are only in memory. */
        if (++journal->reader_faults >= READER_FAULTS && !journal->status.ok)
            volume->left = volume != journal->current;
        return 0;
    }
    journal->reader_faults = 0;
    if (out->records > 0) {
        memcpy(out->journal, volume->id, sizeof(out->journal));
        out->file = volume->number;
        volume->given_seq = out->last_seq;
    } else if (result != FILE_OK) { /* read to the end: what is missing there never comes */
        journal->behind = false;
        if (journal->cursor_seq < span.last)
            journal->cursor_seq = span.last;
        journal_read_close(journal);
    }
    return out->records;
}
