/*
 * dtuhub-collector: takes DTUs in, polls them, and stores what they say. See --help.
 */
#include "collector/collector.h"
#include "collector/dump.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/service.h"
#include "shared/base/version.h"
#include "shared/config/data_advice.h"
#include "shared/config/webhook_file.h"

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Usage: dtuhub-collector [-c DIR] [-t]\n"
    "Take DTUs in, poll them over Modbus RTU, and store their data in MariaDB or MySQL.\n"
    "\n"
    "  -c DIR      folder of server_config.yml and data_config.yml (default: config)\n"
    "  -t          check the configuration, print \"file:line: message\" for each fault,\n"
    "              and exit with 0 or 1; what is good but hardly meant is a note\n"
    "  --version   print the version\n"
    "  --help      print this\n"
    "\n"
    "Signals: HUP reads the configuration again and keeps every connection; a faulty one changes\n"
    "nothing. USR1 writes the state in short to the log. TERM and INT store what is in memory,\n"
    "then end.\n";

enum { EXIT_USAGE = 2 };

struct options {
    const char *dir;
    int check;
};

static void parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 't'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "c:th", names, NULL)) != -1) {
        switch (c) {
        case 'c':
            options->dir = optarg;
            break;
        case 't':
            options->check = 1;
            break;
        case 'V':
            puts("dtuhub-collector " DTUHUB_VERSION);
            exit(EXIT_SUCCESS);
        case 'h':
            fputs(help, stdout);
            exit(EXIT_SUCCESS);
        default:
            fputs("Try dtuhub-collector --help\n", stderr);
            exit(EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "dtuhub-collector: unexpected argument '%s'; try --help\n", argv[optind]);
        exit(EXIT_USAGE);
    }
}

static const char *status(const struct collector *collector, char *out, size_t size)
{
    if (collector->reload_error[0] != '\0')
        snprintf(out, size, "reload refused, runs as before: %.400s", collector->reload_error);
    else
        snprintf(out, size, "%zu lines open", registry_count(&collector->hub.registry));
    return out;
}

static void on_stop(evutil_socket_t signal, short what, void *cookie)
{
    struct collector *collector = cookie;
    (void)what;
    log_info("collector", NULL, "%s: stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    event_base_loopbreak(collector->base);
}

static void on_reload(evutil_socket_t signal, short what, void *cookie)
{
    char text[512];
    (void)signal, (void)what;
    service_reloading();
    collector_reload(cookie);
    service_ready(status(cookie, text, sizeof(text)));
}

/* From the loop, so that a loop that hangs is noticed. */
static void on_watchdog(evutil_socket_t none, short what, void *cookie)
{
    char text[512];
    (void)none, (void)what;
    service_alive(status(cookie, text, sizeof(text)));
}

static void start_watchdog(struct event *watchdog)
{
    int64_t ms = service_watchdog_ms();
    struct timeval every = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (ms > 0)
        event_add(watchdog, &every);
}

static void on_dump(evutil_socket_t signal, short what, void *cookie)
{
    (void)signal, (void)what;
    dump_state(cookie);
}

static int run(struct collector *collector)
{
    char text[512];
    struct event *watchdog = event_new(collector->base, -1, EV_PERSIST, on_watchdog, collector);
    struct event *stops[] = {
        evsignal_new(collector->base, SIGTERM, on_stop, collector),
        evsignal_new(collector->base, SIGINT, on_stop, collector),
        evsignal_new(collector->base, SIGHUP, on_reload, collector),
        evsignal_new(collector->base, SIGUSR1, on_dump, collector),
    };
    const size_t n = sizeof(stops) / sizeof(*stops);
    for (size_t i = 0; i < n; i++)
        event_add(stops[i], NULL);
    start_watchdog(watchdog);
    service_ready(status(collector, text, sizeof(text)));
    int rc = event_base_dispatch(collector->base);
    service_stopping(collector->config->server.shutdown_timeout_ms);
    event_free(watchdog);
    for (size_t i = 0; i < n; i++)
        event_free(stops[i]);
    return rc;
}

static void print_note(void *cookie, unsigned line, const char *text)
{
    printf("%s:%u: note: %s\n", (const char *)cookie, line, text);
}

static void print_notes(const char *dir, const struct server_config *server,
                        const struct data_config *data)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/server_config.yml", dir);
    webhook_advice(&server->hooks, print_note, path);
    snprintf(path, sizeof(path), "%s/data_config.yml", dir);
    data_advice(data, print_note, path);
}

int main(int argc, char **argv)
{
    static struct collector collector;
    struct options options = {.dir = "config"};
    struct server_config *server;
    struct data_config *data;
    struct faults faults = {0};
    parse_options(argc, argv, &options);

    int rc = collector_load(options.dir, &server, &data, &faults);
    faults_print(&faults, stderr);
    faults_clear(&faults);
    if (rc != 0)
        return EXIT_FAILURE;
    if (options.check) {
        printf("%s: the configuration is good\n", options.dir);
        print_notes(options.dir, server, data);
        server_config_free(server);
        data_config_release(data);
        return EXIT_SUCCESS;
    }
    /* Jitter and backoff differ from one collector to the next, so that they do not act in step. */
    srandom((unsigned)(clock_wall_ms() ^ getpid()));
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error to be told, no end */
    signal(SIGHUP, SIG_IGN);  /* until the loop listens to them */
    signal(SIGUSR1, SIG_IGN);
    rc = collector_start(&collector, options.dir, server, data);
    if (rc == 0)
        run(&collector);
    int stopped = collector_stop(&collector);
    return rc == 0 && stopped == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
