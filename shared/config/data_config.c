#include "shared/config/data_config.h"

#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/device_config.h"
#include "shared/config/link_config.h"
#include "shared/config/quote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_ID_MAX = 65535, POINTS_MAX = 65535, INTERVAL_LEAST_MS = 100 };

struct reading {
    struct settings_reader reader;
    struct data_draft draft;
};

static char *make_path(const char *section, const char *key)
{
    const char *quoted = QUOTE(key);
    return xasprintf("%s.%.*s", section, (int)strlen(quoted) - 2, quoted + 1);
}

#define TASK_FAULT(draft, task, key, ...)                                                          \
    faults_add((draft)->faults, (draft)->file,                                                     \
               (task)->lines[key] > 0 ? (task)->lines[key] : (task)->line, __VA_ARGS__)

static void check_range(const struct data_draft *draft, const struct draft_task *task)
{
    bool bits = task->function <= FC_READ_DISCRETE_INPUTS;
    uint32_t most = bits ? ADU_MAX_BITS : ADU_MAX_REGISTERS;
    if (task->length > most)
        TASK_FAULT(draft, task, TASK_LENGTH,
                   "%s.length: %u %s are more than one query can read, %u: split it into several "
                   "tasks",
                   task->path, task->length, bits ? "bits" : "registers", most);
    else if (task->start + task->length > 65536)
        TASK_FAULT(draft, task, TASK_LENGTH,
                   "%s.length: %u from address %u on ends behind the last address, 65535: write "
                   "%u at the most",
                   task->path, task->length, task->start, 65536 - task->start);
}

static void check_interval(const struct data_draft *draft, const struct draft_task *task)
{
    if (task->trigger == TRIGGER_HEARTBEAT && task->interval_ms != 0)
        TASK_FAULT(draft, task, TASK_INTERVAL,
                   "%s.interval: a heartbeat task is sent with every heartbeat and has no "
                   "interval: write 0, or trigger: timer",
                   task->path);
    if (task->trigger == TRIGGER_TIMER && task->interval_ms < INTERVAL_LEAST_MS)
        TASK_FAULT(draft, task, TASK_INTERVAL,
                   "%s.interval: a timer task needs at least 0.1 seconds: add or raise interval, "
                   "or write trigger: heartbeat",
                   task->path);
}

static void read_task(struct reading *reading, const struct yaml_pair *pair,
                      struct draft_task *task)
{
    struct data_draft *draft = &reading->draft;
    size_t before = draft->faults->count;
    task->path = make_path("query_tasks", pair->key);
    task->line = pair->line;
    if (settings_parse_uint(pair->key, &task->id) < 0 || task->id < 1 || task->id > TASK_ID_MAX)
        faults_add(draft->faults, draft->file, pair->line,
                   "%s: the key of a task is its number, from 1 to %d", task->path, TASK_ID_MAX);
    const struct settings_place place = {pair->value, task->path, pair->line};
    if (settings_read(&reading->reader, &place, &task_table, task, task->lines) == 0) {
        check_range(draft, task);
        check_interval(draft, task);
    }
    if (draft->faults->count > before)
        draft->tasks_faulty = true;
}

static void read_bits(struct reading *reading, struct draft_point *point)
{
    if (point->bits == NULL)
        return;
    struct bits_block block = {0};
    char *path = xasprintf("%s.bits", point->path);
    const struct settings_place place = {point->bits, path, point->lines[POINT_BITS]};
    if (settings_read(&reading->reader, &place, &bits_table, &block, NULL) < 0)
        point->faulty = true;
    free(path);
    point->bit_first = block.first;
    point->bit_count = block.count;
}

static void check_address(const struct data_draft *draft, const struct yaml_pair *pair,
                          struct draft_point *point)
{
    if (point->lines[POINT_ADDRESS] == 0 &&
        (settings_parse_uint(pair->key, &point->address) < 0 || point->address > 65535)) {
        faults_add(draft->faults, draft->file, pair->line,
                   "%s: the key of a point is its address, from 0 to 65535: correct it, or add "
                   "\"address: ...\" below and keep the key as a label",
                   point->path);
        point->faulty = true;
    } else if (!point->faulty && point->address + point->reg.size / 2u > 65536) {
        faults_add(draft->faults, draft->file, point->line,
                   "%s: %u bytes from address %u on end behind the last address, 65535",
                   point->path, point->reg.size, point->address);
        point->faulty = true;
    }
}

static void read_point(struct reading *reading, const struct yaml_pair *pair,
                       struct draft_point *point)
{
    point->path = make_path("data_points", pair->key);
    point->line = pair->line;
    const struct settings_place place = {pair->value, point->path, pair->line};
    if (settings_read(&reading->reader, &place, &point_table, point, point->lines) < 0)
        point->faulty = true;
    read_bits(reading, point);
    if (!point->faulty)
        data_type_resolve(&reading->draft, point);
    check_address(&reading->draft, pair, point);
}

