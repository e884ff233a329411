#include "shared/config/settings.h"

#include "shared/base/alloc.h"
#include "shared/config/env.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"

#include <stdlib.h>
#include <string.h>

const char *setting_key(const struct setting *setting)
{
    const char *dot = strrchr(setting->path, '.');
    return dot != NULL ? dot + 1 : setting->path;
}

char *settings_path(const char *section, const char *key)
{
    const char *quoted = QUOTE(key);
    return xasprintf("%s.%.*s", section, (int)strlen(quoted) - 2, quoted + 1);
}

const char *settings_nearest(const struct settings_table *table, const char *key)
{
    const char **keys = xcalloc(table->count, sizeof(*keys));
    for (size_t i = 0; i < table->count; i++)
        keys[i] = setting_key(&table->settings[i]);
    const char *nearest = text_nearest(key, keys, table->count);
    free(keys);
    return nearest;
}

static const struct setting *find(const struct settings_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(setting_key(&table->settings[i]), key) == 0)
            return &table->settings[i];
    }
    return NULL;
}

static void report_unknown(const struct settings_reader *reader, const struct settings_place *place,
                           const struct settings_table *table, const struct yaml_pair *pair)
{
    const char *file = yaml_doc_name(reader->doc), *nearest = settings_nearest(table, pair->key);
    if (table->below != NULL && find(table->below, pair->key) != NULL) {
        faults_add(reader->faults, file, pair->line,
                   "unknown key %s in %s: it belongs below %s:, one level deeper (%s.%s.%s)",
                   QUOTE(pair->key), place->path, table->below_key, place->path, table->below_key,
                   pair->key);
        return;
    }
    if (nearest != NULL) {
        faults_add(reader->faults, file, pair->line, "unknown key %s in %s: did you mean \"%s\"?",
                   QUOTE(pair->key), place->path, nearest);
        return;
    }
    char *known = NULL;
    size_t len = 0;
    FILE *list = open_memstream(&known, &len);
    if (list == NULL)
        abort();
    for (size_t i = 0; i < table->count; i++)
        fprintf(list, "%s%s", i > 0 ? ", " : "", setting_key(&table->settings[i]));
    if (fclose(list) != 0)
        abort();
    faults_add(reader->faults, file, pair->line, "unknown key %s in %s: the keys here are %s",
               QUOTE(pair->key), place->path, known);
    free(known);
}

/* The text of one value in the file. */
struct given {
    const char *text;
    unsigned line;
};

static int set_text(const struct settings_reader *reader, const struct settings_place *place,
                    const struct setting *setting, const struct given *given, void *field)
{
    const char *file = yaml_doc_name(reader->doc), *key = setting_key(setting);
    char *problem = NULL, *expanded = NULL;
    if ((reader->expand_env || setting->type == SETTING_SECRET) &&
        (expanded = env_expand(given->text, &problem)) == NULL) {
        faults_add(reader->faults, file, given->line, "%s.%s: %s", place->path, key, problem);
        free(problem);
        return -1;
    }
    problem =
        setting_value_parse(setting, expanded != NULL ? expanded : given->text, given->text, field);
    if (expanded != NULL)
        explicit_bzero(expanded, strlen(expanded));
    free(expanded);
    if (problem == NULL)
        return 0;
    faults_add(reader->faults, file, given->line, "%s.%s: %s", place->path, key, problem);
    free(problem);
    return -1;
}

/* The items of a list as one text, as it would be written without a list, or NULL where they are no
 * texts. The caller frees it. */
static char *join_items(const struct yaml_doc *doc, const yaml_node_t *list)
{
    char *joined = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&joined, &len);
    if (out == NULL)
        abort();
    bool texts = list->type == YAML_SEQUENCE_NODE;
    for (size_t i = 0; texts && i < yaml_doc_item_count(list); i++) {
        const char *text = yaml_node_text(yaml_doc_item(doc, list, i));
        texts = text != NULL;
        fprintf(out, "%s%s", i > 0 ? "," : "", texts ? text : "");
    }
    if (fclose(out) != 0)
        abort();
    if (texts)
        return joined;
    free(joined);
    return NULL;
}

static int read_list(const struct settings_reader *reader, const struct settings_place *place,
                     const struct setting *setting, const struct yaml_pair *pair, void *field)
{
    char *joined = join_items(reader->doc, pair->value);
    if (joined == NULL) {
        faults_add(reader->faults, yaml_doc_name(reader->doc), pair->line,
                   "%s.%s takes texts: write them with commas in one line, or as a list [a, b]",
                   place->path, setting_key(setting));
        return -1;
    }
    int result = set_text(reader, place, setting, &(struct given){joined, pair->line}, field);
    free(joined);
    return result;
}

