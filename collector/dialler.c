#include "collector/dialler.h"

#include "collector/net/rate.h"
#include "collector/net/resolver.h"
#include "collector/net/socket.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uthash.h>

#define FULL "server.max_connections is reached"

struct target {
    UT_hash_handle hh;
    struct dialler *dialler; /* NULL: it is no target any more, and ends with its line */
    struct hub *hub;
    char *id, *host;
    char *where; /* "HOST:PORT", for people */
    uint16_t port;
    bool wanted;       /* during dialler_configure() */
    bool booked;       /* its turn to dial is at dial.next_ms */
    unsigned attempts; /* a name's addresses are tried in turn */
    struct dial dial;
    struct event timer, writable;
    struct lookup *lookup; /* while its name is looked up */
    int fd;                /* while it connects; else -1 */
    struct record_connection peer;
    struct log_limit told, complaint;
};

struct dialler {
    struct dialler_parts parts;
    struct resolver *resolver;
    struct rate rate;
    struct target *by_id;
};

static double chance(void)
{
    return (double)random() / (double)RAND_MAX;
}

static void arm(struct target *target)
{
    int64_t wait_ms = target->dial.next_ms - clock_mono_ms();
    if (wait_ms < 0)
        wait_ms = 0;
    const struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    event_add(&target->timer, &tv);
}

/* An attempt */

/* Give up what the attempt holds. */
static void release(struct target *target)
{
    event_del(&target->timer);
    if (target->lookup != NULL)
        resolver_cancel(target->lookup);
    target->lookup = NULL;
    if (target->fd >= 0) {
        event_del(&target->writable);
        close(target->fd);
    }
    target->fd = -1;
}

static void fail(struct target *target, const char *error)
{
    release(target);
    target->hub->metrics.dial_failures++;
    int64_t pause_ms = dial_failed(&target->dial, error, clock_mono_ms(), chance());
    log_at_limit(&target->complaint, LOGL_WARN, "dialler", target->id,
                 "cannot reach %s at %s: %s; next try in %.1f s", target->id, target->where, error,
                 (double)pause_ms / 1000.0);
    arm(target);
}

static void target_free(struct target *target)
{
    free(target->id);
    free(target->host);
    free(target->where);
    free(target);
}

static void on_closed(void *cookie)
{
    struct target *target = cookie;
    target->hub->metrics.dialled--;
    if (target->dialler == NULL) {
        target_free(target);
        return;
    }
    int64_t pause_ms = dial_lost(&target->dial, clock_mono_ms(), chance());
    log_at_limit(&target->complaint, LOGL_WARN, "dialler", target->id,
                 "the line to %s at %s is gone; next try in %.1f s", target->id, target->where,
                 (double)pause_ms / 1000.0);
    arm(target);
}

static bool is_full(const struct hub *hub)
{
    return registry_count(&hub->registry) >= hub->max_connections;
}

static void stands(struct target *target)
{
    const struct connection_origin origin = {
        .peer = target->peer, .device_id = target->id, .closed = on_closed, .cookie = target};
    struct hub *hub = target->hub;
    int fd = target->fd;
    event_del(&target->writable);
    target->fd = -1;
    release(target);
    log_info("dialler", target->id, "%s answers at %s", target->id, target->where);
    dial_stands(&target->dial, clock_mono_ms());
    hub->metrics.dialled++;
    if (target->dialler->parts.open(hub, fd, &origin) == 0)
        return; /* by now its line may be gone already */
    hub->metrics.dialled--;
    fail(target, "out of memory for a connection");
}

static void connected(struct target *target)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(target->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0)
        fail(target, strerror(error));
    else if (is_full(target->hub)) /* meanwhile */
        fail(target, FULL);
    else
        stands(target);
}

static void on_writable(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    connected(cookie);
}

static void connect_to(struct target *target, const struct sockaddr *address, socklen_t size)
{
    struct sockaddr_storage whole = {0};
    memcpy(&whole, address, size);
    socket_name(&whole, &target->peer);
    target->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (target->fd < 0) {
        fail(target, strerror(errno));
        return;
    }
    socket_options(target->fd);
    event_assign(&target->writable, target->hub->base, target->fd, EV_WRITE, on_writable, target);
    if (connect(target->fd, address, size) != 0 && errno != EINPROGRESS) {
        fail(target, strerror(errno));
        return;
    }
    event_add(&target->writable, NULL);
}

static void on_found(void *cookie, const struct evutil_addrinfo *addresses, const char *problem)
{
    struct target *target = cookie;
    target->lookup = NULL;
    if (problem != NULL) {
        char error[DIAL_ERROR_SIZE];
        snprintf(error, sizeof(error), "looking up its name: %s", problem);
        fail(target, error);
        return;
    }
    unsigned n = 0;
    for (const struct evutil_addrinfo *at = addresses; at != NULL; at = at->ai_next)
        n++;
    for (unsigned skip = target->attempts++ % n; skip > 0; skip--)
        addresses = addresses->ai_next;
    connect_to(target, addresses->ai_addr, (socklen_t)addresses->ai_addrlen);
}

static void look_up(struct target *target)
{
    struct sockaddr_storage address;
    socklen_t size;
    if (socket_numeric(target->host, target->port, &address, &size) == 0) {
        connect_to(target, (const struct sockaddr *)&address, size);
        return;
    }
    struct lookup *lookup =
        resolver_find(target->dialler->resolver, target->host, target->port, on_found, target);
    if (lookup != NULL)
        target->lookup = lookup;
}

static void start(struct target *target)
{
    target->hub->metrics.dials++;
    target->booked = false;
    dial_started(&target->dial, clock_mono_ms());
    arm(target);
    log_at_limit(&target->told, LOGL_INFO, "dialler", target->id, "dialling %s at %s", target->id,
                 target->where);
    if (is_full(target->hub))
        fail(target, FULL);
    else
        look_up(target);
}

