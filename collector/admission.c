#include "collector/admission.h"

#include "collector/net/proxy.h"
#include "collector/net/socket.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADER_ROOM = 1024, /* a header, and what came glued to it */
    /* A line that did not register, or send its header, for so long gives way where all places are
     * taken. */
    EVICT_AFTER_MS = 2000,
};

_Static_assert(HEADER_ROOM > (int)PROXY_MAX, "a whole header fits in");

/* A balancer's socket whose header has not come yet. */
struct waiting {
    TAILQ_ENTRY(waiting) link;
    struct admission *admission;
    struct event readable;
    int fd;
    uint16_t port;
    struct record_connection balancer;
    int64_t since_ms;
    size_t len;
    uint8_t bytes[HEADER_ROOM];
};

TAILQ_HEAD(waiting_list, waiting);

struct admission {
    struct hub *hub;
    admission_opener *open;
    struct admission_rules rules;
    struct waiting_list waiting; /* oldest first */
    size_t nwaiting;
};

struct who {
    char text[LOG_PEER_SIZE];
};

static struct who who_is(const struct record_connection *peer)
{
    struct who who;
    log_peer(peer->address, peer->port, who.text, sizeof(who.text));
    return who;
}

struct admission *admission_new(struct hub *hub, admission_opener *open)
{
    struct admission *admission = xcalloc(1, sizeof(*admission));
    admission->hub = hub;
    admission->open = open;
    TAILQ_INIT(&admission->waiting);
    admission_configure(admission, &(struct admission_rules){0});
    return admission;
}

void admission_configure(struct admission *admission, const struct admission_rules *rules)
{
    admission->rules = *rules;
    if (admission->rules.header_timeout_ms == 0)
        admission->rules.header_timeout_ms = ADMISSION_HEADER_TIMEOUT_MS;
}

size_t admission_waiting(const struct admission *admission)
{
    return admission->nwaiting;
}

static void hang_up(int fd)
{
    shutdown(fd, SHUT_RDWR);
    close(fd);
}

/* Take ${waiting} out; its socket is the caller's. */
static int stop_waiting(struct waiting *waiting)
{
    struct admission *admission = waiting->admission;
    int fd = waiting->fd;
    TAILQ_REMOVE(&admission->waiting, waiting, link);
    admission->nwaiting--;
    event_del(&waiting->readable);
    free(waiting);
    return fd;
}

void admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    while (!TAILQ_EMPTY(&admission->waiting))
        hang_up(stop_waiting(TAILQ_FIRST(&admission->waiting)));
    free(admission);
}

/* Room */

static bool evict_silent_line(struct hub *hub)
{
    struct registry_entry *oldest = TAILQ_FIRST(&hub->registry.pending);
    if (oldest == NULL)
        return false;
    struct connection *connection = connection_of(oldest);
    if (clock_mono_ms() - connection_session(connection)->opened_ms < EVICT_AFTER_MS)
        return false;
    hub->metrics.evicted++;
    connection_close(connection, "gave its place to a newer line");
    return true;
}

static bool evict_waiting(struct admission *admission)
{
    struct waiting *oldest = TAILQ_FIRST(&admission->waiting);
    if (oldest == NULL || clock_mono_ms() - oldest->since_ms < EVICT_AFTER_MS)
        return false;
    admission->hub->metrics.evicted++;
    hang_up(stop_waiting(oldest));
    return true;
}

/* A socket that waits for its header takes a place as well. */
static bool has_room(struct admission *admission)
{
    struct hub *hub = admission->hub;
    return registry_count(&hub->registry) + admission->nwaiting < hub->max_connections ||
           evict_silent_line(hub) || evict_waiting(admission);
}

static void refuse_full(struct admission *admission, int fd, const struct record_connection *peer)
{
    struct hub *hub = admission->hub;
    const struct who who = who_is(peer);
    hub->metrics.refused++;
    log_within(&hub->env.budget, LOG_FULL, peer->address, LOGL_WARN, "listener", who.text,
               "refused: server.max_connections (%u) is reached", hub->max_connections);
    hang_up(fd);
}

static void let_in(struct admission *admission, int fd, const struct connection_origin *origin)
{
    if (!has_room(admission)) {
        refuse_full(admission, fd, &origin->peer);
        return;
    }
    admission->hub->metrics.accepted++;
    socket_options(fd);
    admission->open(admission->hub, fd, origin);
}

/* The allow-list */

static bool is_allowed(const struct admission *admission, const char *address)
{
    const struct cidr_list *allow = admission->rules.allow;
    return cidr_list_count(allow) == 0 || cidr_list_holds(allow, address);
}

