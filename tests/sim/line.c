#include "tests/sim/line.h"

#include "shared/base/alloc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PACE_MS = 1, /* between pieces: long enough for another read on the other side */
    CUT_MS = 10, /* where a piece of another packet comes between */
};

void line_init(struct line *line, struct event_base *base, event_callback_fn resume, void *cookie)
{
    line->fd = -1;
    evtimer_assign(&line->pace, base, resume, cookie);
}

void line_open(struct line *line, int fd, struct event_base *base, event_callback_fn read,
               event_callback_fn resume, void *cookie)
{
    line->fd = fd;
    event_assign(&line->readable, base, fd, EV_READ | EV_PERSIST, read, cookie);
    event_assign(&line->writable, base, fd, EV_WRITE, resume, cookie);
}

int line_leave(struct line *line)
{
    int fd = line->fd;
    if (fd >= 0) {
        event_del(&line->readable);
        event_del(&line->writable);
    }
    event_del(&line->pace);
    line->fd = -1;
    line_sent(line);
    return fd;
}

void line_sent(struct line *line)
{
    line->out.len = line->sent = 0;
}

/* Where the next send ends, and whether another packet's bytes begin there. */
static uint16_t piece_end(const struct line *line, bool *cut)
{
    const struct parcel *out = &line->out;
    size_t end = segments_end(out->segments, out->chance, line->sent, out->len);
    *cut = false;
    for (int i = 0; i < 2; i++) {
        if (out->cuts[i] > line->sent && out->cuts[i] <= end) {
            end = out->cuts[i];
            *cut = true;
            break;
        }
    }
    return (uint16_t)end;
}

int line_push(struct line *line)
{
    while (line->sent < line->out.len) {
        bool cut;
        uint16_t end = piece_end(line, &cut);
        ssize_t n =
            send(line->fd, line->out.bytes + line->sent, (size_t)(end - line->sent), MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            event_add(&line->writable, NULL);
            return 0;
        }
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            line->sent = (uint16_t)(line->sent + n);
        if (line->sent == end && end < line->out.len) {
            event_add(&line->pace, &(struct timeval){0, (cut ? CUT_MS : PACE_MS) * 1000});
            return 0;
        }
    }
    return 1;
}

int line_dial(const struct sockaddr_storage *server, socklen_t len,
              const struct sockaddr_storage *source)
{
    int on = 1, fd = socket(server->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (source != NULL) {
        /* Without this a bound socket would hold a port that no other destination can use. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
        if (bind(fd, (const struct sockaddr *)source, len) < 0)
            goto err;
    }
    if (connect(fd, (const struct sockaddr *)server, len) < 0 && errno != EINPROGRESS)
        goto err;
    return fd;
err:
    close(fd);
    return -1;
}

int line_listen(const struct sockaddr_storage *address, socklen_t len, uint16_t port)
{
    struct sockaddr_storage own = *address;
    if (own.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&own)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&own)->sin_port = htons(port);
    int on = 1, fd = socket(own.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&own, len) == 0 && listen(fd, 16) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void end_orphan(struct line_orphan *orphan)
{
    LIST_REMOVE(orphan, link);
    event_del(&orphan->closed);
    close(event_get_fd(&orphan->closed));
    free(orphan);
}

static void on_closed(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    end_orphan(cookie);
}

void line_orphan(struct line_orphans *orphans, struct event_base *base, int fd)
{
    struct line_orphan *orphan = xcalloc(1, sizeof(*orphan));
    LIST_INSERT_HEAD(orphans, orphan, link);
    event_assign(&orphan->closed, base, fd, EV_CLOSED, on_closed, orphan);
    event_add(&orphan->closed, NULL);
}

void line_orphans_close(struct line_orphans *orphans)
{
    while (!LIST_EMPTY(orphans))
        end_orphan(LIST_FIRST(orphans));
}
