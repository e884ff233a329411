#include "collector/dialler.h"
#include "tests/unit/collector/sockets.h"

/* Lines that stand, as the hub would hold them. */
static struct line {
    int fd;
    char id[32];
    struct record_connection peer;
    void (*closed)(void *cookie);
    void *cookie;
} lines[64];
static size_t nlines;
static bool out_of_memory, drop_later;
static char dropped[64];

static int on_open(struct hub *hub, int fd, const struct connection_origin *origin)
{
    (void)hub;
    assert_int_equal(origin->port, 0);
    assert_int_equal(origin->len, 0);
    assert_non_null(origin->closed);
    if (out_of_memory) {
        close(fd);
        return -1;
    }
    struct line *line = &lines[nlines++];
    *line = (struct line){
        .fd = fd, .peer = origin->peer, .closed = origin->closed, .cookie = origin->cookie};
    snprintf(line->id, sizeof(line->id), "%s", origin->device_id);
    return 0;
}

static void end_line(struct line *line)
{
    close(line->fd);
    line->fd = -1;
    line->closed(line->cookie);
}

static void on_drop(struct hub *hub, const char *id)
{
    assert_ptr_equal(hub, &sockets_hub);
    for (size_t i = 0; i < nlines && !drop_later; i++)
        if (lines[i].fd >= 0 && strcmp(lines[i].id, id) == 0)
            end_line(&lines[i]);
    snprintf(dropped, sizeof(dropped), "%s", id); /* ${id} lives on */
}

static struct dialler *dialler;

static int setup(void **state)
{
    (void)state;
    sockets_setup();
    nlines = 0;
    out_of_memory = drop_later = false;
    dropped[0] = '\0';
    dialler =
        dialler_new(&(struct dialler_parts){.hub = &sockets_hub, .drop = on_drop, .open = on_open});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dialler_free(dialler);
    for (size_t i = 0; i < nlines; i++)
        if (lines[i].fd >= 0)
            end_line(&lines[i]);
    assert_int_equal(sockets_hub.metrics.dialled, 0);
    sockets_turn(20); /* what evdns has to tell yet */
    sockets_teardown();
    return 0;
}

static void dial(const char *id, const char *host, uint16_t port)
{
    const struct dialler_target target = {id, host, port};
    dialler_configure(dialler, &target, 1);
}

static struct dialler_status status(const char *id)
{
    struct dialler_status status;
    assert_true(dialler_status(dialler, id, &status));
    return status;
}

static bool has_failed(const char *id, unsigned failures)
{
    struct dialler_status now = status(id);
    return now.state == DIAL_WAITING && now.failures >= failures;
}

static void a_target_that_listens_gets_a_line(void **state)
{
    (void)state;
    uint16_t port;
    int server = sockets_bind(&port, 5);
    dial("1001", sockets_host(), port);
    assert_int_equal(status("1001").state, DIAL_WAITING);
    SOCKETS_UNTIL(nlines == 1);
    assert_string_equal(lines[0].id, "1001");
    assert_string_equal(lines[0].peer.address, sockets_host());
    assert_int_equal(lines[0].peer.port, port);
    assert_true(fcntl(lines[0].fd, F_GETFL) & O_NONBLOCK);
    struct dialler_status now = status("1001");
    assert_int_equal(now.state, DIAL_ONLINE);
    assert_int_equal(now.next_ms, 0);
    assert_string_equal(now.error, "");
    assert_string_equal(now.host, sockets_host());
    assert_int_equal(now.port, port);
    assert_int_equal(sockets_hub.metrics.dials, 1);
    assert_int_equal(sockets_hub.metrics.dial_failures, 0);
    assert_int_equal(sockets_hub.metrics.dialled, 1);
    int fd = accept(server, NULL, NULL);
    assert_false(sockets_closed(fd));
    close(fd);
    close(server);
}

static void a_target_that_refuses_is_tried_again(void **state)
{
    (void)state;
    uint16_t port;
    int server = sockets_bind(&port, 0); /* bound, so that nobody else takes the port */
    dial("1001", sockets_host(), port);
    SOCKETS_UNTIL(has_failed("1001", 1));
    struct dialler_status now = status("1001");
    assert_int_equal(now.failures, 1);
    assert_string_equal(now.error, "Connection refused");
    assert_in_range(now.next_ms, 1, 1250);
    assert_int_equal(sockets_hub.metrics.dial_failures, 1);
    assert_int_equal(sockets_hub.metrics.dialled, 0);
    assert_int_equal(listen(server, 5), 0);
    SOCKETS_UNTIL(nlines == 1);
    assert_int_equal(sockets_hub.metrics.dials, 2);
    assert_int_equal(status("1001").state, DIAL_ONLINE);
    close(server);
}