static int read_text(const struct settings_reader *reader, const struct settings_place *place,
                     const struct setting *setting, const struct yaml_pair *pair, void *field)
{
    const char *key = setting_key(setting);
    const struct given given = {yaml_node_text(pair->value), pair->line};
    if (given.text != NULL)
        return set_text(reader, place, setting, &given, field);
    if (setting->type == SETTING_LIST || setting->type == SETTING_CIDRS)
        return read_list(reader, place, setting, pair, field);
    faults_add(reader->faults, yaml_doc_name(reader->doc), pair->line,
               "%s.%s takes one value, not a section or a list: write \"%s: value\" in one line",
               place->path, key, key);
    return -1;
}

static int read_pair(const struct settings_reader *reader, const struct settings_place *place,
                     const struct setting *setting, const struct yaml_pair *pair, void *field)
{
    if (setting->type != SETTING_BLOCK && setting->type != SETTING_NODE)
        return read_text(reader, place, setting, pair, field);
    if (pair->value->type == YAML_MAPPING_NODE || setting->type == SETTING_NODE) {
        memcpy(field, &pair->value, sizeof(pair->value));
        return 0;
    }
    faults_add(reader->faults, yaml_doc_name(reader->doc), pair->line,
               "%s.%s is a section: write its keys below it, indented (%s)", place->path,
               setting_key(setting), setting->help);
    return -1;
}

void settings_defaults(const struct settings_table *table, void *base)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        if (setting->def == NULL)
            continue;
        char *problem = setting_value_parse(setting, setting->def, setting->def,
                                            (char *)base + setting->offset);
        if (problem != NULL)
            abort(); /* our own table is wrong; a test reads every default */
    }
}

static void report_missing(const struct settings_reader *reader, const struct settings_place *place,
                           const struct setting *setting)
{
    const char *key = setting_key(setting);
    faults_add(reader->faults, yaml_doc_name(reader->doc), place->line,
               "%s.%s is missing: add \"%s: ...\" below %s (%s)", place->path, key, key,
               place->path, setting->help);
}

int settings_overlay(const struct settings_reader *reader, const struct settings_place *place,
                     const struct settings_table *table, void *base, unsigned *lines)
{
    size_t before = reader->faults->count;
    if (place->node != NULL && place->node->type != YAML_MAPPING_NODE &&
        !yaml_node_is_null(place->node)) {
        faults_add(reader->faults, yaml_doc_name(reader->doc), place->line,
                   "%s is a section: write its keys below it, indented", place->path);
        return -1;
    }
    for (size_t i = 0; i < yaml_doc_count(place->node); i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, place->node, i);
        const struct setting *setting = find(table, pair.key);
        if (setting == NULL) {
            report_unknown(reader, place, table, &pair);
        } else if (!yaml_node_is_null(pair.value)) {
            lines[setting - table->settings] = pair.line;
            read_pair(reader, place, setting, &pair, (char *)base + setting->offset);
        }
    }
    return reader->faults->count == before ? 0 : -1;
}

int settings_read(const struct settings_reader *reader, const struct settings_place *place,
                  const struct settings_table *table, void *base, unsigned *lines)
{
    size_t before = reader->faults->count;
    unsigned *seen = xcalloc(table->count, sizeof(*seen));
    settings_defaults(table, base);
    bool section = place->node == NULL || place->node->type == YAML_MAPPING_NODE ||
                   yaml_node_is_null(place->node);
    settings_overlay(reader, place, table, base, seen);
    for (size_t i = 0; section && i < table->count; i++) {
        if (table->settings[i].required && seen[i] == 0)
            report_missing(reader, place, &table->settings[i]);
    }
    if (lines != NULL)
        memcpy(lines, seen, table->count * sizeof(*seen));
    free(seen);
    return reader->faults->count == before ? 0 : -1;
}

void settings_free(const struct settings_table *table, void *base)
{
    for (size_t i = 0; i < table->count; i++)
        setting_value_free(&table->settings[i], (char *)base + table->settings[i].offset);
}

bool settings_equal(const struct setting *setting, const void *a, const void *b)
{
    return setting_value_equal(setting, (const char *)a + setting->offset,
                               (const char *)b + setting->offset);
}
