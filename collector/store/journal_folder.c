/* The journal's folder: which files are there, and which one is written. */
#include "collector/store/journal_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMPLAIN_AGAIN_MS = 30000, GROUP_RECORDS_MOST = 1 << 20 };

void journal_fail(struct journal *journal, const char *error)
{
    pthread_mutex_lock(&journal->lock);
    bool was_ok = journal->status.ok;
    journal->status.ok = false;
    journal->status.errors++;
    snprintf(journal->status.error, sizeof(journal->status.error), "%s", error);
    pthread_cond_broadcast(&journal->change);
    pthread_mutex_unlock(&journal->lock);
    if (was_ok)
        journal->complaint.used = 0; /* news are told at once */
    log_at_limit(&journal->complaint, LOGL_ERROR, "journal", NULL,
                 "cannot write to %s: %s; records wait in memory only, and are lost if the "
                 "collector ends: make room or mend journal.dir, no restart is needed",
                 journal->dir, error);
}

static int fail_errno(struct journal *journal, const char *what)
{
    char error[128];
    snprintf(error, sizeof(error), "%s: %s", what, strerror(errno));
    journal_fail(journal, error);
    return -1;
}

/* The folder of stream 0, in which the others' are. Where it cannot be made, theirs cannot. */
static void make_parent(const char *path)
{
    char parent[PATH_MAX];
    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
    mkdir(parent, 0750);
}

/* Two collectors in one folder would write over each other. */
static int lock_folder(struct journal *journal)
{
    char path[PATH_MAX + 8];
    if (journal->lock_fd >= 0)
        return 0;
    if (journal->stream.number > 0)
        make_parent(journal->dir);
    if (mkdir(journal->dir, 0750) != 0 && errno != EEXIST)
        return fail_errno(journal, "the folder cannot be made");
    snprintf(path, sizeof(path), "%s/lock", journal->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return fail_errno(journal, "the file lock in it cannot be opened");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        if (errno != EWOULDBLOCK)
            return fail_errno(journal, "the file lock in it cannot be locked");
        journal_fail(journal, "another collector uses this folder: give each its own journal.dir");
        return -1;
    }
    journal->lock_fd = fd;
    return 0;
}

static struct volume *new_volume(unsigned number, const char *path, const char *id)
{
    struct volume *volume = xcalloc(1, sizeof(*volume));
    volume->number = number;
    volume->path = xstrdup(path);
    snprintf(volume->id, sizeof(volume->id), "%s", id);
    return volume;
}

static void add_volume(struct journal *journal, struct volume *volume)
{
    pthread_mutex_lock(&journal->lock);
    TAILQ_INSERT_TAIL(&journal->volumes, volume, link);
    if (journal->cursor == NULL)
        journal->cursor = volume;
    pthread_mutex_unlock(&journal->lock);
}

static void count_unreadable(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->status.unreadable++;
    pthread_mutex_unlock(&journal->lock);
}

/* A file that nobody can read is kept for people, but out of the way. */
static void put_aside(struct journal *journal, const char *path, const char *error)
{
    char to[PATH_MAX + 64];
    snprintf(to, sizeof(to), "%s.broken", path);
    file_rename(path, to);
    log_error(
        "journal", NULL,
        "%s cannot be read: %s; what it held and the database has not is missing there; it is "
        "kept for a look by hand as %s",
        path, error, to);
    count_unreadable(journal);
}

/* Where the newest group cannot be found: the last one that can. */
static enum file_result walk_to_last(struct journal_file *file, struct file_group *group)
{
    enum file_result result = FILE_NONE;
    uint64_t seq = 0;
    while (file_after(file, seq, FILE_MOST_SEQ, group, NULL) == FILE_OK) {
        seq = group->first_seq;
        result = FILE_OK;
    }
    return result;
}

/* The groups know their journal better than the row that says it. */
static enum file_result learn_last(struct volume *volume, struct journal_file *file)
{
    struct file_group group = {0};
    struct file_blob blob = {0};
    struct group_info info;
    enum file_result result = file_last(file, &group, &blob);
    if (result == FILE_OK && group_peek(blob.bytes, blob.size, group.crc, &info) == 0) {
        memcpy(volume->id, info.id, sizeof(volume->id));
        volume->last_seq = info.first_seq + info.records - 1;
    } else if (result == FILE_OK || (result == FILE_BAD && walk_to_last(file, &group) == FILE_OK)) {
        bool likely = group.last_seq - group.first_seq < GROUP_RECORDS_MOST;
        volume->last_seq = likely ? group.last_seq : group.first_seq;
    }
    free(blob.bytes);
    return result;
}

/*
 * What the file should hold, from ${volume}->first_seq to last_seq. Where it was not closed, nobody
 * can tell what should be at its end. Whether what is there agrees.
 */
