#include "collector/listener.h"
#include "tests/unit/collector/sockets.h"

/* What came in. */
static struct {
    size_t n;
    int fds[256];
    struct connection_origin last;
    uint8_t bytes[1024];
} came;

static struct registry_entry lines[256]; /* what connection_open() would have entered */

static int on_open(struct hub *hub, int fd, const struct connection_origin *origin)
{
    memset(&lines[came.n], 0, sizeof(lines[0]));
    registry_add(&hub->registry, &lines[came.n]);
    registry_name(&hub->registry, &lines[came.n], "x"); /* so that it is not evicted */
    came.last = *origin;
    assert_in_range(origin->len, 0, sizeof(came.bytes));
    if (origin->len > 0)
        memcpy(came.bytes, origin->bytes, origin->len);
    came.fds[came.n++] = fd;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&came, 0, sizeof(came));
    sockets_setup();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < came.n; i++) {
        registry_remove(&sockets_hub.registry, &lines[i]);
        close(came.fds[i]);
    }
    sockets_teardown();
    return 0;
}

static struct cidr_list *cidrs(const char *text)
{
    char *problem;
    struct cidr_list *list = cidr_list_parse(text, &problem);
    assert_non_null(list);
    return list;
}

static struct listeners *listen_to(struct listener_rules *rules)
{
    struct listeners *listeners = listeners_new(&sockets_hub, on_open);
    rules->host = sockets_host();
    assert_int_equal(listeners_configure(listeners, rules), 0);
    return listeners;
}

