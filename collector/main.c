/*
 * dtuhub-collector: takes DTUs in, polls them, and stores what they say. See --help.
 */
#include "collector/collector.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/version.h"
#include "shared/config/data_advice.h"

#include <getopt.h>
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
    "nothing. TERM and INT store what is in memory, then end.\n";

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

static void on_stop(evutil_socket_t signal, short what, void *cookie)
{
    struct collector *collector = cookie;
    (void)what;
    log_info("collector", NULL, "%s: stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    event_base_loopbreak(collector->base);
}

static void on_reload(evutil_socket_t signal, short what, void *cookie)
{
    (void)signal, (void)what;
    collector_reload(cookie);
}

static int run(struct collector *collector)
{
    struct event *stops[] = {
        evsignal_new(collector->base, SIGTERM, on_stop, collector),
        evsignal_new(collector->base, SIGINT, on_stop, collector),
        evsignal_new(collector->base, SIGHUP, on_reload, collector),
    };
    const size_t n = sizeof(stops) / sizeof(*stops);
    for (size_t i = 0; i < n; i++)
        event_add(stops[i], NULL);
    int rc = event_base_dispatch(collector->base);
    for (size_t i = 0; i < n; i++)
        event_free(stops[i]);
    return rc;
}

static void print_note(void *cookie, unsigned line, const char *text)
{
    const struct options *options = cookie;
    printf("%s/data_config.yml:%u: note: %s\n", options->dir, line, text);
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
        data_advice(data, print_note, &options);
        server_config_free(server);
        data_config_release(data);
        return EXIT_SUCCESS;
    }
    /* Jitter and backoff differ from one collector to the next, so that they do not act in step. */
    srandom((unsigned)(clock_wall_ms() ^ getpid()));
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error to be told, no end */
    signal(SIGHUP, SIG_IGN);  /* until the loop listens to it */
    rc = collector_start(&collector, options.dir, server, data);
    if (rc == 0)
        run(&collector);
    int stopped = collector_stop(&collector);
    return rc == 0 && stopped == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
