#include "collector/store/batch.h"
#include "collector/store/recorder.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

/* A directory that needs no database: what it is asked for has the number reference + 10. */
struct directory {
    int unused;
};
static struct directory known;
static unsigned made; /* devices that it was to have a row of */

void directory_want_device(struct directory *dir, uint32_t ref, int64_t ts_ms)
{
    (void)dir, (void)ref, (void)ts_ms;
    made++;
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

/* What the configuration says of the first device. */
static struct device_name described;

void directory_want_id(struct directory *dir, uint32_t ref)
{
    (void)dir, (void)ref;
}
int directory_device_name(const struct directory *dir, uint32_t ref, struct device_name *out)
{
    (void)dir;
    if (ref != 0 || described.name == NULL)
        return -1;
    *out = described;
    out->name = strdup(described.name);
    out->tags = strdup(described.tags);
    out->profile = strdup(described.profile);
    return 0;
}

struct bench {
    struct cache *cache;
    struct recorder recorder;
    struct batch *batch;
    struct batch_counts counts;
    struct cache_chunks chunks;
    struct span span;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    bench->cache = cache_new(100000, 1);
    recorder_init(&bench->recorder, bench->cache);
    bench->batch = batch_new(&known, "north", 2);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    described = (struct device_name){0};
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

/* As journals of earlier versions have it. */
static void old_event(struct bench *bench, uint32_t device, int64_t ts_ms, unsigned kind,
                      const char *details)
{
    cache_append(bench->cache,
                 &(struct record_head){.type = RECORD_EVENT,
                                       .code = (uint8_t)kind,
                                       .body_size = (uint32_t)strlen(details),
                                       .device = device,
                                       .ts_ms = ts_ms},
                 details);
}

/* All that waits becomes the batch. */
static void take(struct bench *bench)
{
    cache_take(bench->cache, SIZE_MAX, &bench->chunks);
    bench->span = span_all(&bench->chunks);
    batch_want(bench->batch, &bench->span);
    batch_fill(bench->batch, &bench->span, &bench->counts);
}

static void expect_rows(struct bench *bench, const char *expected)
{
    struct db_error error;
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take();
    assert_string_equal(said, expected);
    free(said);
}

static void expect_totals(struct bench *bench, const char *expected)
{
    struct db_error error;
    assert_int_equal(batch_insert_totals(bench->batch, NULL, false, &error), 0);
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
    assert_ptr_equal(strstr(said, "INSERT INTO readings"), said);
    for (char *at = said; (at = strstr(at, ":13:2")) != NULL; at++)
        snprintf(times + strlen(times), sizeof(times) - strlen(times), "%.5s ", at + 5);
    free(said);
    assert_string_equal(times, expected);
}

static void finish(struct bench *bench)
{
    batch_keep(bench->batch);
    batch_stored(bench->batch);
    cache_done(bench->cache, &bench->chunks);
}

#define AT INT64_C(1700000000000) /* 2023-11-14 22:13:20 */

static void every_kind_of_record_has_its_table(void **state)
{
    struct bench *bench = *state;
    const struct record_connection peer = {.address = "10.0.0.7", .port = 40112};
    recorder_connection(&bench->recorder, 0, AT, LINE_CONNECT, &peer, "");
    recorder_packet(&bench->recorder, 0, AT + 1, PACKET_HEARTBEAT, (const uint8_t *)"ab", 2);
    recorder_heartbeat(&bench->recorder, 0, AT + 2);
    sample(bench, 0, AT + 3, 1.5);
    take(bench);
    assert_int_equal(bench->counts.records, 4);
    assert_int_equal(bench->counts.readings, 1);
    assert_int_equal(bench->counts.packets, 1);
    assert_int_equal(bench->counts.heartbeats, 1);
    assert_int_equal(bench->counts.broken, 0);
    expect_rows(bench,
                "INSERT INTO readings (device_id, ts, point_id, value, raw) VALUES "
                "(10,'2023-11-14 22:13:20.003',10,1.5000000000000000e+00,7) \n"
                "INSERT INTO raw_packets (device_id, packet_type, raw_data, `timestamp`) VALUES "
                "('1001','heartbeat','ab','2023-11-14 22:13:20.001') \n"
                "INSERT INTO heartbeat_log (device_id, `timestamp`) VALUES "
                "('1001','2023-11-14 22:13:20.002') \n"
                "INSERT INTO connection_history (device_id, event, `timestamp`, details) VALUES "
                "('1001','connect','2023-11-14 22:13:20.000','') \n"
                "INSERT INTO devices (id, device_id, first_seen, last_seen) VALUES "
                "(10,'1001','2023-11-14 22:13:20.003','2023-11-14 22:13:20.003') "
                "ON DUPLICATE KEY UPDATE last_seen = GREATEST(last_seen, VALUES(last_seen))\n"
                "INSERT INTO devices (id, device_id, first_seen, last_seen, status, collector, "
                "ip_address, port) VALUES (10,'1001','2023-11-14 22:13:20.003','2023-11-14 "
                "22:13:20.003','online','north','10.0.0.7',40112) ON DUPLICATE KEY UPDATE "
                "status = VALUES(status), collector = VALUES(collector), "
                "ip_address = VALUES(ip_address), port = VALUES(port)\n");
    expect_totals(bench, "");
    batch_keep(bench->batch);
    expect_totals(
        bench,
        "INSERT INTO traffic_minutes (minute, stream, readings, heartbeats, packets) VALUES "
        "('2023-11-14 22:13:00.000',2,1,1,1) ON DUPLICATE KEY UPDATE "
        "readings = readings + VALUES(readings), heartbeats = heartbeats + VALUES(heartbeats), "
        "packets = packets + VALUES(packets)\n");
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

#define HOUR INT64_C(3600000)

static void a_clock_that_was_far_ahead_is_right_again(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 100 + HOUR, 1);
    sample(bench, 0, AT + 500, 2); /* not more than an hour */
    sample(bench, 0, AT + 500, 3);
    take(bench);
    expect_times(bench, "0.100 0.101 0.102 ");
    finish(bench);
    sample(bench, 0, AT + 101, 4); /* more than an hour */
    sample(bench, 0, AT + 101, 5);
    take(bench);
    expect_times(bench, "0.101 0.102 ");
    finish(bench);
}

static void a_shift_moves_the_samples(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 100, 1);
    take(bench);
    batch_shift(bench->batch, 3);
    batch_fill(bench->batch, &bench->span, &bench->counts);
    expect_times(bench, "0.103 ");
    finish(bench);
    batch_shift(bench->batch, 0);
    sample(bench, 0, AT + 101, 2);
    take(bench);
    expect_times(bench, "0.104 "); /* the key that was found stays the last one */
    finish(bench);
}

/* The journal may go back: what is stored again has its own time. */
static void forgetting_takes_times_as_they_are(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 100, 1);
    take(bench);
    finish(bench);
    batch_forget(bench->batch);
    sample(bench, 0, AT + 50, 2);
    take(bench);
    expect_times(bench, "0.050 ");
    finish(bench);
}

