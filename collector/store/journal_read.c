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

/*
 * Records that should be in the file and cannot be read, if any of ${from} to ${to} is. The file is
 * kept for people under another name. Lock held.
 */
static void report_gap(struct journal *journal, struct volume *volume, uint64_t from, uint64_t to,
                       const char *problem)
{
    char kept[PATH_MAX + 64];
    uint64_t gone = volume->first_seq > 0 ? volume->first_seq - 1 : 0;
    if (volume->leaving_seq > gone)
        gone = volume->leaving_seq; /* dropped, and counted there */
    if (from <= gone)
        from = gone + 1;
    if (from > to || volume->gone)
        return;
    journal->status.unreadable++;
    journal->status.missing += to - from + 1;
    journal->outrun |= volume == journal->current; /* no more into this file */
    snprintf(kept, sizeof(kept), "%s.broken", volume->path);
    bool is_kept = file_keep(volume->path, kept);
    log_at_limit(
        &journal->gap_complaint, LOGL_ERROR, "journal", NULL,
        "%s: records %llu to %llu (%llu) cannot be read back and are missing in the "
        "database: %s; %s%s",
        volume->path, (unsigned long long)from, (unsigned long long)to,
        (unsigned long long)(to - from + 1), problem[0] != '\0' ? problem : "no group holds them",
        is_kept ? "the file is kept for a look by hand as " : "the file cannot be kept as ", kept);
}

/* What is taken from a file in one go. */
struct span {
    uint64_t seq;                  /* taken, or sought, up to here */
    uint64_t last;                 /* records behind this one do not count */
    uint64_t earlier;              /* up to here from before this start */
    char problem[FILE_ERROR_SIZE]; /* the first one met */
};

static void note_problem(struct span *span, const char *problem)
{
    if (span->problem[0] == '\0')
        snprintf(span->problem, sizeof(span->problem), "%s", problem);
}

static enum file_result open_reader(struct journal *journal, struct volume *volume,
                                    struct span *span)
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
    note_problem(span, error);
    log_at_limit(&journal->read_complaint, LOGL_ERROR, "journal", NULL,
                 "%s cannot be read back now: %s", volume->path, error);
    return result;
}

/* The records of a group, or NULL where they are not those behind ${span}->seq. */
static struct cache_chunk *unpack(struct journal *journal, const struct file_group *group,
                                  const struct file_blob *blob, struct span *span)
{
    struct group_info info;
    const char *problem;
    struct cache_chunk *chunk =
        group_read(blob->bytes, blob->size, group->crc, journal->names, &info, &problem);
    if (chunk != NULL &&
        (info.first_seq != group->first_seq || strcmp(info.id, journal->reading->id) != 0 ||
         info.first_seq + info.records - 1 <= span->seq ||
         info.first_seq + info.records - 1 > span->last)) {
        problem = "belongs to another place";
        free(chunk);
        chunk = NULL;
    }
    if (chunk == NULL) {
        char text[FILE_ERROR_SIZE];
        snprintf(text, sizeof(text), "the group at %llu %s", (unsigned long long)group->first_seq,
                 problem);
        note_problem(span, text);
    }
    return chunk;
}

/* The next group that can be read and is what it should be. */
static enum file_result next_group(struct journal *journal, struct span *span,
                                   struct file_group *group, struct cache_chunk **chunk)
{
    struct file_blob blob = {0};
    uint64_t at = span->seq;
    *chunk = NULL;
    enum file_result result = file_next(journal->reader, at + 1, span->last, group, &blob);
    while (result == FILE_OK) {
        *chunk = unpack(journal, group, &blob, span);
        free(blob.bytes);
        if (*chunk != NULL)
            return FILE_OK;
        if (group->first_seq > at)
            at = group->first_seq;
        result = file_after(journal->reader, at, span->last, group, &blob);
    }
    if (result == FILE_BAD)
        note_problem(span, file_error(journal->reader));
    return result;
}

/* Groups from ${span}->seq on, without a gap between them. */
static enum file_result collect(struct journal *journal, size_t most, struct span *span,
                                struct parcel *out)
{
    size_t bytes = 0;
    while (out->records < most && bytes < READ_BYTES && span->seq < span->last) {
        struct file_group group;
        struct cache_chunk *chunk;
        enum file_result result = next_group(journal, span, &group, &chunk);
        if (result != FILE_OK)
            return result;
        bool earlier = group.first_seq <= span->earlier;
        if (out->records > 0 && (group.first_seq != out->last_seq + 1 || earlier != out->earlier)) {
            free(chunk); /* for the next time */
            return FILE_OK;
        }
        if (out->records == 0) {
            out->earlier = earlier;
            out->first_seq = group.first_seq;
        }
        TAILQ_INSERT_TAIL(&out->chunks, chunk, link);
        out->records += chunk->records;
        span->seq = out->last_seq = out->first_seq + out->records - 1;
        bytes += chunk->size;
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
    }
}

/* Nothing came: now, or for ever. */
static void end_reading(struct journal *journal, enum file_result result, const struct span *span)
{
    struct volume *volume = journal->cursor;
    if (result == FILE_AGAIN) {
        /* The records are safe, so there is no hurry, unless newer ones are only in memory. */
        if (++journal->reader_faults >= READER_FAULTS && !journal->status.ok)
            volume->left = volume != journal->current;
        return;
    }
    journal->reader_faults = 0;
    report_gap(journal, volume, journal->cursor_seq + 1, span->last, span->problem);
    journal->cursor_seq = span->last; /* what is missing there never comes */
    journal_read_close(journal);
}

size_t journal_read(struct journal *journal, size_t most, struct parcel *out)
{
    struct volume *volume = journal->cursor;
    struct span span = {
        .seq = journal->cursor_seq, .last = volume->last_seq, .earlier = volume->earlier_seq};
    pthread_mutex_unlock(&journal->lock);
    enum file_result result = open_reader(journal, volume, &span);
    if (result == FILE_OK)
        result = collect(journal, most, &span, out);
    pthread_mutex_lock(&journal->lock);
    if (out->records == 0) {
        end_reading(journal, result, &span);
        return 0;
    }
    journal->reader_faults = 0;
    memcpy(out->journal, volume->id, sizeof(out->journal));
    out->file = volume->number;
    report_gap(journal, volume, journal->cursor_seq + 1, out->first_seq - 1, span.problem);
    journal->cursor_seq = volume->given_seq = out->last_seq;
    return out->records;
}
