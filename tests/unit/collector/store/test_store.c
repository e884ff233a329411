/* The store with its caches, journals and threads; only the database is a made-up one. */
#include "collector/store/journal_file.h"
#include "collector/store/store.h"
#include "collector/store/writer_parts.h"
#include "shared/base/clock.h"
#include "tests/unit/collector/parts.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEVICES = 40, JOURNALS = 200, LONG_MS = 20000 };

/* Heartbeats: the n-th one of a device has the time n. */
static struct {
    pthread_mutex_t lock;
    bool away;
    unsigned refusals;  /* of the name, at first */
    unsigned slow_us;   /* parcels of earlier lives take up to so long */
    unsigned connected; /* streams that ever were, a bit each */
    bool claimed_first; /* stream 0 was the first */
    unsigned tidied;    /* in this life */
    int64_t last[DEVICES];
    int64_t earlier[DEVICES]; /* what earlier lives said */
    unsigned bad_order, too_early;
    struct {
        char id[JOURNAL_ID_SIZE];
        uint64_t seq;
    } journals[JOURNALS];
} base = {.lock = PTHREAD_MUTEX_INITIALIZER};

void link_init(struct writer_link *link, const struct server_config *config, unsigned stream)
{
    (void)config;
    *link = (struct writer_link){.collector = (char *)"north", .stream = stream, .fd = -1};
}
void link_clear(struct writer_link *link)
{
    (void)link;
}
int link_open(struct writer_link *link, struct db_error *error)
{
    pthread_mutex_lock(&base.lock);
    bool away = base.away || (link->stream == 0 && base.refusals > 0 && base.refusals-- > 0);
    if (!away && base.connected == 0)
        base.claimed_first = link->stream == 0;
    if (!away)
        base.connected |= 1u << link->stream;
    pthread_mutex_unlock(&base.lock);
    *error = (struct db_error){.text = "away"};
    link->conn = away ? NULL : (MYSQL *)&base;
    return away ? -1 : 0;
}
void link_close(struct writer_link *link)
{
    link->conn = NULL;
}
void link_cut(struct writer_link *link)
{
    (void)link;
}
int link_tidy_up(struct writer_link *link, struct db_error *error)
{
    (void)link, (void)error;
    pthread_mutex_lock(&base.lock);
    base.tidied++;
    for (unsigned i = 0; i < DEVICES; i++)
        base.too_early += base.last[i] < base.earlier[i];
    pthread_mutex_unlock(&base.lock);
    return 0;
}
char *mysql_get_server_info(MYSQL *conn)
{
    (void)conn;
    return (char *)"made-up";
}

static void keep(const struct record_head *head, struct names *names)
{
    char *id = names_get_device(names, head->device);
    unsigned device = (unsigned)atoi(id);
    free(id);
    base.bad_order += head->ts_ms != base.last[device] + 1;
    base.last[device] = head->ts_ms;
    for (unsigned i = 0; i < DEVICES && head->ts_ms > base.earlier[device]; i++)
        base.too_early += base.last[i] < base.earlier[i];
}

static uint64_t *position(const char *journal)
{
    unsigned i = 0;
    while (base.journals[i].id[0] != '\0' && strcmp(base.journals[i].id, journal) != 0)
        assert_true(++i < JOURNALS);
    memcpy(base.journals[i].id, journal, JOURNAL_ID_SIZE);
    return &base.journals[i].seq;
}

/* One transaction: what the position says is stored is not stored again. */
static void commit(struct writer *writer, const struct parcel *parcel)
{
    struct span all = span_all(&parcel->chunks);
    struct span_walk walk = span_begin(&all);
    struct record_head head;
    const uint8_t *body;
    uint64_t seq = parcel->first_seq, *stored = position(parcel->journal);
    for (; span_next(&walk, &head, &body); seq++) {
        if (seq > *stored) {
            keep(&head, writer->names);
            *stored = seq;
        }
    }
}

enum outcome writer_store(struct writer *writer, const struct parcel *parcel, uint64_t *seek)
{
    struct db_error error;
    *seek = 0;
    for (;;) {
        if (writer_over(writer))
            return OUTCOME_ENDED;
        if (writer->link.conn == NULL && writer_reach(writer) != 0) {
            if (!writer_back_off(writer))
                return OUTCOME_ENDED;
            continue;
        }
        if (writer_may_store(writer, parcel, &error) == GATE_OPEN)
            break;
        if (!writer_wait_turn(writer))
            return OUTCOME_ENDED;
    }
    if (parcel->earlier && base.slow_us > 0)
        usleep((useconds_t)(random() % base.slow_us));
    pthread_mutex_lock(&base.lock);
    commit(writer, parcel);
    pthread_mutex_unlock(&base.lock);
    return OUTCOME_STORED;
}

