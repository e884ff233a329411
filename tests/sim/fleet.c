#include "tests/sim/fleet.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    RAMP_STEP_MS = 10,
    FLUSH_MS = 500,
    GOODBYE_MS = 2000,  /* for the server to close its side */
    OTHER_FILES = 64,   /* descriptors besides the lines */
    HALF_OPEN_EACH = 4, /* dead lines of one DTU that the server has not closed yet */
};

struct fleet {
    const struct fleet_options *options;
    struct dtu_world world;
    struct dtu *dtus;
    uint32_t started;
    int64_t start_ms;
    bool all_online; /* and said so */
    bool ending;
    int result;
    struct event ramp, flush, storm, deadline, terminate, interrupt;
};

static void end(struct fleet *fleet)
{
    if (fleet->ending) {
        event_base_loopbreak(fleet->world.base);
        return;
    }
    fleet->ending = true;
    event_del(&fleet->ramp);
    event_del(&fleet->storm);
    for (uint32_t i = 0; i < fleet->started; i++)
        dtu_finish(&fleet->dtus[i]);
    if (fleet->world.totals.open == 0)
        event_base_loopbreak(fleet->world.base);
    event_add(&fleet->deadline, &(struct timeval){GOODBYE_MS / 1000, GOODBYE_MS % 1000 * 1000});
}

/* A signal, the end of the duration, or nobody closed in time. */
static void on_end(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    end(cookie);
}

static void on_flush(evutil_socket_t fd, short what, void *cookie)
{
    struct fleet *fleet = cookie;
    (void)fd, (void)what;
    if (served_flush(fleet->world.served) == 0)
        return;
    log_error("sim", NULL, "cannot write %s: %s; free some space or choose another --served",
              fleet->options->served_path, strerror(errno));
    fleet->result = -1;
    event_del(&fleet->flush);
    end(fleet);
}

static void on_ramp(evutil_socket_t fd, short what, void *cookie)
{
    struct fleet *fleet = cookie;
    (void)fd, (void)what;
    int64_t elapsed_ms = clock_mono_ms() - fleet->start_ms;
    uint64_t due = 1 + (uint64_t)elapsed_ms * fleet->options->ramp / 1000;
    while (fleet->started < fleet->options->count && fleet->started < due && !fleet->ending)
        dtu_start(&fleet->dtus[fleet->started++]);
    if (fleet->started == fleet->options->count)
        event_del(&fleet->ramp);
}

static void on_storm(evutil_socket_t fd, short what, void *cookie)
{
    struct fleet *fleet = cookie;
    (void)fd, (void)what;
    for (uint32_t i = 0; i < fleet->started && !fleet->ending; i++)
        dtu_drop(&fleet->dtus[i]);
}

static void on_changed(void *cookie)
{
    struct fleet *fleet = cookie;
    const struct dtu_totals *totals = &fleet->world.totals;
    if (fleet->world.failed && !fleet->ending) {
        fleet->result = -1;
        end(fleet);
        return;
    }
    if (fleet->ending) {
        if (totals->open == 0)
            event_base_loopbreak(fleet->world.base);
        return;
    }
    if (totals->online == fleet->options->count && !fleet->all_online)
        fprintf(stderr, "%zu of %" PRIu32 " registered\n", totals->online, fleet->options->count);
    fleet->all_online = totals->online == fleet->options->count;
}

static int raise_file_limit(const struct fleet_options *options)
{
    const struct dtu_behaviour *behaviour = options->behaviour;
    bool half_open = behaviour->faulty && behaviour->faults.percent[FAULT_HALF_OPEN] > 0;
    rlim_t each = 1 + (options->listen > 0) + (half_open ? HALF_OPEN_EACH : 0);
    rlim_t need = (rlim_t)options->count * each + OTHER_FILES;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= need)
        return 0;
    limit.rlim_cur = need;
    if (limit.rlim_max < need)
        limit.rlim_max = need;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return 0;
    log_error("sim", NULL,
              "--count %" PRIu32 " needs %llu open files (%s): raise the limit with ulimit -n",
              options->count, (unsigned long long)need, strerror(errno));
    return -1;
}

