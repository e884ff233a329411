#include "shared/config/server_config.h"

#include "shared/base/alloc.h"
#include "shared/config/password_file.h"
#include "shared/config/quote.h"
#include "shared/config/server_tables.h"
#include "shared/config/webhook_file.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 8, SETTINGS_MAX = 32 };

/* The lines of all keys of one file: lines[table][setting], 0 where the key is not there. */
struct reading {
    struct settings_reader reader;
    struct server_config *config;
    bool without_webhooks;
    unsigned lines[TABLES_MAX][SETTINGS_MAX];
};

static const struct server_table *find_table(const char *name)
{
    for (size_t i = 0; i < server_tables_count; i++) {
        if (strcmp(server_tables[i].name, name) == 0)
            return &server_tables[i];
    }
    return NULL;
}

static void add_unknown_section(struct faults *faults, const char *file,
                                const struct yaml_pair *pair)
{
    char names[256] = "";
    for (size_t i = 0, used = 0; i < server_tables_count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                 server_tables[i].name);
    faults_add(faults, file, pair->line, "unknown section %s: the sections are %s",
               QUOTE(pair->key), names);
}

static void report_unknown_section(const struct reading *reading, const struct yaml_pair *pair)
{
    const char *names[TABLES_MAX];
    for (size_t i = 0; i < server_tables_count; i++)
        names[i] = server_tables[i].name;
    const char *nearest = text_nearest(pair->key, names, server_tables_count);
    const char *file = yaml_doc_name(reading->reader.doc);
    for (size_t i = 0; nearest == NULL && i < server_tables_count; i++) {
        for (size_t k = 0; k < server_tables[i].table.count; k++) {
            const struct setting *setting = &server_tables[i].table.settings[k];
            if (strcmp(setting_key(setting), pair->key) != 0)
                continue;
            faults_add(reading->reader.faults, file, pair->line,
                       "key %s stands outside of its section: move it below %s: and indent it",
                       QUOTE(pair->key), names[i]);
            return;
        }
    }
    if (nearest != NULL)
        faults_add(reading->reader.faults, file, pair->line,
                   "unknown section %s: did you mean \"%s\"?", QUOTE(pair->key), nearest);
    else
        add_unknown_section(reading->reader.faults, file, pair);
}

/* The line of a key in the file, or ${otherwise}. */
static unsigned line_of(const struct reading *reading, const char *path, unsigned otherwise)
{
    for (size_t i = 0; i < server_tables_count; i++) {
        for (size_t k = 0; k < server_tables[i].table.count; k++) {
            if (strcmp(server_tables[i].table.settings[k].path, path) == 0)
                return reading->lines[i][k] > 0 ? reading->lines[i][k] : otherwise;
        }
    }
    abort(); /* a misspelt path in this file */
}

static void read_password_file(const struct reading *reading)
{
    struct mysql_section *mysql = &reading->config->mysql;
    const char *file = yaml_doc_name(reading->reader.doc);
    unsigned line = line_of(reading, "mysql.password_file", 0);
    if (mysql->password_file == NULL)
        return;
    if (line_of(reading, "mysql.password", 0) > 0) {
        faults_add(reading->reader.faults, file, line,
                   "mysql.password_file: mysql.password is given too (line %u): keep one of them",
                   line_of(reading, "mysql.password", 0));
        return;
    }
    char *problem = NULL, *password = password_file_read(file, mysql->password_file, &problem);
    if (password == NULL) {
        faults_add(reading->reader.faults, file, line, "mysql.password_file: %s", problem);
        free(problem);
        return;
    }
    free(mysql->password);
    mysql->password = password;
}

static void check_numbers(const struct reading *reading)
{
    struct server_section *server = &reading->config->server;
    const char *file = yaml_doc_name(reading->reader.doc);
    if (server->main_port == server->web_port)
        faults_add(reading->reader.faults, file,
                   line_of(reading, "server.web_port", line_of(reading, "server.main_port", 0)),
                   "server.web_port and server.main_port are both %u: DTUs and browsers need a "
                   "port each",
                   server->web_port);
    if (server->connection_pool_size > server->max_connections)
        server->connection_pool_size = server->max_connections;
}

static void read_sections(struct reading *reading)
{
    const yaml_node_t *root = yaml_doc_root(reading->reader.doc);
    struct settings_place places[TABLES_MAX] = {0};
    for (size_t i = 0; i < yaml_doc_count(root); i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, root, i);
        const struct server_table *table = find_table(pair.key);
        if (table == NULL)
            report_unknown_section(reading, &pair);
        else if (!reading->without_webhooks || strcmp(pair.key, "webhooks") != 0)
            places[table - server_tables] = (struct settings_place){pair.value, NULL, pair.line};
    }
    size_t before = reading->reader.faults->count;
    for (size_t i = 0; i < server_tables_count; i++) {
        places[i].path = server_tables[i].name;
        settings_read(&reading->reader, &places[i], &server_tables[i].table, reading->config,
                      reading->lines[i]);
    }
    webhook_file_read(&reading->reader, reading->lines[find_table("webhooks") - server_tables],
                      reading->config);
    /* A field in fault holds its default: held against others it would only confuse. */
    if (reading->reader.faults->count == before)
        check_numbers(reading);
    read_password_file(reading);
}

static struct server_config *read_document(struct yaml_doc *doc, struct faults *faults,
                                           size_t before, bool without_webhooks)
{
    if (doc == NULL) {
        faults_sort(faults);
        return NULL;
    }
    struct reading reading = {
        .reader = {.doc = doc, .faults = faults, .expand_env = true},
        .config = xcalloc(1, sizeof(*reading.config)),
        .without_webhooks = without_webhooks,
    };
    if (yaml_doc_root(doc)->type == YAML_MAPPING_NODE)
        read_sections(&reading);
    else
        faults_add(faults, yaml_doc_name(doc), yaml_node_line(yaml_doc_root(doc)),
                   "the file holds no sections: write \"server:\", and its keys below, indented");
    yaml_doc_free(doc);
    if (faults->count == before)
        return reading.config;
    faults_sort(faults);
    server_config_free(reading.config);
    return NULL;
}

struct server_config *server_config_parse(const char *path, const void *bytes, size_t len,
                                          struct faults *faults)
{
    size_t before = faults->count;
    return read_document(yaml_doc_parse(path, bytes, len, faults), faults, before, false);
}

struct server_config *server_config_load(const char *path, struct faults *faults)
{
    size_t before = faults->count;
    return read_document(yaml_doc_load(path, faults), faults, before, false);
}

struct server_config *server_config_load_without_webhooks(const char *path, struct faults *faults)
{
    size_t before = faults->count;
    return read_document(yaml_doc_load(path, faults), faults, before, true);
}

void server_config_free(struct server_config *config)
{
    if (config == NULL)
        return;
    webhook_file_clear(config);
    for (size_t i = 0; i < server_tables_count; i++)
        settings_free(&server_tables[i].table, config);
    free(config);
}

const char *server_config_fixed_changed(const struct server_config *running,
                                        const struct server_config *next)
{
    for (size_t i = 0; i < server_tables_count; i++) {
        for (size_t k = 0; k < server_tables[i].table.count; k++) {
            const struct setting *setting = &server_tables[i].table.settings[k];
            if (!setting->reload && !settings_equal(setting, running, next))
                return setting->path;
        }
    }
    return NULL;
}