static void a_part_is_filled_in(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 5; i++)
        sample(bench, 0, AT + i, i);
    take(bench);
    bench->span.first = 1;
    bench->span.count = 3;
    batch_fill(bench->batch, &bench->span, &bench->counts);
    assert_int_equal(bench->counts.records, 3);
    expect_times(bench, "0.001 0.002 0.003 ");
    batch_keep(bench->batch);
    batch_stored(bench->batch);
    bench->span.first = 4;
    batch_fill(bench->batch, &bench->span, &bench->counts);
    expect_times(bench, "0.004 ");
    finish(bench);
}

/* Fill in ${count} records from ${first} on, and insert them. */
static void part(struct bench *bench, size_t first, size_t count, const char *times)
{
    bench->span.first = first;
    bench->span.count = count;
    batch_fill(bench->batch, &bench->span, &bench->counts);
    expect_times(bench, times);
}

static void a_transaction_of_parts_is_stored_or_never_was(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 5; i++)
        sample(bench, 0, AT + 100, i); /* all of one moment */
    take(bench);
    for (int attempt = 0; attempt < 2; attempt++) {
        batch_begin(bench->batch);
        part(bench, 0, 2, "0.100 0.101 ");
        batch_keep(bench->batch);
        part(bench, 2, 3, "0.102 0.103 0.104 "); /* refused */
        part(bench, 2, 1, "0.102 ");
        batch_keep(bench->batch);
        part(bench, 4, 1, "0.103 ");
        batch_keep(bench->batch);
        char *said;
        struct db_error error;
        assert_int_equal(batch_insert_totals(bench->batch, NULL, false, &error), 0);
        said = fake_take();
        assert_non_null(strstr(said, "('2023-11-14 22:13:00.000',2,4,0,0)"));
        free(said);
    }
    finish(bench);
    batch_begin(bench->batch);
    expect_totals(bench, "");
    sample(bench, 0, AT + 90, 6);
    take(bench);
    expect_times(bench, "0.104 ");
    finish(bench);
}