static int compare_tasks(const void *a, const void *b)
{
    const struct draft_task *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void read_tasks(struct reading *reading, const yaml_node_t *section)
{
    struct data_draft *draft = &reading->draft;
    size_t n = yaml_doc_count(section);
    draft->tasks = xcalloc(n, sizeof(*draft->tasks));
    draft->ntasks = n;
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, section, i);
        read_task(reading, &pair, &draft->tasks[i]);
    }
    qsort(draft->tasks, n, sizeof(*draft->tasks), compare_tasks);
    for (size_t i = 1; i < n; i++) {
        const struct draft_task *task = &draft->tasks[i];
        if (task->id != 0 && task->id == task[-1].id)
            faults_add(draft->faults, draft->file, task->line,
                       "%s: task %u is here for the second time (first in line %u): give it "
                       "another number",
                       task->path, task->id, task[-1].line);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct draft_point *x = *(const struct draft_point *const *)a;
    const struct draft_point *y = *(const struct draft_point *const *)b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    return x->line < y->line ? -1 : x->line > y->line;
}

static void check_names(const struct data_draft *draft)
{
    const struct draft_point **named = xcalloc(draft->npoints, sizeof(*named));
    size_t n = 0;
    for (size_t i = 0; i < draft->npoints; i++) {
        if (draft->points[i].name != NULL)
            named[n++] = &draft->points[i];
    }
    qsort(named, n, sizeof(*named), compare_names);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(named[i]->name, named[first]->name) != 0) {
            first = i;
            continue;
        }
        faults_add(draft->faults, draft->file, named[i]->lines[POINT_NAME],
                   "%s.name: %s is the name of %s too (line %u): every point needs its own",
                   named[i]->path, QUOTE(named[i]->name), named[first]->path,
                   named[first]->lines[POINT_NAME]);
    }
    free(named);
}

static int compare_points(const void *a, const void *b)
{
    const struct draft_point *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name != NULL ? x->name : "", y->name != NULL ? y->name : "");
}

static void read_points(struct reading *reading, const yaml_node_t *section)
{
    struct data_draft *draft = &reading->draft;
    size_t n = yaml_doc_count(section);
    draft->points = xcalloc(n, sizeof(*draft->points));
    draft->npoints = n;
    if (n > POINTS_MAX)
        faults_add(draft->faults, draft->file, yaml_node_line(section),
                   "data_points: %zu points are more than a profile holds, %d", n, POINTS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, section, i);
        read_point(reading, &pair, &draft->points[i]);
    }
    check_names(draft);
    qsort(draft->points, n, sizeof(*draft->points), compare_points);
}

enum { SECTION_TASKS, SECTION_POINTS, SECTIONS };

static const char *const section_names[] = {"query_tasks", "data_points"};

static void find_section(const struct reading *reading, const struct yaml_pair *pair,
                         const yaml_node_t *found[SECTIONS])
{
    const struct data_draft *draft = &reading->draft;
    for (size_t i = 0; i < SECTIONS; i++) {
        if (strcmp(pair->key, section_names[i]) == 0) {
            found[i] = pair->value;
            return;
        }
    }
    const char *nearest = text_nearest(pair->key, section_names, SECTIONS);
    if (nearest != NULL)
        faults_add(draft->faults, draft->file, pair->line,
                   "unknown section %s: did you mean \"%s\"?", QUOTE(pair->key), nearest);
    else
        faults_add(draft->faults, draft->file, pair->line,
                   "unknown section %s: the sections are query_tasks, data_points",
                   QUOTE(pair->key));
}

static void read_sections(struct reading *reading)
{
    struct data_draft *draft = &reading->draft;
    const yaml_node_t *root = yaml_doc_root(reading->reader.doc), *found[SECTIONS] = {NULL};
    for (size_t i = 0; i < yaml_doc_count(root); i++) {
        struct yaml_pair pair = yaml_doc_pair(reading->reader.doc, root, i);
        find_section(reading, &pair, found);
    }
    for (size_t i = 0; i < SECTIONS; i++) {
        if (found[i] != NULL && found[i]->type == YAML_MAPPING_NODE)
            continue;
        faults_add(draft->faults, draft->file, found[i] != NULL ? yaml_node_line(found[i]) : 0,
                   "%s %s: write its entries below it, indented (or \"%s: {}\" for none)",
                   section_names[i], found[i] != NULL ? "is no section" : "is missing",
                   section_names[i]);
        draft->tasks_faulty |= i == SECTION_TASKS;
    }
    read_tasks(reading, found[SECTION_TASKS]);
    read_points(reading, found[SECTION_POINTS]);
}

static void take_task(struct draft_task *from, struct query_task *to)
{
    *to = (struct query_task){
        .id = from->id,
        .request = {.unit = (uint8_t)from->slave,
                    .function = (uint8_t)from->function,
                    .start = (uint16_t)from->start,
                    .count = (uint16_t)from->length},
        .trigger = from->trigger,
        .interval_ms = from->interval_ms,
        .line = from->line,
    };
}