struct bench {
    char dir[64];
    struct server_config config;
    struct store *store;
    struct recorder recorder;
    int64_t said[DEVICES];
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    pthread_mutex_lock(&base.lock);
    memset(base.last, 0, sizeof(base.last));
    memset(base.journals, 0, sizeof(base.journals));
    base.bad_order = base.too_early = base.slow_us = 0;
    pthread_mutex_unlock(&base.lock);
    strcpy(bench->dir, "/dev/shm/dtuhub-store-XXXXXX");
    assert_non_null(mkdtemp(bench->dir));
    bench->config.journal =
        (struct journal_section){.enabled = true, .max_bytes = 1 << 30, .sync = JOURNAL_SYNC_OFF};
    bench->config.cache = (struct cache_section){.max_size = 100000, .flush_interval_ms = 1};
    bench->config.server.shutdown_timeout_ms = LONG_MS;
    *state = bench;
    return 0;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            remove_tree(below);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    remove_tree(bench->dir);
    free(bench);
    return 0;
}

/* A new life, with the database away or not. */
static void start(struct bench *bench, unsigned streams, bool away)
{
    bench->config.journal.streams = streams;
    pthread_mutex_lock(&base.lock);
    base.away = away;
    base.connected = base.tidied = 0;
    memcpy(base.earlier, bench->said, sizeof(base.earlier));
    pthread_mutex_unlock(&base.lock);
    bench->store = store_new(&bench->config);
    store_recorder(bench->store, &bench->recorder);
    assert_int_equal(store_start(bench->store, &bench->config, bench->dir), 0);
}

/* Every device says ${count} more. */
static void say(struct bench *bench, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        for (unsigned i = 0; i < DEVICES; i++) {
            char id[16];
            snprintf(id, sizeof(id), "%u", i);
            recorder_heartbeat(&bench->recorder, names_device(store_names(bench->store), id),
                               ++bench->said[i]);
        }
    }
}

static void stop(struct bench *bench)
{
    int64_t start_ms = clock_mono_ms();
    bool ended;
    assert_int_equal(store_stop(bench->store, LONG_MS, &ended), 0);
    assert_true(ended);
    assert_true(clock_mono_ms() - start_ms < LONG_MS / 2);
}

static bool all_stored(const struct bench *bench)
{
    pthread_mutex_lock(&base.lock);
    bool all = memcmp(base.last, bench->said, sizeof(base.last)) == 0;
    pthread_mutex_unlock(&base.lock);
    return all;
}

static struct store_status status_of(struct bench *bench)
{
    struct store_status status;
    store_status(bench->store, &status);
    return status;
}

/* Wait until ${condition} holds; a minute at the most. */
#define WAIT(condition)                                                                            \
    do {                                                                                           \
        for (int tries_ = 0; !(condition); tries_++) {                                             \
            assert_true(tries_ < 6000);                                                            \
            usleep(10000);                                                                         \
        }                                                                                          \
    } while (0)

static unsigned folders(const struct bench *bench)
{
    char path[PATH_MAX];
    struct stat info;
    unsigned count = 0;
    for (unsigned i = 1; i <= STREAMS_MAX; i++) {
        snprintf(path, sizeof(path), "%s/journal/stream-%u", bench->dir, i);
        count += stat(path, &info) == 0;
    }
    return count;
}

static void each_stream_stores_its_own(void **state)
{
    struct bench *bench = *state;
    base.refusals = 2;
    start(bench, 4, false);
    say(bench, 100);
    WAIT(all_stored(bench));
    assert_int_equal(base.connected, 0xF);
    assert_true(base.claimed_first);
    assert_int_equal(base.tidied, 1);
    assert_int_equal(store_streams(bench->store), 4);
    for (unsigned i = 0; i < 4; i++) {
        struct store_status status;
        unsigned number;
        store_stream_status(bench->store, i, &number, &status);
        assert_int_equal(number, i);
        assert_true(status.cache.appended > 0 && status.journal.records > 0);
    }
    assert_int_equal(status_of(bench).cache.appended, 100 * DEVICES);
    assert_int_equal(status_of(bench).cache.max_size, 100000);
    stop(bench);
    assert_int_equal(base.bad_order + base.too_early, 0);
}

