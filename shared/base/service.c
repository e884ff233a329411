#include "shared/base/service.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

/* A line of the protocol: what comes behind a newline would be taken for a field of its own. */
static int first_line(const char *text)
{
    return (int)strcspn(text, "\n");
}

void service_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%.*s", first_line(status), status);
}

void service_reloading(void)
{
    struct timespec now; /* to the microsecond: it is compared with when the signal was sent */
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
               (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(int64_t timeout_ms)
{
    enum { MARGIN_MS = 5000 }; /* to close lines and free memory */
    sd_notifyf(0, "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=%lld",
               (long long)(timeout_ms + MARGIN_MS) * 1000);
}

int64_t service_watchdog_ms(void)
{
    uint64_t usec = 0;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    return usec < 2000 ? 1 : (int64_t)(usec / 2000);
}

void service_alive(const char *status)
{
    sd_notifyf(0, "WATCHDOG=1\nSTATUS=%.*s", first_line(status), status);
}

const char *service_runtime_path(const char *name, char *out, size_t size)
{
    const char *dir = getenv("RUNTIME_DIRECTORY");
    if (dir == NULL)
        return NULL;
    snprintf(out, size, "%s/%s", dir, name);
    return out;
}

const char *service_data_path(const char *name, char *out, size_t size)
{
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[len > 0 ? len : 0] = '\0';
    for (int up = 0; up < 2; up++) { /* the program's name, and bin */
        char *slash = strrchr(program, '/');
        if (slash == NULL)
            return name;
        *slash = '\0';
    }
    snprintf(out, size, "%s/share/dtuhub/%s", program, name);
    return access(out, R_OK) == 0 ? out : name;
}
