#include "tests/sim/options.h"

#include "shared/base/text.h"
#include "shared/base/version.h"

#include <getopt.h>
#include <math.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, REGISTRATION_MS = 10000 };

enum {
    OPT_HOST = 256,
    OPT_SERVED,
    OPT_BIND,
    OPT_ABSENT,
    OPT_PROFILE,
    OPT_FAMILY,
    OPT_LIST_FAMILIES,
    OPT_UNITS,
    OPT_DEAD_UNITS,
    OPT_UNIQUE,
    OPT_REJECT_WRITES,
    OPT_WRITE_STICKY,
    OPT_SEGMENTS,
    OPT_FAULTS,
    OPT_HELP,
    OPT_VERSION,
    OPT_NUMBERS, /* from here on: numbers[] */
};

enum number_name {
    N_PORT,
    N_LISTEN,
    N_COUNT,
    N_FIRST_ID,
    N_SEED,
    N_RAMP,
    N_UNIT,
    N_LATENCY,
    N_LATE_BY,
    N_HEARTBEAT,
    N_DURATION,
    N_RECONNECT,
    N_RESTART,
    N_STORM,
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
    [N_LISTEN] = {"listen", 1, 65535, false, 0},
    [N_COUNT] = {"count", 1, 1000000, false, 20},
    [N_FIRST_ID] = {"first-id", 0, 4294967295.0, false, 1001},
    [N_SEED] = {"seed", 0, 9007199254740992.0, false, 1},
    [N_RAMP] = {"ramp", 1, 1000000, false, 200},
    [N_UNIT] = {"unit", 1, 247, false, 1},
    [N_LATENCY] = {"latency", 0, 600000, false, 0},
    [N_LATE_BY] = {"late-by", 1, 600000, false, 2500},
    [N_HEARTBEAT] = {"heartbeat", 0.01, 86400, true, 30000},
    [N_DURATION] = {"duration", 0, 31536000, true, 0},
    [N_RECONNECT] = {"reconnect", 0, 3600, true, 5000},
    [N_RESTART] = {"restart", 0, 86400, true, 60000},
    [N_STORM] = {"storm", 0, 86400, true, 0},
};

/* What is resolved when all options are known. */
struct texts {
    const char *host, *sources[OPTIONS_SOURCES_MAX];
    bool list_families;
};

void options_fail(const char *format, ...)
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
        options_fail("--%s: \"%s\" is not a%s number from %.15g to %.15g", numbers[i].name, text,
                     numbers[i].seconds ? "" : " whole", numbers[i].least, numbers[i].most);
    numbers[i].value = numbers[i].seconds ? round(value * 1000) : value;
}

static void resolve(const char *option, const char *host, const char *port, int family,
                    struct sockaddr_storage *out, socklen_t *len)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        options_fail("%s %s: %s", option, host, gai_strerror(error));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
}

static bool either(const char *option, const char *value, const char *yes, const char *no)
{
    bool is_yes = strcmp(value, yes) == 0;
    if (!is_yes && strcmp(value, no) != 0)
        options_fail("%s: \"%s\" is neither %s nor %s", option, value, yes, no);
    return is_yes;
}

static void set_units(const char *option, const char *value, struct units *out)
{
    if (units_parse(value, out) < 0)
        options_fail("%s: \"%s\" is no list of unit ids from 1 to 247, like 1,2,48-57", option,
                     value);
}

static void set_faults(const char *value, struct dtu_behaviour *behaviour)
{
    char error[300];
    if (fault_mix_parse(value, &behaviour->faults, error, sizeof(error)) < 0)
        options_fail("--faults: %s", error);
    behaviour->faulty = true;
}

static void add_source(const char *value, struct texts *texts, struct options *options)
{
    if (options->fleet.nsources == OPTIONS_SOURCES_MAX)
        options_fail("--bind: at most %d addresses", OPTIONS_SOURCES_MAX);
    texts->sources[options->fleet.nsources++] = value;
}

/* How the DTUs and their slaves are. */
static void take_way(int option, const char *value, struct options *options)
{
    struct dtu_behaviour *behaviour = &options->behaviour;
    struct slave_options *slaves = &options->slaves;
    switch (option) {
    case OPT_ABSENT:
        slaves->absent = either("--absent", value, "exception", "silence") ? SLAVE_ABSENT_EXCEPTION
                                                                           : SLAVE_ABSENT_SILENCE;
        break;
    case OPT_FAMILY:
        behaviour->family = family_by_name(value);
        if (behaviour->family == NULL)
            options_fail("--family: there is no family \"%s\"", value);
        break;
    case OPT_UNITS:
        set_units("--units", value, &slaves->units);
        break;
    case OPT_DEAD_UNITS:
        set_units("--dead-units", value, &slaves->dead);
        break;
    case OPT_UNIQUE:
        slaves->unique = true;
        break;
    case OPT_REJECT_WRITES:
        slaves->reject_writes = true;
        break;
    case OPT_WRITE_STICKY:
        slaves->forget_writes = !either("--write-sticky", value, "on", "off");
        break;
    case OPT_SEGMENTS:
        if (segments_by_name(value, &behaviour->segments) < 0)
            options_fail("--segments: \"%s\" is none of whole, one, glued, random", value);
        break;
    case OPT_FAULTS:
        set_faults(value, behaviour);
        break;
    default:
        options_fail("cannot go on"); /* getopt said why */
    }
}

