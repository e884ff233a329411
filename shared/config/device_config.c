#include "shared/config/device_config.h"

#include "shared/base/alloc.h"
#include "shared/config/device_draft.h"
#include "shared/config/password_file.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 253, TAGS_MAX = 255, FROM_MAX = 1023, PATH_LENGTH_MAX = 1023 };

#define DEVICE(key, kind)                                                                          \
    .path = "devices.ID." #key, .offset = offsetof(struct device_draft, key), .type = kind

static const struct setting device_settings[] = {
    [DEVICE_NAME] = {DEVICE(name, SETTING_STRING), .def = "", .max = DEVICE_NAME_MAX,
                     .help = "what people call it"},
    [DEVICE_PROFILE] = {DEVICE(profile, SETTING_STRING), .min = 1, .max = PROFILE_NAME_MAX,
                        .help = "profile that it is of; without it its first packet chooses one"},
    [DEVICE_TAGS] = {DEVICE(tags, SETTING_LIST), .def = "", .max = TAGS_MAX,
                     .help = "words to find it by, with commas between them"},
    [DEVICE_SECRET] = {DEVICE(secret, SETTING_SECRET), .min = 1, .max = LINK_ID_SIZE - 1,
                       .help = "what its registration must carry as secret; better ${VARIABLE}, or "
                               "secret_file"},
    [DEVICE_SECRET_FILE] = {DEVICE(secret_file, SETTING_PATH), .max = PATH_LENGTH_MAX,
                            .help = "file that holds the secret, in place of secret; a relative "
                                    "path starts from the folder of this file"},
    [DEVICE_FROM] = {DEVICE(from, SETTING_CIDRS), .max = FROM_MAX,
                     .help = "addresses and networks that it may come from; without it any"},
    [DEVICE_DIAL] = {DEVICE(dial, SETTING_STRING), .min = 1, .max = HOST_MAX + 8,
                     .help = "host:port, or [IPv6]:port, where it listens and we dial it; needs a "
                             "profile"},
};

const struct settings_table device_table = {.settings = device_settings, .count = DEVICE_KEYS};

/* A device while it is read. */
struct device_reading {
    const struct settings_reader *reader;
    const struct data_config *config;
    const struct config_files *files;
    const char *path; /* "devices.1001" */
    unsigned line;
    struct device_draft draft;
};

static void device_fault(const struct device_reading *reading, enum device_key key, char *problem)
{
    unsigned line = reading->draft.lines[key] > 0 ? reading->draft.lines[key] : reading->line;
    faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), line, "%s.%s: %s",
               reading->path, setting_key(&device_settings[key]), problem);
    free(problem);
}

static const struct profile *find_profile(const struct device_reading *reading)
{
    const struct data_config *config = reading->config;
    const char *name = reading->draft.profile;
    const struct profile *found = name != NULL ? data_config_profile(config, name) : NULL;
    if (name == NULL || found != NULL)
        return found;
    const char **names = xcalloc(config->nprofiles, sizeof(*names));
    for (size_t i = 0; i < config->nprofiles; i++)
        names[i] = config->profiles[i].name;
    const char *nearest = text_nearest(name, names, config->nprofiles);
    if (nearest != NULL)
        device_fault(reading, DEVICE_PROFILE,
                     xasprintf("unknown profile %s: did you mean \"%s\"?", QUOTE(name), nearest));
    else
        device_fault(reading, DEVICE_PROFILE,
                     xasprintf("unknown profile %s: write \"default\", or one that stands below "
                               "profiles:",
                               QUOTE(name)));
    free(names);
    return NULL;
}

/* A name, or an address of either kind. */
static bool is_host(const char *host, bool bracketed)
{
    struct in6_addr address;
    size_t len = strlen(host);
    if (bracketed)
        return inet_pton(AF_INET6, host, &address) == 1;
    return len > 0 && len <= HOST_MAX && host[0] != '-' && host[0] != '.' &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == len;
}

/* Take "host:port" apart; NULL, or what is wrong. */
static char *parse_dial(const char *text, struct device_def *device)
{
    bool bracketed = text[0] == '[';
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    if (colon == NULL || (bracketed && colon[-1] != ']'))
        return xasprintf("%s has no port: write it like 192.168.1.50:502", QUOTE(text));
    if (!bracketed && memchr(text, ':', len) != NULL)
        return xasprintf("%s: an IPv6 address stands in brackets: write it like [2001:db8::5]:502",
                         QUOTE(text));
    uint32_t port;
    if (settings_parse_uint(colon + 1, &port) < 0 || port < 1 || port > 65535)
        return xasprintf("%s is no port: write a whole number from 1 to 65535 behind the colon",
                         QUOTE(colon + 1));
    char *host = bracketed ? xstrndup(text + 1, len - 2) : xstrndup(text, len);
    if (!is_host(host, bracketed)) {
        free(host);
        return xasprintf("%s is neither a host's name nor an address and its port: write it like "
                         "192.168.1.50:502",
                         QUOTE(text));
    }
    device->dial_host = host;
    device->dial_port = (uint16_t)port;
    return NULL;
}

