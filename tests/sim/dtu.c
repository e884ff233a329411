#include "tests/sim/dtu.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"

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

/* Timers of one length for many DTUs: libevent keeps these in a queue instead of its heap. */
static void start_timer(struct dtu *dtu, struct event *timer, int64_t ms)
{
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    const struct timeval *common = event_base_init_common_timeout(dtu->world->base, &tv);
    event_add(timer, common != NULL ? common : &tv);
}

static void set_state(struct dtu *dtu, enum dtu_state state)
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

static void hang_up(struct dtu *dtu)
{
    if (dtu->fd >= 0) {
        event_del(&dtu->readable);
        event_del(&dtu->writable);
        close(dtu->fd);
    }
    event_del(&dtu->heartbeat);
    event_del(&dtu->timer);
    dtu->fd = -1;
    dtu->in_len = dtu->out_len = dtu->out_sent = 0;
    dtu->heartbeat_due = dtu->ack_missing = dtu->query_waits = false;
    set_state(dtu, DTU_DOWN);
}

/* The line is gone, for ${reason}. Returns -1, for its callers to return. */
static int lost(struct dtu *dtu, const char *reason)
{
    static struct log_limit limit = LOG_LIMIT(5, 10000);
    char who[32];
    snprintf(who, sizeof(who), "%" PRIu32, dtu->id);
    int64_t first_ms = dtu->behaviour->reconnect_ms;
    if (dtu->state == DTU_ONLINE)
        dtu->world->totals.lost++;
    hang_up(dtu);
    dtu->failures++;
    if (first_ms == 0) {
        log_at_limit(&limit, LOGL_WARN, "dtu", who, "line lost: %s", reason);
        return -1;
    }
    uint64_t chance = waveform_mix(dtu->world->seed, dtu->id, dtu->failures);
    int64_t ms = dtu_backoff_ms(first_ms, dtu->failures, chance);
    event_add(&dtu->timer, &(struct timeval){ms / 1000, ms % 1000 * 1000});
    log_at_limit(&limit, LOGL_WARN, "dtu", who, "line lost: %s; next try in %" PRId64 " ms", reason,
                 ms);
    return -1;
}

/* The kernel took all of ${dtu}->out. */
static void record(struct dtu *dtu)
{
    struct dtu_world *world = dtu->world;
    if (dtu->out_kind == OUT_HEARTBEAT) {
        world->totals.heartbeats++;
        dtu->ack_missing = true;
        if (world->served != NULL)
            served_heartbeat(world->served, clock_wall_ms(), dtu->id);
    } else if (dtu->out_kind == OUT_ANSWER) {
        if (dtu->answer.kind == SLAVE_REGISTERS)
            world->totals.answers++;
        else
            world->totals.exceptions++;
        served_answer(world->served, &dtu->moment, &dtu->answer);
    }
}

/* Send what is in ${dtu}->out, now or when there is room. -1: the line was lost. */
static int push(struct dtu *dtu)
{
    while (dtu->out_sent < dtu->out_len) {
        ssize_t n = send(dtu->fd, dtu->out + dtu->out_sent, (size_t)(dtu->out_len - dtu->out_sent),
                         MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            event_add(&dtu->writable, NULL);
            return 0;
        }
        if (n < 0 && errno != EINTR)
            return lost(dtu, strerror(errno));
        if (n > 0)
            dtu->out_sent = (uint16_t)(dtu->out_sent + n);
    }
    dtu->out_len = dtu->out_sent = 0;
    record(dtu);
    return 0;
}

static int beat(struct dtu *dtu)
{
    dtu->heartbeat_due = false;
    if (dtu->ack_missing)
        dtu->world->totals.unacknowledged++;
    tlv_client_heartbeat(dtu->out);
    dtu->out_len = TLV_HEARTBEAT_SIZE;
    dtu->out_kind = OUT_HEARTBEAT;
    return push(dtu);
}

static void on_heartbeat(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    start_timer(dtu, &dtu->heartbeat, dtu->behaviour->heartbeat_ms);
    if (dtu->out_len > 0)
        dtu->heartbeat_due = true;
    else
        beat(dtu);
}

static int answer(struct dtu *dtu)
{
    dtu->query_waits = false;
    dtu->moment = (struct waveform_moment){
        .seed = dtu->world->seed,
        .wall_ms = clock_wall_ms(),
        .poll = dtu->poll + 1,
        .device = dtu->id,
    };
    slave_serve(dtu->world->slave, dtu->query, dtu->query_len, &dtu->moment, &dtu->answer);
    if (dtu->answer.kind == SLAVE_SILENT)
        return 0;
    if (dtu->answer.kind == SLAVE_REGISTERS)
        dtu->poll++;
    dtu->out_len = (uint16_t)tlv_client_answer(dtu->answer.frame, dtu->answer.len, dtu->out);
    dtu->out_kind = OUT_ANSWER;
    return push(dtu);
}

static int take_query(struct dtu *dtu, const struct tlv_item *item)
{
    if (dtu->state != DTU_ONLINE)
        return lost(dtu, "a query came before the registration was acknowledged");
    memcpy(dtu->query, item->payload, item->payload_len);
    dtu->query_len = (uint8_t)item->payload_len;
    if (dtu->behaviour->latency_ms == 0)
        return answer(dtu);
    dtu->query_waits = true;
    start_timer(dtu, &dtu->timer, dtu->behaviour->latency_ms);
    return 0;
}

