#include "webapp/server.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/service.h"
#include "webapp/dispatch.h"

#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 256, WAKE_MS = 20 };

struct thread {
    pthread_t id;
    struct worker worker;
    int listen_fd;
    atomic_bool busy; /* a request is being answered: the thread must not be interrupted */
    bool joined;
};

static int somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

int server_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        log_error("server", NULL, "%s: longer than the %zu bytes a unix socket's path may have",
                  path, sizeof(address.sun_path) - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    if (somebody_listens(&address)) {
        log_error("server", NULL, "%s: another process serves it already", path);
        return -1;
    }
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0117); /* 0660: the web server's group */
    int bad = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
              listen(fd, BACKLOG) != 0;
    int reason = errno;
    umask(before);
    if (!bad)
        return fd;
    log_error("server", NULL, "%s: %s", path, strerror(reason));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int put(void *cookie, const char *bytes, size_t len)
{
    FCGX_Stream *out = cookie;
    if (len == 0)
        return FCGX_FFlush(out);
    while (len > 0) {
        int piece = len > 1 << 30 ? 1 << 30 : (int)len;
        if (FCGX_PutStr(bytes, piece, out) != piece)
            return -1;
        bytes += piece;
        len -= (size_t)piece;
    }
    return 0;
}

static size_t read_body(void *cookie, char *out, size_t size)
{
    int got = FCGX_GetStr(out, (int)size, cookie);
    return got > 0 ? (size_t)got : 0;
}

static void answer(struct thread *thread, FCGX_Request *fcgi)
{
    struct request_source source = {
        .method = FCGX_GetParam("REQUEST_METHOD", fcgi->envp),
        .uri = FCGX_GetParam("REQUEST_URI", fcgi->envp),
        .cookie = FCGX_GetParam("HTTP_COOKIE", fcgi->envp),
        .accept_language = FCGX_GetParam("HTTP_ACCEPT_LANGUAGE", fcgi->envp),
        .host = FCGX_GetParam("HTTP_HOST", fcgi->envp),
        .content_type = FCGX_GetParam("CONTENT_TYPE", fcgi->envp),
        .read_body = read_body,
        .body = fcgi->in,
    };
    if (dispatch(&thread->worker, &source, put, fcgi->out) != 0)
        shutdown(fcgi->ipcFd, SHUT_RDWR); /* the web server must see that the body is not whole */
    FCGX_Finish_r(fcgi);
}

static void *serve(void *cookie)
{
    struct thread *thread = cookie;
    FCGX_Request fcgi;
    FCGX_InitRequest(&fcgi, thread->listen_fd, 0);
    while (FCGX_Accept_r(&fcgi) == 0) {
        atomic_store(&thread->busy, true);
        answer(thread, &fcgi);
        atomic_store(&thread->busy, false);
    }
    FCGX_Free(&fcgi, 1);
    database_close(&thread->worker.db);
    mysql_thread_end();
    return NULL;
}

static void interrupt(int signal)
{
    (void)signal; /* only there so that a read of an idle connection returns */
}

/* The next signal, or 0 when it is time to say that this thread is alive. */
static int next_signal(const sigset_t *signals, int64_t watchdog_ms)
{
    struct timespec wait = {.tv_sec = watchdog_ms / 1000, .tv_nsec = watchdog_ms % 1000 * 1000000};
    int signal = watchdog_ms > 0 ? sigtimedwait(signals, NULL, &wait) : sigwaitinfo(signals, NULL);
    return signal > 0 ? signal : 0;
}

static void reopen_log(const struct log_section *log, const char *status)
{
    service_reloading();
    if (log_setup(log->level, log->format, log->file) != 0)
        log_error("server", NULL, "%s: cannot be opened anew: %s", log->file, strerror(errno));
    service_ready(status);
}

static void wait_for_stop(const struct app *app, const sigset_t *signals, const char *status)
{
    int64_t watchdog_ms = service_watchdog_ms();
    service_ready(status);
    for (;;) {
        int signal = next_signal(signals, watchdog_ms);
        if (signal == SIGHUP)
            reopen_log(&app->config->log, status);
        else if (signal != 0)
            break;
        else if (watchdog_ms > 0)
            service_alive(status);
    }
    service_stopping(app->config->server.shutdown_timeout_ms);
}

/* Interrupt idle threads again and again: one that was just about to read misses the first signal.
 */
static int stop(struct thread *threads, unsigned n, int listen_fd, int64_t timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    unsigned running = n;
    shutdown(listen_fd, SHUT_RDWR); /* every accept() returns */
    while (running > 0 && clock_mono_ms() < deadline) {
        for (unsigned i = 0; i < n; i++) {
            struct thread *thread = &threads[i];
            if (thread->joined)
                continue;
            if (!atomic_load(&thread->busy))
                pthread_kill(thread->id, SIGUSR1);
            struct timespec until;
            clock_gettime(CLOCK_REALTIME, &until);
            until.tv_nsec += WAKE_MS * 1000000;
            until.tv_sec += until.tv_nsec / 1000000000;
            until.tv_nsec %= 1000000000;
            thread->joined = pthread_timedjoin_np(thread->id, NULL, &until) == 0;
            running -= thread->joined;
        }
    }
    return running == 0 ? 0 : -1;
}

static void release(struct thread *threads, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        collector_client_free(threads[i].worker.collector);
    free(threads);
}

static unsigned start(struct thread *threads, const struct app *app, int listen_fd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct thread *thread = &threads[i];
        thread->listen_fd = listen_fd;
        thread->worker.app = app;
        thread->worker.collector = collector_client_new(app->control_socket);
        database_init(&thread->worker.db, &app->config->mysql);
        if (pthread_create(&thread->id, NULL, serve, thread) != 0) {
            log_error("server", NULL, "cannot start thread %u of %u: %s", i + 1, n,
                      strerror(errno));
            collector_client_free(thread->worker.collector);
            return i;
        }
    }
    return n;
}

int server_run(const struct app *app, int listen_fd, unsigned n)
{
    sigset_t signals;
    struct thread *threads = calloc(n, sizeof(*threads));
    if (threads == NULL || FCGX_Init() != 0)
        abort();
    /* Without SA_RESTART, so that it ends a blocking read. */
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = interrupt}, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    unsigned started = start(threads, app, listen_fd, n);
    if (started == n) {
        log_info("server", NULL, "ready, %u threads", n);
        char status[64];
        snprintf(status, sizeof(status), "ready, %u threads", n);
        wait_for_stop(app, &signals, status);
        log_info("server", NULL, "stopping");
    }
    int rc = stop(threads, started, listen_fd, app->config->server.shutdown_timeout_ms);
    if (rc != 0)
        log_warn("server", NULL,
                 "a request was cut off: it took longer than server.shutdown_timeout");
    else
        release(threads, started); /* a thread that still runs uses them */
    return started == n ? rc : -1;
}
