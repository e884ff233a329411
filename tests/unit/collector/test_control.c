/* The control channel over its real socket, in one thread: the test turns the loop. */
#include "collector/control.h"
#include "collector/orders.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "tests/unit/collector/parts.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

/* One device is online, 1001, and its session is this test. */
static struct {
    const struct profile *profile;
    enum order_verdict verdict;
    struct write_order *order; /* that was taken and is not done */
} line;

const struct profile *orders_profile(struct hub *hub, const char *device_id)
{
    (void)hub;
    return strcmp(device_id, "1001") == 0 ? line.profile : NULL;
}

enum order_verdict orders_submit(struct hub *hub, const char *device_id, struct write_order *order)
{
    (void)hub;
    assert_string_equal(device_id, "1001");
    assert_null(line.order);
    if (line.verdict == ORDER_TAKEN)
        line.order = order;
    return line.verdict;
}

struct bench {
    struct collector collector;
    struct data_config *config;
    char folder[64], path[80];
};

static const char config_text[] =
    "query_tasks:\n  1: {start_addr: 100, length: 4, interval: 10, trigger: timer}\n"
    "data_points:\n  100: {name: setpoint, type: int, length: 2, scale: 0.1}\n"
    "  101: {name: temperature, type: int, length: 2, scale: 0.1}\n";

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct collector *collector = &bench->collector;
    struct point_def *point;
    signal(SIGPIPE, SIG_IGN); /* as the collector has it */
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    strcpy(bench->folder, "/tmp/dtuhub-control-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->path, sizeof(bench->path), "%s/control.sock", bench->folder);
    bench->config = parts_config(config_text);
    point = &bench->config->profiles[0].points[0];
    point->writable = true;
    point->slave = 17;
    point->write_function = FC_WRITE_REGISTER;
    point->min = 5;
    point->max = 60;
    line.profile = &bench->config->profiles[0];
    line.verdict = ORDER_TAKEN;
    line.order = NULL;
    collector->base = event_base_new();
    const struct server_config config = {.cache = {.max_size = 1000, .flush_interval_ms = 1}};
    collector->store = store_new(&config);
    collector->hub.env.names = store_names(collector->store);
    store_recorder(collector->store, &collector->hub.env.recorder);
    registry_init(&collector->hub.registry);
    collector->hub.quarantine = quarantine_new();
    names_device(collector->hub.env.names, "1000");
    names_device(collector->hub.env.names, "1001");
    collector->control = control_open(collector, bench->path);
    assert_non_null(collector->control);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    struct collector *collector = &bench->collector;
    bool ended;
    control_close(collector->control);
    event_base_free(collector->base);
    store_stop(collector->store, 0, &ended);
    quarantine_free(collector->hub.quarantine);
    data_config_release(bench->config);
    assert_int_equal(access(bench->path, F_OK), -1);
    assert_int_equal(rmdir(bench->folder), 0);
    free(bench);
    return 0;
}

static void turn(struct bench *bench)
{
    event_base_loop(bench->collector.base, EVLOOP_NONBLOCK);
}

static int ask(struct bench *bench, const char *method, const char *path, const char *body)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char head[1024];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, bench->path, strlen(bench->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    int len =
        snprintf(head, sizeof(head),
                 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 method, path, strlen(body), body);
    assert_true((size_t)len < sizeof(head));
    assert_int_equal(send(fd, head, (size_t)len, 0), len);
    return fd;
}

