#include "tests/sim/dtu.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "tests/sim/dtu_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t dtu_backoff_ms(int64_t first_ms, unsigned failures, uint64_t chance)
{
    unsigned doublings = failures > 6 ? 5 : failures > 0 ? failures - 1 : 0;
    int64_t pause = first_ms << doublings, quarter = pause / 4;
    return pause - quarter + (int64_t)(chance % (uint64_t)(2 * quarter + 1));
}

void dtu_start_timer(struct dtu *dtu, struct event *timer, int64_t ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    const struct timeval *common = event_base_init_common_timeout(dtu->world->base, &tv);
    event_add(timer, common != NULL ? common : &tv);
}

void dtu_set_state(struct dtu *dtu, enum dtu_state state)
{
    struct dtu_totals *totals = &dtu->world->totals;
    enum dtu_state before = dtu->state;
    if (before == state)
        return;
    dtu->state = state;
    totals->open = totals->open + (before == DTU_DOWN) - (state == DTU_DOWN);
    totals->online = totals->online + (state == DTU_ONLINE) - (before == DTU_ONLINE);
    dtu->world->changed(dtu->world->cookie);
}

/* Forget the line; its socket, or -1. */
static int leave(struct dtu *dtu)
{
    int fd = line_leave(&dtu->line);
    event_del(&dtu->heartbeat);
    event_del(&dtu->late);
    event_del(&dtu->quiet);
    event_del(&dtu->timer);
    dtu->in_len = 0;
    dtu->heartbeat_due = dtu->ack_missing = dtu->query_waits = false;
    dtu->late_waits = dtu->late_due = false;
    return fd;
}

static void hang_up(struct dtu *dtu)
{
    int fd = leave(dtu);
    if (fd >= 0)
        close(fd);
    dtu_set_state(dtu, DTU_DOWN);
}

int dtu_lost(struct dtu *dtu, const char *reason)
{
    static struct log_limit limit = LOG_LIMIT(5, 10000);
    int64_t first_ms = dtu->behaviour->reconnect_ms;
    if (dtu->state == DTU_ONLINE) {
        dtu->world->totals.lost++;
        dtu_record_cut(dtu);
        served_lost(dtu->world->served, dtu->id, clock_wall_ms());
    }
    hang_up(dtu);
    dtu->failures++;
    if (first_ms == 0 || dtu->listener >= 0) {
        log_at_limit(&limit, LOGL_WARN, "dtu", dtu->id, "line lost: %s", reason);
        return -1;
    }
    uint64_t chance = waveform_mix(dtu->world->seed, dtu->number, dtu->failures);
    int64_t ms = dtu_backoff_ms(first_ms, dtu->failures, chance);
    event_add(&dtu->timer, &(struct timeval){ms / 1000, ms % 1000 * 1000});
    log_at_limit(&limit, LOGL_WARN, "dtu", dtu->id, "line lost: %s; next try in %" PRId64 " ms",
                 reason, ms);
    return -1;
}

int dtu_go_dark(struct dtu *dtu)
{
    int fd = leave(dtu);
    line_orphan(&dtu->world->orphans, dtu->world->base, fd);
    dtu_set_state(dtu, DTU_DOWN);
    dtu_start(dtu);
    return -1;
}

static int beat(struct dtu *dtu)
{
    struct parcel_way way = dtu_way(dtu, DTU_FOR_OTHERS);
    dtu->heartbeat_due = false;
    if (dtu->ack_missing)
        dtu->world->totals.unacknowledged++;
    parcel_heartbeat(&way, &dtu->line.out);
    return dtu_push(dtu);
}

static void on_heartbeat(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    dtu_start_timer(dtu, &dtu->heartbeat, dtu->behaviour->heartbeat_ms);
    if (line_busy(&dtu->line))
        dtu->heartbeat_due = true;
    else
        beat(dtu);
}

/* The server said something: not yet time to restart. */
static void hear(struct dtu *dtu)
{
    if (dtu->behaviour->family->restarts && dtu->behaviour->restart_ms > 0)
        dtu_start_timer(dtu, &dtu->quiet, dtu->behaviour->restart_ms);
}

static void on_quiet(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    dtu_lost(cookie, "the server said nothing for too long: it restarts");
}

static void on_readable(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)what;
    if (dtu->state == DTU_CLOSING)
        dtu->in_len = 0;
    ssize_t n = recv(fd, dtu->in + dtu->in_len, sizeof(dtu->in) - dtu->in_len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 && dtu->state == DTU_CLOSING) {
        hang_up(dtu);
    } else if (n <= 0) {
        dtu_lost(dtu, n == 0 ? "the server closed it" : strerror(errno));
    } else if (dtu->state != DTU_CLOSING) {
        dtu->in_len = (uint16_t)(dtu->in_len + n);
        hear(dtu);
        dtu_consume(dtu);
    }
}

static int enter(struct dtu *dtu)
{
    const struct family *family = dtu->behaviour->family;
    struct parcel_way way = dtu_way(dtu, DTU_FOR_OTHERS);
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(dtu->line.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0)
        return dtu_lost(dtu, strerror(error));
    dtu_set_state(dtu, DTU_REGISTERING);
    event_add(&dtu->line.readable, NULL);
    hear(dtu);
    parcel_registration(&way, &dtu->line.out);
    if (dtu_push(dtu) < 0)
        return -1;
    if (!family->acknowledged)
        dtu_become_online(dtu);
    return 0;
}