static void minutes_are_in_the_order_of_time(void **state)
{
    struct bench *bench = *state;
    sample(bench, 0, AT + 120000, 0);
    sample(bench, 1, AT, 1);
    sample(bench, 1, AT + 60000, 2);
    take(bench);
    batch_keep(bench->batch);
    struct db_error error;
    assert_int_equal(batch_insert_totals(bench->batch, NULL, false, &error), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "('2023-11-14 22:13:00.000',2,1,0,0), "
                                 "('2023-11-14 22:14:00.000',2,1,0,0), "
                                 "('2023-11-14 22:15:00.000',2,1,0,0)"));
    free(said);
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
        batch_fill(bench->batch, &bench->span, &bench->counts);
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
    batch_fill(bench->batch, &bench->span, &bench->counts);
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
    recorder_connection(&bench->recorder, 2, AT, LINE_DISCONNECT, &old, "superseded");
    recorder_connection(&bench->recorder, 2, AT, LINE_CONNECT, &new, "");
    recorder_connection(&bench->recorder, 2, AT, LINE_HEARTBEAT_TIMEOUT, &new, "");
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
    bench->span = span_all(&bench->chunks);
    batch_fill(bench->batch, &bench->span, &bench->counts);
    assert_int_equal(bench->counts.broken, 1);
    assert_int_equal(bench->counts.records, 1);
    finish(bench);
}

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static void events_and_writes_are_kept_and_make_no_device(void **state)
{
    struct bench *bench = *state;
    const struct write_entry entry = {
        .slave = 17,
        .function = 6,
        .address = 100,
        .count = 1,
        .actor = TEXT("Müller"),
        .point = TEXT("set'point"),
        .value = TEXT("23.5"),
        .result = TEXT("not verified"),
        .details = TEXT("read back 23.6"),
    };
    made = 0;
    old_event(bench, 1, AT, EVENT_SLAVE_DEAD, "slave 3: no answer");
    old_event(bench, 2, AT + 1, (enum event_kind)99, "");
    recorder_write(&bench->recorder, 0, AT + 2, &entry);
    take(bench);
    assert_int_equal(bench->counts.records, 3);
    assert_int_equal(bench->counts.broken, 0);
    assert_int_equal(made, 0);
    expect_rows(bench, "INSERT INTO events (kind, device_id, `timestamp`, details, uid, severity, "
                       "data) VALUES "
                       "('slave_dead','1002','2023-11-14 22:13:20.000','slave 3: no answer',"
                       "'','warning',NULL), "
                       "('unknown','1003','2023-11-14 22:13:20.001','','','info',NULL) \n"
                       "INSERT INTO write_log (device_id, `timestamp`, slave, `function`, address, "
                       "`count`, actor, point, value, result, details) VALUES "
                       "('1001','2023-11-14 22:13:20.002',17,6,100,1,'Müller','set\\'point','23.5',"
                       "'not verified','read back 23.6') \n");
    finish(bench);
}

