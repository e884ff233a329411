/*
 * The ports that DTUs dial: the main one, and those that profiles have for themselves.
 *
 * Connections are accepted at a bounded rate: after a restart everybody comes at once, and what is
 * not accepted yet waits in the kernel's backlog, unharmed. Who is let in is admission.h's.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_LISTENER_H
#define DTUHUB_COLLECTOR_LISTENER_H

#include "collector/admission.h"

struct listeners;

struct listener_rules {
    const char *host;           /* numeric, or a name that getaddrinfo() knows */
    const uint16_t *ports;      /* the first is the main one; a repeated one counts once */
    size_t nports;              /* at least 1 */
    uint32_t accept_rate;       /* connections a second, all ports together; 0: no limit */
    struct admission_rules who; /* the lists must outlive the rules' use */
};

struct listener_failure {
    uint16_t port;   /* 0: none failed */
    const char *why; /* never freed */
};

/**
 * listeners_open(hub, rules): bind all ports and listen. NULL where one cannot be bound; the reason
 * is in the log.
 */
struct listeners *listeners_open(struct hub *hub, const struct listener_rules *rules);

/** listeners_new(hub, open): the same without ports yet, and with another place for the sockets
 * that come in than connection_open(). */
struct listeners *listeners_new(struct hub *hub, admission_opener *open);

/**
 * listeners_configure(listeners, rules): go on by ${rules}: open what is new, close what is gone; a
 * port that stays is not touched, and neither are lines that stand. 0, or -1 where a port could not
 * be bound: that is in the log, the others work, and the next call tries it again.
 */
int listeners_configure(struct listeners *listeners, const struct listener_rules *rules);

/** listeners_failure(listeners): the first port that the last call could not bind. */
struct listener_failure listeners_failure(const struct listeners *listeners);

/** listeners_waiting(listeners): load balancers' sockets whose PROXY header has not come yet. */
size_t listeners_waiting(const struct listeners *listeners);

/** listeners_close(listeners): accept no more. NULL is allowed. */
void listeners_close(struct listeners *listeners);

#endif
