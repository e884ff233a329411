#include "collector/connection.h"

#include "collector/session_event.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a DTU may leave unread before its line counts as dead: queries are small and one at a time.
 */
enum { UNSENT_MAX = 4096 };

/* What the DTU has not yet taken. */
struct unsent {
    struct evbuffer *bytes;
    struct event writable;
};

struct connection {
    SLIST_ENTRY(connection) pooled;
    struct hub *hub;
    struct registry_entry entry;
    struct wheel_timer timer;
    struct event readable;
    struct unsent *unsent; /* NULL where all was sent */
    int fd;
    bool ended;                   /* nothing more comes from the DTU */
    const char *closing;          /* the reason, once the line is to be closed */
    char *reason;                 /* the same, where it had to be made */
    void (*closed)(void *cookie); /* the dialler's; NULL */
    void *closed_cookie;
    struct session session;
};

#define CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

struct connection *connection_of(struct registry_entry *entry)
{
    return CONTAINER(entry, struct connection, entry);
}

struct session *connection_session(struct connection *connection)
{
    return &connection->session;
}

/* Memory */

void connection_pool_fill(struct hub *hub)
{
    while (hub->pooled < hub->pool_size) {
        struct connection *connection = xcalloc(1, sizeof(*connection));
        SLIST_INSERT_HEAD(&hub->pool, connection, pooled);
        hub->pooled++;
    }
}

void connection_pool_drain(struct hub *hub)
{
    struct connection *connection;
    while ((connection = SLIST_FIRST(&hub->pool)) != NULL) {
        SLIST_REMOVE_HEAD(&hub->pool, pooled);
        free(connection);
    }
    hub->pooled = 0;
}

static struct connection *allocate(struct hub *hub)
{
    struct connection *connection = SLIST_FIRST(&hub->pool);
    if (connection == NULL)
        return calloc(1, sizeof(*connection));
    SLIST_REMOVE_HEAD(&hub->pool, pooled);
    hub->pooled--;
    memset(connection, 0, sizeof(*connection));
    return connection;
}

static void give_back(struct hub *hub, struct connection *connection)
{
    if (hub->pooled >= hub->pool_size) {
        free(connection);
        return;
    }
    SLIST_INSERT_HEAD(&hub->pool, connection, pooled);
    hub->pooled++;
}

/* Sending */

static void broken(struct connection *connection, const char *call)
{
    free(connection->reason);
    connection->reason = xasprintf("%s: %s", call, strerror(errno));
    connection->closing = connection->reason;
}

static void clear_unsent(struct connection *connection)
{
    struct unsent *unsent = connection->unsent;
    if (unsent == NULL)
        return;
    event_del(&unsent->writable);
    evbuffer_free(unsent->bytes);
    free(unsent);
    connection->unsent = NULL;
}

static void on_writable(evutil_socket_t fd, short what, void *cookie);

static struct unsent *new_unsent(struct connection *connection)
{
    struct unsent *unsent = xcalloc(1, sizeof(*unsent));
    unsent->bytes = evbuffer_new();
    if (unsent->bytes == NULL)
        abort();
    event_assign(&unsent->writable, connection->hub->base, connection->fd, EV_WRITE | EV_PERSIST,
                 on_writable, connection);
    event_add(&unsent->writable, NULL);
    return unsent;
}

static void keep_unsent(struct connection *connection, const uint8_t *bytes, size_t len)
{
    if (connection->unsent == NULL)
        connection->unsent = new_unsent(connection);
    struct evbuffer *unsent = connection->unsent->bytes;
    if (evbuffer_add(unsent, bytes, len) != 0 || evbuffer_get_length(unsent) > UNSENT_MAX)
        connection->closing = "the DTU does not read";
}

static void on_send(void *cookie, const uint8_t *bytes, size_t len)
{
    struct connection *connection = cookie;
    if (connection->closing != NULL)
        return;
    ssize_t sent = 0;
    if (connection->unsent == NULL) {
        sent = send(connection->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            broken(connection, "write");
            return;
        }
        if (sent < 0)
            sent = 0;
    }
    if ((size_t)sent < len)
        keep_unsent(connection, bytes + sent, len - (size_t)sent);
}

static void send_rest(struct connection *connection)
{
    struct evbuffer *unsent = connection->unsent->bytes;
    int sent = evbuffer_write(unsent, connection->fd);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        broken(connection, "write");
    else if (evbuffer_get_length(unsent) == 0)
        clear_unsent(connection);
}

/* What the session asks for */

