#include "shared/config/profile_config.h"

#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/link_config.h"
#include "shared/config/quote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct listed_file {
    const char *name;
    char *path;
    unsigned line;
    const struct draft_slave *slave; /* NULL: the profile's */
};

/* The row of a table as a point of this profile. Return -1 where that was reported and the rest of
 * the table need not be looked at. */
static int copy_row(struct data_draft *draft, struct draft_source *source,
                    const struct draft_point *row, struct draft_point *point)
{
    *point = *row;
    point->path = xstrdup(row->path);
    point->unit = row->unit != NULL ? xstrdup(row->unit) : NULL;
    point->source = source;
    point->name = NULL;
    if (source->slave != 0 && row->slave != 0 && row->slave != source->slave && !row->faulty) {
        faults_add(draft->faults, draft->file, source->line,
                   "%s: this is the table of slave %u, and line %u of %s says slave %u: leave the "
                   "column slave out, or name the file in the profile's own points_file",
                   source->path, source->slave, row->line, source->file, row->slave);
        point->faulty = true;
        return -1;
    }
    if (source->slave != 0)
        point->slave = source->slave;
    if (row->name == NULL)
        return 0;
    if (source->name == NULL) {
        point->name = xstrdup(row->name);
        return 0;
    }
    point->name = xasprintf("%s.%s", source->name, row->name);
    size_t len = strlen(point->name);
    if (len <= POINT_NAME_MAX)
        return 0;
    faults_add(draft->faults, draft->file, source->line,
               "%s: with the slave's name before it, %s (line %u of %s) has %zu bytes, %d are "
               "allowed: shorten the slave's name, or the point's",
               source->path, QUOTE(point->name), row->line, source->file, len, POINT_NAME_MAX);
    point->faulty = true;
    return -1;
}

static void add_file(struct data_draft *draft, struct profile_reading *reading,
                     const struct listed_file *listed)
{
    struct draft_source *source = &draft->sources[draft->nsources++];
    *source = (struct draft_source){
        .path = listed->path,
        .line = listed->line,
        .slave = listed->slave != NULL ? listed->slave->unit : 0,
        .name = listed->slave != NULL ? listed->slave->name : NULL,
    };
    char *problem = NULL;
    const struct point_table *table =
        point_files_get(&reading->tables, &reading->files, listed->name, draft->faults, &problem);
    if (table == NULL) {
        faults_add(draft->faults, draft->file, listed->line, "%s: %s", source->path, problem);
        free(problem);
        return;
    }
    source->file = table->file;
    if (draft->npoints + table->npoints > POINTS_MAX) {
        faults_add(draft->faults, draft->file, listed->line,
                   "%s: with the %zu points of %s the profile has more than %d: use several "
                   "profiles",
                   source->path, table->npoints, table->file, POINTS_MAX);
        return;
    }
    draft->points =
        xreallocarray(draft->points, draft->npoints + table->npoints + 1, sizeof(*draft->points));
    for (size_t i = 0; i < table->npoints; i++) {
        if (copy_row(draft, source, &table->points[i], &draft->points[draft->npoints++]) < 0)
            break;
    }
}

static void add_files(struct data_draft *draft, struct profile_reading *reading,
                      const char *points_file, unsigned line)
{
    draft->sources = xcalloc(draft->nslaves + 1, sizeof(*draft->sources));
    if (points_file != NULL) {
        const struct listed_file listed = {points_file, xasprintf("%spoints_file", draft->prefix),
                                           line, NULL};
        add_file(draft, reading, &listed);
    }
    for (size_t i = 0; i < draft->nslaves; i++) {
        const struct draft_slave *slave = &draft->slaves[i];
        if (slave->points_file == NULL)
            continue;
        const struct listed_file listed = {slave->points_file,
                                           xasprintf("%s.points_file", slave->path),
                                           slave->lines[SLAVE_POINTS_FILE], slave};
        add_file(draft, reading, &listed);
    }
}

static void take_task(const struct draft_task *from, struct query_task *to)
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
        .slave = from->read_slave,
        .function = from->read_function,
        .on_change = from->on_change,
        .deadband = from->deadband,
        .max_interval_ms = from->max_interval_ms,
        .writable = from->writable,
        .write_function = from->write_function,
        .min = from->lines[POINT_MIN] > 0 ? from->min : -INFINITY,
        .max = from->lines[POINT_MAX] > 0 ? from->max : INFINITY,
        .line = from->line,
    };
    from->name = NULL;
    from->unit = NULL;
}

static const char *slave_name(const struct data_draft *draft, unsigned unit)
{
    const struct draft_slave *slave = data_slaves_find(draft, unit);
    return slave != NULL && slave->name != NULL ? slave->name : "";
}

