/*
 * dtuhub-webapp: the portal and its API, a FastCGI program behind nginx.
 */
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/service.h"
#include "shared/base/version.h"
#include "webapp/server.h"

#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    const char *config_dir;
    const char *socket;
    const char *templates;
    bool test;
};

static const char usage[] =
    "usage: dtuhub-webapp [-c DIR] [-t] [--socket PATH] [--templates DIR]\n"
    "  -c DIR            folder of server_config.yml and data_config.yml (config)\n"
    "  -t                check the configuration, print its faults, exit 0 or 1\n"
    "  --socket PATH     FastCGI socket ($RUNTIME_DIRECTORY/webapp.sock, or run/webapp.sock)\n"
    "  --templates DIR   folder of the templates (PREFIX/share/dtuhub/templates, or templates)\n"
    "  --version, --help\n";

/* 0 to go on; otherwise the program ends with *status. */
static int read_options(int argc, char **argv, struct options *options, int *status)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"test", no_argument, NULL, 't'},
        {"socket", required_argument, NULL, 's'},
        {"templates", required_argument, NULL, 'T'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *status = 0;
    for (int c; (c = getopt_long(argc, argv, "c:th", names, NULL)) != -1;) {
        switch (c) {
        case 'c':
            options->config_dir = optarg;
            break;
        case 't':
            options->test = true;
            break;
        case 's':
            options->socket = optarg;
            break;
        case 'T':
            options->templates = optarg;
            break;
        case 'V':
            puts("dtuhub-webapp " DTUHUB_VERSION);
            return -1;
        case 'h':
            fputs(usage, stdout);
            return -1;
        default:
            fputs(usage, stderr);
            *status = 2;
            return -1;
        }
    }
    if (optind == argc)
        return 0;
    fputs(usage, stderr);
    *status = 2;
    return -1;
}

static struct live_config *load_config(const char *dir)
{
    struct faults faults = {0};
    struct live_config *live = live_config_load(dir, &faults);
    faults_print(&faults, stderr);
    faults_clear(&faults);
    return live;
}

/* With the configuration of the start: what a reload cannot change is taken from it here. */
static int serve(const struct options *options, struct live_config *live,
                 const struct server_config *config)
{
    char error[512], control[4096], socket[4096];
    struct app app = {.live = live, .control_socket = config->server.control_socket};
    if (app.control_socket == NULL)
        app.control_socket = service_runtime_path("control.sock", control, sizeof(control));
    const char *path = options->socket != NULL
                           ? options->socket
                           : service_runtime_path("webapp.sock", socket, sizeof(socket));
    if (path == NULL)
        path = "run/webapp.sock";
    app.view = view_load(options->templates, error, sizeof(error));
    if (app.view == NULL) {
        log_error("main", NULL, "%s", error);
        return -1;
    }
    sem_t exports, tests;
    sem_init(&exports, 0, EXPORTS_AT_ONCE);
    sem_init(&tests, 0, TESTS_AT_ONCE);
    app.exports = &exports;
    app.tests = &tests;
    snprintf(app.assets_version, sizeof(app.assets_version), "%llx",
             (unsigned long long)clock_wall_ms());
    int rc = -1, fd = server_listen(path);
    if (fd >= 0) {
        rc = server_run(&app, fd, config->mysql.pool_size);
        close(fd);
        unlink(path);
    }
    if (rc == 0)
        view_free(app.view);
    return rc;
}

int main(int argc, char **argv)
{
    struct options options = {.config_dir = "config"};
    char templates[4096];
    int status;
    options.templates = service_data_path("templates", templates, sizeof(templates));
    if (read_options(argc, argv, &options, &status) != 0)
        return status;
    struct live_config *live = load_config(options.config_dir);
    if (live == NULL || options.test) {
        status = live != NULL ? 0 : 1;
        live_config_free(live);
        return status;
    }
    struct snapshot *first = live_config_take(live);
    const struct log_section *log = &first->config->log;
    if (log_setup(log->level, log->format, log->file) != 0) {
        fprintf(stderr, "%s: %s\n", log->file, strerror(errno));
        live_config_give_back(live, first);
        live_config_free(live);
        return 1;
    }
    if (mysql_library_init(0, NULL, NULL) != 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();
    status = serve(&options, live, first->config) == 0 ? 0 : 1;
    if (status == 0) {
        live_config_give_back(live, first);
        live_config_free(live);
        curl_global_cleanup();
        mysql_library_end();
    }
    return status;
}