/* The number of streams is another one at each start, with and without the database. */
static void whatever_was_left_comes_first(void **state)
{
    static const struct {
        unsigned streams;
        bool away;
    } lives[] = {{4, true}, {2, true},   {7, true}, {1, true}, {3, false}, {16, true},
                 {2, true}, {16, false}, {4, true}, {1, true}, {2, false}};
    struct bench *bench = *state;
    base.slow_us = 20000;
    for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
        start(bench, lives[i].streams, lives[i].away);
        say(bench, 30);
        if (!lives[i].away) {
            WAIT(all_stored(bench));
            assert_int_equal(base.tidied, 1);
            WAIT(status_of(bench).journal.depth == 0); /* which learns it a moment later */
        }
        stop(bench);
        assert_int_equal(base.bad_order, 0);
        assert_int_equal(base.too_early, 0);
    }
    assert_true(all_stored(bench));
}

/* The database comes while records of this life wait behind those of earlier ones. */
static void the_database_comes_late(void **state)
{
    struct bench *bench = *state;
    base.slow_us = 20000;
    start(bench, 5, true);
    say(bench, 200);
    stop(bench);
    start(bench, 2, true);
    say(bench, 200);
    WAIT(status_of(bench).journal.depth == 400 * DEVICES);
    assert_int_equal(store_streams(bench->store), 5);
    assert_false(status_of(bench).writer.up);
    assert_string_equal(status_of(bench).writer.error, "away");
    pthread_mutex_lock(&base.lock);
    base.away = false;
    pthread_mutex_unlock(&base.lock);
    WAIT(all_stored(bench));
    assert_true(status_of(bench).writer.up);
    stop(bench);
    assert_int_equal(base.bad_order + base.too_early, 0);
}

/* In the middle of what earlier lives left: nothing is lost, and nobody waits for it. */
static void a_stop_does_not_wait_at_the_gate(void **state)
{
    struct bench *bench = *state;
    start(bench, 4, true);
    say(bench, 300);
    stop(bench);
    for (unsigned i = 0; i < 6; i++) {
        base.slow_us = 50000;
        start(bench, 1 + i % 3, false);
        say(bench, 20);
        usleep(1000 * i);
        stop(bench);
    }
    base.slow_us = 0;
    start(bench, 2, false);
    WAIT(all_stored(bench));
    stop(bench);
    assert_int_equal(base.bad_order + base.too_early, 0);
}

/* Whether nothing is left in the file of a stream. */
static bool is_empty(const struct bench *bench, unsigned stream, unsigned number)
{
    char path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct journal_file *file;
    struct file_group group;
    snprintf(path, sizeof(path), "%s/journal/stream-%u/journal-%u.db", bench->dir, stream, number);
    if (file_open(path, false, FILE_SYNC_OFF, &file, error) != FILE_OK)
        return access(path, F_OK) != 0; /* or it is about to go */
    bool empty = file_last(file, &group, NULL) == FILE_NONE;
    file_close(file);
    return empty;
}

static void the_folder_of_a_stream_that_is_gone_goes(void **state)
{
    struct bench *bench = *state;
    start(bench, 4, true);
    say(bench, 10);
    stop(bench);
    assert_int_equal(folders(bench), 3);
    start(bench, 2, false);
    say(bench, 1);
    WAIT(all_stored(bench));
    WAIT(is_empty(bench, 2, 1) && is_empty(bench, 3, 1)); /* the retention window is none */
    stop(bench);
    assert_int_equal(folders(bench), 1);
    start(bench, 2, false);
    assert_int_equal(store_streams(bench->store), 2);
    stop(bench);
}

static bool noted(const struct bench *bench)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/journal/all-stored", bench->dir);
    return access(path, F_OK) == 0;
}

/* Only where each stream's journal is stored to its end. */
static void a_stop_notes_that_all_is_stored(void **state)
{
    struct bench *bench = *state;
    start(bench, 3, true);
    say(bench, 5);
    stop(bench);
    assert_false(noted(bench));
    start(bench, 1, false);
    WAIT(all_stored(bench));
    stop(bench);
    assert_true(noted(bench));
    start(bench, 2, true);
    assert_false(noted(bench));
    recorder_heartbeat(&bench->recorder, names_device(store_names(bench->store), "0"),
                       ++bench->said[0]); /* one stream of two has something */
    stop(bench);
    assert_false(noted(bench));
}

