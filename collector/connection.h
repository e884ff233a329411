/*
 * A connection: a session's socket. Thin: bytes and time go into the session, bytes come out of it.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONNECTION_H
#define DTUHUB_COLLECTOR_CONNECTION_H

#include "collector/hub.h"

struct connection;

/** connection_open(hub, fd, peer): a line was accepted; the connection owns ${fd}, a non-blocking
 * socket. */
void connection_open(struct hub *hub, int fd, const struct record_connection *peer);

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

/** connection_pool_fill(hub), connection_pool_drain(hub): allocate memory ahead for hub->pool_size
 * connections; free it. */
void connection_pool_fill(struct hub *hub);
void connection_pool_drain(struct hub *hub);

#endif
