#include "collector/listener.h"

#include "collector/net/rate.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    ACCEPT_AT_ONCE = 64, /* a storm of connects must not keep the loop from its polls */
    PAUSE_MS = 200,      /* where descriptors are out */
};

struct listener {
    TAILQ_ENTRY(listener) link;
    struct listeners *all;
    struct event *readable;
    int fd;
    char *host;
    uint16_t port;
};

TAILQ_HEAD(listener_list, listener);

struct listeners {
    struct hub *hub;
    struct admission *admission;
    struct listener_list ports;
    struct rate rate;
    struct event *resume; /* pending while no port is listened to */
    struct log_limit complaint;
    struct listener_failure failure;
};

/* Pauses: they hold for all ports, because what is short (tokens, descriptors) is everybody's. */

static bool is_paused(const struct listeners *listeners)
{
    return event_pending(listeners->resume, EV_TIMEOUT, NULL);
}

static void pause_for(struct listeners *listeners, int64_t ms)
{
    const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    struct listener *listener;
    TAILQ_FOREACH (listener, &listeners->ports, link) {
        event_del(listener->readable);
    }
    event_add(listeners->resume, &tv);
}

/* Each time another port comes first, so that a storm on one does not starve the rest. */
static void resume(struct listeners *listeners)
{
    struct listener *listener = TAILQ_FIRST(&listeners->ports);
    if (listener == NULL)
        return;
    TAILQ_REMOVE(&listeners->ports, listener, link);
    TAILQ_INSERT_TAIL(&listeners->ports, listener, link);
    TAILQ_FOREACH (listener, &listeners->ports, link) {
        event_add(listener->readable, NULL);
    }
}

static void on_resume(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    resume(cookie);
}

/* Accepting */

/* Only who is let in costs a token: strangers must not keep the DTUs out. */
static void welcome(struct listener *listener, int fd, const struct sockaddr_storage *address)
{
    struct listeners *all = listener->all;
    if (admission_take(all->admission, fd, address, listener->port))
        rate_take(&all->rate, clock_mono_ms());
}

static void accept_failed(struct listeners *listeners, int error)
{
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM)
        return;
    log_at_limit(&listeners->complaint, LOGL_ERROR, "listener", NULL,
                 "accept: %s; raise the limit of open files (LimitNOFILE)", strerror(error));
    pause_for(listeners, PAUSE_MS);
}

static void accept_some(struct listener *listener)
{
    struct listeners *all = listener->all;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        int64_t now_ms = clock_mono_ms(), next_ms = rate_next_ms(&all->rate, now_ms);
        if (next_ms > now_ms) {
            pause_for(all, next_ms - now_ms);
            return;
        }
        struct sockaddr_storage address;
        socklen_t len = sizeof(address);
        int fd =
            accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(all, errno);
            return;
        }
        welcome(listener, fd, &address);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    accept_some(cookie);
}

/* Ports */

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

/* Returns -1 with why in ${failure}. */
static int open_socket(const char *host, uint16_t port, const char *setting,
                       struct listener_failure *failure)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0) {
        log_error("listener", NULL, "server.host %s: %s", host, gai_strerror(rc));
        *failure = (struct listener_failure){port, gai_strerror(rc)};
        return -1;
    }
    int fd = bind_socket(found);
    int saved_errno = errno;
    freeaddrinfo(found);
    if (fd >= 0)
        return fd;
    log_error("listener", NULL, "cannot listen on %s:%u: %s (server.host, %s)", host,
              (unsigned)port, strerror(saved_errno), setting);
    *failure = (struct listener_failure){port, strerrordesc_np(saved_errno)};
    return -1;
}

static int open_port(struct listeners *listeners, const char *host, uint16_t port,
                     const char *setting)
{
    struct listener_failure failure;
    int fd = open_socket(host, port, setting, &failure);
    if (fd < 0) {
        if (listeners->failure.port == 0)
            listeners->failure = failure;
        return -1;
    }
    struct listener *listener = xcalloc(1, sizeof(*listener));
    listener->all = listeners;
    listener->fd = fd;
    listener->host = xstrdup(host);
    listener->port = port;
    listener->readable =
        event_new(listeners->hub->base, fd, EV_READ | EV_PERSIST, on_readable, listener);
    if (!is_paused(listeners))
        event_add(listener->readable, NULL);
    TAILQ_INSERT_TAIL(&listeners->ports, listener, link);
    log_info("listener", NULL, "DTUs may dial %s:%u", host, (unsigned)port);
    return 0;
}

static void close_port(struct listener *listener)
{
    TAILQ_REMOVE(&listener->all->ports, listener, link);
    event_free(listener->readable);
    close(listener->fd);
    free(listener->host);
    free(listener);
}

static bool is_wanted(const struct listener_rules *rules, const struct listener *listener)
{
    if (strcmp(rules->host, listener->host) != 0)
        return false;
    for (size_t i = 0; i < rules->nports; i++)
        if (rules->ports[i] == listener->port)
            return true;
    return false;
}

static void close_unwanted(struct listeners *listeners, const struct listener_rules *rules)
{
    struct listener *listener, *next;
    for (listener = TAILQ_FIRST(&listeners->ports); listener != NULL; listener = next) {
        next = TAILQ_NEXT(listener, link);
        if (is_wanted(rules, listener))
            continue;
        log_info("listener", NULL, "DTUs may no longer dial %s:%u", listener->host,
                 (unsigned)listener->port);
        close_port(listener);
    }
}

static bool is_open(const struct listeners *listeners, uint16_t port)
{
    struct listener *listener;
    TAILQ_FOREACH (listener, &listeners->ports, link) {
        if (listener->port == port)
            return true;
    }
    return false;
}

/* Whole */

struct listeners *listeners_new(struct hub *hub, admission_opener *open)
{
    struct listeners *listeners = xcalloc(1, sizeof(*listeners));
    listeners->hub = hub;
    listeners->admission = admission_new(hub, open);
    TAILQ_INIT(&listeners->ports);
    rate_init(&listeners->rate, 0, clock_mono_ms());
    listeners->resume = evtimer_new(hub->base, on_resume, listeners);
    listeners->complaint = (struct log_limit)LOG_LIMIT(3, 10000);
    return listeners;
}

int listeners_configure(struct listeners *listeners, const struct listener_rules *rules)
{
    int rc = 0;
    listeners->failure = (struct listener_failure){0};
    admission_configure(listeners->admission, &rules->who);
    rate_set(&listeners->rate, rules->accept_rate, clock_mono_ms());
    close_unwanted(listeners, rules);
    for (size_t i = 0; i < rules->nports; i++) {
        const char *setting = i == 0 ? "server.main_port" : "port of a profile";
        if (!is_open(listeners, rules->ports[i]) &&
            open_port(listeners, rules->host, rules->ports[i], setting) != 0)
            rc = -1;
    }
    return rc;
}

struct listener_failure listeners_failure(const struct listeners *listeners)
{
    return listeners->failure;
}

struct listeners *listeners_open(struct hub *hub, const struct listener_rules *rules)
{
    struct listeners *listeners = listeners_new(hub, connection_open);
    if (listeners_configure(listeners, rules) == 0)
        return listeners;
    listeners_close(listeners);
    return NULL;
}

size_t listeners_waiting(const struct listeners *listeners)
{
    return admission_waiting(listeners->admission);
}

void listeners_close(struct listeners *listeners)
{
    if (listeners == NULL)
        return;
    while (!TAILQ_EMPTY(&listeners->ports))
        close_port(TAILQ_FIRST(&listeners->ports));
    event_free(listeners->resume);
    admission_free(listeners->admission);
    free(listeners);
}
