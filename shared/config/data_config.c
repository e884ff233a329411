#include "shared/config/data_config.h"

#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/device_config.h"
#include "shared/config/profile_config.h"
#include "shared/config/quote.h"
#include "shared/config/rule_file.h"
#include "shared/config/setting_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PROFILES_MAX = 1000 };

enum section {
    SECTION_TASKS,
    SECTION_POINTS,
    SECTION_PROFILES,
    SECTION_DEVICES,
    SECTION_RULES,
    SECTION_UNKNOWN,
    SECTIONS
};

static const char *const section_names[] = {"query_tasks", "data_points", "profiles",
                                            "devices",     "rules",       "unknown_devices"};

static const char *const unknown_choices[] = {"accept", "quarantine", "refuse", NULL};
static_assert(sizeof(enum unknown_devices) == sizeof(int), "enum unknown_devices");

static const struct setting top_settings[] = {
    {.path = "unknown_devices",
     .offset = offsetof(struct data_config, unknown_devices),
     .type = SETTING_CHOICE,
     .def = "accept",
     .choices = unknown_choices,
     .help = "what becomes of a DTU that devices does not name: it is read like any other; it is "
             "shown, and not read; or it is turned away"},
};
const struct settings_table top_table = {.settings = top_settings, .count = 1};

struct sections {
    const yaml_node_t *nodes[SECTIONS]; /* NULL: not there */
    unsigned lines[SECTIONS];
    bool profiles_mistyped; /* they are there, under a name that is near */
};

#define FAULT(reading, line, ...)                                                                  \
    faults_add((reading)->reader.faults, yaml_doc_name((reading)->reader.doc), (line), __VA_ARGS__)

static void find_section(const struct profile_reading *reading, const struct yaml_pair *pair,
                         struct sections *sections)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        if (strcmp(pair->key, section_names[i]) == 0) {
            sections->nodes[i] = pair->value;
            sections->lines[i] = pair->line;
            return;
        }
    }
    const char *nearest = text_nearest(pair->key, section_names, SECTIONS);
    if (nearest == section_names[SECTION_PROFILES]) {
        sections->profiles_mistyped = true;
        /* Read them all the same, else devices: would name what is not there. */
        if (sections->nodes[SECTION_PROFILES] == NULL && pair->value->type == YAML_MAPPING_NODE)
            sections->nodes[SECTION_PROFILES] = pair->value;
    }
    if (nearest != NULL)
        FAULT(reading, pair->line, "unknown section %s: did you mean \"%s\"?", QUOTE(pair->key),
              nearest);
    else
        FAULT(reading, pair->line,
              "unknown section %s: the sections are query_tasks, data_points, profiles, devices, "
              "rules, unknown_devices",
              QUOTE(pair->key));
}

/* What is there must be a section; query_tasks and data_points must be there unless there are
 * profiles. Return whether tasks are missing that should be there. */
static bool check_sections(const struct profile_reading *reading, struct sections *sections)
{
    bool optional = sections->nodes[SECTION_PROFILES] != NULL || sections->profiles_mistyped;
    bool tasks_faulty = false;
    for (size_t i = 0; i < SECTION_UNKNOWN; i++) {
        const yaml_node_t *node = sections->nodes[i];
        if (node != NULL ? node->type == YAML_MAPPING_NODE : optional || i >= SECTION_PROFILES)
            continue;
        if (node != NULL && yaml_node_is_null(node) && (optional || i >= SECTION_PROFILES)) {
            sections->nodes[i] = NULL; /* its entries are commented out */
            continue;
        }
        FAULT(reading, node != NULL ? yaml_node_line(node) : 0,
              "%s %s: write its entries below it, indented (or \"%s: {}\" for none)",
              section_names[i], node != NULL ? "is no section" : "is missing", section_names[i]);
        sections->nodes[i] = NULL;
        tasks_faulty |= i == SECTION_TASKS;
    }
    return tasks_faulty;
}

static void read_unknown_devices(const struct profile_reading *reading,
                                 const struct sections *sections, struct data_config *config)
{
    const yaml_node_t *node = sections->nodes[SECTION_UNKNOWN];
    if (node == NULL || yaml_node_is_null(node))
        return;
    const char *text = yaml_node_text(node);
    char *problem =
        text != NULL ? setting_value_parse(&top_settings[0], text, text, &config->unknown_devices)
                     : xasprintf("takes one value: write \"unknown_devices: accept\"");
    if (problem != NULL)
        FAULT(reading, sections->lines[SECTION_UNKNOWN], "unknown_devices: %s", problem);
    free(problem);
}

static void check_name(const struct profile_reading *reading, const struct yaml_pair *pair)
{
    static const struct setting name_setting = {
        .path = "name", .type = SETTING_STRING, .min = 1, .max = PROFILE_NAME_MAX};
    if (strcmp(pair->key, "default") == 0)
        FAULT(reading, pair->line,
              "profiles.default: \"default\" is what query_tasks and data_points at the top level "
              "are: choose another name");
    char *name = NULL, *problem = setting_value_parse(&name_setting, pair->key, pair->key, &name);
    if (problem != NULL)
        FAULT(reading, pair->line, "profiles: the name %s: %s", QUOTE(pair->key), problem);
    free(problem);
    free(name);
}