/* The slaves that the tasks ask, by unit id. */
static void list_slaves(const struct data_draft *draft, struct profile *profile)
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
            (struct slave_def){.unit = (uint8_t)unit, .name = xstrdup(slave_name(draft, unit))};
    }
    for (size_t i = 0; i < profile->ntasks; i++)
        profile->tasks[i].slave = place[profile->tasks[i].request.unit];
}

static void take_all(struct data_draft *draft, struct profile *out)
{
    out->tasks = xcalloc(draft->ntasks, sizeof(*out->tasks));
    out->ntasks = draft->ntasks;
    out->points = xcalloc(draft->npoints, sizeof(*out->points));
    out->npoints = draft->npoints;
    for (size_t i = 0; i < draft->ntasks; i++)
        take_task(&draft->tasks[i], &out->tasks[i]);
    list_slaves(draft, out);
    data_attach(draft, out);
    for (size_t i = 0; i < draft->npoints; i++)
        take_point(&draft->points[i], &out->points[i], i);
}

/* What a profile's sections say, its line apart, which is read already. */
static void read_data(struct profile_reading *reading, struct data_draft *draft,
                      const struct profile_block *block, const unsigned *lines, struct profile *out)
{
    size_t before = draft->faults->count;
    out->port = block->port;
    out->port_line = lines[PROFILE_PORT];
    out->dead_after = block->dead_after;
    out->backoff_max_ms = block->backoff_ms;
    draft->listen_only = out->link.listen_only;
    char *poll_path = xasprintf("%spoll", draft->prefix);
    const struct settings_place poll = {block->poll, poll_path, lines[PROFILE_POLL]};
    settings_read(&reading->reader, &poll, &poll_table, &draft->poll, NULL);
    free(poll_path);
    data_slaves_read(draft, &reading->reader, block->slaves);
    data_read_tasks(draft, &reading->reader, block->query_tasks);
    data_read_points(draft, &reading->reader, block->data_points);
    add_files(draft, reading, block->points_file, lines[PROFILE_POINTS_FILE]);
    data_names_check(draft);
    data_bind(draft);
    data_listen_check(draft);
    if (draft->faults->count == before)
        data_slaves_check_asked(draft);
    take_all(draft, out);
}

void profile_config_read(struct profile_reading *reading, const struct yaml_pair *pair,
                         struct profile *out)
{
    const char *quoted = QUOTE(pair->key);
    char *path = xasprintf("profiles.%.*s", (int)strlen(quoted) - 2, quoted + 1);
    struct data_draft draft = {
        .file = yaml_doc_name(reading->reader.doc),
        .faults = reading->reader.faults,
        .prefix = xasprintf("%s.", path),
    };
    struct profile_block block = {0};
    unsigned lines[PROFILE_KEYS];
    const struct settings_place place = {pair->value, path, pair->line};
    *out = (struct profile){.name = xstrdup(pair->key), .line = pair->line};
    settings_read(&reading->reader, &place, &profile_table, &block, lines);
    char *line_path = xasprintf("%s.line", path);
    const struct settings_place line = {block.line, line_path, lines[PROFILE_LINE]};
    if (block.line == NULL)
        link_config_default(&out->link);
    else
        link_config_read(&reading->reader, &line, &reading->files, &out->link);
    read_data(reading, &draft, &block, lines, out);
    free(line_path);
    data_draft_clear(&draft);
    settings_free(&profile_table, &block);
    free(path);
}

void profile_config_read_default(struct profile_reading *reading, const yaml_node_t *tasks,
                                 const yaml_node_t *points, bool tasks_faulty, struct profile *out)
{
    struct data_draft draft = {
        .file = yaml_doc_name(reading->reader.doc),
        .faults = reading->reader.faults,
        .prefix = xstrdup(""),
        .tasks_faulty = tasks_faulty,
    };
    struct profile_block block = {0};
    unsigned lines[PROFILE_KEYS];
    const struct settings_place nowhere = {.path = ""};
    settings_read(&reading->reader, &nowhere, &profile_table, &block, lines);
    block.query_tasks = tasks;
    block.data_points = points;
    *out = (struct profile){.name = xstrdup("default")};
    link_config_default(&out->link);
    read_data(reading, &draft, &block, lines, out);
    data_draft_clear(&draft);
}

void profile_config_clear(struct profile *profile)
{
    for (size_t i = 0; i < profile->ntasks; i++)
        free(profile->tasks[i].points);
    for (size_t i = 0; i < profile->npoints; i++) {
        free(profile->points[i].name);
        free(profile->points[i].unit);
    }
    for (size_t i = 0; i < profile->nslaves; i++)
        free(profile->slaves[i].name);
    link_config_clear(&profile->link);
    free(profile->slaves);
    free(profile->tasks);
    free(profile->points);
    free(profile->name);
}
