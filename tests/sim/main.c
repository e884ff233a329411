/*
 * dtuhub-sim: simulated DTUs that dial a collector. See usage() for the options and served.h for
 * the format of the record.
 */
#include "shared/base/alloc.h"
#include "shared/base/version.h"
#include "shared/config/data_config.h"
#include "tests/sim/fleet.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SOURCES = 64, EXIT_USAGE = 2 };

enum {
    OPT_HOST = 256,
    OPT_SERVED,
    OPT_BIND,
    OPT_ABSENT,
    OPT_HELP,
    OPT_VERSION,
    OPT_NUMBERS, /* from here on: numbers[] */
};

enum number_name {
    N_PORT,
    N_COUNT,
    N_FIRST_ID,
    N_SEED,
    N_RAMP,
    N_UNIT,
    N_LATENCY,
    N_HEARTBEAT,
    N_DURATION,
    N_RECONNECT,
    NUMBERS,
};

/* Options that take a number. Seconds may have a fraction and are kept as milliseconds. */
static struct {
    const char *name;
    double least, most;
    bool seconds;
    double value;
} numbers[NUMBERS] = {
    [N_PORT] = {"port", 1, 65535, false, 22334},
    [N_COUNT] = {"count", 1, 1000000, false, 20},
    [N_FIRST_ID] = {"first-id", 0, 4294967295.0, false, 1001},
    [N_SEED] = {"seed", 0, 9007199254740992.0, false, 1},
    [N_RAMP] = {"ramp", 1, 1000000, false, 200},
    [N_UNIT] = {"unit", 1, 247, false, 1},
    [N_LATENCY] = {"latency", 0, 600000, false, 0},
    [N_HEARTBEAT] = {"heartbeat", 0.01, 86400, true, 30000},
    [N_DURATION] = {"duration", 0, 31536000, true, 0},
    [N_RECONNECT] = {"reconnect", 0, 3600, true, 5000},
};

static const char usage[] =
    "usage: dtuhub-sim [options]\n"
    "Simulated DTUs that dial a collector and answer its queries.\n"
    "\n"
    "  -c DIR                 folder of data_config.yml, whose points the slaves have [config]\n"
    "  --host HOST            where to dial [127.0.0.1]\n"
    "  --port PORT            [22334]\n"
    "  --bind ADDRESS         dial from this address; may be repeated, taken in turn\n"
    "                         (one address has room for about 28000 lines)\n"
    "  --count N              how many DTUs [20]\n"
    "  --first-id ID          the id of the first, the others follow [1001]\n"
    "  --ramp PER_SECOND      lines dialled a second [200]\n"
    "  --heartbeat SECONDS    [30]\n"
    "  --reconnect SECONDS    first pause after a lost line, doubled each time; 0: never [5]\n"
    "  --latency MS           between a query and its answer [0]\n"
    "  --unit ID              the slave's unit id [1]\n"
    "  --absent exception|silence\n"
    "                         what a query for another unit gets [exception]\n"
    "  --seed S               chooses the values [1]\n"
    "  --duration SECONDS     then end; 0: at SIGTERM or SIGINT [0]\n"
    "  --served FILE          record what was served, - for stdout\n"
    "  --help, --version\n"
    "\n"
    "The record has one line, separated by tabs, for each answer and heartbeat:\n"
    "  answer     wall_ms device poll unit function start count registers name=value/raw ...\n"
    "  exception  wall_ms device unit function start count code\n"
    "  heartbeat  wall_ms device\n";

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list args;
    fputs("dtuhub-sim: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("; --help lists the options\n", stderr);
    exit(EXIT_USAGE);
}

static void set_number(size_t i, const char *text)
{
    char *rest;
    double value = strtod(text, &rest);
    if (rest == text || *rest != '\0' || !isfinite(value) || value < numbers[i].least ||
        value > numbers[i].most || (!numbers[i].seconds && value != floor(value)))
        fail("--%s: \"%s\" is not a%s number from %.15g to %.15g", numbers[i].name, text,
             numbers[i].seconds ? "" : " whole", numbers[i].least, numbers[i].most);
    numbers[i].value = numbers[i].seconds ? round(value * 1000) : value;
}

static void resolve(const char *option, const char *host, const char *port, int family,
                    struct sockaddr_storage *out, socklen_t *len)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        fail("%s %s: %s", option, host, gai_strerror(error));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
}

