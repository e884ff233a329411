/*
 * Tasks for points that no task of the file reads: by their own interval, their slave's or the
 * profile's, merged where they are of one slave, function and interval.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/data_merge.h"

#include <stdlib.h>

static int64_t find_interval(const struct data_draft *draft, const struct draft_point *point,
                             const struct draft_slave *slave)
{
    if (draft->listen_only)
        return 0;
    if (point->interval_ms > 0)
        return point->interval_ms;
    return slave != NULL && slave->interval_ms > 0 ? slave->interval_ms : draft->poll.interval_ms;
}

static int check_kind(const struct data_draft *draft, struct draft_point *point, uint32_t function)
{
    bool bits = data_function_reads_bits(function);
    if (bits && point->type != TYPE_BITS) {
        data_point_fault(draft, point, POINT_FUNCTION,
                         "%s (%s): function %u reads single bits: make it type: bits, or read "
                         "registers with function 3 or 4",
                         point->path, point->name, function);
        return -1;
    }
    struct data_extent extent = data_extent(point, bits);
    uint32_t most = bits ? draft->poll.max_bits : draft->poll.max_registers;
    if (extent.end > 65536) {
        data_point_fault(draft, point, POINT_KEYS,
                         "%s (%s): ends behind the last address, 65535: correct the address",
                         point->path, point->name);
        return -1;
    }
    if (extent.end - extent.first <= most)
        return 0;
    data_point_fault(draft, point, POINT_KEYS,
                     "%s (%s): takes %u %s, and poll.max_%s allows %u in one read: raise it, or "
                     "split the point",
                     point->path, point->name, extent.end - extent.first,
                     bits ? "bits" : "registers", bits ? "bits" : "registers", most);
    return -1;
}

int data_plan_admit(const struct data_draft *draft, struct draft_point *point)
{
    uint32_t unit = point->slave != 0 ? point->slave : 1;
    const struct draft_slave *slave = data_slaves_find(draft, unit);
    int64_t interval_ms = find_interval(draft, point, slave);
    uint32_t function = point->function != 0 ? point->function : draft->poll.function;
    if (interval_ms == 0)
        return 0;
    if (point->slave == 0 && slave == NULL && draft->nslaves > 0 && point->source != NULL) {
        point->source->whose++; /* reported together */
        return -1;
    }
    if (point->slave == 0 && slave == NULL && draft->nslaves > 0) {
        data_point_fault(draft, point, POINT_KEYS,
                         "%s (%s): which slave? slaves: does not list slave 1: add slave: %u, or "
                         "another, to the point",
                         point->path, point->name, draft->slaves[0].unit);
        return -1;
    }
    if (check_kind(draft, point, function) < 0)
        return -1;
    point->planned = true;
    point->read_slave = (uint8_t)unit;
    point->read_function = (uint8_t)function;
    point->interval_ms = interval_ms;
    return 1;
}

/* Points of one slave, function and interval stand together, by address. */
static int compare_planned(const void *a, const void *b)
{
    const struct draft_point *x = *(const struct draft_point *const *)a;
    const struct draft_point *y = *(const struct draft_point *const *)b;
    if (x->read_slave != y->read_slave)
        return x->read_slave < y->read_slave ? -1 : 1;
    if (x->read_function != y->read_function)
        return x->read_function < y->read_function ? -1 : 1;
    if (x->interval_ms != y->interval_ms)
        return x->interval_ms < y->interval_ms ? -1 : 1;
    bool bits = data_function_reads_bits(x->read_function);
    uint32_t left = data_extent(x, bits).first, right = data_extent(y, bits).first;
    if (left != right)
        return left < right ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool together(const struct draft_point *x, const struct draft_point *y)
{
    return x->read_slave == y->read_slave && x->read_function == y->read_function &&
           x->interval_ms == y->interval_ms;
}

/* The draft's tasks have room for as many as there are points. */
static void make_group(struct data_draft *draft, struct draft_point *const *points, size_t n)
{
    bool bits = data_function_reads_bits(points[0]->read_function);
    const struct merge_limits limits = {
        .max_gap = draft->poll.max_gap,
        .max_length = bits ? draft->poll.max_bits : draft->poll.max_registers,
        .bits = bits,
    };
    struct merge_span *spans = xcalloc(n, sizeof(*spans));
    struct merge_read *reads = xcalloc(n, sizeof(*reads));
    for (size_t i = 0; i < n; i++) {
        struct data_extent extent = data_extent(points[i], bits);
        spans[i] = (struct merge_span){.first = extent.first, .end = extent.end};
    }
    size_t nreads = data_merge(spans, n, &limits, reads), made = draft->ntasks - draft->nwritten;
    for (size_t i = 0; i < nreads; i++)
        draft->tasks[draft->ntasks + i] = (struct draft_task){
            .id = (uint32_t)(TASK_ID_MAX + 1 + made + i),
            .start = reads[i].start,
            .length = reads[i].length,
            .slave = points[0]->read_slave,
            .function = points[0]->read_function,
            .interval_ms = points[0]->interval_ms,
            .trigger = TRIGGER_TIMER,
        };
    for (size_t i = n; i-- > 0;) {
        points[i]->task = draft->ntasks + spans[i].read;
        draft->tasks[points[i]->task].line =
            points[i]->source != NULL ? points[i]->source->line : points[i]->line;
    }
    draft->ntasks += nreads;
    free(reads);
    free(spans);
}

void data_plan_make(struct data_draft *draft)
{
    struct draft_point **planned = xcalloc(draft->npoints, sizeof(struct draft_point *));
    size_t n = 0;
    for (size_t i = 0; i < draft->npoints; i++) {
        if (draft->points[i].planned && !draft->points[i].faulty)
            planned[n++] = &draft->points[i];
    }
    qsort(planned, n, sizeof(*planned), compare_planned);
    draft->tasks = xreallocarray(draft->tasks, draft->ntasks + n, sizeof(*draft->tasks));
    for (size_t i = 0, first = 0; i < n; i++) {
        if (i + 1 < n && together(planned[first], planned[i + 1]))
            continue;
        make_group(draft, planned + first, i + 1 - first);
        first = i + 1;
    }
    free(planned);
}
