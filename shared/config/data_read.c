/*
 * query_tasks and data_points of a profile, from YAML to the draft.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/quote.h"

#include <stdlib.h>
#include <string.h>

enum { INTERVAL_LEAST_MS = 100 };

static char *make_path(const struct data_draft *draft, const char *section, const char *key)
{
    const char *quoted = QUOTE(key);
    return xasprintf("%s%s.%.*s", draft->prefix, section, (int)strlen(quoted) - 2, quoted + 1);
}

#define TASK_FAULT(draft, task, key, ...)                                                          \
    faults_add((draft)->faults, (draft)->file,                                                     \
               (task)->lines[key] > 0 ? (task)->lines[key] : (task)->line, __VA_ARGS__)

static void check_range(const struct data_draft *draft, const struct draft_task *task)
{
    bool bits = data_function_reads_bits(task->function);
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

static void read_task(struct data_draft *draft, const struct settings_reader *reader,
                      const struct yaml_pair *pair, struct draft_task *task)
{
    size_t before = draft->faults->count;
    task->path = make_path(draft, "query_tasks", pair->key);
    task->line = pair->line;
    if (settings_parse_uint(pair->key, &task->id) < 0 || task->id < 1 || task->id > TASK_ID_MAX)
        faults_add(draft->faults, draft->file, pair->line,
                   "%s: the key of a task is its number, from 1 to %d", task->path, TASK_ID_MAX);
    const struct settings_place place = {pair->value, task->path, pair->line};
    if (settings_read(reader, &place, &task_table, task, task->lines) == 0) {
        check_range(draft, task);
        check_interval(draft, task);
    }
    if (draft->faults->count > before)
        draft->tasks_faulty = true;
}

static int compare_tasks(const void *a, const void *b)
{
    const struct draft_task *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

void data_read_tasks(struct data_draft *draft, const struct settings_reader *reader,
                     const yaml_node_t *section)
{
    size_t n = yaml_doc_count(section);
    draft->tasks = xcalloc(n, sizeof(*draft->tasks));
    draft->ntasks = draft->nwritten = n;
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, section, i);
        read_task(draft, reader, &pair, &draft->tasks[i]);
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

static void read_bits(const struct settings_reader *reader, struct draft_point *point)
{
    if (point->bits == NULL)
        return;
    struct bits_block block = {0};
    char *path = xasprintf("%s.bits", point->path);
    const struct settings_place place = {point->bits, path, point->lines[POINT_BITS]};
    if (settings_read(reader, &place, &bits_table, &block, NULL) < 0)
        point->faulty = true;
    free(path);
    point->bit_first = block.first;
    point->bit_count = block.count;
}

void data_point_check_end(const struct data_draft *draft, struct draft_point *point)
{
    if (!point->faulty && point->address + point->reg.size / 2u > 65536)
        data_point_fault(draft, point, POINT_KEYS,
                         "%s: %u bytes from address %u on end behind the last address, 65535",
                         point->path, point->reg.size, point->address);
}

static void read_point(struct data_draft *draft, const struct settings_reader *reader,
                       const struct yaml_pair *pair, struct draft_point *point)
{
    point->path = make_path(draft, "data_points", pair->key);
    point->line = pair->line;
    const struct settings_place place = {pair->value, point->path, pair->line};
    if (settings_read(reader, &place, &point_table, point, point->lines) < 0)
        point->faulty = true;
    read_bits(reader, point);
    if (!point->faulty)
        data_type_resolve(draft, point);
    if (point->lines[POINT_ADDRESS] == 0 &&
        (settings_parse_uint(pair->key, &point->address) < 0 || point->address > 65535))
        data_point_fault(draft, point, POINT_KEYS,
                         "%s: the key of a point is its address, from 0 to 65535: correct it, or "
                         "add \"address: ...\" below and keep the key as a label",
                         point->path);
    else
        data_point_check_end(draft, point);
}

void data_read_points(struct data_draft *draft, const struct settings_reader *reader,
                      const yaml_node_t *section)
{
    size_t n = yaml_doc_count(section);
    draft->points = xcalloc(n, sizeof(*draft->points));
    draft->npoints = n;
    if (n > POINTS_MAX)
        faults_add(draft->faults, draft->file, yaml_node_line(section),
                   "%sdata_points: %zu points are more than a profile holds, %d", draft->prefix, n,
                   POINTS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(reader->doc, section, i);
        read_point(draft, reader, &pair, &draft->points[i]);
    }
}

void data_draft_free_point(struct draft_point *point)
{
    settings_free(&point_table, point);
    free(point->path);
}

void data_draft_clear(struct data_draft *draft)
{
    for (size_t i = 0; i < draft->ntasks; i++) {
        settings_free(&task_table, &draft->tasks[i]);
        free(draft->tasks[i].path);
    }
    for (size_t i = 0; i < draft->npoints; i++)
        data_draft_free_point(&draft->points[i]);
    for (size_t i = 0; i < draft->nslaves; i++) {
        settings_free(&slave_table, &draft->slaves[i]);
        free(draft->slaves[i].path);
    }
    for (size_t i = 0; i < draft->nsources; i++)
        free(draft->sources[i].path);
    free(draft->tasks);
    free(draft->points);
    free(draft->slaves);
    free(draft->sources);
    free(draft->prefix);
}