static int take_registration_ack(struct dtu *dtu)
{
    if (dtu->state != DTU_REGISTERING)
        return lost(dtu, "the registration was acknowledged twice");
    event_del(&dtu->timer);
    dtu->failures = 0;
    if (dtu->was_registered)
        dtu->world->totals.reconnects++;
    dtu->was_registered = true;
    start_timer(dtu, &dtu->heartbeat, dtu->behaviour->heartbeat_ms);
    set_state(dtu, DTU_ONLINE);
    return 0;
}

static int take(struct dtu *dtu, const struct tlv_item *item)
{
    switch (item->kind) {
    case TLV_REGISTRATION_ACK:
        return take_registration_ack(dtu);
    case TLV_HEARTBEAT_ACK:
        dtu->ack_missing = false;
        return 0;
    case TLV_QUERY:
        return take_query(dtu, item);
    case TLV_UNKNOWN:
        return lost(dtu, "the server sent a byte that begins nothing in tlv framing");
    case TLV_DATA_ACK:
    case TLV_MORE:
        return 0;
    }
    return 0;
}

/* Take from ${dtu}->in all that is whole, and stop at a query that is still to be answered. */
static void consume(struct dtu *dtu)
{
    size_t used = 0;
    while (!dtu->query_waits && dtu->out_len == 0) {
        struct tlv_item item = tlv_client_next(dtu->in + used, dtu->in_len - used);
        if (item.kind == TLV_MORE)
            break;
        used += item.size;
        if (take(dtu, &item) < 0)
            return;
    }
    dtu->in_len = (uint16_t)(dtu->in_len - used);
    memmove(dtu->in, dtu->in + used, dtu->in_len);
    if (dtu->in_len < sizeof(dtu->in))
        event_add(&dtu->readable, NULL);
    else
        event_del(&dtu->readable);
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
        lost(dtu, n == 0 ? "the server closed it" : strerror(errno));
    } else if (dtu->state != DTU_CLOSING) {
        dtu->in_len = (uint16_t)(dtu->in_len + n);
        consume(dtu);
    }
}

static int enter(struct dtu *dtu)
{
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(dtu->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0)
        return lost(dtu, strerror(error));
    set_state(dtu, DTU_REGISTERING);
    event_add(&dtu->readable, NULL);
    tlv_client_registration(dtu->id, dtu->out);
    dtu->out_len = TLV_REGISTRATION_SIZE;
    dtu->out_kind = OUT_OTHER;
    return push(dtu);
}

static void on_writable(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    if (dtu->state == DTU_CONNECTING) {
        enter(dtu);
        return;
    }
    if (push(dtu) < 0 || dtu->out_len > 0)
        return;
    if (dtu->heartbeat_due && (beat(dtu) < 0 || dtu->out_len > 0))
        return;
    if (dtu->query_waits && !event_pending(&dtu->timer, EV_TIMEOUT, NULL) && answer(dtu) < 0)
        return;
    consume(dtu);
}

/* A socket that dials; -1 with errno where there is none. */
static int dial(const struct dtu *dtu)
{
    const struct dtu_world *world = dtu->world;
    int on = 1, fd = socket(world->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (dtu->source != NULL) {
        /* Without this a bound socket would hold a port that no other destination can use. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
        if (bind(fd, (const struct sockaddr *)dtu->source, world->server_len) < 0)
            goto err;
    }
    if (connect(fd, (const struct sockaddr *)&world->server, world->server_len) < 0 &&
        errno != EINPROGRESS)
        goto err;
    return fd;
err:
    close(fd);
    return -1;
}

void dtu_start(struct dtu *dtu)
{
    dtu->fd = dial(dtu);
    if (dtu->fd < 0) {
        lost(dtu, strerror(errno));
        return;
    }
    event_assign(&dtu->readable, dtu->world->base, dtu->fd, EV_READ | EV_PERSIST, on_readable, dtu);
    event_assign(&dtu->writable, dtu->world->base, dtu->fd, EV_WRITE, on_writable, dtu);
    event_add(&dtu->writable, NULL);
    set_state(dtu, DTU_CONNECTING);
    start_timer(dtu, &dtu->timer, dtu->behaviour->registration_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    struct dtu *dtu = cookie;
    (void)fd, (void)what;
    if (dtu->state == DTU_DOWN)
        dtu_start(dtu);
    else if (dtu->state != DTU_ONLINE)
        lost(dtu, "not registered in time");
    else if (dtu->out_len == 0 && answer(dtu) == 0) /* else on_writable() answers */
        consume(dtu);
}

void dtu_init(struct dtu *dtu, struct dtu_world *world, const struct dtu_behaviour *behaviour,
              uint32_t id)
{
    *dtu = (struct dtu){.world = world, .behaviour = behaviour, .id = id, .fd = -1};
    evtimer_assign(&dtu->timer, world->base, on_timer, dtu);
    evtimer_assign(&dtu->heartbeat, world->base, on_heartbeat, dtu);
}

void dtu_finish(struct dtu *dtu)
{
    if (dtu->state != DTU_REGISTERING && dtu->state != DTU_ONLINE) {
        dtu_stop(dtu);
        return;
    }
    event_del(&dtu->timer);
    event_del(&dtu->heartbeat);
    event_del(&dtu->writable);
    event_add(&dtu->readable, NULL);
    shutdown(dtu->fd, SHUT_WR);
    set_state(dtu, DTU_CLOSING);
}

void dtu_stop(struct dtu *dtu)
{
    hang_up(dtu);
}