static void say(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static void each_port_says_which_it_is(void **state)
{
    (void)state;
    uint16_t ports[] = {sockets_free_port(), sockets_free_port()};
    struct listener_rules rules = {.ports = ports, .nports = 2};
    struct listeners *listeners = listen_to(&rules);
    for (size_t i = 0; i < 2; i++) {
        int fd = sockets_connect(ports[i]);
        assert_true(fd >= 0);
        SOCKETS_UNTIL(came.n == i + 1);
        assert_int_equal(came.last.port, ports[i]);
        assert_string_equal(came.last.peer.address, sockets_host());
        assert_true(came.last.peer.port != 0);
        assert_null(came.last.device_id);
        assert_int_equal(came.last.len, 0);
        close(fd);
    }
    assert_int_equal(sockets_hub.metrics.accepted, 2);
    listeners_close(listeners);
    assert_int_equal(sockets_connect(ports[0]), -1);
    listeners_close(NULL);
}

static void a_reload_opens_and_closes_ports(void **state)
{
    (void)state;
    uint16_t ports[] = {sockets_free_port(), sockets_free_port(), 0};
    int taken = sockets_bind(&ports[2], 1);
    struct listener_rules rules = {.ports = ports, .nports = 1};
    struct listeners *listeners = listen_to(&rules);
    int backlogged =
        sockets_connect(ports[0]); /* not accepted yet: lost if the port were reopened */
    assert_int_equal(sockets_connect(ports[1]), -1);

    rules.ports = (uint16_t[]){ports[0], ports[1], ports[0]};
    rules.nports = 3;
    assert_int_equal(listeners_configure(listeners, &rules), 0);
    close(sockets_connect(ports[1]));
    SOCKETS_UNTIL(came.n == 2);
    close(backlogged);

    rules.ports = (uint16_t[]){ports[2], ports[1]}; /* the first one cannot be had */
    rules.nports = 2;
    assert_int_equal(listeners_failure(listeners).port, 0);
    assert_int_equal(listeners_configure(listeners, &rules), -1);
    assert_int_equal(listeners_failure(listeners).port, ports[2]);
    assert_string_equal(listeners_failure(listeners).why, "Address already in use");
    assert_int_equal(sockets_connect(ports[0]), -1);
    close(sockets_connect(ports[1]));
    SOCKETS_UNTIL(came.n == 3);

    close(taken);
    assert_int_equal(listeners_configure(listeners, &rules), 0);
    assert_int_equal(listeners_failure(listeners).port, 0);
    close(sockets_connect(ports[2]));
    SOCKETS_UNTIL(came.n == 4);
    listeners_close(listeners);
}

static void a_port_that_is_taken_fails_at_the_start(void **state)
{
    (void)state;
    uint16_t port;
    int taken = sockets_bind(&port, 1);
    struct listener_rules rules = {.host = sockets_host(), .ports = &port, .nports = 1};
    assert_null(listeners_open(&sockets_hub, &rules));
    close(taken);
}

static void who_is_not_allowed_is_closed_at_once(void **state)
{
    (void)state;
    uint16_t port = sockets_free_port();
    struct cidr_list *others = cidrs("192.0.2.0/24"), *us = cidrs("192.0.2.0/24 127.0.0.0/8");
    struct listener_rules rules = {
        .ports = &port, .nports = 1, .accept_rate = 1, .who = {.allow = others}};
    struct listeners *listeners = listen_to(&rules);
    int64_t start_ms = clock_mono_ms();
    for (unsigned i = 1; i <= 5; i++) {
        int fd = sockets_connect(port);
        SOCKETS_UNTIL(sockets_closed(fd));
        close(fd);
        assert_int_equal(sockets_hub.metrics.refused_address, i);
    }
    assert_true(clock_mono_ms() - start_ms < 3500); /* they cost no token: one comes a second */
    assert_int_equal(came.n, 0);
    rules.who.allow = us;
    assert_int_equal(listeners_configure(listeners, &rules), 0);
    close(sockets_connect(port));
    SOCKETS_UNTIL(came.n == 1);
    listeners_close(listeners);
    cidr_list_free(others);
    cidr_list_free(us);
}

static void who_has_no_place_is_closed(void **state)
{
    (void)state;
    uint16_t port = sockets_free_port();
    struct listener_rules rules = {.ports = &port, .nports = 1};
    struct listeners *listeners = listen_to(&rules);
    sockets_hub.max_connections = 1;
    int first = sockets_connect(port);
    SOCKETS_UNTIL(came.n == 1);
    int second = sockets_connect(port);
    SOCKETS_UNTIL(sockets_closed(second));
    assert_int_equal(sockets_hub.metrics.refused, 1);
    assert_false(sockets_closed(first));
    close(first);
    close(second);
    listeners_close(listeners);
}

static void the_rate_is_kept_and_nobody_is_lost(void **state)
{
    (void)state;
    enum { DTUS = 30, RATE = 50 };
    uint16_t ports[] = {sockets_free_port(), sockets_free_port()};
    struct listener_rules rules = {.ports = ports, .nports = 2, .accept_rate = RATE};
    struct listeners *listeners = listen_to(&rules);
    int fds[DTUS];
    size_t of_second = 0, seen = 0;
    for (size_t i = 0; i < DTUS; i++)
        fds[i] = sockets_connect(ports[i % 2]);
    int64_t start_ms = clock_mono_ms();
    while (came.n < DTUS) {
        sockets_turn(5);
        assert_in_range(came.n, 0, RATE / 10 + 1 + (clock_mono_ms() - start_ms) * RATE / 1000);
        for (; seen < came.n && seen < DTUS / 2; seen++) {
            struct sockaddr_in own;
            socklen_t size = sizeof(own);
            getsockname(came.fds[seen], (struct sockaddr *)&own, &size);
            of_second += ntohs(own.sin_port) == ports[1];
        }
        assert_true(clock_mono_ms() - start_ms < SOCKETS_PATIENCE_MS);
    }
    assert_true(clock_mono_ms() - start_ms >= (DTUS - RATE / 10) * 1000 / RATE - 20);
    assert_in_range(of_second, 3, DTUS / 2 - 3); /* neither port starves */
    for (size_t i = 0; i < DTUS; i++) {
        assert_false(sockets_closed(fds[i]));
        close(fds[i]);
    }
    listeners_close(listeners);
}

/* Behind a load balancer. */

struct balanced {
    uint16_t port;
    struct cidr_list *allow, *proxy_from;
    struct listener_rules rules;
    struct listeners *listeners;
};

static void balance(struct balanced *b, const char *allow, int64_t timeout_ms)
{
    b->port = sockets_free_port();
    b->allow = cidrs(allow);
    b->proxy_from = cidrs("127.0.0.0/8");
    b->rules = (struct listener_rules){
        .ports = &b->port,
        .nports = 1,
        .who = {.allow = b->allow, .proxy_from = b->proxy_from, .header_timeout_ms = timeout_ms}};
    b->listeners = listen_to(&b->rules);
}

static void unbalance(struct balanced *b)
{
    listeners_close(b->listeners);
    cidr_list_free(b->allow);
    cidr_list_free(b->proxy_from);
}

static void the_header_names_the_peer(void **state)
{
    (void)state;
    static const char v1[] = "PROXY TCP4 192.0.2.7 192.0.2.1 40112 22334\r\n\x01\x04";
    static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x08\xc0\0\x02\x01\0\x09"
                             "\0\x0a\x01\x04";
    static const struct {
        const char *bytes;
        size_t len;
        const char *address;
        uint16_t port;
    } cases[] = {{v1, sizeof(v1) - 1, "192.0.2.7", 40112}, {v2, sizeof(v2) - 1, "192.0.2.8", 9}};
    struct balanced b;
    balance(&b, "192.0.2.0/24", 0); /* which the balancer itself is not in */
    for (size_t i = 0; i < 2; i++) {
        int fd = sockets_connect(b.port);
        say(fd, cases[i].bytes, cases[i].len);
        SOCKETS_UNTIL(came.n == i + 1);
        assert_string_equal(came.last.peer.address, cases[i].address);
        assert_int_equal(came.last.peer.port, cases[i].port);
        assert_int_equal(came.last.port, b.port);
        assert_int_equal(came.last.len, 2);
        assert_memory_equal(came.bytes, "\x01\x04", 2);
        close(fd);
    }
    assert_int_equal(sockets_hub.metrics.proxy_errors, 0);
    unbalance(&b);
}

static void a_header_may_come_in_pieces(void **state)
{
    (void)state;
    static const char header[] = "PROXY TCP6 2001:db8::7 ::1 9 22334\r\n";
    struct balanced b;
    balance(&b, "", 0);
    int fd = sockets_connect(b.port);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 1);
    for (size_t i = 0; i < sizeof(header) - 1; i++) {
        assert_int_equal(came.n, 0);
        say(fd, header + i, 1);
        sockets_turn(1);
    }
    SOCKETS_UNTIL(came.n == 1);
    assert_string_equal(came.last.peer.address, "2001:db8::7");
    assert_int_equal(listeners_waiting(b.listeners), 0);
    close(fd);
    unbalance(&b);
}

