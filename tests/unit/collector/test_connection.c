/* A connection on a socket pair: what the DTU does not take waits for it, up to a limit. */
#include "collector/connection.h"
#include "tests/unit/collector/sockets.h"

static const uint8_t registration[] = {0, 0, 3, 0xE9};
static const uint8_t heartbeat[] = {2, 0}; /* is answered with one byte */

enum { LINE_PORT = 8080 };

struct bench {
    struct server_config config;
    struct store *store; /* of which no thread is started */
    int dtu, ours;
    size_t filled;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    sockets_setup();
    bench->config.server.main_port = LINE_PORT;
    bench->config.server.heartbeat_timeout_ms = 60000;
    bench->config.server.registration_timeout_ms = 30000;
    bench->config.server.max_connections = 10;
    bench->config.cache.max_size = 100000;
    bench->store = store_new(&bench->config);
    struct data_config *data = parts_config("query_tasks: {}\ndata_points: {}\n");
    const struct hub_parts parts = {sockets_hub.base, &bench->config, data, bench->store};
    hub_init(&sockets_hub, &parts);
    data_config_release(data);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    bool ended;
    hub_close_all(&sockets_hub, "test over");
    close(bench->dtu);
    hub_free(&sockets_hub);
    sockets_teardown();
    store_stop(bench->store, 0, &ended);
    assert_true(ended);
    free(bench);
    return 0;
}

/* All bytes that are there for the DTU. */
static size_t take(const struct bench *bench)
{
    uint8_t bytes[4096];
    size_t all = 0;
    ssize_t got;
    while ((got = recv(bench->dtu, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        all += (size_t)got;
    return all;
}

static void say(const struct bench *bench, const void *bytes, size_t len)
{
    assert_int_equal(send(bench->dtu, bytes, len, MSG_NOSIGNAL), len);
}

/* The line of a DTU that registered, and whose socket takes no more. */
static void open_full_line(struct bench *bench)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    bench->dtu = pair[0];
    bench->ours = pair[1];
    const struct connection_origin origin = {.peer = {"10.0.0.7", 40112}, .port = LINE_PORT};
    assert_int_equal(connection_open(&sockets_hub, bench->ours, &origin), 0);
    say(bench, registration, sizeof(registration));
    SOCKETS_UNTIL(sockets_hub.registry.nonline == 1);
    take(bench);
    static const uint8_t zeros[1024];
    ssize_t sent;
    while ((sent = send(bench->ours, zeros, sizeof(zeros), MSG_NOSIGNAL)) > 0)
        bench->filled += (size_t)sent;
    while (send(bench->ours, zeros, 1, MSG_NOSIGNAL) == 1)
        bench->filled++;
}

static void what_does_not_go_out_goes_out_later(void **state)
{
    struct bench *bench = *state;
    size_t got = 0;
    open_full_line(bench);
    for (int i = 0; i < 3; i++)
        say(bench, heartbeat, sizeof(heartbeat));
    SOCKETS_UNTIL(sockets_hub.metrics.heartbeats == 3);
    SOCKETS_UNTIL((got += take(bench)) == bench->filled + 3);
    say(bench, heartbeat, sizeof(heartbeat)); /* and the line goes on */
    SOCKETS_UNTIL((got += take(bench)) == bench->filled + 4);
    assert_int_equal(sockets_hub.registry.nonline, 1);
}

static void a_dtu_that_never_reads_is_closed(void **state)
{
    struct bench *bench = *state;
    open_full_line(bench);
    uint8_t many[4096 * sizeof(heartbeat)];
    for (size_t i = 0; i < sizeof(many); i += sizeof(heartbeat))
        memcpy(many + i, heartbeat, sizeof(heartbeat));
    say(bench, many, sizeof(many));
    SOCKETS_UNTIL(sockets_hub.metrics.heartbeats == 4096);
    assert_int_equal(sockets_hub.registry.nonline, 1);
    say(bench, heartbeat, sizeof(heartbeat));
    SOCKETS_UNTIL(registry_count(&sockets_hub.registry) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_does_not_go_out_goes_out_later),
        TEST(a_dtu_that_never_reads_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