/* Each target books its turn when its pause is over, not before: a long pause keeps no place. */
static void start_in_turn(struct target *target)
{
    int64_t now_ms = clock_mono_ms();
    if (!target->booked) {
        int64_t turn_ms = rate_book(&target->dialler->rate, now_ms);
        target->booked = true;
        if (turn_ms > now_ms) {
            dial_put_off(&target->dial, turn_ms);
            arm(target);
            return;
        }
    }
    start(target);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct target *target = cookie;
    (void)fd, (void)what;
    if (target->dial.state == DIAL_WAITING)
        start_in_turn(target);
    else if (target->lookup != NULL)
        fail(target, "looking up its name: no answer in time");
    else
        fail(target, "no answer in time");
}

/* Targets */

static struct target *find(const struct dialler *dialler, const char *id)
{
    struct target *target;
    HASH_FIND_STR(dialler->by_id, id, target);
    return target;
}

static void add(struct dialler *dialler, const struct dialler_target *given)
{
    struct target *target = xcalloc(1, sizeof(*target));
    int64_t now_ms = clock_mono_ms();
    target->dialler = dialler;
    target->hub = dialler->parts.hub;
    target->id = xstrdup(given->id);
    target->host = xstrdup(given->host);
    target->port = given->port;
    target->where = xasprintf(strchr(given->host, ':') ? "[%s]:%u" : "%s:%u", given->host,
                              (unsigned)given->port);
    target->fd = -1;
    target->wanted = true;
    target->told = (struct log_limit)LOG_LIMIT(2, 600000);
    target->complaint = (struct log_limit)LOG_LIMIT(2, 600000);
    evtimer_assign(&target->timer, target->hub->base, on_timer, target);
    HASH_ADD_KEYPTR(hh, dialler->by_id, target->id, strlen(target->id), target);
    dial_init(&target->dial, now_ms, now_ms);
    arm(target);
}

/* Take ${target} out. One whose line stands lives on until that is closed. */
static void detach(struct target *target)
{
    release(target);
    HASH_DEL(target->dialler->by_id, target);
    target->dialler = NULL;
    if (target->dial.state != DIAL_ONLINE)
        target_free(target);
}

static void drop(struct dialler *dialler, struct target *target)
{
    bool online = target->dial.state == DIAL_ONLINE;
    char *id = xstrdup(target->id); /* the line may end, and the target with it, in the call */
    log_info("dialler", id, "no longer dials %s at %s", id, target->where);
    detach(target);
    if (online)
        dialler->parts.drop(dialler->parts.hub, id);
    free(id);
}

static bool is_same(const struct target *target, const struct dialler_target *given)
{
    return target->port == given->port && strcmp(target->host, given->host) == 0;
}

static void want(struct dialler *dialler, const struct dialler_target *given)
{
    struct target *target = find(dialler, given->id);
    if (target != NULL && target->wanted)
        return;
    if (target != NULL && is_same(target, given)) {
        target->wanted = true;
        return;
    }
    if (target != NULL)
        drop(dialler, target);
    add(dialler, given);
}

void dialler_configure(struct dialler *dialler, const struct dialler_target *targets, size_t n)
{
    struct target *target, *next;
    HASH_ITER (hh, dialler->by_id, target, next) {
        target->wanted = false;
    }
    for (size_t i = 0; i < n; i++)
        want(dialler, &targets[i]);
    HASH_ITER (hh, dialler->by_id, target, next) {
        if (!target->wanted)
            drop(dialler, target);
    }
}

/* Whole */

struct dialler *dialler_new(const struct dialler_parts *parts)
{
    struct dialler *dialler = xcalloc(1, sizeof(*dialler));
    dialler->parts = *parts;
    if (dialler->parts.open == NULL)
        dialler->parts.open = connection_open;
    dialler->resolver = resolver_new(parts->hub->base);
    rate_init(&dialler->rate, DIALLER_RATE, clock_mono_ms());
    return dialler;
}

void dialler_pace(struct dialler *dialler, uint32_t per_second)
{
    rate_set(&dialler->rate, per_second, clock_mono_ms());
}

void dialler_free(struct dialler *dialler)
{
    if (dialler == NULL)
        return;
    struct target *target, *next;
    HASH_ITER (hh, dialler->by_id, target, next) {
        detach(target);
    }
    resolver_free(dialler->resolver);
    free(dialler);
}

static struct dialler_status status_of(const struct target *target, int64_t now_ms)
{
    const struct dial *dial = &target->dial;
    bool waits = dial->state == DIAL_WAITING && dial->next_ms > now_ms;
    return (struct dialler_status){
        .id = target->id,
        .host = target->host,
        .port = target->port,
        .state = dial->state,
        .failures = dial->failures,
        .error = dial->error,
        .since_ms = now_ms - dial->since_ms,
        .next_ms = waits ? dial->next_ms - now_ms : 0,
    };
}

void dialler_each(const struct dialler *dialler,
                  void (*each)(void *cookie, const struct dialler_status *status), void *cookie)
{
    int64_t now_ms = clock_mono_ms();
    struct target *target, *next;
    HASH_ITER (hh, dialler->by_id, target, next) {
        struct dialler_status status = status_of(target, now_ms);
        each(cookie, &status);
    }
}

bool dialler_status(const struct dialler *dialler, const char *id, struct dialler_status *out)
{
    const struct target *target = find(dialler, id);
    if (target == NULL)
        return false;
    *out = status_of(target, clock_mono_ms());
    return true;
}

size_t dialler_count(const struct dialler *dialler)
{
    return HASH_COUNT(dialler->by_id);
}