static bool learn_bounds(struct journal *journal, struct volume *volume, struct journal_file *file,
                         const struct file_meta *meta)
{
    struct file_group first = {0};
    enum file_result at_start = file_next(file, 1, FILE_MOST_SEQ, &first, NULL);
    enum file_result at_end = learn_last(volume, file);
    volume->oldest_ms = first.made_ms;
    volume->first_seq = meta->damaged ? first.first_seq : meta->first_seq;
    if (volume->first_seq == 0)
        volume->first_seq = 1;
    if (meta->damaged || at_start == FILE_BAD || at_end == FILE_BAD) {
        log_error(
            "journal", NULL, "%s is damaged: %s; what can be read of it goes on", volume->path,
            meta->damaged ? "it contradicts itself in what it says of itself" : file_error(file));
        count_unreadable(journal);
    }
    if (!meta->closed)
        return false;
    bool empty = meta->first_seq > meta->last_seq;
    bool agrees = volume->last_seq == (empty ? 0 : meta->last_seq) &&
                  (empty || first.first_seq == meta->first_seq);
    volume->last_seq = meta->last_seq;
    return agrees && at_start != FILE_BAD && at_end != FILE_BAD;
}

/* Look into a file that an earlier start has left. */
static struct volume *look_into(struct journal *journal, unsigned number, struct file_meta *meta,
                                bool *sound)
{
    char path[PATH_MAX + 32], error[FILE_ERROR_SIZE];
    struct journal_file *file;
    snprintf(path, sizeof(path), "%s/journal-%u.db", journal->dir, number);
    enum file_result result = file_open(path, false, journal->sync, &file, error);
    if (result == FILE_BAD) {
        put_aside(journal, path, error);
        return NULL;
    }
    if (result != FILE_OK) {
        log_error("journal", NULL, "%s cannot be opened: %s; the next start tries again", path,
                  error);
        return NULL;
    }
    file_get_meta(file, meta);
    struct volume *volume = new_volume(number, path, meta->id);
    *sound = learn_bounds(journal, volume, file, meta);
    volume->earlier_seq = volume->last_seq;
    volume->bytes = file_bytes(file);
    file_close(file);
    add_volume(journal, volume);
    return volume;
}

/* What a file that was given up held behind the last record that counts is in its successor; and
 * up to there nothing may be missing. */
static void cut_predecessor(struct journal *journal, const struct file_meta *meta)
{
    struct volume *volume;
    pthread_mutex_lock(&journal->lock);
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (meta->before[0] != '\0' && strcmp(volume->id, meta->before) == 0 &&
            volume->last_seq != meta->before_seq)
            volume->last_seq = volume->earlier_seq = meta->before_seq;
    }
    pthread_mutex_unlock(&journal->lock);
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

/* The numbers of the files that are there, in order. */
static unsigned *list_numbers(const char *path, size_t *count)
{
    unsigned *numbers = NULL;
    size_t room = 0;
    struct dirent *entry;
    DIR *dir = opendir(path);
    *count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        unsigned number;
        int end = 0;
        if (sscanf(entry->d_name, "journal-%9u.db%n", &number, &end) != 1 || end == 0 ||
            entry->d_name[end] != '\0')
            continue;
        if (*count == room) {
            room = 2 * room + 16;
            numbers = xreallocarray(numbers, room, sizeof(*numbers));
        }
        numbers[(*count)++] = number;
    }
    if (dir != NULL)
        closedir(dir);
    if (*count > 0)
        qsort(numbers, *count, sizeof(*numbers), by_number);
    return numbers;
}

static void random_id(char id[JOURNAL_ID_SIZE])
{
    uint8_t bytes[16];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
        abort(); /* cannot fail for so few */
    text_hex(bytes, sizeof(bytes), id);
}

static unsigned next_number(struct journal *journal)
{
    size_t count;
    unsigned *numbers = list_numbers(journal->dir, &count);
    unsigned number = count > 0 ? numbers[count - 1] + 1 : 1;
    free(numbers);
    if (number < journal->first_file)
        number = journal->first_file;
    struct volume *last = TAILQ_LAST(&journal->volumes, volumes);
    return last != NULL && last->number >= number ? last->number + 1 : number;
}

/* A new file, which says where its predecessor ends. */
static int begin(struct journal *journal, const struct volume *before)
{
    char path[PATH_MAX + 32], error[FILE_ERROR_SIZE];
    struct file_meta meta = {0};
    unsigned number = next_number(journal);
    random_id(meta.id);
    if (before != NULL && before->last_seq > 0) { /* else it holds nothing to be cut */
        memcpy(journal->cut_id, before->id, sizeof(journal->cut_id));
        journal->cut_seq = before->last_seq;
    }
    memcpy(meta.before, journal->cut_id, sizeof(meta.before));
    meta.before_seq = journal->cut_seq;
    snprintf(path, sizeof(path), "%s/journal-%u.db", journal->dir, number);
    if (file_create(path, &meta, error) != FILE_OK ||
        file_open(path, true, journal->sync, &journal->file, error) != FILE_OK) {
        file_remove(path);
        journal_fail(journal, error);
        return -1;
    }
    struct volume *volume = new_volume(number, path, meta.id);
    volume->first_seq = 1;
    add_volume(journal, volume);
    pthread_mutex_lock(&journal->lock);
    journal->current = volume;
    pthread_mutex_unlock(&journal->lock);
    return 0;
}