static void check_dial(const struct device_reading *reading, struct device_def *device)
{
    if (reading->draft.dial == NULL)
        return;
    char *problem = parse_dial(reading->draft.dial, device);
    if (problem == NULL && reading->draft.profile == NULL)
        problem = xstrdup("needs a profile, since a DTU that we dial does not choose one: add "
                          "\"profile: ...\"");
    if (problem != NULL)
        device_fault(reading, DEVICE_DIAL, problem);
}

/* Put what the file holds in the place of a secret that stands here. */
static void read_secret_file(struct device_reading *reading)
{
    struct device_draft *draft = &reading->draft;
    char *problem = NULL, *secret = NULL;
    if (draft->secret_file == NULL)
        return;
    if (draft->lines[DEVICE_SECRET] > 0)
        problem = xasprintf("secret is given too (line %u): keep one of them",
                            draft->lines[DEVICE_SECRET]);
    else if (reading->files->dir == NULL)
        problem = xstrdup("no other file can be read here: write \"secret: ...\"");
    else
        secret =
            password_file_read(yaml_doc_name(reading->reader->doc), draft->secret_file, &problem);
    if (secret != NULL)
        problem = setting_value_parse(&device_settings[DEVICE_SECRET], secret, "", &draft->secret);
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
    if (problem != NULL)
        device_fault(reading, DEVICE_SECRET_FILE, problem);
}

static void check_id(const struct device_reading *reading, const char *id)
{
    static const struct setting setting = {
        .type = SETTING_STRING, .min = 1, .max = LINK_ID_SIZE - 1};
    char *text = NULL, *problem = setting_value_parse(&setting, id, id, &text);
    free(text);
    size_t len = strlen(id);
    if (problem == NULL && len > 0 && id[len - 1] == ' ')
        problem = xstrdup("it ends with a blank, which no id does: leave it out");
    if (problem == NULL)
        return;
    faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), reading->line,
               "%s: the key of a device is its registration id, as the web interface shows it: %s",
               reading->path, problem);
    free(problem);
}

static char *take_text(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

/* ${reading} is of the section devices. */
static void read_device(struct device_reading reading, const struct yaml_pair *pair,
                        struct device_def *device)
{
    char *path = settings_path("devices", pair->key);
    const struct settings_place place = {pair->value, path, pair->line};
    reading.path = path;
    reading.line = pair->line;
    check_id(&reading, pair->key);
    settings_read(reading.reader, &place, &device_table, &reading.draft, reading.draft.lines);
    read_secret_file(&reading);
    *device = (struct device_def){
        .id = xstrdup(pair->key),
        .profile = find_profile(&reading),
        .line = pair->line,
    };
    check_dial(&reading, device);
    device->name = take_text(&reading.draft.name);
    device->tags = take_text(&reading.draft.tags);
    device->secret = take_text(&reading.draft.secret);
    device->from = take_text(&reading.draft.from);
    settings_free(&device_table, &reading.draft);
    free(path);
}

static int compare_devices(const void *a, const void *b)
{
    const struct device_def *x = a, *y = b;
    return strcmp(x->id, y->id);
}

int device_config_read(const struct settings_reader *reader, const struct settings_place *place,
                       const struct config_files *files, struct data_config *config)
{
    const struct device_reading reading = {.reader = reader, .config = config, .files = files};
    size_t before = reader->faults->count, n = yaml_doc_count(place->node);
    if (place->node != NULL && place->node->type != YAML_MAPPING_NODE &&
        !yaml_node_is_null(place->node))
        faults_add(reader->faults, yaml_doc_name(reader->doc), place->line,
                   "%s is a section: write the registration ids below it, indented", place->path);
    config->devices = xcalloc(n, sizeof(*config->devices));
    config->ndevices = n;
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, place->node, i);
        read_device(reading, &pair, &config->devices[i]);
    }
    qsort(config->devices, n, sizeof(*config->devices), compare_devices);
    return reader->faults->count == before ? 0 : -1;
}

void device_config_clear(struct data_config *config)
{
    for (size_t i = 0; i < config->ndevices; i++) {
        struct device_def *device = &config->devices[i];
        if (device->secret != NULL)
            explicit_bzero(device->secret, strlen(device->secret));
        free(device->id);
        free(device->name);
        free(device->tags);
        free(device->secret);
        free(device->from);
        free(device->dial_host);
    }
    free(config->devices);
    config->devices = NULL;
    config->ndevices = 0;
}

void device_config_reference(FILE *out)
{
    fputs("What is known of single DTUs. The key is the registration id, as the "
          "web interface shows it; nothing behind it is allowed: the DTU is known, no more.\n\n",
          out);
    settings_reference(&device_table, false, out);
}