/* A column that refuses a row would hold up all that waits behind it. */
static void texts_fit_their_columns(void **state)
{
    struct bench *bench = *state;
    char longest[RECORD_DETAILS_MAX + 50];
    struct db_error error;
    memset(longest, 'x', sizeof(longest));
    memcpy(longest + 63, "\xc3\xa4", 2);  /* the 64th byte is half a character */
    memcpy(longest + 199, "\xc3\xa4", 2); /* and so is the 200th */
    const struct write_text text = {longest, sizeof(longest)};
    const struct write_entry entry = {.actor = text,
                                      .point = text,
                                      .value = text,
                                      .result = text,
                                      .details = TEXT("a\xff"
                                                      "b")};
    recorder_write(&bench->recorder, 0, AT, &entry);
    old_event(bench, 0, AT, EVENT_DEVICE_UNKNOWN, "\xff");
    recorder_connection(&bench->recorder, 0, AT, LINE_DISCONNECT,
                        &(struct record_connection){.address = "10.0.0.7"}, "as \xc3");
    take(bench);
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char expected[1200], *said = fake_take();
    snprintf(expected, sizeof(expected), "0,0,0,0,'%.199s','%.63s','%.199s','%.32s','a') \n",
             longest, longest, longest, longest);
    assert_non_null(strstr(said, expected));
    assert_non_null(strstr(said, "'2023-11-14 22:13:20.000','','','warning',NULL) \n"));
    assert_non_null(strstr(said, "'disconnect','2023-11-14 22:13:20.000','as ') \n"));
    free(said);
    finish(bench);
}

static void a_write_that_makes_no_sense_is_counted(void **state)
{
    struct bench *bench = *state;
    struct {
        struct record_write head;
        char text[8];
    } body = {.head = {.actor_size = 4, .details_size = 4}, .text = "abcdefg"};
    struct record_head head = {.type = RECORD_WRITE, .ts_ms = AT};
    static const size_t sizes[] = {0, 1, sizeof(body.head) - 1, sizeof(body.head),
                                   sizeof(body.head) + 7};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        head.body_size = (uint32_t)sizes[i];
        cache_append(bench->cache, &head, &body);
    }
    body.head.actor_size = UINT16_MAX;
    head.body_size = sizeof(body.head) + 8;
    cache_append(bench->cache, &head, &body);
    body.head.actor_size = 3; /* a byte is left over */
    cache_append(bench->cache, &head, &body);
    take(bench);
    assert_int_equal(bench->counts.broken, 7);
    expect_rows(bench, "");
    finish(bench);
}

#define EVENTS                                                                                     \
    "INSERT INTO events (kind, device_id, `timestamp`, details, uid, severity, data) VALUES "
#define DELIVERIES                                                                                 \
    "INSERT INTO webhook_deliveries (uid, collector, target, kind, device_id, events, `count`, "   \
    "joinable, `timestamp`) VALUES "

static struct news news_of(const char *id, const char *json, uint16_t count)
{
    struct news news = {.severity = SEVERITY_CRITICAL, .count = count};
    strcpy(news.id, id);
    news.json = json;
    news.json_size = strlen(json);
    return news;
}

static void add_target(struct news *news, const char *name, uint16_t joinable)
{
    news->targets[news->ntargets++] = (struct news_target){name, strlen(name), joinable};
}

