#include "collector/store/batch.h"
#include "collector/store/recorder.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

/* A directory that needs no database: what it is asked for has the number reference + 10. */
struct directory {
    int unused;
};
static struct directory known;

void directory_want_device(struct directory *dir, uint32_t ref, int64_t ts_ms)
{
    (void)dir, (void)ref, (void)ts_ms;
}
void directory_want_point(struct directory *dir, uint32_t ref)
{
    (void)dir, (void)ref;
}
uint32_t directory_device(const struct directory *dir, uint32_t ref)
{
    (void)dir;
    return ref + 10;
}
uint16_t directory_point(const struct directory *dir, uint32_t ref)
{
    (void)dir;
    return (uint16_t)(ref + 10);
}
const char *directory_device_id(const struct directory *dir, uint32_t ref)
{
    static const char *const ids[] = {"1001", "1002", "1003"};
    (void)dir;
    return ids[ref];
}

struct bench {
    struct cache *cache;
    struct recorder recorder;
    struct batch *batch;
    struct batch_counts counts;
    struct cache_chunks chunks;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->cache = cache_new(100000, 1);
    recorder_init(&bench->recorder, bench->cache);
    bench->batch = batch_new(&known, "north");
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    batch_free(bench->batch);
    cache_free(bench->cache);
    free(bench);
    return 0;
}

static void sample(struct bench *bench, uint32_t device, int64_t ts_ms, double number)
{
    struct record_body *body = calloc(1, sizeof(*body));
    struct reg_value value = {.number = number, .has_number = 1, .raw = 7, .has_raw = 1};
    assert_int_equal(record_add_sample(body, 0, &value), 0);
    recorder_samples(&bench->recorder, device, ts_ms, body);
    free(body);
}

/* All that waits becomes the batch. */
static void take(struct bench *bench)
{
    cache_take(bench->cache, SIZE_MAX, &bench->chunks);
    batch_fill(bench->batch, &bench->chunks, &bench->counts);
}

static void expect_rows(struct bench *bench, const char *expected)
{
    struct db_error error;
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take();
    assert_string_equal(said, expected);
    free(said);
}

/* The rows of `readings` alone, with their times within the second. */
static void expect_times(struct bench *bench, const char *expected)
{
    struct db_error error;
    char times[256] = "";
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take(), *end = strchr(said, '\n');
    assert_non_null(end);
    *end = '\0';
    assert_ptr_equal(strstr(said, "INSERT IGNORE INTO readings"), said);
    for (char *at = said; (at = strstr(at, "22:13:2")) != NULL; at++)
        snprintf(times + strlen(times), sizeof(times) - strlen(times), "%.5s ", at + 7);
    free(said);
    assert_string_equal(times, expected);
}

static void finish(struct bench *bench)
{
    batch_stored(bench->batch);
    cache_done(bench->cache, &bench->chunks);
}

#define AT INT64_C(1700000000000) /* 2023-11-14 22:13:20 */

static void every_kind_of_record_has_its_table(void **state)
{
    struct bench *bench = *state;
    const struct record_connection peer = {.address = "10.0.0.7", .port = 40112};
    recorder_connection(&bench->recorder, 0, AT, EVENT_CONNECT, &peer, "");
    recorder_packet(&bench->recorder, 0, AT + 1, PACKET_HEARTBEAT, (const uint8_t *)"ab", 2);
    recorder_heartbeat(&bench->recorder, 0, AT + 2);
    sample(bench, 0, AT + 3, 1.5);
    take(bench);
    assert_int_equal(bench->counts.records, 4);
    assert_int_equal(bench->counts.readings, 1);
    assert_int_equal(bench->counts.packets, 1);
    assert_int_equal(bench->counts.heartbeats, 1);
    assert_int_equal(bench->counts.broken, 0);
    expect_rows(
        bench,
        "INSERT IGNORE INTO readings (device_id, ts, point_id, value, raw) VALUES "
        "(10,'2023-11-14 22:13:20.003',10,1.5000000000000000e+00,7) \n"
        "INSERT INTO raw_packets (device_id, packet_type, raw_data, `timestamp`) VALUES "
        "('1001','heartbeat','ab','2023-11-14 22:13:20.001') \n"
        "INSERT INTO heartbeat_log (device_id, `timestamp`) VALUES "
        "('1001','2023-11-14 22:13:20.002') \n"
        "INSERT INTO connection_history (device_id, event, `timestamp`, details) VALUES "
        "('1001','connect','2023-11-14 22:13:20.000','') \n"
        "INSERT INTO traffic_minutes (minute, readings, heartbeats, packets) VALUES "
        "('2023-11-14 22:13:00.000',1,1,1) ON DUPLICATE KEY UPDATE "
        "readings = readings + VALUES(readings), heartbeats = heartbeats + VALUES(heartbeats), "
        "packets = packets + VALUES(packets)\n"
        "INSERT INTO devices (id, device_id, first_seen, last_seen) VALUES "
        "(10,'1001','2023-11-14 22:13:20.003','2023-11-14 22:13:20.003') "
        "ON DUPLICATE KEY UPDATE last_seen = GREATEST(last_seen, VALUES(last_seen))\n"
        "INSERT INTO devices (id, device_id, first_seen, last_seen, status, collector, "
        "ip_address, port) VALUES (10,'1001','2023-11-14 22:13:20.003','2023-11-14 "
        "22:13:20.003','online','north','10.0.0.7',40112) ON DUPLICATE KEY UPDATE "
        "status = VALUES(status), collector = VALUES(collector), "
        "ip_address = VALUES(ip_address), port = VALUES(port)\n");
    finish(bench);
}

