/*
 * Which task reads which point. A point belongs to every task whose range holds all of it, of one
 * slave and one function: the same address on another slave, or by another function, is another
 * datum.
 *
 * Coils (functions 1 and 2) come eight to a byte, the first in the lowest bit. Two bytes of them
 * are a 16-bit register with its bytes swapped, four a 32-bit one with all bytes reversed: so a
 * point of coils becomes a REG_BITS over the byte, or the two or four bytes, that hold its coils,
 * in the order BADC or DCBA.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"

#include <stdlib.h>

enum { WINDOW_MOST = 4 };

bool data_function_reads_bits(uint32_t function)
{
    return function == FC_READ_COILS || function == FC_READ_DISCRETE_INPUTS;
}

struct data_extent data_extent(const struct draft_point *point, bool bits)
{
    if (!bits)
        return (struct data_extent){point->address, point->address + point->reg.size / 2u};
    uint32_t first = point->address + point->bit_first;
    return (struct data_extent){first, first + (point->bit_count > 0 ? point->bit_count : 1)};
}

static bool reads_bits(const struct draft_task *task)
{
    return data_function_reads_bits(task->function);
}

static struct data_extent extent_in(const struct draft_point *point, const struct draft_task *task)
{
    return data_extent(point, reads_bits(task));
}

enum fit { FIT_NONE, FIT_PART, FIT_WHOLE };

static enum fit fit(const struct draft_point *point, const struct draft_task *task)
{
    if ((point->slave != 0 && point->slave != task->slave) ||
        (point->function != 0 && point->function != task->function))
        return FIT_NONE;
    struct data_extent extent = extent_in(point, task);
    uint32_t end = task->start + task->length;
    if (extent.first >= task->start && extent.end <= end)
        return FIT_WHOLE;
    return extent.first < end && extent.end > task->start ? FIT_PART : FIT_NONE;
}

#define FAULT(draft, point, ...) data_point_fault((draft), (point), POINT_KEYS, __VA_ARGS__)

/* How a task can be made for a point that none reads. */
static const char *interval_hint(const struct data_draft *draft, const struct draft_point *point)
{
    if (draft->listen_only)
        return "; the line is listen-only, so query_tasks says what the DTU asks by itself";
    return point->source == NULL && draft->prefix[0] == '\0'
               ? "; or give the point an interval, and it is read by itself"
               : "; or give the point, its slave or poll an interval, and it is read by itself";
}

static const struct draft_task *nearest_task(const struct data_draft *draft,
                                             const struct draft_point *point)
{
    const struct draft_task *nearest = NULL;
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < draft->nwritten; i++) {
        const struct draft_task *task = &draft->tasks[i];
        struct data_extent extent = extent_in(point, task);
        uint32_t end = task->start + task->length;
        uint32_t gap = extent.first >= end         ? extent.first - end
                       : extent.end <= task->start ? task->start - extent.end
                                                   : 0;
        if (gap < best) {
            best = gap;
            nearest = task;
        }
    }
    return nearest;
}

static void report_unread(const struct data_draft *draft, struct draft_point *point)
{
    if (point->source != NULL) {
        point->source->unread++; /* see report_sources() */
        return;
    }
    const struct draft_task *task = nearest_task(draft, point);
    unsigned registers = point->reg.size / 2u;
    if (task == NULL)
        FAULT(draft, point,
              "%s (%s): no task reads address %u: add one to query_tasks with start_addr: %u and "
              "length: %u%s",
              point->path, point->name, point->address, point->address, registers,
              interval_hint(draft, point));
    else
        FAULT(
            draft, point,
            "%s (%s): no task reads address %u%s: the nearest, task %u, reads %u to %u (slave %u, "
            "function %u); add a task with start_addr: %u and length: %u, or correct the address%s",
            point->path, point->name, point->address,
            point->slave != 0 || point->function != 0 ? " of its slave and function" : "", task->id,
            task->start, task->start + task->length - 1, task->slave, task->function,
            point->address, registers, interval_hint(draft, point));
}

static void report_part(const struct data_draft *draft, struct draft_point *point,
                        const struct draft_task *task)
{
    struct data_extent extent = extent_in(point, task);
    FAULT(draft, point,
          "%s (%s): takes %u to %u, and task %u reads only %u to %u: let one task read all of it",
          point->path, point->name, extent.first, extent.end - 1, task->id, task->start,
          task->start + task->length - 1);
}