/* The texts move from the draft to the snapshot. */
static void take_point(struct draft_point *from, struct point_def *to, size_t index)
{
    *to = (struct point_def){
        .name = from->name,
        .unit = from->unit,
        .type = from->reg,
        .scale = from->scale,
        .offset = from->offset,
        .address = (uint16_t)from->address,
        .decimals = (int8_t)(from->lines[POINT_DECIMALS] > 0 ? (int)from->decimals : -1),
        .index = (uint16_t)index,
        .min = -INFINITY,
        .max = INFINITY,
        .line = from->line,
    };
    from->name = NULL;
    from->unit = NULL;
}

/* The slaves that the tasks ask, by unit id. */
static void list_slaves(struct profile *profile)
{
    uint16_t place[256] = {0};
    for (size_t i = 0; i < profile->ntasks; i++)
        place[profile->tasks[i].request.unit] = 1;
    profile->slaves = xcalloc(256, sizeof(*profile->slaves));
    for (unsigned unit = 0; unit < 256; unit++) {
        if (place[unit] == 0)
            continue;
        place[unit] = (uint16_t)profile->nslaves;
        profile->slaves[profile->nslaves++] =
            (struct slave_def){.unit = (uint8_t)unit, .name = xstrdup("")};
    }
    for (size_t i = 0; i < profile->ntasks; i++)
        profile->tasks[i].slave = place[profile->tasks[i].request.unit];
}

static struct profile make_profile(struct data_draft *draft)
{
    struct profile profile = {
        .name = xstrdup("default"),
        .dead_after = 2,
        .backoff_max_ms = 300000,
        .tasks = xcalloc(draft->ntasks, sizeof(*profile.tasks)),
        .ntasks = draft->ntasks,
        .points = xcalloc(draft->npoints, sizeof(*profile.points)),
        .npoints = draft->npoints,
    };
    link_config_default(&profile.link);
    for (size_t i = 0; i < draft->ntasks; i++)
        take_task(&draft->tasks[i], &profile.tasks[i]);
    list_slaves(&profile);
    data_bind(draft, &profile);
    for (size_t i = 0; i < draft->npoints; i++)
        take_point(&draft->points[i], &profile.points[i], i);
    return profile;
}

static void draft_clear(struct data_draft *draft)
{
    for (size_t i = 0; i < draft->ntasks; i++) {
        settings_free(&task_table, &draft->tasks[i]);
        free(draft->tasks[i].path);
    }
    for (size_t i = 0; i < draft->npoints; i++) {
        settings_free(&point_table, &draft->points[i]);
        free(draft->points[i].path);
    }
    free(draft->tasks);
    free(draft->points);
}

static struct data_config *read_document(struct yaml_doc *doc, struct faults *faults, size_t before)
{
    struct data_config *config = NULL;
    if (doc != NULL && yaml_doc_root(doc)->type != YAML_MAPPING_NODE) {
        faults_add(faults, yaml_doc_name(doc), yaml_node_line(yaml_doc_root(doc)),
                   "the file holds no sections: write \"query_tasks:\" and \"data_points:\", and "
                   "their entries below, indented");
    } else if (doc != NULL) {
        struct reading reading = {
            .reader = {.doc = doc, .faults = faults},
            .draft = {.file = yaml_doc_name(doc), .faults = faults},
        };
        read_sections(&reading);
        config = xcalloc(1, sizeof(*config));
        config->holders = 1;
        config->profiles = xcalloc(1, sizeof(*config->profiles));
        config->nprofiles = 1;
        config->profiles[0] = make_profile(&reading.draft);
        draft_clear(&reading.draft);
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
    return read_document(yaml_doc_parse(path, bytes, len, faults), faults, before);
}

struct data_config *data_config_load(const char *path, struct faults *faults)
{
    size_t before = faults->count;
    return read_document(yaml_doc_load(path, faults), faults, before);
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

static void profile_clear(struct profile *profile)
{
    for (size_t i = 0; i < profile->ntasks; i++)
        free(profile->tasks[i].points);
    for (size_t i = 0; i < profile->npoints; i++) {
        free(profile->points[i].name);
        free(profile->points[i].unit);
    }
    link_config_clear(&profile->link);
    for (size_t i = 0; i < profile->nslaves; i++)
        free(profile->slaves[i].name);
    free(profile->slaves);
    free(profile->tasks);
    free(profile->points);
    free(profile->name);
}

void data_config_release(struct data_config *config)
{
    if (config == NULL || --config->holders > 0)
        return;
    for (size_t i = 0; i < config->nprofiles; i++)
        profile_clear(&config->profiles[i]);
    device_config_clear(config);
    free(config->profiles);
    free(config);
}
