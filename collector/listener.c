#include "collector/listener.h"

#include "collector/connection.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    ACCEPT_AT_ONCE = 64, /* a storm of connects must not keep the loop from its polls */
    PAUSE_MS = 200,      /* where descriptors are out */
    EVICT_AFTER_MS =
        2000, /* a line that did not register for so long gives way where all places are taken */
};

struct listener {
    struct hub *hub;
    struct event *readable, *resume;
    int fd;
    struct log_limit complaint;
};

static void name_peer(const struct sockaddr_storage *address, struct record_connection *peer)
{
    memset(peer, 0, sizeof(*peer));
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        peer->port = ntohs(v6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, peer->address, sizeof(peer->address));
        else
            inet_ntop(AF_INET6, &v6->sin6_addr, peer->address, sizeof(peer->address));
        return;
    }
    const struct sockaddr_in *v4 = (const void *)address;
    peer->port = ntohs(v4->sin_port);
    inet_ntop(AF_INET, &v4->sin_addr, peer->address, sizeof(peer->address));
}

/* Queries are small and wait for answers: send at once. Keepalive finds lines that died while
 * nobody spoke. */
static void set_options(int fd)
{
    const int on = 1, idle_s = 60, interval_s = 20, probes = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* Where all places are taken: does a line that never registered give its place up? */
static int evict_silent(struct hub *hub)
{
    struct registry_entry *oldest = TAILQ_FIRST(&hub->registry.pending);
    if (oldest == NULL)
        return 0;
    struct connection *connection = connection_of(oldest);
    if (clock_mono_ms() - connection_session(connection)->opened_ms < EVICT_AFTER_MS)
        return 0;
    hub->metrics.evicted++;
    connection_close(connection, "gave its place to a newer line");
    return 1;
}

static void refuse(struct listener *listener, int fd, const struct record_connection *peer)
{
    struct hub *hub = listener->hub;
    hub->metrics.refused++;
    log_at_limit(&listener->complaint, LOGL_WARN, "listener", NULL,
                 "refused %s:%u: server.max_connections (%u) is reached", peer->address,
                 (unsigned)peer->port, hub->max_connections);
    shutdown(fd, SHUT_RDWR);
    close(fd);
}

static void welcome(struct listener *listener, int fd, const struct sockaddr_storage *address)
{
    struct hub *hub = listener->hub;
    struct record_connection peer;
    name_peer(address, &peer);
    if (registry_count(&hub->registry) >= hub->max_connections && !evict_silent(hub)) {
        refuse(listener, fd, &peer);
        return;
    }
    hub->metrics.accepted++;
    set_options(fd);
    connection_open(hub, fd, &(struct connection_origin){.peer = peer});
}

static void accept_some(struct listener *listener)
{
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        int fd =
            accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(listener, fd, &address);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
            log_at_limit(&listener->complaint, LOGL_ERROR, "listener", NULL,
                         "accept: %s; raise the limit of open files (LimitNOFILE)",
                         strerror(errno));
            event_del(listener->readable);
            event_add(listener->resume, &pause);
        }
        return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    accept_some(cookie);
}

static void on_resume(evutil_socket_t fd, short what, void *cookie)
{
    struct listener *listener = cookie;
    (void)fd, (void)what;
    event_add(listener->readable, NULL);
}

static int bind_socket(const struct addrinfo *address)
{
    const int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int open_socket(const char *host, uint16_t port)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0) {
        log_error("listener", NULL, "server.host %s: %s", host, gai_strerror(rc));
        return -1;
    }
    int fd = bind_socket(found);
    freeaddrinfo(found);
    if (fd < 0)
        log_error("listener", NULL, "cannot listen on %s:%u: %s (server.host, server.main_port)",
                  host, (unsigned)port, strerror(errno));
    return fd;
}

struct listener *listener_open(struct hub *hub, const char *host, uint16_t port)
{
    int fd = open_socket(host, port);
    if (fd < 0)
        return NULL;
    struct listener *listener = xcalloc(1, sizeof(*listener));
    listener->hub = hub;
    listener->fd = fd;
    listener->complaint = (struct log_limit)LOG_LIMIT(3, 10000);
    listener->readable = event_new(hub->base, fd, EV_READ | EV_PERSIST, on_readable, listener);
    listener->resume = event_new(hub->base, -1, 0, on_resume, listener);
    event_add(listener->readable, NULL);
    log_info("listener", NULL, "DTUs may dial %s:%u", host, (unsigned)port);
    return listener;
}

void listener_close(struct listener *listener)
{
    if (listener == NULL)
        return;
    event_free(listener->readable);
    event_free(listener->resume);
    close(listener->fd);
    free(listener);
}