static uint64_t on_disk(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    uint64_t bytes = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[PATH_MAX];
        struct stat info;
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || stat(below, &info) != 0)
            continue;
        bytes += S_ISDIR(info.st_mode) ? on_disk(below) : (uint64_t)info.st_size;
    }
    if (dir != NULL)
        closedir(dir);
    return bytes;
}

/* Together; what each has besides its groups counts as well. */
static void the_bound_is_that_of_all_streams(void **state)
{
    struct bench *bench = *state;
    uint64_t most = 0, records = 0;
    bench->config.journal.max_bytes = 12 << 20;
    start(bench, 3, true);
    do {
        say(bench, 400);
        records += 400 * DEVICES;
        WAIT(status_of(bench).journal.records == records);
        uint64_t bytes = on_disk(bench->dir);
        most = bytes > most ? bytes : most;
    } while (status_of(bench).journal.dropped < 50000);
    assert_in_range(most, 4 << 20, 12 << 20);
    struct store_status status = status_of(bench);
    assert_int_equal(status.journal.depth + status.journal.dropped, records);
    stop(bench);
}

/* Sums */

static void sums_say_the_worst(void **state)
{
    (void)state;
    struct store_status sum = {.cache = {.waiting = 1, .max_size = 10, .appended = 5},
                               .journal = {.enabled = true,
                                           .ok = true,
                                           .depth = 3,
                                           .bytes = 100,
                                           .max_bytes = 500,
                                           .sync_max_us = 9},
                               .writer = {.up = true, .bulk = true, .last_commit_ms = 70}};
    const struct store_status bad = {
        .cache = {.waiting = 2, .in_flight = 3, .max_size = 10, .dropped = 4},
        .journal = {.enabled = true,
                    .error = "full",
                    .depth = 4,
                    .oldest_ms = 50,
                    .bytes = 11,
                    .max_bytes = 500,
                    .missing = 7,
                    .sync_max_us = 20},
        .writer = {.error = "gone", .records = 6, .lock_retries = 2, .last_commit_ms = 90}};
    struct store_status worse = bad;
    strcpy(worse.journal.error, "gone");
    strcpy(worse.writer.error, "refused");
    worse.journal.oldest_ms = 40;
    worse.writer.waits_since_ms = 30;
    store_sum(&sum, &bad);
    store_sum(&sum, &worse);
    assert_int_equal(sum.cache.waiting, 5);
    assert_int_equal(sum.cache.in_flight, 6);
    assert_int_equal(sum.cache.max_size, 30);
    assert_int_equal(sum.cache.dropped, 8);
    assert_true(sum.journal.enabled);
    assert_false(sum.journal.ok);
    assert_string_equal(sum.journal.error, "full");
    assert_int_equal(sum.journal.depth, 11);
    assert_int_equal(sum.journal.oldest_ms, 40);
    assert_int_equal(sum.journal.bytes, 122);
    assert_int_equal(sum.journal.max_bytes, 1500);
    assert_int_equal(sum.journal.missing, 14);
    assert_int_equal(sum.journal.sync_max_us, 20);
    assert_false(sum.writer.up);
    assert_false(sum.writer.bulk);
    assert_string_equal(sum.writer.error, "gone");
    assert_int_equal(sum.writer.records, 12);
    assert_int_equal(sum.writer.lock_retries, 4);
    assert_int_equal(sum.writer.last_commit_ms, 90);
    assert_int_equal(sum.writer.waits_since_ms, 30);
    worse.writer.waits_since_ms = 20;
    store_sum(&sum, &worse);
    worse.writer.waits_since_ms = 25;
    store_sum(&sum, &worse);
    store_sum(&sum, &bad);
    assert_int_equal(sum.writer.waits_since_ms, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_stream_stores_its_own),
        TEST(whatever_was_left_comes_first),
        TEST(the_database_comes_late),
        TEST(a_stop_does_not_wait_at_the_gate),
        TEST(the_folder_of_a_stream_that_is_gone_goes),
        TEST(a_stop_notes_that_all_is_stored),
        TEST(the_bound_is_that_of_all_streams),
        cmocka_unit_test(sums_say_the_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