static int open_world(struct fleet *fleet)
{
    const struct fleet_options *options = fleet->options;
    fleet->world = (struct dtu_world){
        .base = event_base_new(),
        .slave = slave_new(options->profile, options->slaves),
        .units = &options->slaves->units,
        .seed = options->seed,
        .server = options->server,
        .server_len = options->server_len,
        .changed = on_changed,
        .cookie = fleet,
    };
    fleet->dtus = xcalloc(options->count, sizeof(*fleet->dtus));
    if (fleet->world.base == NULL) {
        log_error("sim", NULL, "cannot make an event loop: %s", strerror(errno));
        return -1;
    }
    if (options->served_path == NULL)
        return 0;
    fleet->world.served = served_open(options->served_path, options->profile);
    if (fleet->world.served == NULL) {
        log_error("sim", NULL, "cannot open %s: %s", options->served_path, strerror(errno));
        return -1;
    }
    return 0;
}

static void close_world(struct fleet *fleet)
{
    if (served_close(fleet->world.served) < 0 && fleet->result == 0) {
        log_error("sim", NULL, "cannot write %s: %s", fleet->options->served_path, strerror(errno));
        fleet->result = -1;
    }
    free(fleet->dtus);
    slave_free(fleet->world.slave);
    if (fleet->world.base != NULL)
        event_base_free(fleet->world.base);
}

static void make_dtus(struct fleet *fleet)
{
    const struct fleet_options *options = fleet->options;
    for (uint32_t i = 0; i < options->count; i++) {
        dtu_init(&fleet->dtus[i], &fleet->world, options->behaviour, options->first_id + i);
        if (options->listen > 0)
            fleet->dtus[i].listen_port = (uint16_t)(options->listen + i);
        if (options->nsources > 0)
            fleet->dtus[i].source = &options->sources[i % options->nsources];
    }
}

static void start_events(struct fleet *fleet)
{
    struct event_base *base = fleet->world.base;
    evsignal_assign(&fleet->terminate, base, SIGTERM, on_end, fleet);
    evsignal_assign(&fleet->interrupt, base, SIGINT, on_end, fleet);
    evtimer_assign(&fleet->deadline, base, on_end, fleet);
    event_assign(&fleet->ramp, base, -1, EV_PERSIST, on_ramp, fleet);
    event_assign(&fleet->flush, base, -1, EV_PERSIST, on_flush, fleet);
    event_add(&fleet->terminate, NULL);
    event_add(&fleet->interrupt, NULL);
    event_add(&fleet->ramp, &(struct timeval){0, RAMP_STEP_MS * 1000});
    event_add(&fleet->flush, &(struct timeval){FLUSH_MS / 1000, FLUSH_MS % 1000 * 1000});
    event_assign(&fleet->storm, base, -1, EV_PERSIST, on_storm, fleet);
    int64_t storm_ms = fleet->options->storm_ms;
    if (storm_ms > 0)
        event_add(&fleet->storm, &(struct timeval){storm_ms / 1000, storm_ms % 1000 * 1000});
    int64_t duration_ms = fleet->options->duration_ms;
    if (duration_ms > 0)
        event_add(&fleet->deadline,
                  &(struct timeval){duration_ms / 1000, duration_ms % 1000 * 1000});
}

static void print_totals(const struct dtu_totals *totals)
{
    fprintf(stderr,
            "served %" PRIu64 " answers, %" PRIu64 " exceptions, %" PRIu64 " heartbeats (%" PRIu64
            " not acknowledged), %" PRIu64 " lines lost, %" PRIu64 " reconnects",
            totals->answers, totals->exceptions, totals->heartbeats, totals->unacknowledged,
            totals->lost, totals->reconnects);
    if (totals->writes > 0)
        fprintf(stderr, ", %" PRIu64 " writes", totals->writes);
    if (totals->faults > 0)
        fprintf(stderr, ", %" PRIu64 " faulted answers", totals->faults);
    if (totals->noise > 0)
        fprintf(stderr, ", %" PRIu64 " bytes that were no query", totals->noise);
    fputc('\n', stderr);
}

int fleet_run(const struct fleet_options *options)
{
    struct fleet fleet = {.options = options, .start_ms = clock_mono_ms()};
    if (raise_file_limit(options) < 0)
        return -1;
    if (open_world(&fleet) < 0) {
        fleet.result = -1;
        goto out;
    }
    make_dtus(&fleet);
    start_events(&fleet);
    event_base_dispatch(fleet.world.base);
    for (uint32_t i = 0; i < options->count; i++)
        dtu_clear(&fleet.dtus[i]);
    line_orphans_close(&fleet.world.orphans);
    print_totals(&fleet.world.totals);
out:
    close_world(&fleet);
    return fleet.result;
}