/* The line is free again: what waited for that goes out, the oldest first. -1: the line was lost.
 */
static int catch_up(struct dtu *dtu)
{
    if (dtu->heartbeat_due && beat(dtu) < 0)
        return -1;
    if (dtu->late_due && !line_busy(&dtu->line) && dtu_answer_late(dtu) < 0)
        return -1;
    bool now = dtu->query_waits && !event_pending(&dtu->timer, EV_TIMEOUT, NULL);
    if (now && !line_busy(&dtu->line) && dtu_answer(dtu) < 0)
        return -1;
    if (!line_busy(&dtu->line))
        dtu_consume(dtu);
    return 0;
}

/* There is room in the socket, or the time between two pieces is over. */
static void on_resume(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    if (dtu->state == DTU_CONNECTING)
        enter(dtu);
    else if (dtu_push(dtu) == 0 && !line_busy(&dtu->line))
        catch_up(dtu);
}

static void on_late(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    if (line_busy(&dtu->line))
        dtu->late_due = true;
    else
        dtu_answer_late(dtu);
}

static void take_line(struct dtu *dtu, int fd)
{
    line_open(&dtu->line, fd, dtu->world->base, on_readable, on_resume, dtu);
    event_add(&dtu->line.writable, NULL);
    dtu_set_state(dtu, DTU_CONNECTING);
    dtu_start_timer(dtu, &dtu->timer, dtu->behaviour->registration_ms);
}

/* Somebody dials: the newest line is the one that counts. */
static void on_accept(evutil_socket_t listener, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)what;
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    hang_up(dtu);
    take_line(dtu, fd);
}

static void start_listening(struct dtu *dtu)
{
    const struct dtu_world *world = dtu->world;
    if (dtu->listener >= 0)
        return;
    dtu->listener = line_listen(&world->server, world->server_len, dtu->listen_port);
    if (dtu->listener < 0) {
        log_error("dtu", dtu->id, "cannot listen on port %u: %s; choose another --listen",
                  dtu->listen_port, strerror(errno));
        dtu->world->failed = true;
        dtu->world->changed(dtu->world->cookie);
        return;
    }
    event_assign(&dtu->accept, world->base, dtu->listener, EV_READ | EV_PERSIST, on_accept, dtu);
    event_add(&dtu->accept, NULL);
}

void dtu_start(struct dtu *dtu)
{
    if (dtu->listen_port > 0) {
        start_listening(dtu);
        return;
    }
    int fd = line_dial(&dtu->world->server, dtu->world->server_len, dtu->source);
    if (fd < 0)
        dtu_lost(dtu, strerror(errno));
    else
        take_line(dtu, fd);
}

void dtu_drop(struct dtu *dtu)
{
    if (dtu->state == DTU_CLOSING)
        return;
    if (dtu->state == DTU_ONLINE) {
        dtu->world->totals.lost++;
        dtu_record_cut(dtu);
        served_lost(dtu->world->served, dtu->id, clock_wall_ms());
    }
    hang_up(dtu);
    dtu_start(dtu);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    if (dtu->state == DTU_DOWN)
        dtu_start(dtu);
    else if (dtu->state != DTU_ONLINE)
        dtu_lost(dtu, "not registered in time");
    else if (!line_busy(&dtu->line) && dtu_answer(dtu) == 0) /* else catch_up() answers */
        dtu_consume(dtu);
}

void dtu_init(struct dtu *dtu, struct dtu_world *world, const struct dtu_behaviour *behaviour,
              uint32_t number)
{
    memset(dtu, 0, sizeof(*dtu));
    dtu->world = world;
    dtu->behaviour = behaviour;
    dtu->number = number;
    dtu->listener = -1;
    behaviour->family->id(number, dtu->id);
    line_init(&dtu->line, world->base, on_resume, dtu);
    evtimer_assign(&dtu->timer, world->base, on_timer, dtu);
    evtimer_assign(&dtu->heartbeat, world->base, on_heartbeat, dtu);
    evtimer_assign(&dtu->late, world->base, on_late, dtu);
    evtimer_assign(&dtu->quiet, world->base, on_quiet, dtu);
}

static void stop_listening(struct dtu *dtu)
{
    if (dtu->listener < 0)
        return;
    event_del(&dtu->accept);
    close(dtu->listener);
    dtu->listener = -1;
}

void dtu_finish(struct dtu *dtu)
{
    stop_listening(dtu);
    if (dtu->state != DTU_REGISTERING && dtu->state != DTU_ONLINE) {
        dtu_stop(dtu);
        return;
    }
    int fd = dtu->line.fd;
    if (dtu_record_cut(dtu))
        served_lost(dtu->world->served, dtu->id, clock_wall_ms());
    event_del(&dtu->timer);
    event_del(&dtu->heartbeat);
    event_del(&dtu->late);
    event_del(&dtu->quiet);
    event_del(&dtu->line.writable);
    event_del(&dtu->line.pace);
    event_add(&dtu->line.readable, NULL);
    shutdown(fd, SHUT_WR);
    dtu_set_state(dtu, DTU_CLOSING);
}

void dtu_stop(struct dtu *dtu)
{
    stop_listening(dtu);
    hang_up(dtu);
}

void dtu_clear(struct dtu *dtu)
{
    dtu_stop(dtu);
    memory_clear(&dtu->memory);
}