static void refuse_address(struct admission *admission, int fd,
                           const struct record_connection *peer, uint16_t port)
{
    admission->hub->metrics.refused_address++;
    const struct who who = who_is(peer);
    log_within(&admission->hub->env.budget, LOG_NOT_ALLOWED, peer->address, LOGL_WARN, "listener",
               who.text, "refused on port %u: its address is not in server.allow", (unsigned)port);
    const struct refusal refusal = {.peer = peer->address,
                                    .port = peer->port,
                                    .reason = "refused: its address is not in server.allow"};
    refusals_add(admission->hub->env.refusals, &refusal, clock_wall_ms());
    hang_up(fd);
}

/* The PROXY header */

static void refuse_header(struct waiting *waiting, const char *why)
{
    struct admission *admission = waiting->admission;
    admission->hub->metrics.proxy_errors++;
    const struct who who = who_is(&waiting->balancer);
    log_within(&admission->hub->env.budget, LOG_BAD_HEADER, waiting->balancer.address, LOGL_WARN,
               "listener", who.text,
               "closed on port %u: %s; the address is in server.proxy_from, so each connection "
               "from it must start with a PROXY header (version 1 or 2)",
               (unsigned)waiting->port, why);
    hang_up(stop_waiting(waiting));
}

/* Balancers test a port by opening a connection and closing it: no error. */
static void closed_early(struct waiting *waiting)
{
    if (waiting->len > 0) {
        refuse_header(waiting, "it closed before its header was whole");
        return;
    }
    const struct who who = who_is(&waiting->balancer);
    log_debug("listener", who.text, "a load balancer came and went on port %u",
              (unsigned)waiting->port);
    hang_up(stop_waiting(waiting));
}

static void header_is_whole(struct waiting *waiting, const struct proxy_header *header, size_t size)
{
    struct admission *admission = waiting->admission;
    uint8_t rest[HEADER_ROOM];
    struct connection_origin origin = {
        .peer = header->kind == PROXY_RELAYED ? header->source : waiting->balancer,
        .port = waiting->port,
        .bytes = rest,
        .len = waiting->len - size,
    };
    memcpy(rest, waiting->bytes + size, origin.len);
    int fd = stop_waiting(waiting);
    if (is_allowed(admission, origin.peer.address))
        let_in(admission, fd, &origin);
    else if (header->kind == PROXY_LOCAL) /* a health check, not somebody who wants in */
        hang_up(fd);
    else
        refuse_address(admission, fd, &origin.peer, origin.port);
}

static void wait_on(struct waiting *waiting)
{
    int64_t left_ms =
        waiting->since_ms + waiting->admission->rules.header_timeout_ms - clock_mono_ms();
    if (left_ms < 0)
        left_ms = 0;
    struct timeval tv = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
    event_add(&waiting->readable, &tv);
}

static void read_header(struct waiting *waiting)
{
    struct proxy_header header;
    ssize_t got =
        recv(waiting->fd, waiting->bytes + waiting->len, sizeof(waiting->bytes) - waiting->len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_on(waiting);
        return;
    }
    if (got <= 0) {
        closed_early(waiting);
        return;
    }
    waiting->len += (size_t)got;
    int size = proxy_parse(waiting->bytes, waiting->len, &header);
    if (size > 0)
        header_is_whole(waiting, &header, (size_t)size);
    else if (size == 0)
        wait_on(waiting);
    else
        refuse_header(waiting, "its first bytes are no such header");
}

static void on_readable(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd;
    if (what & EV_READ)
        read_header(cookie);
    else
        refuse_header(cookie, "no header came in time");
}

static void wait_for_header(struct admission *admission, int fd,
                            const struct record_connection *balancer, uint16_t port)
{
    if (!has_room(admission)) {
        refuse_full(admission, fd, balancer);
        return;
    }
    struct waiting *waiting = xcalloc(1, sizeof(*waiting));
    waiting->admission = admission;
    waiting->fd = fd;
    waiting->port = port;
    waiting->balancer = *balancer;
    waiting->since_ms = clock_mono_ms();
    TAILQ_INSERT_TAIL(&admission->waiting, waiting, link);
    admission->nwaiting++;
    event_assign(&waiting->readable, admission->hub->base, fd, EV_READ, on_readable, waiting);
    wait_on(waiting);
}

bool admission_take(struct admission *admission, int fd, const struct sockaddr_storage *address,
                    uint16_t port)
{
    const struct cidr_list *balancers = admission->rules.proxy_from;
    struct record_connection peer;
    socket_name(address, &peer);
    if (balancers != NULL && cidr_list_holds(balancers, peer.address)) {
        wait_for_header(admission, fd, &peer, port);
        return true;
    }
    if (!is_allowed(admission, peer.address)) {
        refuse_address(admission, fd, &peer, port);
        return false;
    }
    let_in(admission, fd, &(struct connection_origin){.peer = peer, .port = port});
    return true;
}
