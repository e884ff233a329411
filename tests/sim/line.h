/*
 * One TCP line of a DTU: how it comes about, and how a parcel goes out on it, at once or in pieces.
 * Everything here belongs to the thread of the event loop.
 */
#ifndef DTUHUB_SIM_LINE_H
#define DTUHUB_SIM_LINE_H

#include "tests/sim/parcel.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct line {
    int fd; /* -1: none */
    uint16_t sent;
    struct event readable, writable;
    struct event pace; /* between two pieces */
    struct parcel out; /* its len is 0 where nothing is to be sent */
};

/** line_init(line, base, resume, cookie): no line yet; ${resume} is called where line_push() may go
 * on. */
void line_init(struct line *line, struct event_base *base, event_callback_fn resume, void *cookie);

/** line_open(line, fd, base, read, resume, cookie): it is on ${fd} from now on, which it owns. */
void line_open(struct line *line, int fd, struct event_base *base, event_callback_fn read,
               event_callback_fn resume, void *cookie);

/** line_leave(line): forget the socket without closing it, and what was to be sent; the socket or
 * -1. */
int line_leave(struct line *line);

/** line_push(line): send what is in ${line}->out. 1: all is with the kernel (and out is still as it
 * was); 0: not yet, ${resume} will be called; -1 with errno. */
int line_push(struct line *line);

/** line_sent(line): forget what was sent: ${line}->out is free. */
void line_sent(struct line *line);

static inline bool line_busy(const struct line *line)
{
    return line->out.len > 0;
}

/** line_dial(server, len, source): a socket that dials, from ${source} (may be NULL); -1 with
 * errno. */
int line_dial(const struct sockaddr_storage *server, socklen_t len,
              const struct sockaddr_storage *source);

/** line_listen(address, len, port): a socket that listens on that port of ${address}; -1 with
 * errno. */
int line_listen(const struct sockaddr_storage *address, socklen_t len, uint16_t port);

/** Lines that were left without being closed: half open, as a modem leaves them whose network went
 * away. They are closed when the server closes them. */
struct line_orphan {
    LIST_ENTRY(line_orphan) link;
    struct event closed;
};
LIST_HEAD(line_orphans, line_orphan);

/** line_orphan(orphans, base, fd): leave ${fd} alone from now on. */
void line_orphan(struct line_orphans *orphans, struct event_base *base, int fd);

/** line_orphans_close(orphans): close all that are left. */
void line_orphans_close(struct line_orphans *orphans);

#endif