static void a_line_that_is_lost_is_dialled_again(void **state)
{
    (void)state;
    uint16_t port;
    int server = sockets_bind(&port, 5);
    dial("1001", sockets_host(), port);
    SOCKETS_UNTIL(nlines == 1);
    end_line(&lines[0]);
    assert_int_equal(sockets_hub.metrics.dialled, 0);
    struct dialler_status now = status("1001");
    assert_int_equal(now.state, DIAL_WAITING);
    assert_int_equal(now.failures, 1);
    assert_non_null(strstr(now.error, "the line was lost after 0."));
    assert_in_range(now.next_ms, 700, 1250);
    SOCKETS_UNTIL(nlines == 2);
    assert_int_equal(sockets_hub.metrics.dialled, 1);
    close(server);
}

static void a_reload_touches_only_what_changed(void **state)
{
    (void)state;
    uint16_t ports[4];
    int servers[4];
    for (size_t i = 0; i < 4; i++)
        servers[i] = sockets_bind(&ports[i], 5);
    const char *host = sockets_host();
    const struct dialler_target before[] = {
        {"stays", host, ports[0]},
        {"moves", host, ports[1]},
        {"goes", host, ports[2]},
        {"stays", host, ports[3]}}; /* twice: the first counts */
    dialler_configure(dialler, before, 4);
    assert_int_equal(dialler_count(dialler), 3);
    SOCKETS_UNTIL(nlines == 3);
    const struct dialler_target after[] = {
        {"moves", host, ports[3]}, {"stays", host, ports[0]}, {"goes", host, ports[2]}};
    dialler_configure(dialler, after, 3);
    assert_string_equal(dropped, "moves");
    SOCKETS_UNTIL(nlines == 4);
    assert_string_equal(lines[3].id, "moves");
    assert_int_equal(lines[3].peer.port, ports[3]);
    assert_int_equal(sockets_hub.metrics.dialled, 3);
    dialler_configure(dialler, after, 2);
    assert_string_equal(dropped, "goes");
    assert_int_equal(dialler_count(dialler), 2);
    assert_int_equal(sockets_hub.metrics.dialled, 2);
    sockets_turn(50);
    assert_int_equal(nlines, 4);
    assert_int_equal(sockets_hub.metrics.dials, 4);
    for (size_t i = 0; i < 4; i++)
        close(servers[i]);
}

static void a_line_may_outlive_its_target(void **state)
{
    (void)state;
    uint16_t port;
    int server = sockets_bind(&port, 5);
    dial("1001", sockets_host(), port);
    SOCKETS_UNTIL(nlines == 1);
    drop_later = true;
    dialler_configure(dialler, NULL, 0);
    assert_string_equal(dropped, "1001");
    assert_int_equal(sockets_hub.metrics.dialled, 1);
    dial("1001", sockets_host(), port); /* and is a target again */
    SOCKETS_UNTIL(nlines == 2);
    end_line(&lines[0]);
    assert_int_equal(sockets_hub.metrics.dialled, 1);
    assert_int_equal(status("1001").state, DIAL_ONLINE);
    close(server);
} /* and teardown() ends the other behind dialler_free() */

static void a_target_may_go_while_it_waits_or_connects(void **state)
{
    (void)state;
    uint16_t full, refusing;
    int server = sockets_bind(&full, 1), other = sockets_bind(&refusing, 0);
    /* With its backlog full the kernel answers no more: an attempt hangs. */
    int crowd[4];
    for (size_t i = 0; i < 4; i++) {
        struct sockaddr_in address = sockets_address(full);
        crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(crowd[i], (struct sockaddr *)&address, sizeof(address));
    }
    const struct dialler_target targets[] = {{"hangs", sockets_host(), full},
                                             {"refused", sockets_host(), refusing},
                                             {"named", "dtu.invalid", 9}};
    dialler_configure(dialler, targets, 3);
    SOCKETS_UNTIL(has_failed("refused", 1));
    assert_int_equal(status("hangs").state, DIAL_CONNECTING);
    assert_int_equal(status("hangs").next_ms, 0);
    dialler_configure(dialler, NULL, 0);
    assert_int_equal(dialler_count(dialler), 0);
    assert_string_equal(dropped, ""); /* no line stood */
    sockets_turn(20);
    dialler_configure(dialler, targets, 3);
    sockets_turn(20);
    for (size_t i = 0; i < 4; i++)
        close(crowd[i]);
    close(server), close(other);
} /* and teardown() frees them in the midst of it */