static void take_option(int option, const char *value, struct texts *texts, struct options *options)
{
    switch (option) {
    case 'c':
        options->folder = value;
        break;
    case OPT_HOST:
        texts->host = value;
        break;
    case OPT_SERVED:
        options->fleet.served_path = value;
        break;
    case OPT_BIND:
        add_source(value, texts, options);
        break;
    case OPT_PROFILE:
        options->profile = value;
        break;
    case OPT_LIST_FAMILIES:
        texts->list_families = true;
        break;
    case OPT_HELP:
        options_usage();
        exit(0);
    case OPT_VERSION:
        puts("dtuhub-sim " DTUHUB_VERSION);
        exit(0);
    default:
        if (option >= OPT_NUMBERS)
            set_number((size_t)(option - OPT_NUMBERS), value);
        else
            take_way(option, value, options);
    }
}

static void read_arguments(int argc, char **argv, struct texts *texts, struct options *options)
{
    static const struct option named[] = {
        {"host", required_argument, NULL, OPT_HOST},
        {"served", required_argument, NULL, OPT_SERVED},
        {"bind", required_argument, NULL, OPT_BIND},
        {"absent", required_argument, NULL, OPT_ABSENT},
        {"profile", required_argument, NULL, OPT_PROFILE},
        {"family", required_argument, NULL, OPT_FAMILY},
        {"list-families", no_argument, NULL, OPT_LIST_FAMILIES},
        {"units", required_argument, NULL, OPT_UNITS},
        {"dead-units", required_argument, NULL, OPT_DEAD_UNITS},
        {"unique", no_argument, NULL, OPT_UNIQUE},
        {"reject-writes", no_argument, NULL, OPT_REJECT_WRITES},
        {"write-sticky", required_argument, NULL, OPT_WRITE_STICKY},
        {"segments", required_argument, NULL, OPT_SEGMENTS},
        {"faults", required_argument, NULL, OPT_FAULTS},
        {"help", no_argument, NULL, OPT_HELP},
        {"version", no_argument, NULL, OPT_VERSION},
    };
    enum { NAMED = sizeof(named) / sizeof(*named) };
    struct option all[NAMED + NUMBERS + 1] = {0};
    memcpy(all, named, sizeof(named));
    for (int i = 0; i < NUMBERS; i++)
        all[NAMED + i] = (struct option){numbers[i].name, required_argument, NULL, OPT_NUMBERS + i};
    int option;
    while ((option = getopt_long(argc, argv, "c:", all, NULL)) != -1)
        take_option(option, optarg, texts, options);
    if (optind < argc)
        options_fail("\"%s\" is no option", argv[optind]);
    if (numbers[N_FIRST_ID].value + numbers[N_COUNT].value > 4294967296.0)
        options_fail("--first-id and --count: ids end at 4294967295");
    if (numbers[N_LISTEN].value + numbers[N_COUNT].value > 65536)
        options_fail("--listen and --count: ports end at 65535");
}

static void print_packet(size_t (*make)(uint32_t, uint8_t *), uint32_t number)
{
    uint8_t bytes[FAMILY_PACKET_MAX];
    char text[4 * FAMILY_PACKET_MAX + 1];
    text_printable(bytes, make != NULL ? make(number, bytes) : 0, text, sizeof(text));
    printf("\t%s", text);
}

static void list_families(uint32_t number)
{
    const struct family *family;
    for (size_t i = 0; (family = family_at(i)) != NULL; i++) {
        char id[FAMILY_ID_SIZE];
        family->id(number, id);
        printf("%s\t%s", family->name, id);
        print_packet(family->registration, number);
        print_packet(family->heartbeat, number);
        putchar('\n');
    }
    exit(0);
}

static void take_numbers(struct options *options)
{
    struct dtu_behaviour *behaviour = &options->behaviour;
    behaviour->heartbeat_ms = (int64_t)numbers[N_HEARTBEAT].value;
    behaviour->latency_ms = (int64_t)numbers[N_LATENCY].value;
    behaviour->reconnect_ms = (int64_t)numbers[N_RECONNECT].value;
    behaviour->restart_ms = (int64_t)numbers[N_RESTART].value;
    behaviour->late_ms = (int64_t)numbers[N_LATE_BY].value;
    behaviour->registration_ms = REGISTRATION_MS;
    struct fleet_options *fleet = &options->fleet;
    fleet->seed = (uint64_t)numbers[N_SEED].value;
    fleet->duration_ms = (int64_t)numbers[N_DURATION].value;
    fleet->storm_ms = (int64_t)numbers[N_STORM].value;
    fleet->count = (uint32_t)numbers[N_COUNT].value;
    fleet->first_id = (uint32_t)numbers[N_FIRST_ID].value;
    fleet->ramp = (uint32_t)numbers[N_RAMP].value;
    fleet->listen = (uint32_t)numbers[N_LISTEN].value;
}

void options_parse(int argc, char **argv, struct options *options)
{
    struct texts texts = {.host = "127.0.0.1"};
    *options = (struct options){.folder = "config", .behaviour.family = &family_tlv};
    read_arguments(argc, argv, &texts, options);
    take_numbers(options);
    struct fleet_options *fleet = &options->fleet;
    if (texts.list_families)
        list_families(fleet->first_id);
    static const struct units none;
    if (memcmp(&options->slaves.units, &none, sizeof(none)) == 0)
        units_add(&options->slaves.units, (uint8_t)numbers[N_UNIT].value);
    fleet->behaviour = &options->behaviour;
    fleet->slaves = &options->slaves;
    fleet->sources = options->sources;
    char port[8];
    snprintf(port, sizeof(port), "%d", (int)numbers[N_PORT].value);
    resolve("--host", texts.host, port, AF_UNSPEC, &fleet->server, &fleet->server_len);
    for (size_t i = 0; i < fleet->nsources; i++) {
        socklen_t len;
        resolve("--bind", texts.sources[i], NULL, fleet->server.ss_family, &options->sources[i],
                &len);
    }
}
