/* The end of the writer while the database is away. */
#include "collector/store/recorder.h"
#include "collector/store/writer.h"
#include "collector/store/writer_link.h"
#include "shared/base/clock.h"
#include "tests/unit/collector/parts.h"

#include <stdatomic.h>

/* A journal that hands on what is in the cache, and may say that it keeps it. */
struct journal {
    struct cache *cache;
    bool keeps;
};

size_t journal_take(struct journal *journal, size_t most, struct parcel *out)
{
    memset(out, 0, sizeof(*out));
    return out->records = cache_take(journal->cache, most, &out->chunks);
}
size_t journal_take_earlier(struct journal *journal, size_t most, struct parcel *out)
{
    (void)journal, (void)most;
    return out->records = 0;
}
bool journal_earlier(struct journal *journal)
{
    (void)journal;
    return false;
}
void journal_done(struct journal *journal, struct parcel *parcel, bool stored)
{
    (void)stored;
    cache_done(journal->cache, &parcel->chunks);
}
void journal_seek(struct journal *journal, const char *id, uint64_t seq)
{
    (void)journal, (void)id, (void)seq;
}
void journal_status(struct journal *journal, struct journal_status *out)
{
    *out = (struct journal_status){.enabled = journal->keeps, .ok = journal->keeps, .depth = 1};
}

static atomic_uint attempts;

void link_init(struct writer_link *link, const struct server_config *config, unsigned stream)
{
    (void)config, (void)stream;
    *link = (struct writer_link){.collector = (char *)"north", .fd = -1};
}
void link_clear(struct writer_link *link)
{
    (void)link;
}
int link_open(struct writer_link *link, struct db_error *error)
{
    (void)link;
    atomic_fetch_add(&attempts, 1);
    *error = (struct db_error){.text = "away"};
    return -1;
}
void link_close(struct writer_link *link)
{
    (void)link;
}
void link_cut(struct writer_link *link)
{
    (void)link;
}
int link_tidy_up(struct writer_link *link, struct db_error *error)
{
    (void)link, (void)error;
    return 0;
}

enum { LONG_MS = 60000, SHORT_MS = 700 };

/* Start with the database away and ${records} in the cache, and stop: how long that took. */
static int64_t stop_after(bool keeps, unsigned records, int64_t timeout_ms, size_t *left)
{
    struct server_config config = {0};
    struct cache *cache = cache_new(100, 1);
    struct journal journal = {.cache = cache, .keeps = keeps};
    struct names *names = names_new();
    struct recorder recorder;
    struct cache_stats stats;
    size_t lost = 99;
    recorder_init(&recorder, cache);
    for (unsigned i = 0; i < records; i++)
        recorder_heartbeat(&recorder, 0, i);
    atomic_store(&attempts, 0);
    struct gate *gate = gate_new(1);
    const struct writer_parts parts = {
        .stream = {.count = 1}, .gate = gate, .cache = cache, .journal = &journal, .names = names};
    struct writer *writer = writer_start(&config, &parts);
    assert_non_null(writer);
    while (atomic_load(&attempts) == 0) {
    }
    int64_t start_ms = clock_mono_ms();
    assert_true(writer_stop(writer, timeout_ms, &lost));
    int64_t took_ms = clock_mono_ms() - start_ms;
    cache_stats(cache, &stats);
    *left = stats.waiting + stats.in_flight;
    assert_int_equal(lost, 0); /* it never took any */
    gate_free(gate);
    cache_free(cache);
    names_free(names);
    return took_ms;
}

static void nothing_waits_and_nothing_is_waited_for(void **state)
{
    size_t left;
    (void)state;
    assert_true(stop_after(false, 0, LONG_MS, &left) < LONG_MS / 2);
    assert_int_equal(left, 0);
}

static void what_the_journal_keeps_is_not_waited_for(void **state)
{
    size_t left;
    (void)state;
    assert_true(stop_after(true, 5, LONG_MS, &left) < LONG_MS / 2);
    assert_int_equal(left, 5);
}

static void what_is_in_memory_alone_is_tried_until_time_is_over(void **state)
{
    size_t left;
    (void)state;
    assert_true(stop_after(false, 5, SHORT_MS, &left) >= SHORT_MS);
    assert_int_equal(left, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_waits_and_nothing_is_waited_for),
        cmocka_unit_test(what_the_journal_keeps_is_not_waited_for),
        cmocka_unit_test(what_is_in_memory_alone_is_tried_until_time_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
