/*
 * A clock that a test moves: loaded into a program with LD_PRELOAD. What the program sees as
 * CLOCK_REALTIME, or as CLOCK_MONOTONIC where DTUHUB_CLOCK says "monotonic", is the true one and so
 * many milliseconds more as the file named by DTUHUB_CLOCK_SHIFT says: an int64_t in the machine's
 * byte order, which may change at any time. All other clocks stay, and so do instants that the
 * kernel is given to wait for.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const int64_t *shift_ms;
static bool monotonic;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("DTUHUB_CLOCK_SHIFT");
    const char *clock = getenv("DTUHUB_CLOCK");
    monotonic = clock != NULL && strcmp(clock, "monotonic") == 0;
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    void *at = mmap(NULL, sizeof(*shift_ms), PROT_READ, MAP_SHARED, fd, 0);
    if (real_clock_gettime == NULL || at == MAP_FAILED)
        abort();
    close(fd);
    shift_ms = at;
}

static void shift(struct timespec *ts)
{
    int64_t ms = __atomic_load_n(shift_ms, __ATOMIC_RELAXED),
            ns = ts->tv_nsec + ms % 1000 * 1000000;
    ts->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
    ts->tv_nsec = (ns + 1000000000) % 1000000000;
}

int clock_gettime(clockid_t which, struct timespec *ts)
{
    if (real_clock_gettime == NULL)
        start();
    int rc = real_clock_gettime(which, ts);
    bool real = which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE;
    if (rc == 0 && (monotonic ? which == CLOCK_MONOTONIC : real))
        shift(ts);
    return rc;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    *tv = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (out != NULL)
        *out = ts.tv_sec;
    return ts.tv_sec;
}
