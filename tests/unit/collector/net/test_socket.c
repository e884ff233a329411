#include "collector/net/socket.h"
#include "tests/unit/collector/parts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static void is_named(const char *host, const char *expected)
{
    struct sockaddr_storage address;
    struct record_connection peer;
    socklen_t size;
    assert_int_equal(socket_numeric(host, 40112, &address, &size), 0);
    assert_int_equal(size,
                     strchr(host, ':') ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    socket_name(&address, &peer);
    assert_string_equal(peer.address, expected);
    assert_int_equal(peer.port, 40112);
}

static void addresses_become_text_and_back(void **state)
{
    (void)state;
    is_named("192.0.2.7", "192.0.2.7");
    is_named("2001:DB8:0::7", "2001:db8::7");
    is_named("::ffff:192.0.2.7", "192.0.2.7");
    is_named("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void names_are_not_numeric(void **state)
{
    (void)state;
    static const char *const names[] = {"", "localhost", "10.0.0", "10.0.0.1.example", "[::1]"};
    struct sockaddr_storage address;
    socklen_t size;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(socket_numeric(names[i], 1, &address, &size), -1);
}

static void dead_lines_are_found(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0), value = 0;
    socklen_t size = sizeof(value);
    socket_options(fd);
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    assert_true(value);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    assert_true(value);
    getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size);
    assert_int_equal(value, 60);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_become_text_and_back),
        cmocka_unit_test(names_are_not_numeric),
        cmocka_unit_test(dead_lines_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