/* Turn the loop until the answer is whole; its status, and its body in ${body}. */
static int answer(struct bench *bench, int fd, char body[2048])
{
    char text[8192] = "";
    size_t used = 0;
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    ssize_t got = -1;
    while (got != 0) {
        assert_true(clock_mono_ms() < until_ms);
        turn(bench);
        got = recv(fd, text + used, sizeof(text) - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    const char *start = strstr(text, "\r\n\r\n");
    assert_non_null(start);
    snprintf(body, 2048, "%s", start + 4);
    return (int)strtol(text + strlen("HTTP/1.1 "), NULL, 10);
}

static void expect(struct bench *bench, const char *method, const char *path, const char *body,
                   int status, const char *expected)
{
    char got[2048];
    assert_int_equal(answer(bench, ask(bench, method, path, body), got), status);
    assert_string_equal(got, expected);
}

static void until_taken(struct bench *bench)
{
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    while (line.order == NULL) {
        assert_true(clock_mono_ms() < until_ms);
        turn(bench);
    }
}

static void finish(struct write_result result)
{
    struct write_order *order = line.order;
    line.order = NULL;
    order->done(order, &result);
}

/* The audit's records, each as "device slave function address count actor point value result
 * details". */
static void expect_audit(struct bench *bench, const char *expected)
{
    struct cache_stats stats;
    struct cache_chunks chunks = TAILQ_HEAD_INITIALIZER(chunks);
    struct cache_chunk *chunk;
    char text[2048] = "";
    struct cache *cache = bench->collector.hub.env.recorder.caches[0];
    cache_stats(cache, &stats);
    if (stats.waiting > 0)
        cache_take(cache, SIZE_MAX, &chunks);
    TAILQ_FOREACH (chunk, &chunks, link) {
        struct record_head head;
        const uint8_t *body;
        struct write_entry entry;
        for (size_t at = 0; record_next(chunk->bytes, chunk->size, &at, &head, &body) > 0;) {
            assert_int_equal(head.type, RECORD_WRITE);
            assert_int_equal(record_parse_write(body, head.body_size, &entry), 0);
            snprintf(text + strlen(text), sizeof(text) - strlen(text),
                     "%u|%u|%u|%u|%u|%.*s|%.*s|%.*s|%.*s|%.*s\n", head.device, entry.slave,
                     entry.function, entry.address, entry.count, (int)entry.actor.size,
                     entry.actor.text, (int)entry.point.size, entry.point.text,
                     (int)entry.value.size, entry.value.text, (int)entry.result.size,
                     entry.result.text, (int)entry.details.size, entry.details.text);
        }
    }
    cache_done(cache, &chunks);
    assert_string_equal(text, expected);
}

static const char setpoint[] =
    "{\"device\":\"1001\",\"point\":\"setpoint\",\"value\":23.5,\"actor\":\"Mei\"}";

static void paths_and_methods(void **state)
{
    struct bench *bench = *state;
    expect(bench, "GET", "/healthz", "", 200, "ok\n");
    expect(bench, "HEAD", "/healthz", "", 200, "");
    expect(bench, "GET", "/lines", "", 200, "[]");
    expect(bench, "GET", "/quarantine", "", 200, "[]");
    expect(bench, "GET", "/dials", "", 200, "[]");
    expect(bench, "GET", "/refusals", "", 200, "[]");
    expect(bench, "GET", "/line?device=a%22b", "", 404,
           "{\"error\":\"device a\\\"b is not online\"}");
    expect(bench, "GET", "/line", "", 400,
           "{\"error\":\"device is missing: ask for /line?device=ID\"}");
    expect(bench, "GET", "/write", "", 405, "{\"error\":\"this path answers to POST\"}");
    expect(bench, "POST", "/healthz", "{}", 405, "{\"error\":\"this path answers to GET, HEAD\"}");
    expect(bench, "GET", "/", "", 404,
           "there are /metrics, /healthz, /readyz, /status, /lines, /line, /quarantine, /dials, "
           "/refusals, /expected, /live, /alarms, /webhooks, and POST /write, /alarms/acknowledge, "
           "/webhooks/test, /webhooks/replay, /webhooks/enable\n");
    expect(bench, "POST", "/write", "{}", 400,
           "{\"error\":\"device is missing: the DTU's registration id, as the pages show it\"}");
    expect_audit(bench, "");
}

static void a_write_is_answered_when_it_is_done(void **state)
{
    struct bench *bench = *state;
    char body[2048];
    int fd = ask(bench, "POST", "/write", setpoint);
    until_taken(bench);
    assert_int_equal(line.order->request.unit, 17);
    assert_int_equal(line.order->request.value, 235);
    assert_string_equal(line.order->actor, "Mei");
    turn(bench);
    assert_int_equal(recv(fd, body, 1, 0), -1); /* not yet */
    finish((struct write_result){
        .status = WRITE_DONE, .read = true, .data = {0, 235}, .size = 2, .took_ms = 42});
    assert_int_equal(answer(bench, fd, body), 200);
    assert_string_equal(
        body, "{\"status\":\"written\",\"verified\":true,\"read_back\":23.5,\"took_ms\":42}");
    expect_audit(bench, "1|17|6|100|1|Mei|setpoint|23.5|written|\n");
}

static void each_end_has_its_answer(void **state)
{
    struct bench *bench = *state;
    static const struct {
        struct write_result result;
        int status;
        const char *body, *audit;
    } ends[] = {
        {{.status = WRITE_NOT_VERIFIED, .read = true, .data = {0, 3}, .size = 2, .took_ms = 1},
         200,
         "{\"status\":\"not verified\",\"verified\":false,\"read_back\":0.3,\"took_ms\":1}",
         "not verified|read back: 0.3"},
        {{.status = WRITE_NOT_VERIFIED, .took_ms = 1},
         200,
         "{\"status\":\"not verified\",\"verified\":false,\"read_back\":null,\"took_ms\":1}",
         "not verified|read back: nothing"},
        {{.status = WRITE_EXCEPTION, .exception = 2, .took_ms = 1},
         502,
         "{\"status\":\"exception\",\"error\":\"the slave refused it\",\"exception\":2,\"name\":"
         "\"illegal data address\",\"took_ms\":1}",
         "exception|exception 02, illegal data address"},
        {{.status = WRITE_TIMEOUT, .took_ms = 3000},
         504,
         "{\"status\":\"time-out\",\"error\":\"the slave did not answer: it may or may not be "
         "written\",\"took_ms\":3000}",
         "time-out|"},
        {{.status = WRITE_LINE_LOST},
         502,
         "{\"status\":\"line lost\",\"error\":\"the line closed before the answer: it may or may "
         "not be written\",\"took_ms\":0}",
         "line lost|"},
        {{.status = WRITE_CANCELLED},
         409,
         "{\"status\":\"cancelled\",\"error\":\"it was not sent: the line closed, or its time was "
         "over\",\"took_ms\":0}",
         "cancelled|"},
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char body[2048], audit[256];
        int fd = ask(bench, "POST", "/write", setpoint);
        until_taken(bench);
        finish(ends[i].result);
        assert_int_equal(answer(bench, fd, body), ends[i].status);
        assert_string_equal(body, ends[i].body);
        snprintf(audit, sizeof(audit), "1|17|6|100|1|Mei|setpoint|23.5|%s\n", ends[i].audit);
        expect_audit(bench, audit);
    }
}

static void registers_and_coils_come_back_as_lists(void **state)
{
    struct bench *bench = *state;
    char body[2048];
    int fd =
        ask(bench, "POST", "/write",
            "{\"device\":\"1001\",\"slave\":2,\"function\":16,\"address\":1,\"values\":[10,258]}");
    until_taken(bench);
    finish((struct write_result){
        .status = WRITE_DONE, .read = true, .data = {0, 10, 1, 2}, .size = 4});
    assert_int_equal(answer(bench, fd, body), 200);
    assert_string_equal(
        body, "{\"status\":\"written\",\"verified\":true,\"read_back\":[10,258],\"took_ms\":0}");
    fd = ask(bench, "POST", "/write",
             "{\"device\":\"1001\",\"slave\":2,\"function\":15,\"address\":1,\"values\":"
             "[1,0,0,0,0,0,0,0,1]}");
    until_taken(bench);
    finish((struct write_result){
        .status = WRITE_NOT_VERIFIED, .read = true, .data = {1, 0xfe}, .size = 2});
    assert_int_equal(answer(bench, fd, body), 200);
    assert_string_equal(body, "{\"status\":\"not verified\",\"verified\":false,\"read_back\":"
                              "[1,0,0,0,0,0,0,0,0],\"took_ms\":0}");
    expect_audit(bench, "1|2|16|1|2|control||10 258|written|\n"
                        "1|2|15|1|9|control||1 0 0 0 0 0 0 0 1|not verified|read back: [ 1, 0, 0, "
                        "0, 0, 0, 0, 0, 0 ]\n");
}

static void what_cannot_be_is_refused_and_recorded(void **state)
{
    struct bench *bench = *state;
    expect(bench, "POST", "/write", "{\"device\":\"7\",\"point\":\"setpoint\",\"value\":1}", 404,
           "{\"error\":\"device 7 is not known: it has not called since the start\"}");
    quarantine_seen(bench->collector.hub.quarantine, "7", NULL, &(struct record_connection){0}, 1);
    expect(
        bench, "POST", "/write", "{\"device\":\"7\",\"point\":\"setpoint\",\"value\":1}", 409,
        "{\"error\":\"device 7 is in quarantine: name it below devices in data_config.yml to let "
        "it in\"}");
    uint32_t ref;
    assert_int_equal(names_find_device(bench->collector.hub.env.names, "7", &ref), -1);
    expect(bench, "POST", "/write", "{\"device\":\"1000\",\"point\":\"setpoint\",\"value\":1}", 409,
           "{\"error\":\"device 1000 is offline: nothing was sent\"}");
    expect(bench, "POST", "/write", "{\"device\":\"1001\",\"point\":\"setpiont\",\"value\":1}", 404,
           "{\"error\":\"point setpiont is not in profile default: did you mean setpoint?\"}");
    expect(bench, "POST", "/write", "{\"device\":\"1001\",\"point\":\"zzz\",\"value\":1}", 404,
           "{\"error\":\"point zzz is not in profile default\"}");
    expect(bench, "POST", "/write", "{\"device\":\"1001\",\"point\":\"setpoint\",\"value\":80}",
           422, "{\"error\":\"setpoint: 80 is out of bounds: 5 to 60 is allowed\"}");
    expect(
        bench, "POST", "/write", "{\"device\":\"1001\",\"point\":\"temperature\",\"value\":80}",
        422,
        "{\"error\":\"temperature is not writable: say so in data_config.yml, with its bounds\"}");
    expect(bench, "POST", "/write",
           "{\"device\":\"1001\",\"slave\":300,\"function\":6,\"address\":5,\"values\":[1]}", 422,
           "{\"error\":\"slave: 300 is none: write 1 to 247\"}");
    assert_null(line.order);
    expect_audit(bench,
                 "0|0|0|0|0|control|setpoint|1|refused|device 1000 is offline: nothing was sent\n"
                 "1|0|0|0|0|control|setpiont|1|refused|point setpiont is not in profile default: "
                 "did you mean setpoint?\n"
                 "1|0|0|0|0|control|zzz|1|refused|point zzz is not in profile default\n"
                 "1|0|0|0|0|control|setpoint|80|refused|setpoint: 80 is out of bounds: 5 to 60 is "
                 "allowed\n"
                 "1|0|0|0|0|control|temperature|80|refused|temperature is not writable: say so in "
                 "data_config.yml, with its bounds\n"
                 "1|0|6|5|1|control||1|refused|slave: 300 is none: write 1 to 247\n");
}

static void a_session_may_not_take_it(void **state)
{
    struct bench *bench = *state;
    static const struct {
        enum order_verdict verdict;
        int status;
        const char *body;
    } verdicts[] = {
        {ORDER_OFFLINE, 409, "{\"error\":\"device 1001 is offline: nothing was sent\"}"},
        {ORDER_QUARANTINED, 409,
         "{\"error\":\"device 1001 is in quarantine: name it below devices in data_config.yml to "
         "let it in\"}"},
        {ORDER_LISTEN_ONLY, 409,
         "{\"error\":\"device 1001 polls by itself (listen_only): nothing is sent to it\"}"},
        {ORDER_QUEUE_FULL, 503,
         "{\"error\":\"device 1001 has too many orders waiting: try again when they are done\"}"},
    };
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        line.verdict = verdicts[i].verdict;
        expect(bench, "POST", "/write", setpoint, verdicts[i].status, verdicts[i].body);
    }
    expect_audit(bench, "1|0|0|0|0|Mei|setpoint|23.5|refused|device 1001 is offline: nothing was "
                        "sent\n"
                        "1|0|0|0|0|Mei|setpoint|23.5|refused|device 1001 is in quarantine: name "
                        "it below devices in data_config.yml to let it in\n"
                        "1|0|0|0|0|Mei|setpoint|23.5|refused|device 1001 polls by itself "
                        "(listen_only): nothing is sent to it\n"
                        "1|0|0|0|0|Mei|setpoint|23.5|refused|device 1001 has too many orders "
                        "waiting: try again when they are done\n");
}

static void the_write_goes_on_without_its_client(void **state)
{
    struct bench *bench = *state;
    for (int reset = 0; reset < 2; reset++) {
        int fd = ask(bench, "POST", "/write", setpoint);
        until_taken(bench);
        const struct linger at_once = {.l_onoff = 1};
        if (reset)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
        for (int i = 0; i < 5; i++)
            turn(bench);
        finish((struct write_result){.status = WRITE_DONE});
        turn(bench);
        expect_audit(bench, "1|17|6|100|1|Mei|setpoint|23.5|written|\n");
    }
    expect(bench, "GET", "/healthz", "", 200, "ok\n");
}

static void the_channel_closes_before_the_write_is_done(void **state)
{
    struct bench *bench = *state;
    for (int gone = 0; gone < 2; gone++) {
        int fd = ask(bench, "POST", "/write", setpoint);
        until_taken(bench);
        if (gone)
            close(fd);
        for (int i = 0; i < 3; i++)
            turn(bench);
        control_close(bench->collector.control);
        finish((struct write_result){.status = WRITE_CANCELLED});
        expect_audit(bench, "1|17|6|100|1|Mei|setpoint|23.5|cancelled|\n");
        if (!gone)
            close(fd);
        bench->collector.control = control_open(&bench->collector, bench->path);
        assert_non_null(bench->collector.control);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_and_methods),
        TEST(a_write_is_answered_when_it_is_done),
        TEST(each_end_has_its_answer),
        TEST(registers_and_coils_come_back_as_lists),
        TEST(what_cannot_be_is_refused_and_recorded),
        TEST(a_session_may_not_take_it),
        TEST(the_write_goes_on_without_its_client),
        TEST(the_channel_closes_before_the_write_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
