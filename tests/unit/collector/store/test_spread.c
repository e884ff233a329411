#include "collector/store/recorder.h"
#include "tests/unit/collector/parts.h"

enum { IDS = 10000 };

/* What devices are called: numbers in a row, serial numbers, texts. */
static const char *const kinds[] = {"%u", "%08u", "8645270300%05u", "plant-%u-meter",
                                    "\\x00\\x00\\x03%u"};

static void it_is_even(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
        for (unsigned streams = 2; streams <= STREAMS_MAX; streams++) {
            unsigned count[STREAMS_MAX] = {0};
            for (unsigned i = 0; i < IDS; i++) {
                char id[64];
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(id, sizeof(id), kinds[kind], 1000 + i);
                count[spread_id(id, streams)]++;
            }
            for (unsigned s = 0; s < streams; s++) {
                assert_true(count[s] > IDS / streams * 8 / 10);
                assert_true(count[s] < IDS / streams * 12 / 10);
            }
        }
    }
}

/* Journals on disk are spread by it: another hash is another order of what they hold. */
static void it_stays_the_same(void **state)
{
    (void)state;
    assert_int_equal(spread_id("1001", 4), 1);
    assert_int_equal(spread_id("1002", 4), 2);
    assert_int_equal(spread_id("1003", 16), 0);
    assert_int_equal(spread_id("864527030012345", 16), 13);
    for (unsigned streams = 1; streams <= STREAMS_MAX; streams++)
        assert_int_equal(spread_id("", streams), 0);
}

static void a_reference_goes_where_its_id_goes(void **state)
{
    struct names *names = names_new();
    struct spread *spread = spread_new(names, 5);
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%u", i);
        uint32_t ref = names_device(names, id);
        assert_int_equal(spread_device(spread, ref), spread_id(id, 5));
        assert_int_equal(spread_device(spread, ref), spread_id(id, 5));
    }
    assert_int_equal(spread_device(spread, names_device(names, "")), 0);
    spread_free(spread);
    names_free(names);
}

static void records_go_to_the_cache_of_their_device(void **state)
{
    struct names *names = names_new();
    struct spread *spread = spread_new(names, 3);
    struct cache *caches[3];
    struct recorder recorder;
    unsigned wanted[3] = {0};
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        caches[i] = cache_new(1000, 1);
    recorder_spread(&recorder, spread, caches, 3);
    for (unsigned i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%u", i);
        recorder_heartbeat(&recorder, names_device(names, id), 1);
        wanted[spread_id(id, 3)]++;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct cache_stats stats;
        cache_stats(caches[i], &stats);
        assert_int_equal(stats.waiting, wanted[i]);
        cache_free(caches[i]);
    }
    spread_free(spread);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_even),
        cmocka_unit_test(it_stays_the_same),
        cmocka_unit_test(a_reference_goes_where_its_id_goes),
        cmocka_unit_test(records_go_to_the_cache_of_their_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