static void a_name_is_looked_up(void **state)
{
    (void)state;
    uint16_t port = 0;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server, 5), 0);
    getsockname(server, (struct sockaddr *)&address, &size);
    port = ntohs(address.sin_port);
    dial("1001", "localhost", port); /* ::1 may be tried first, and refuse */
    SOCKETS_UNTIL(nlines == 1);
    assert_string_equal(lines[0].peer.address, "127.0.0.1");
    assert_int_equal(lines[0].peer.port, port);
    close(server);
}

static void dials_are_spread(void **state)
{
    (void)state;
    enum { TARGETS = 16, RATE = 40 };
    uint16_t port;
    int server = sockets_bind(&port, TARGETS);
    struct dialler_target targets[TARGETS];
    char ids[TARGETS][8];
    for (size_t i = 0; i < TARGETS; i++) {
        snprintf(ids[i], sizeof(ids[i]), "%zu", i);
        targets[i] = (struct dialler_target){ids[i], sockets_host(), port};
    }
    dialler_pace(dialler, RATE);
    int64_t start_ms = clock_mono_ms();
    dialler_configure(dialler, targets, TARGETS);
    while (nlines < TARGETS) {
        sockets_turn(5);
        assert_in_range(sockets_hub.metrics.dials, 0,
                        RATE / 10 + 1 + (clock_mono_ms() - start_ms) * RATE / 1000);
        assert_true(clock_mono_ms() - start_ms < SOCKETS_PATIENCE_MS);
    }
    assert_true(clock_mono_ms() - start_ms >= (TARGETS - RATE / 10) * 1000 / RATE - 20);
    close(server);
}

static void no_line_where_there_is_no_room(void **state)
{
    (void)state;
    uint16_t port;
    int server = sockets_bind(&port, 5);
    sockets_hub.max_connections = 0;
    dial("1001", sockets_host(), port);
    SOCKETS_UNTIL(has_failed("1001", 1));
    assert_string_equal(status("1001").error, "server.max_connections is reached");
    fcntl(server, F_SETFL, O_NONBLOCK);
    assert_int_equal(accept(server, NULL, NULL), -1); /* it was not even bothered */
    sockets_hub.max_connections = 1;
    out_of_memory = true;
    SOCKETS_UNTIL(has_failed("1001", 2));
    assert_string_equal(status("1001").error, "out of memory for a connection");
    assert_int_equal(sockets_hub.metrics.dialled, 0);
    assert_int_equal(sockets_hub.metrics.dial_failures, 2);
    close(server);
}

static void on_each(void *cookie, const struct dialler_status *target)
{
    char *ids = cookie;
    strcat(ids, target->id);
    assert_int_equal(target->state, DIAL_WAITING);
    assert_string_equal(dial_state_name(target->state), "waiting");
}

static void every_target_is_shown(void **state)
{
    (void)state;
    char ids[16] = "";
    const struct dialler_target targets[] = {{"a", "10.0.0.1", 1}, {"b", "fd00::1", 2}};
    struct dialler_status none;
    dialler_configure(dialler, targets, 2);
    dialler_each(dialler, on_each, ids);
    assert_int_equal(strlen(ids), 2);
    assert_true(strchr(ids, 'a') && strchr(ids, 'b'));
    assert_false(dialler_status(dialler, "c", &none));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_target_that_listens_gets_a_line),
        TEST(a_target_that_refuses_is_tried_again),
        TEST(a_line_that_is_lost_is_dialled_again),
        TEST(a_reload_touches_only_what_changed),
        TEST(a_line_may_outlive_its_target),
        TEST(a_target_may_go_while_it_waits_or_connects),
        TEST(a_name_is_looked_up),
        TEST(dials_are_spread),
        TEST(no_line_where_there_is_no_room),
        TEST(every_target_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
