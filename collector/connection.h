/*
 * A connection: a session's socket. Thin: bytes and time go into the session, bytes come out of it.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONNECTION_H
#define DTUHUB_COLLECTOR_CONNECTION_H

#include "collector/hub.h"

struct connection;

/** Where a line comes from. */
struct connection_origin {
    struct record_connection peer; /* the DTU itself, also where a balancer stands in front */
    uint16_t port;                 /* the port of ours that it dialled; 0: we dialled it */
    const char *device_id;         /* whom we dialled; else NULL */
    const uint8_t *bytes;          /* what was read already, behind a PROXY header */
    size_t len;
    void (*closed)(void *cookie); /* called once when the line is gone, NULL: nobody asks; the
                                     connection is not to be used in it */
    void *cookie;
};

/** connection_open(hub, fd, origin): a line stands; the connection owns ${fd}, a non-blocking
 * socket, and copies ${origin}. 0, or -1 where there is no memory: ${fd} is closed, and closed() is
 * not called. */
int connection_open(struct hub *hub, int fd, const struct connection_origin *origin);

/** connection_close(connection, reason): end the session, close the socket; the connection is gone
 * then. */
void connection_close(struct connection *connection, const char *reason);

/** connection_due(hub, timer): the wheel's callback for a connection's timer. */
void connection_due(void *hub, struct wheel_timer *timer);

/** connection_of(entry), connection_session(connection): from the registry to the session. */
struct connection *connection_of(struct registry_entry *entry);
struct session *connection_session(struct connection *connection);

/** connection_reschedule(connection): the session's next time may have changed. */
void connection_reschedule(struct connection *connection);

/** connection_promised(promise): a promise is due, see session_promised(); the connection may be
 * gone then. */
void connection_promised(const struct promise *promise);

/** connection_adopt(connection): a reload, see session_adopt(); the connection may be gone then. */
void connection_adopt(struct connection *connection);

/** connection_pool_fill(hub), connection_pool_drain(hub): allocate memory ahead for hub->pool_size
 * connections; free it. */
void connection_pool_fill(struct hub *hub);
void connection_pool_drain(struct hub *hub);

#endif