static bool can_read(const struct draft_task *task, const struct draft_point *point)
{
    return !reads_bits(task) || point->type == TYPE_BITS;
}

/* What the tasks make of a point. */
struct readers {
    const struct draft_task *first;   /* holds all of it */
    const struct draft_task *differs; /* holds all of it too, but of another slave or function */
    const struct draft_task *part;    /* holds a part of it */
    const struct draft_task *coils;   /* would hold it, but reads coils, and the point is no bit */
};

static struct readers find_readers(const struct data_draft *draft, const struct draft_point *point)
{
    struct readers readers = {0};
    for (size_t i = 0; i < draft->nwritten; i++) {
        const struct draft_task *task = &draft->tasks[i];
        enum fit how = fit(point, task);
        if (!can_read(task, point)) {
            if (how == FIT_WHOLE)
                readers.coils = task;
        } else if (how == FIT_PART) {
            readers.part = task;
        } else if (how == FIT_WHOLE && readers.first == NULL) {
            readers.first = task;
        } else if (how == FIT_WHOLE && (task->slave != readers.first->slave ||
                                        task->function != readers.first->function)) {
            readers.differs = task;
        }
    }
    return readers;
}

static void report_readers(const struct data_draft *draft, struct draft_point *point,
                           const struct readers *readers)
{
    const struct draft_task *first = readers->first, *differs = readers->differs;
    if (differs != NULL)
        FAULT(draft, point,
              "%s (%s): task %u reads it from slave %u by function %u, task %u from slave %u by "
              "function %u: add slave: or function: to the point to say which",
              point->path, point->name, first->id, first->slave, first->function, differs->id,
              differs->slave, differs->function);
    else if (readers->part != NULL)
        report_part(draft, point, readers->part);
    else if (readers->coils != NULL)
        FAULT(draft, point,
              "%s (%s): task %u reads single bits there (function %u): make it type: bits, or read "
              "registers with function 3 or 4",
              point->path, point->name, readers->coils->id, readers->coils->function);
    else
        report_unread(draft, point);
}

/* Where the coils of a point lie in the answer to a task: the bytes to take, and the first bit in
 * them. */
struct window {
    uint16_t offset;
    uint8_t size, bit_first;
};

/* The smallest window inside of the answer that holds all the coils; size 0 where there is none. */
static struct window find_window(const struct draft_point *point, const struct draft_task *task)
{
    struct data_extent extent = extent_in(point, task);
    uint32_t bytes = (task->length + 7) / 8, bit = extent.first - task->start;
    uint32_t count = extent.end - extent.first;
    for (uint32_t size = 1; size <= WINDOW_MOST && size <= bytes; size *= 2) {
        uint32_t offset = bit / 8 < bytes - size ? bit / 8 : bytes - size;
        if (bit - offset * 8 + count <= size * 8)
            return (struct window){(uint16_t)offset, (uint8_t)size, (uint8_t)(bit - offset * 8)};
    }
    return (struct window){0};
}

static int resolve_coils(const struct data_draft *draft, struct draft_point *point,
                         const struct draft_task *task)
{
    static const enum word_order orders[] = {ORDER_ABCD, ORDER_BADC,
                                             ORDER_DCBA}; /* 1, 2, 4 bytes */
    struct window window = find_window(point, task);
    if (point->lines[POINT_LENGTH] > 0 || point->lines[POINT_WORD_ORDER] > 0) {
        FAULT(draft, point,
              "%s (%s): task %u reads single bits: they have no length and no word_order, leave "
              "both out",
              point->path, point->name, task->id);
        return -1;
    }
    if (window.size == 0) {
        FAULT(draft, point,
              "%s (%s): its bits lie in three bytes of the answer to task %u, which has no fourth: "
              "let the task read 25 bits or more, or split the point",
              point->path, point->name, task->id);
        return -1;
    }
    point->reg.size = window.size;
    point->reg.order = orders[window.size / 2];
    point->reg.bit_first = window.bit_first;
    point->reg.bit_count = (uint8_t)(point->bit_count > 0 ? point->bit_count : 1);
    return 0;
}