struct texts {
    const char *folder, *host, *served, *sources[MAX_SOURCES];
    size_t nsources;
    enum slave_absent absent;
};

static void take_option(int option, const char *value, struct texts *texts)
{
    switch (option) {
    case 'c':
        texts->folder = value;
        break;
    case OPT_HOST:
        texts->host = value;
        break;
    case OPT_SERVED:
        texts->served = value;
        break;
    case OPT_BIND:
        if (texts->nsources == MAX_SOURCES)
            fail("--bind: at most %d addresses", MAX_SOURCES);
        texts->sources[texts->nsources++] = value;
        break;
    case OPT_ABSENT:
        if (strcmp(value, "exception") != 0 && strcmp(value, "silence") != 0)
            fail("--absent: \"%s\" is neither exception nor silence", value);
        texts->absent =
            strcmp(value, "silence") == 0 ? SLAVE_ABSENT_SILENCE : SLAVE_ABSENT_EXCEPTION;
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(0);
    case OPT_VERSION:
        puts("dtuhub-sim " DTUHUB_VERSION);
        exit(0);
    default:
        if (option < OPT_NUMBERS)
            fail("cannot go on"); /* getopt said why */
        set_number((size_t)(option - OPT_NUMBERS), value);
    }
}

static void parse(int argc, char **argv, struct texts *texts)
{
    enum { TEXT_OPTIONS = 6 };
    struct option options[TEXT_OPTIONS + NUMBERS + 1] = {
        {"host", required_argument, NULL, OPT_HOST},
        {"served", required_argument, NULL, OPT_SERVED},
        {"bind", required_argument, NULL, OPT_BIND},
        {"absent", required_argument, NULL, OPT_ABSENT},
        {"help", no_argument, NULL, OPT_HELP},
        {"version", no_argument, NULL, OPT_VERSION},
    };
    for (int i = 0; i < NUMBERS; i++)
        options[TEXT_OPTIONS + i] =
            (struct option){numbers[i].name, required_argument, NULL, OPT_NUMBERS + i};
    int option;
    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
        take_option(option, optarg, texts);
    if (optind < argc)
        fail("\"%s\" is no option", argv[optind]);
    if (numbers[N_FIRST_ID].value + numbers[N_COUNT].value > 4294967296.0)
        fail("--first-id and --count: ids end at 4294967295");
}

static struct data_config *load_config(const char *folder)
{
    struct faults faults = {0};
    char *path = xasprintf("%s/data_config.yml", folder);
    struct data_config *config = data_config_load(path, &faults);
    faults_sort(&faults);
    faults_print(&faults, stderr);
    faults_clear(&faults);
    free(path);
    if (config == NULL)
        exit(EXIT_FAILURE);
    return config;
}

int main(int argc, char **argv)
{
    struct texts texts = {.folder = "config", .host = "127.0.0.1"};
    parse(argc, argv, &texts);
    struct data_config *config = load_config(texts.folder);
    const struct dtu_behaviour behaviour = {
        .heartbeat_ms = (int64_t)numbers[N_HEARTBEAT].value,
        .latency_ms = (int64_t)numbers[N_LATENCY].value,
        .reconnect_ms = (int64_t)numbers[N_RECONNECT].value,
        .registration_ms = 10000,
    };
    struct sockaddr_storage sources[MAX_SOURCES];
    struct fleet_options options = {
        .profile = &config->profiles[0],
        .behaviour = &behaviour,
        .sources = sources,
        .nsources = texts.nsources,
        .served_path = texts.served,
        .seed = (uint64_t)numbers[N_SEED].value,
        .duration_ms = (int64_t)numbers[N_DURATION].value,
        .count = (uint32_t)numbers[N_COUNT].value,
        .first_id = (uint32_t)numbers[N_FIRST_ID].value,
        .ramp = (uint32_t)numbers[N_RAMP].value,
        .unit = (uint8_t)numbers[N_UNIT].value,
        .absent = texts.absent,
    };
    char port[8];
    snprintf(port, sizeof(port), "%d", (int)numbers[N_PORT].value);
    resolve("--host", texts.host, port, AF_UNSPEC, &options.server, &options.server_len);
    for (size_t i = 0; i < texts.nsources; i++) {
        socklen_t len;
        resolve("--bind", texts.sources[i], NULL, options.server.ss_family, &sources[i], &len);
    }
    signal(SIGPIPE, SIG_IGN);
    int result = fleet_run(&options);
    data_config_release(config);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