static void times_of_a_device_only_grow(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 100, 1);
    sample(bench, 0, AT + 100, 2);
    sample(bench, 0, AT + 50, 3); /* the clock was set back */
    sample(bench, 1, AT + 60, 4); /* another device's time is its own */
    sample(bench, 0, AT + 200, 5);
    take(bench);
    expect_times(bench, "0.100 0.101 0.102 0.060 0.200 ");
    finish(bench);
    sample(bench, 0, AT + 150, 6); /* across batches too */
    take(bench);
    expect_times(bench, "0.201 ");
    finish(bench);
}

static void another_attempt_gives_the_same_times(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 50, 0);
    take(bench);
    finish(bench);
    sample(bench, 0, AT + 100, 1);
    sample(bench, 0, AT + 40, 2);
    sample(bench, 0, AT + 300, 3);
    take(bench);
    for (int attempt = 0; attempt < 3; attempt++) {
        expect_times(bench, "0.100 0.101 0.300 ");
        batch_fill(bench->batch, &bench->chunks, &bench->counts);
        assert_int_equal(bench->counts.readings, 3);
    }
    finish(bench);
}

static void another_attempt_writes_last_seen_again(void **state)
{
    struct bench *bench = *state;
    struct db_error error;
    char *first, *second;
    recorder_heartbeat(&bench->recorder, 0, AT);
    take(bench);
    batch_insert(bench->batch, NULL, false, &error);
    first = fake_take();
    assert_non_null(strstr(first, "GREATEST(last_seen"));
    batch_fill(bench->batch, &bench->chunks, &bench->counts);
    batch_insert(bench->batch, NULL, false, &error);
    second = fake_take();
    assert_string_equal(second, first);
    free(first);
    free(second);
    finish(bench);

    recorder_heartbeat(&bench->recorder, 0, AT + 5000); /* too soon for another row */
    take(bench);
    batch_insert(bench->batch, NULL, false, &error);
    first = fake_take();
    assert_null(strstr(first, "last_seen"));
    free(first);
    finish(bench);
}

static void the_last_event_decides_the_status(void **state)
{
    struct bench *bench = *state;
    struct db_error error;
    const struct record_connection old = {.address = "10.0.0.7", .port = 1},
                                   new = {.address = "10.0.0.8", .port = 2};
    recorder_connection(&bench->recorder, 2, AT, EVENT_DISCONNECT, &old, "superseded");
    recorder_connection(&bench->recorder, 2, AT, EVENT_CONNECT, &new, "");
    recorder_connection(&bench->recorder, 2, AT, EVENT_HEARTBEAT_TIMEOUT, &new, "");
    take(bench);
    batch_insert(bench->batch, NULL, false, &error);
    char *said = fake_take();
    assert_non_null(strstr(said, "'online','north','10.0.0.8',2)"));
    assert_null(strstr(said, "'offline'"));
    free(said);
    finish(bench);
}

static void torn_chunks_are_counted(void **state)
{
    struct bench *bench = *state;
    recorder_heartbeat(&bench->recorder, 0, AT);
    recorder_heartbeat(&bench->recorder, 0, AT + 1);
    cache_take(bench->cache, SIZE_MAX, &bench->chunks);
    TAILQ_FIRST(&bench->chunks)->size -= 1;
    batch_fill(bench->batch, &bench->chunks, &bench->counts);
    assert_int_equal(bench->counts.broken, 1);
    assert_int_equal(bench->counts.records, 1);
    finish(bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_record_has_its_table),   TEST(times_of_a_device_only_grow),
        TEST(another_attempt_gives_the_same_times), TEST(another_attempt_writes_last_seen_again),
        TEST(the_last_event_decides_the_status),    TEST(torn_chunks_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
