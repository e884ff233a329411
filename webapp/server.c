#include "webapp/server.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/service.h"
#include "webapp/dispatch.h"
#include "webapp/progress.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
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
        progress_mark();
    }
    return 0;
}

static size_t read_body(void *cookie, char *out, size_t size)
{
    int got = FCGX_GetStr(out, (int)size, cookie);
    return got > 0 ? (size_t)got : 0;
}

/* After a reload: a connection to the database that the newest configuration names. */
static void take_config(struct worker *worker)
{
    struct snapshot *newest = live_config_take(worker->app->live);
    if (newest == worker->snapshot) {
        live_config_give_back(worker->app->live, newest);
        return;
    }
    database_close(&worker->db);
    live_config_give_back(worker->app->live, worker->snapshot);
    worker->snapshot = newest;
    database_init(&worker->db, &newest->config->mysql);
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
        progress_mark();
        atomic_store(&thread->busy, true);
        take_config(&thread->worker);
        answer(thread, &fcgi);
        progress_mark();
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

struct service {
    const struct app *app;
    struct thread *threads;
    unsigned n;
    int listen_fd;
    bool hangs;        /* told */
    char problem[400]; /* of the last reload, or "" */
};

static const char *status(const struct service *service, char out[512])
{
    if (service->problem[0] != '\0')
        snprintf(out, 512, "reload refused, runs as before: %s", service->problem);
    else
        snprintf(out, 512, "ready, %u threads", service->n);
    return out;
}

/* Requests wait, and no thread will ever take them. */
static bool hangs(const struct service *service)
{
    struct pollfd waiting = {.fd = service->listen_fd, .events = POLLIN};
    for (unsigned i = 0; i < service->n; i++) {
        if (!atomic_load(&service->threads[i].busy))
            return false;
    }
    return progress_stalled(clock_mono_ms()) && poll(&waiting, 1, 0) > 0;
}

static void feed_watchdog(struct service *service)
{
    char text[512];
    bool hung = hangs(service);
    if (hung && !service->hangs)
        log_error("server", NULL,
                  "requests wait, and none of the %u threads got on for %d s: the service manager "
                  "is told no more that this program lives",
                  service->n, PROGRESS_STEP_MS / 1000);
    service->hangs = hung;
    if (!hung)
        service_alive(status(service, text));
}

static void reload(struct service *service)
{
    char text[512];
    service_reloading();
    live_config_reload(service->app->live, service->problem, sizeof(service->problem));
    service_ready(status(service, text));
}

static void wait_for_stop(struct service *service, const sigset_t *signals)
{
    int64_t watchdog_ms = service_watchdog_ms();
    char text[512];
    service_ready(status(service, text));
    for (;;) {
        int signal = next_signal(signals, watchdog_ms);
        if (signal == SIGHUP)
            reload(service);
        else if (signal != 0)
            break;
        else if (watchdog_ms > 0)
            feed_watchdog(service);
    }
}

static int64_t shutdown_timeout_ms(struct live_config *live)
{
    struct snapshot *newest = live_config_take(live);
    int64_t timeout_ms = newest->config->server.shutdown_timeout_ms;
    live_config_give_back(live, newest);
    return timeout_ms;
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
    for (unsigned i = 0; i < n; i++) {
        collector_client_free(threads[i].worker.collector);
        live_config_give_back(threads[i].worker.app->live, threads[i].worker.snapshot);
    }
    free(threads);
}

static unsigned start(struct thread *threads, const struct app *app, int listen_fd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct thread *thread = &threads[i];
        thread->listen_fd = listen_fd;
        thread->worker.app = app;
        thread->worker.collector = collector_client_new(app->control_socket);
        if (pthread_create(&thread->id, NULL, serve, thread) != 0) {
            log_error("server", NULL, "cannot start thread %u of %u: %s", i + 1, n,
                      strerror(errno));
            collector_client_free(thread->worker.collector);
            return i;
        }
    }
    return n;
}

static void block_signals(sigset_t *signals)
{
    /* Without SA_RESTART, so that it ends a blocking read. */
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = interrupt}, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

int server_run(const struct app *app, int listen_fd, unsigned n)
{
    sigset_t signals;
    struct thread *threads = calloc(n, sizeof(*threads));
    if (threads == NULL || FCGX_Init() != 0)
        abort();
    block_signals(&signals);
    unsigned started = start(threads, app, listen_fd, n);
    if (started == n) {
        struct service service = {.app = app, .threads = threads, .n = n, .listen_fd = listen_fd};
        log_info("server", NULL, "ready, %u threads", n);
        wait_for_stop(&service, &signals);
        log_info("server", NULL, "stopping");
    }
    int64_t timeout_ms = shutdown_timeout_ms(app->live);
    service_stopping(timeout_ms);
    int rc = stop(threads, started, listen_fd, timeout_ms);
    if (rc != 0)
        log_warn("server", NULL,
                 "a request was cut off: it took longer than server.shutdown_timeout");
    else
        release(threads, started); /* a thread that still runs uses them */
    return started == n ? rc : -1;
}