static void the_allow_list_is_held_against_the_header(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "127.0.0.0/8", 0);
    int fd = sockets_connect(b.port);
    say(fd, "PROXY TCP4 198.51.100.7 192.0.2.1 9 10\r\n", 40);
    SOCKETS_UNTIL(sockets_closed(fd));
    close(fd);
    assert_int_equal(sockets_hub.metrics.refused_address, 1);
    fd = sockets_connect(b.port);
    say(fd, "PROXY UNKNOWN\r\n", 15); /* the balancer's own address, which is allowed */
    SOCKETS_UNTIL(came.n == 1);
    assert_string_equal(came.last.peer.address, sockets_host());
    close(fd);
    unbalance(&b);
}

static void health_checks_are_no_errors(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "192.0.2.0/24", 0);
    int fd = sockets_connect(b.port);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 1);
    close(fd);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 0);
    fd = sockets_connect(b.port);
    say(fd, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
    SOCKETS_UNTIL(sockets_closed(fd));
    close(fd);
    assert_int_equal(came.n, 0);
    assert_int_equal(sockets_hub.metrics.proxy_errors, 0);
    assert_int_equal(sockets_hub.metrics.refused_address, 0);
    unbalance(&b);
}

static void without_a_good_header_it_is_closed(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "", 60);
    int wrong = sockets_connect(b.port), cut = sockets_connect(b.port);
    int64_t start_ms = clock_mono_ms();
    int late = sockets_connect(b.port);
    say(wrong, "\0\0\x03\xe9", 4);
    SOCKETS_UNTIL(sockets_closed(wrong));
    say(cut, "PROXY TCP4 ", 11);
    shutdown(cut, SHUT_WR);
    SOCKETS_UNTIL(sockets_closed(cut));
    size_t sent = 0;
    while (!sockets_closed(late)) { /* bytes that drip in do not prolong it */
        send(late, sent < 6 ? &"PROXY "[sent] : "x", 1, MSG_NOSIGNAL);
        sent++;
        sockets_turn(10);
    }
    assert_true(clock_mono_ms() - start_ms >= 60);
    assert_in_range(sent, 2, 100); /* 107 are no header anyway */
    assert_int_equal(sockets_hub.metrics.proxy_errors, 3);
    assert_int_equal(came.n, 0);
    close(wrong), close(cut), close(late);
    unbalance(&b);
}

