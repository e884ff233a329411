/* What tests with real sockets share: a hub without sessions, a loopback address of this process's
 * own, and a loop that runs until something is so. */
#ifndef DTUHUB_TESTS_COLLECTOR_SOCKETS_H
#define DTUHUB_TESTS_COLLECTOR_SOCKETS_H

#include "collector/hub.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "tests/unit/collector/parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_PATIENCE_MS = 10000 };

static struct hub sockets_hub;

static inline void sockets_setup(void)
{
    log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
    memset(&sockets_hub, 0, sizeof(sockets_hub));
    registry_init(&sockets_hub.registry);
    sockets_hub.base = event_base_new();
    sockets_hub.max_connections = 100;
    assert_non_null(sockets_hub.base);
}

static inline void sockets_teardown(void)
{
    event_base_free(sockets_hub.base);
}

/* An address out of 127.0.0.0/8 that no other test run uses at the same time. */
static inline const char *sockets_host(void)
{
    static char host[16];
    unsigned pid = (unsigned)getpid();
    snprintf(host, sizeof(host), "127.%u.%u.%u", 1 + (pid >> 16) % 250, pid >> 8 & 0xff,
             1 + (pid & 0xff) % 250);
    return host;
}

static inline struct sockaddr_in sockets_address(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, sockets_host(), &address.sin_addr), 1);
    return address;
}

/* A bound socket; it listens where ${backlog} is above 0. */
static inline int sockets_bind(uint16_t *port, int backlog)
{
    const int on = 1;
    struct sockaddr_in address = sockets_address(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    if (backlog > 0)
        assert_int_equal(listen(fd, backlog), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* A port that nobody listens on. */
static inline uint16_t sockets_free_port(void)
{
    uint16_t port;
    close(sockets_bind(&port, 0));
    return port;
}

/* A connection to ${port}, from this process's address; -1 where it is refused. */
static inline int sockets_connect(uint16_t port)
{
    struct sockaddr_in address = sockets_address(port), own = sockets_address(0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Whether the other side has closed ${fd}. */
static inline bool sockets_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static inline void sockets_ignore(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what, (void)cookie;
}

/* Turn the loop for ${ms}. */
static inline void sockets_turn(int64_t ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    struct event *guard = evtimer_new(sockets_hub.base, sockets_ignore, NULL);
    int64_t end_ms = clock_mono_ms() + ms;
    event_add(guard, &tv);
    do
        event_base_loop(sockets_hub.base, EVLOOP_ONCE);
    while (clock_mono_ms() < end_ms && event_pending(guard, EV_TIMEOUT, NULL));
    event_free(guard);
}

/* Turn the loop until ${condition} holds; fail where it does not in time. */
#define SOCKETS_UNTIL(condition)                                                                   \
    do {                                                                                           \
        int64_t end_ms_ = clock_mono_ms() + SOCKETS_PATIENCE_MS;                                   \
        while (!(condition)) {                                                                     \
            if (clock_mono_ms() > end_ms_)                                                         \
                fail_msg("in vain: %s", #condition);                                               \
            sockets_turn(5);                                                                       \
        }                                                                                          \
    } while (0)

#endif
