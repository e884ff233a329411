/*
 * A journal in a folder of its own, for tests. The records are numbered, and each says its number
 * in its device's id, its point's name, and its value: so any mix-up shows.
 */
#ifndef DTUHUB_TESTS_JOURNAL_RIG_H
#define DTUHUB_TESTS_JOURNAL_RIG_H

#include "collector/store/journal.h"
#include "shared/base/clock.h"
#include "tests/unit/collector/parts.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

enum { RIG_NEVER_MS = 600000, RIG_MOST = 100000, RIG_DEVICES = 7, RIG_POINTS = 5 };

struct rig {
    char dir[64];
    struct server_config config;
    struct cache *cache;
    struct fates *fates; /* NULL: nobody is told what becomes of the records */
    struct names *names;
    struct journal *journal;
    struct stream stream; /* {0, 1} */
    struct stream_budget budget;
    uint32_t starts;
};

static inline void rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->dir, sizeof(rig->dir), "/tmp/dtuhub-journal-XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
    rig->config.journal = (struct journal_section){
        .enabled = true, .max_bytes = 1 << 30, .retention_ms = RIG_NEVER_MS};
    rig->config.cache = (struct cache_section){.max_size = 200000, .flush_interval_ms = 1};
    rig->config.server.shutdown_timeout_ms = 30000;
    rig->stream.count = 1;
}

/* The same where syncing costs nothing. */
static inline void rig_init_fast(struct rig *rig)
{
    rig_init(rig);
    rmdir(rig->dir);
    snprintf(rig->dir, sizeof(rig->dir), "/dev/shm/dtuhub-journal-XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
}

/* Each start gives the names other references. */
static inline void rig_start(struct rig *rig)
{
    rig->cache = cache_new(rig->config.cache.max_size, rig->config.cache.flush_interval_ms);
    if (rig->fates != NULL)
        cache_watch(rig->cache, 0, rig->fates);
    rig->names = names_new();
    for (uint32_t i = 0; i < rig->starts; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%u", (i + 3) % RIG_DEVICES);
        names_device(rig->names, id);
    }
    rig->starts++;
    atomic_store(&rig->budget.held, 0);
    const struct journal_parts parts = {
        .stream = rig->stream, .budget = &rig->budget, .cache = rig->cache, .names = rig->names};
    rig->journal = journal_start(&rig->config, rig->dir, &parts);
    assert_non_null(rig->journal);
}

static inline size_t rig_stop(struct rig *rig)
{
    cache_close(rig->cache);
    size_t lost = journal_stop(rig->journal);
    cache_free(rig->cache);
    names_free(rig->names);
    rig->journal = NULL;
    return lost;
}

static inline void rig_path(const struct rig *rig, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/journal%s%s", rig->dir, name[0] ? "/" : "", name);
}

static inline void rig_remove(struct rig *rig)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    rig_path(rig, "", folder);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
    rmdir(rig->dir);
}

static inline void rig_add(struct rig *rig, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        char id[16], name[16];
        snprintf(id, sizeof(id), "d%u", i % RIG_DEVICES);
        snprintf(name, sizeof(name), "p%u", i % RIG_POINTS);
        struct point_def def = {.name = name,
                                .unit = (char *)"V",
                                .type = {.kind = REG_FLOAT, .size = 4},
                                .address = 5};
        struct record_sample sample = {.point = names_point(rig->names, "default", &def),
                                       .flags = SAMPLE_HAS_NUMBER,
                                       .number = i};
        struct record_head head = {.type = RECORD_SAMPLES,
                                   .count = 1,
                                   .body_size = sizeof(sample),
                                   .device = names_device(rig->names, id),
                                   .ts_ms = i};
        cache_append(rig->cache, &head, &sample);
    }
}

/* The number of a record; its device and point are those of the number. */
static inline uint32_t rig_number(const struct rig *rig, const struct record_head *head,
                                  const uint8_t *body)
{
    struct record_sample sample;
    struct point_name point;
    char id[16], name[16];
    assert_int_equal(head->type, RECORD_SAMPLES);
    assert_int_equal(head->body_size, sizeof(sample));
    memcpy(&sample, body, sizeof(sample));
    uint32_t number = (uint32_t)sample.number;
    assert_int_equal(head->ts_ms, number);
    snprintf(id, sizeof(id), "d%u", number % RIG_DEVICES);
    snprintf(name, sizeof(name), "p%u", number % RIG_POINTS);
    char *known = names_get_device(rig->names, head->device);
    assert_non_null(known);
    assert_string_equal(known, id);
    free(known);
    assert_int_equal(names_get_point(rig->names, sample.point, &point), 0);
    assert_string_equal(point.name, name);
    assert_string_equal(point.profile, "default");
    assert_string_equal(point.unit, "V");
    assert_string_equal(point.kind, "float");
    names_point_clear(&point);
    return number;
}

/* Every record of the parcel, told to ${see}. */
static inline void rig_see(const struct rig *rig, const struct parcel *parcel,
                           void (*see)(void *cookie, uint64_t seq, uint32_t number), void *cookie)
{
    const struct cache_chunk *chunk;
    struct record_head head;
    const uint8_t *body;
    size_t n = 0;
    TAILQ_FOREACH (chunk, &parcel->chunks, link) {
        size_t before = n;
        int more;
        for (size_t at = 0; (more = record_next(chunk->bytes, chunk->size, &at, &head, &body)) > 0;
             n++)
            see(cookie, parcel->first_seq + n, rig_number(rig, &head, body));
        assert_int_equal(more, 0);
        assert_int_equal(n - before, chunk->records);
    }
    assert_int_equal(n, parcel->records);
    if (parcel->journal[0] != '\0')
        assert_int_equal(parcel->last_seq - parcel->first_seq + 1, n);
}

struct rig_run {
    uint32_t next; /* number that must come next */
    uint64_t seq;
};

static inline void rig_in_order(void *cookie, uint64_t seq, uint32_t number)
{
    struct rig_run *run = cookie;
    assert_int_equal(number, run->next);
    run->next++;
    run->seq = seq;
}

/* Take until ${count} records came, which are those from ${first} on. The last parcel's journal and
 * seq are in ${last}, unless that is NULL. */
static inline void rig_take(struct rig *rig, uint32_t first, uint32_t count, bool stored,
                            struct parcel *last)
{
    struct rig_run run = {.next = first};
    struct parcel parcel;
    while (run.next < first + count) {
        assert_true(journal_take(rig->journal, RIG_MOST, &parcel) > 0);
        rig_see(rig, &parcel, rig_in_order, &run);
        if (last != NULL)
            *last = parcel;
        journal_done(rig->journal, &parcel, stored);
    }
    assert_int_equal(run.next, first + count);
}

static inline struct journal_status rig_status(struct rig *rig)
{
    struct journal_status status;
    journal_status(rig->journal, &status);
    return status;
}

/* Wait until ${condition} holds; a minute at the most. */
#define RIG_WAIT(condition)                                                                        \
    do {                                                                                           \
        for (int tries_ = 0; !(condition); tries_++) {                                             \
            assert_true(tries_ < 6000);                                                            \
            usleep(10000);                                                                         \
        }                                                                                          \
    } while (0)

#endif