/*
 * Go on with the newest file where it was closed as it should be. Else nobody can tell whether the
 * last records that it took are still there: their numbers must not be given to others.
 */
static bool resume(struct journal *journal, struct volume *volume, bool sound,
                   const struct file_meta *meta)
{
    char error[FILE_ERROR_SIZE];
    if (volume == NULL || journal->first_file > 0 || !sound || strcmp(volume->id, meta->id) != 0 ||
        file_open(volume->path, true, journal->sync, &journal->file, error) != FILE_OK)
        return false;
    pthread_mutex_lock(&journal->lock);
    journal->current = volume;
    pthread_mutex_unlock(&journal->lock);
    return true;
}

/* Whether newer records may be in the database already, by this stream or by the others. */
static bool handed_on(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    bool some = journal->status.unjournalled > 0 || (journal->past && journal->stream.several);
    pthread_mutex_unlock(&journal->lock);
    return some;
}

/* Newer records are in the database already: those of earlier would come out of order. */
static void leave_earlier(struct journal *journal)
{
    struct volume *volume;
    uint64_t records = 0;
    pthread_mutex_lock(&journal->lock);
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        volume->left = volume != journal->current;
        records += volume->left ? journal_count(volume) : 0;
    }
    pthread_mutex_unlock(&journal->lock);
    if (records > 0)
        log_warn("journal", NULL, "%s came late: %llu records of earlier wait for the next start",
                 journal->dir, (unsigned long long)records);
}

int journal_folder_open(struct journal *journal)
{
    struct volume *newest = NULL;
    struct file_meta meta = {0};
    bool sound = false;
    if (lock_folder(journal) != 0)
        return -1;
    if (TAILQ_EMPTY(&journal->volumes)) {
        size_t count;
        unsigned *numbers = list_numbers(journal->dir, &count);
        for (size_t i = 0; i < count; i++) {
            newest = look_into(journal, numbers[i], &meta, &sound);
            if (newest != NULL)
                cut_predecessor(journal, &meta);
        }
        free(numbers);
    }
    bool late = handed_on(journal);
    if ((late || !resume(journal, newest, sound, &meta)) && begin(journal, NULL) != 0)
        return -1;
    if (late)
        leave_earlier(journal);
    return 0;
}

/* The folder was deleted or put elsewhere under us. */
static int follow_folder(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->current->gone = true;
    pthread_mutex_unlock(&journal->lock);
    close(journal->lock_fd);
    journal->lock_fd = -1;
    return lock_folder(journal);
}

int journal_folder_renew(struct journal *journal)
{
    bool moved = access(journal->current->path, F_OK) != 0;
    const char *why = journal->file != NULL ? file_error(journal->file) : "";
    if (moved)
        why = "it was deleted";
    else if (why[0] == '\0')
        why = "it has lost records";
    if (journal->file != NULL)
        log_error("journal", NULL, "%s is not trusted any more: %s; going on with a new file",
                  journal->current->path, why);
    file_close(journal->file);
    journal->file = NULL;
    if (moved && follow_folder(journal) != 0)
        return -1;
    if (journal->current->last_seq == 0) { /* it never worked */
        pthread_mutex_lock(&journal->lock);
        journal->current->gone = true;
        pthread_mutex_unlock(&journal->lock);
        file_remove(journal->current->path);
    }
    return begin(journal, journal->current);
}

/* Nothing is left in the folder of a stream that is no longer asked for. */
static void remove_folder(struct journal *journal)
{
    char path[PATH_MAX + 8];
    file_remove(journal->current->path);
    snprintf(path, sizeof(path), "%s/lock", journal->dir);
    unlink(path);
    if (rmdir(journal->dir) == 0)
        log_info("journal", NULL, "%s is empty and was removed: journal.streams is %u",
                 journal->dir, journal->stream.count);
}

/* Whether no file has a record any more. */
static bool is_empty(const struct journal *journal)
{
    const struct volume *volume;
    TAILQ_FOREACH (volume, &journal->volumes, link) {
        if (!volume->gone && (volume != journal->current || volume->first_seq <= volume->last_seq))
            return false;
    }
    return true;
}

void journal_folder_close(struct journal *journal)
{
    struct volume *volume;
    if (journal->file != NULL && stream_left(&journal->stream) && is_empty(journal)) {
        file_close(journal->file);
        remove_folder(journal);
    } else if (journal->file != NULL) {
        file_close_clean(journal->file, journal->current->first_seq, journal->current->last_seq);
    }
    while ((volume = TAILQ_FIRST(&journal->volumes)) != NULL) {
        TAILQ_REMOVE(&journal->volumes, volume, link);
        free(volume->path);
        free(volume);
    }
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
}
