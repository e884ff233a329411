/*
 * Who is let in: what becomes of a socket between accept() and its session.
 *
 * A peer outside of the allow-list is closed at once. One that is a known load balancer has to say
 * first, in a PROXY header, whom it speaks for; that address is then the peer, and what the
 * allow-list is held against. Where all places are taken, a line that never registered gives way.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_ADMISSION_H
#define DTUHUB_COLLECTOR_ADMISSION_H

#include "collector/connection.h"
#include "shared/base/cidr.h"

#include <sys/socket.h>

enum { ADMISSION_HEADER_TIMEOUT_MS = 5000 };

struct admission;

/* Both lists must live until they are replaced, or until the admission is gone. */
struct admission_rules {
    const struct cidr_list *allow;      /* NULL, or an empty one: everybody */
    const struct cidr_list *proxy_from; /* the load balancers; NULL: there are none */
    int64_t header_timeout_ms;          /* 0: ADMISSION_HEADER_TIMEOUT_MS */
};

/** Where an admitted socket goes: connection_open(), but for tests. origin->len is at most 1024. */
typedef int admission_opener(struct hub *hub, int fd, const struct connection_origin *origin);

/** admission_new(hub, open): everybody is let in, to ${open}. Uses hub->base, metrics, registry and
 * max_connections. */
struct admission *admission_new(struct hub *hub, admission_opener *open);

/** admission_free(admission): close the sockets that wait for their header. NULL is allowed. */
void admission_free(struct admission *admission);

/** admission_configure(admission, rules): for all headers and sockets to come; lines that stand are
 * not asked again. */
void admission_configure(struct admission *admission, const struct admission_rules *rules);

/** admission_take(admission, fd, address, port): ${fd}, a non-blocking socket, was accepted on our
 * ${port} from ${address}; takes it over. Return whether it came in (so far): false where the peer
 * is not allowed. */
bool admission_take(struct admission *admission, int fd, const struct sockaddr_storage *address,
                    uint16_t port);

/** admission_waiting(admission): sockets whose header has not come yet. */
size_t admission_waiting(const struct admission *admission);

#endif