static void waiting_for_a_header_takes_a_place(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "", 0);
    sockets_hub.max_connections = 2;
    int first = sockets_connect(b.port), second = sockets_connect(b.port);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 2);
    int third = sockets_connect(b.port);
    SOCKETS_UNTIL(sockets_closed(third));
    assert_int_equal(sockets_hub.metrics.refused, 1);
    say(first, "PROXY UNKNOWN\r\n", 15);
    say(second, "PROXY UNKNOWN\r\n", 15);
    SOCKETS_UNTIL(came.n == 2);
    assert_false(sockets_closed(first) || sockets_closed(second));
    close(first), close(second), close(third);
    unbalance(&b);
}

static void who_waits_long_gives_way(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "", 0);
    sockets_hub.max_connections = 1;
    int first = sockets_connect(b.port);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 1);
    sockets_turn(2050);
    int second = sockets_connect(b.port);
    SOCKETS_UNTIL(sockets_closed(first));
    assert_int_equal(sockets_hub.metrics.evicted, 1);
    say(second, "PROXY UNKNOWN\r\n", 15);
    SOCKETS_UNTIL(came.n == 1);
    assert_int_equal(sockets_hub.metrics.refused, 0);
    close(first), close(second);
    unbalance(&b);
}

static void those_that_wait_are_closed_at_the_end(void **state)
{
    (void)state;
    struct balanced b;
    balance(&b, "", 0);
    int fd = sockets_connect(b.port);
    SOCKETS_UNTIL(listeners_waiting(b.listeners) == 1);
    unbalance(&b);
    assert_true(sockets_closed(fd));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_port_says_which_it_is),
        TEST(a_reload_opens_and_closes_ports),
        TEST(a_port_that_is_taken_fails_at_the_start),
        TEST(who_is_not_allowed_is_closed_at_once),
        TEST(who_has_no_place_is_closed),
        TEST(the_rate_is_kept_and_nobody_is_lost),
        TEST(the_header_names_the_peer),
        TEST(a_header_may_come_in_pieces),
        TEST(the_allow_list_is_held_against_the_header),
        TEST(health_checks_are_no_errors),
        TEST(without_a_good_header_it_is_closed),
        TEST(waiting_for_a_header_takes_a_place),
        TEST(who_waits_long_gives_way),
        TEST(those_that_wait_are_closed_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