static void an_event_is_stored_with_its_deliveries(void **state)
{
    struct bench *bench = *state;
    struct news news = news_of("evt_1", "{'a':1}", 1);
    news.message = "hot";
    news.message_size = 3;
    add_target(&news, "ops", 0);
    add_target(&news, "night", 0);
    made = 0;
    recorder_news(&bench->recorder, 1, AT, EVENT_ALARM_RAISED, &news);
    take(bench);
    assert_int_equal(made, 0);
    assert_int_equal(bench->counts.deliveries, 2);
    expect_rows(bench, EVENTS "('alarm_raised','1002','2023-11-14 22:13:20.000','hot','evt_1',"
                              "'critical','{\\'a\\':1}') \n" DELIVERIES
                              "('evt_1','north','ops','alarm_raised','1002','[{\\'a\\':1}]',1,0,"
                              "'2023-11-14 22:13:20.000'), "
                              "('evt_1','north','night','alarm_raised','1002','[{\\'a\\':1}]',1,"
                              "0,'2023-11-14 22:13:20.000') \n");
    finish(bench);
}

static void readings_for_one_target_are_joined(void **state)
{
    struct bench *bench = *state;
    struct news first = news_of("evt_1", "1,2", 2), next = news_of("evt_2", "3", 1),
                third = news_of("evt_3", "4,5", 2), alone = news_of("evt_4", "6", 1);
    add_target(&first, "data", 4);
    add_target(&next, "data", 4);
    add_target(&third, "data", 4);
    add_target(&alone, "other", 0);
    recorder_news(&bench->recorder, 0, AT, EVENT_DATA_RECEIVED, &first);
    recorder_news(&bench->recorder, 1, AT + 1, EVENT_DATA_RECEIVED, &next);
    recorder_news(&bench->recorder, 2, AT + 2, EVENT_DATA_RECEIVED, &third);
    recorder_news(&bench->recorder, 0, AT + 3, EVENT_DATA_RECEIVED, &alone);
    take(bench);
    for (int attempt = 0; attempt < 2; attempt++) {
        expect_rows(bench, DELIVERIES "('evt_1','north','data','data_received','','[1,2,3]',3,4,"
                                      "'2023-11-14 22:13:20.000'), "
                                      "('evt_4','north','other','data_received','1001','[6]',1,0,"
                                      "'2023-11-14 22:13:20.003'), "
                                      "('evt_3','north','data','data_received','','[4,5]',2,4,"
                                      "'2023-11-14 22:13:20.002') \n");
        batch_fill(bench->batch, &bench->span, &bench->counts);
    }
    finish(bench);
}

static void an_event_too_large_is_stored_without_its_json(void **state)
{
    struct bench *bench = *state;
    char *json = calloc(1, RECORD_BODY_MAX + 1);
    memset(json, '1', RECORD_BODY_MAX);
    struct news news = news_of("evt_1", json, 1);
    add_target(&news, "ops", 0);
    recorder_news(&bench->recorder, 1, AT, EVENT_SLAVE_ALIVE, &news);
    free(json);
    take(bench);
    expect_rows(bench, EVENTS "('slave_alive','1002','2023-11-14 22:13:20.000','','evt_1',"
                              "'critical',NULL) \n");
    finish(bench);
}

static void expect_said(struct bench *bench, const char *expected)
{
    struct db_error error;
    take(bench);
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take();
    if (strstr(said, expected) == NULL)
        fail_msg("%s is not in %s", expected, said);
    free(said);
    finish(bench);
}

static void an_alarm_is_one_row_that_changes(void **state)
{
    struct bench *bench = *state;
    struct alarm alarm = {.id = "evt_9",
                          .rule = (char *)"hot",
                          .point = (char *)"t",
                          .device_id = (char *)"1002",
                          .severity = SEVERITY_WARNING,
                          .raised_ms = AT,
                          .has_value = true,
                          .value = 80.5,
                          .message_en = (char *)"too hot",
                          .message_zh = (char *)"太热"};
    recorder_alarm(&bench->recorder, 1, AT, &alarm);
    expect_said(
        bench, "VALUES ('evt_9','north','hot','1002','t','warning','raised',"
               "'2023-11-14 22:13:20.000',NULL,NULL,8.0500000000000000e+01,'too hot','太热','','') "
               "ON DUPLICATE KEY UPDATE");
    alarm.state = ALARM_ACKNOWLEDGED;
    alarm.acknowledged_ms = AT + 1;
    alarm.actor = (char *)"li";
    alarm.comment = (char *)"on my way";
    recorder_alarm(&bench->recorder, 1, AT, &alarm);
    expect_said(bench, "'acknowledged','2023-11-14 22:13:20.000','2023-11-14 22:13:20.001',NULL,"
                       "8.0500000000000000e+01,'too hot','太热','li','on my way')");
}