/* What the task that reads the point settles. */
static int resolve_task(const struct data_draft *draft, struct draft_point *point,
                        const struct draft_task *task)
{
    point->read_slave = (uint8_t)task->slave;
    point->read_function = (uint8_t)task->function;
    if (reads_bits(task))
        return resolve_coils(draft, point, task);
    if (point->type == TYPE_BITS && point->bit_count == 0) {
        FAULT(draft, point,
              "%s (%s): which bit of the register? add bit: 0 to 15, or bits: {first: 4, count: 2}",
              point->path, point->name);
        return -1;
    }
    return 0;
}

static int resolve_reader(const struct data_draft *draft, struct draft_point *point)
{
    struct readers readers = find_readers(draft, point);
    if (readers.differs != NULL) {
        report_readers(draft, point, &readers);
        return -1;
    }
    if (readers.first == NULL) {
        int admitted = data_plan_admit(draft, point);
        if (admitted == 0 && !draft->tasks_faulty)
            report_readers(draft, point, &readers);
        return admitted == 1 ? 0 : -1;
    }
    if (point->lines[POINT_INTERVAL] > 0) {
        data_point_fault(draft, point, POINT_INTERVAL,
                         "%s: task %u reads the point already: leave interval out, or correct the "
                         "task's range",
                         POINT_KEY(point, POINT_INTERVAL), readers.first->id);
        return -1;
    }
    return resolve_task(draft, point, readers.first);
}

static void report_sources(const struct data_draft *draft)
{
    for (size_t i = 0; i < draft->nsources; i++) {
        const struct draft_source *source = &draft->sources[i];
        if (source->whose > 0)
            faults_add(draft->faults, draft->file, source->line,
                       "%s: which slave? %zu of its points do not say, and slaves: does not list "
                       "slave 1: give the table a column slave, or name it below its slave",
                       source->path, source->whose);
        if (source->unread == 0)
            continue;
        if (draft->listen_only)
            faults_add(draft->faults, draft->file, source->line,
                       "%s: no task reads %zu of its points: the line is listen-only, so "
                       "query_tasks must say what the DTU asks by itself",
                       source->path, source->unread);
        else
            faults_add(draft->faults, draft->file, source->line,
                       "%s: no task reads %zu of its points: add interval: 10 to the slave or to "
                       "poll (how often they are to be read, in seconds), or tasks to query_tasks",
                       source->path, source->unread);
    }
}

void data_bind(struct data_draft *draft)
{
    for (size_t i = 0; i < draft->npoints; i++) {
        struct draft_point *point = &draft->points[i];
        if (!point->faulty && resolve_reader(draft, point) < 0)
            point->faulty = true;
    }
    report_sources(draft);
    data_plan_make(draft);
    for (size_t i = 0; i < draft->npoints; i++) {
        struct draft_point *point = &draft->points[i];
        if (point->faulty)
            continue;
        if (point->planned && resolve_task(draft, point, &draft->tasks[point->task]) < 0)
            point->faulty = true;
        else
            data_write_resolve(draft, point);
    }
}

static void attach(struct data_draft *draft, struct draft_point *point,
                   const struct draft_task *task, struct query_task *out,
                   const struct point_def *def)
{
    struct window window = {.offset = (uint16_t)(2 * (point->address - task->start))};
    if (reads_bits(task)) {
        window = find_window(point, task);
        if (window.size != point->reg.size || window.bit_first != point->reg.bit_first) {
            FAULT(draft, point,
                  "%s (%s): task %u and another read it at different places in a byte: let their "
                  "start_addr differ by a multiple of 8, or let one task read it",
                  point->path, point->name, task->id);
            return;
        }
    }
    if ((out->npoints & (out->npoints - 1)) == 0)
        out->points = xreallocarray(out->points, out->npoints > 0 ? 2 * out->npoints : 1,
                                    sizeof(*out->points));
    out->points[out->npoints++] = (struct task_point){def, window.offset};
}

void data_attach(struct data_draft *draft, struct profile *profile)
{
    for (size_t i = 0; i < draft->npoints; i++) {
        struct draft_point *point = &draft->points[i];
        const struct point_def *def = &profile->points[i];
        if (point->faulty)
            continue;
        if (point->planned) {
            attach(draft, point, &draft->tasks[point->task], &profile->tasks[point->task], def);
            continue;
        }
        for (size_t t = 0; t < draft->nwritten; t++) {
            const struct draft_task *task = &draft->tasks[t];
            if (can_read(task, point) && fit(point, task) == FIT_WHOLE)
                attach(draft, point, task, &profile->tasks[t], def);
        }
    }
}