static void check_ports(const struct profile_reading *reading, const struct data_config *config,
                        const yaml_node_t *profiles)
{
    const struct profile **users = xcalloc(65536, sizeof(const struct profile *));
    for (size_t i = 1; i < config->nprofiles; i++) {
        const struct profile *profile = &config->profiles[i];
        if (profile->port == 0)
            continue;
        if (users[profile->port] != NULL)
            FAULT(reading, yaml_doc_pair(reading->reader.doc, profiles, i - 1).line,
                  "profiles.%s.port: %u is the port of profile %s too: give each its own, or leave "
                  "both out, and the first packets of the DTUs tell them apart",
                  profile->name, profile->port, users[profile->port]->name);
        else
            users[profile->port] = profile;
    }
    free(users);
}

static void read_profiles(struct profile_reading *reading, const struct sections *sections,
                          bool tasks_faulty, struct data_config *config)
{
    const yaml_node_t *node = sections->nodes[SECTION_PROFILES];
    size_t n = yaml_doc_count(node);
    if (n > PROFILES_MAX) {
        FAULT(reading, sections->lines[SECTION_PROFILES],
              "profiles: %zu profiles are more than one collector holds, %d", n, PROFILES_MAX);
        n = PROFILES_MAX;
    }
    config->profiles = xcalloc(1 + n, sizeof(*config->profiles));
    config->nprofiles = 1 + n;
    profile_config_read_default(reading, sections->nodes[SECTION_TASKS],
                                sections->nodes[SECTION_POINTS], tasks_faulty,
                                &config->profiles[0]);
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, node, i);
        check_name(reading, &pair);
        profile_config_read(reading, &pair, &config->profiles[1 + i]);
    }
    check_ports(reading, config, node);
}

static void read_sections(struct profile_reading *reading, struct data_config *config)
{
    const yaml_node_t *root = yaml_doc_root(reading->reader.doc);
    struct sections sections = {0};
    for (size_t i = 0; i < yaml_doc_count(root); i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, root, i);
        find_section(reading, &pair, &sections);
    }
    bool tasks_faulty = check_sections(reading, &sections);
    read_profiles(reading, &sections, tasks_faulty, config);
    const struct settings_place devices = {sections.nodes[SECTION_DEVICES], "devices",
                                           sections.lines[SECTION_DEVICES]};
    device_config_read(&reading->reader, &devices, &reading->files, config);
    const struct settings_place rules = {sections.nodes[SECTION_RULES], "rules",
                                         sections.lines[SECTION_RULES]};
    rule_file_read(&reading->reader, &rules, config);
    read_unknown_devices(reading, &sections, config);
}

/* The folder that the files named in ${path} start from. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return xstrdup(".");
    return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static struct data_config *read_document(struct yaml_doc *doc, const char *dir,
                                         struct faults *faults, size_t before)
{
    struct data_config *config = NULL;
    if (doc != NULL && yaml_doc_root(doc)->type != YAML_MAPPING_NODE) {
        faults_add(faults, yaml_doc_name(doc), yaml_node_line(yaml_doc_root(doc)),
                   "the file holds no sections: write \"query_tasks:\" and \"data_points:\", and "
                   "their entries below, indented");
    } else if (doc != NULL) {
        struct profile_reading reading = {
            .reader = {.doc = doc, .faults = faults},
            .files = {.dir = dir},
        };
        config = xcalloc(1, sizeof(*config));
        config->holders = 1;
        read_sections(&reading, config);
        point_files_clear(&reading.tables);
    }
    yaml_doc_free(doc);
    if (faults->count == before)
        return config;
    faults_sort(faults);
    data_config_release(config);
    return NULL;
}

struct data_config *data_config_parse(const char *path, const void *bytes, size_t len,
                                      struct faults *faults)
{
    size_t before = faults->count;
    return read_document(yaml_doc_parse(path, bytes, len, faults), NULL, faults, before);
}

struct data_config *data_config_load(const char *path, struct faults *faults)
{
    size_t before = faults->count;
    char *dir = folder_of(path);
    struct data_config *config = read_document(yaml_doc_load(path, faults), dir, faults, before);
    free(dir);
    return config;
}

const struct device_def *data_config_device(const struct data_config *config, const char *id)
{
    size_t low = 0, high = config->ndevices;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(config->devices[middle].id, id);
        if (order == 0)
            return &config->devices[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct profile *data_config_profile(const struct data_config *config, const char *name)
{
    for (size_t i = 0; i < config->nprofiles; i++) {
        if (strcmp(config->profiles[i].name, name) == 0)
            return &config->profiles[i];
    }
    return NULL;
}

struct data_config *data_config_hold(struct data_config *config)
{
    config->holders++;
    return config;
}

void data_config_release(struct data_config *config)
{
    if (config == NULL || --config->holders > 0)
        return;
    for (size_t i = 0; i < config->nprofiles; i++)
        profile_config_clear(&config->profiles[i]);
    device_config_clear(config);
    rule_file_clear(&config->rules);
    free(config->profiles);
    free(config);
}