static void noise_has_its_own_type(void **state)
{
    struct bench *bench = *state;
    struct db_error error;
    recorder_packet(&bench->recorder, 1, AT, PACKET_NOISE, (const uint8_t *)"?", 1);
    take(bench);
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "'1002','noise','?'"));
    free(said);
    finish(bench);
}

#define NAMING "INSERT INTO devices (id, device_id, first_seen, last_seen, name, tags, profile)"

static bool names_a_device(struct bench *bench, const char *row)
{
    struct db_error error;
    assert_int_equal(batch_insert(bench->batch, NULL, false, &error), 0);
    char *said = fake_take(), *naming = strstr(said, NAMING);
    bool found = naming != NULL;
    if (found)
        assert_non_null(strstr(naming, row));
    free(said);
    return found;
}

static void a_device_is_named_when_it_is_news(void **state)
{
    struct bench *bench = *state;
    const struct record_connection peer = {.address = "10.0.0.7", .port = 40112};
    recorder_connection(&bench->recorder, 0, AT, LINE_CONNECT, &peer, "");
    take(bench);
    assert_false(names_a_device(bench, "")); /* nothing is said of it */
    finish(bench);

    described = (struct device_name){(char *)"Boiler", (char *)"heat,east", (char *)"usr", 3};
    for (int attempt = 0; attempt < 2; attempt++) {
        recorder_heartbeat(&bench->recorder, 0, AT + 1);
        take(bench);
        assert_true(names_a_device(
            bench, "'Boiler','heat,east','usr') ON DUPLICATE KEY UPDATE name = VALUES(name), tags "
                   "= VALUES(tags), profile = VALUES(profile)"));
        if (attempt == 0)
            cache_done(bench->cache, &bench->chunks); /* it was not stored */
    }
    finish(bench);

    recorder_heartbeat(&bench->recorder, 0, AT + 2);
    recorder_heartbeat(&bench->recorder, 1, AT + 2);
    take(bench);
    assert_false(names_a_device(bench, ""));
    finish(bench);

    recorder_connection(&bench->recorder, 0, AT + 3, LINE_DISCONNECT, &peer, "");
    take(bench);
    assert_true(names_a_device(bench, "'Boiler'")); /* it may be another database now */
    finish(bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_record_has_its_table),
        TEST(times_of_a_device_only_grow),
        TEST(a_clock_that_was_far_ahead_is_right_again),
        TEST(a_shift_moves_the_samples),
        TEST(forgetting_takes_times_as_they_are),
        TEST(a_part_is_filled_in),
        TEST(a_transaction_of_parts_is_stored_or_never_was),
        TEST(minutes_are_in_the_order_of_time),
        TEST(another_attempt_gives_the_same_times),
        TEST(another_attempt_writes_last_seen_again),
        TEST(events_and_writes_are_kept_and_make_no_device),
        TEST(texts_fit_their_columns),
        TEST(a_write_that_makes_no_sense_is_counted),
        TEST(an_event_is_stored_with_its_deliveries),
        TEST(readings_for_one_target_are_joined),
        TEST(an_event_too_large_is_stored_without_its_json),
        TEST(an_alarm_is_one_row_that_changes),
        TEST(noise_has_its_own_type),
        TEST(a_device_is_named_when_it_is_news),
        TEST(the_last_event_decides_the_status),
        TEST(torn_chunks_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