/* The newest line of a device wins. */
static void end_older(struct connection *connection)
{
    struct hub *hub = connection->hub;
    const struct session *session = &connection->session;
    struct registry_entry *older = registry_find(&hub->registry, session->id);
    if (older == NULL)
        return;
    char reason[128];
    snprintf(reason, sizeof(reason), "superseded by %s:%u", session->peer.address,
             (unsigned)session->peer.port);
    hub->metrics.superseded++;
    connection_close(connection_of(older), reason);
    session_raise(session, EVENT_DEVICE_SUPERSEDED, reason, NULL, session->registered_wall_ms);
}

static void on_registered(void *cookie)
{
    struct connection *connection = cookie;
    end_older(connection);
    registry_name(&connection->hub->registry, &connection->entry, connection->session.id);
    hub_registered(connection->hub, &connection->session);
}

static void on_quarantined(void *cookie)
{
    struct connection *connection = cookie;
    hub_quarantined(connection->hub, &connection->session);
}

static void on_close(void *cookie, const char *reason)
{
    struct connection *connection = cookie;
    if (connection->closing == NULL)
        connection->closing = reason;
}

static const struct session_ops ops = {
    .send = on_send,
    .registered = on_registered,
    .quarantined = on_quarantined,
    .close = on_close,
};

/* Events */

void connection_reschedule(struct connection *connection)
{
    struct hub *hub = connection->hub;
    hub_set_timer(hub, &connection->timer,
                  session_next_ms(&connection->session, hub_now().mono_ms));
}

/* A DTU that ended its side may still read: what it sent before is acknowledged first. */
static void hang_up(struct connection *connection)
{
    if (STAILQ_EMPTY(&connection->session.promises))
        connection->closing = "closed by the DTU";
    else
        event_del(&connection->readable);
}

/* After each event: either the line is over, or its next time is set. */
static void settle(struct connection *connection)
{
    if (connection->ended && connection->closing == NULL)
        hang_up(connection);
    if (connection->closing != NULL)
        connection_close(connection, connection->closing);
    else
        connection_reschedule(connection);
}

void connection_adopt(struct connection *connection)
{
    session_adopt(&connection->session, hub_now());
    settle(connection);
}

void connection_promised(const struct promise *promise)
{
    struct session *session = promise->owner;
    session_promised(session, promise, hub_now());
    settle(CONTAINER(session, struct connection, session));
}

static void read_bytes(struct connection *connection)
{
    struct hub *hub = connection->hub;
    ssize_t got = recv(connection->fd, hub->scratch, sizeof(hub->scratch), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got == 0) {
        connection->ended = true;
        return;
    }
    if (got < 0) {
        broken(connection, "read");
        return;
    }
    hub->metrics.bytes_in += (uint64_t)got;
    session_input(&connection->session, hub->scratch, (size_t)got, hub_now());
}

static void on_readable(evutil_socket_t fd, short what, void *cookie)
{
    struct connection *connection = cookie;
    (void)fd, (void)what;
    read_bytes(connection);
    settle(connection);
}

static void on_writable(evutil_socket_t fd, short what, void *cookie)
{
    struct connection *connection = cookie;
    (void)fd, (void)what;
    send_rest(connection);
    settle(connection);
}

void connection_due(void *hub, struct wheel_timer *timer)
{
    struct connection *connection = CONTAINER(timer, struct connection, timer);
    (void)hub;
    session_tick(&connection->session, hub_now());
    settle(connection);
}

/* Life */

int connection_open(struct hub *hub, int fd, const struct connection_origin *origin)
{
    struct connection *connection = allocate(hub);
    if (connection == NULL) {
        log_error("listener", NULL, "out of memory for a connection");
        close(fd);
        return -1;
    }
    connection->hub = hub;
    connection->fd = fd;
    event_assign(&connection->readable, hub->base, fd, EV_READ | EV_PERSIST, on_readable,
                 connection);
    event_add(&connection->readable, NULL);
    connection->closed = origin->closed;
    connection->closed_cookie = origin->cookie;
    registry_add(&hub->registry, &connection->entry);
    const struct session_origin from = {.peer = origin->peer, .port = origin->port};
    session_start(&connection->session, &hub->env, &ops, connection, &from);
    session_open(&connection->session, origin->device_id, hub_now());
    if (origin->len > 0 && connection->closing == NULL)
        session_input(&connection->session, origin->bytes, origin->len, hub_now());
    settle(connection);
    return 0;
}

void connection_close(struct connection *connection, const char *reason)
{
    struct hub *hub = connection->hub;
    registry_remove(&hub->registry, &connection->entry);
    session_end(&connection->session, reason, hub_now());
    wheel_stop(hub->wheel, &connection->timer);
    event_del(&connection->readable);
    clear_unsent(connection);
    free(connection->reason);
    close(connection->fd);
    void (*closed)(void *) = connection->closed;
    void *cookie = connection->closed_cookie;
    give_back(hub, connection);
    if (closed != NULL)
        closed(cookie);
}
