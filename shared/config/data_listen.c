/*
 * Where a DTU polls by itself, an answer that nobody asked for says slave, function and length, and
 * no address: so no two tasks may have the same three.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"

#include <stdlib.h>

/* The data bytes of an answer. */
static uint32_t answer_size(const struct draft_task *task)
{
    return data_function_reads_bits(task->function) ? (task->length + 7) / 8 : 2 * task->length;
}

static int compare_answers(const void *a, const void *b)
{
    const struct draft_task *x = *(const struct draft_task *const *)a;
    const struct draft_task *y = *(const struct draft_task *const *)b;
    if (x->slave != y->slave)
        return x->slave < y->slave ? -1 : 1;
    if (x->function != y->function)
        return x->function < y->function ? -1 : 1;
    if (answer_size(x) != answer_size(y))
        return answer_size(x) < answer_size(y) ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

void data_listen_check(const struct data_draft *draft)
{
    if (!draft->listen_only)
        return;
    const struct draft_task **tasks = xcalloc(draft->ntasks, sizeof(const struct draft_task *));
    for (size_t i = 0; i < draft->ntasks; i++)
        tasks[i] = &draft->tasks[i];
    qsort(tasks, draft->ntasks, sizeof(*tasks), compare_answers);
    for (size_t i = 1; i < draft->ntasks; i++) {
        const struct draft_task *task = tasks[i], *other = tasks[i - 1];
        if (task->slave != other->slave || task->function != other->function ||
            answer_size(task) != answer_size(other))
            continue;
        faults_add(draft->faults, draft->file, task->line,
                   "%s: the line is listen-only, and an answer says no more than slave, function "
                   "and length, which are those of task %u (line %u) too: let the DTU read "
                   "another length, and say so here",
                   task->path, other->id, other->line);
    }
    free(tasks);
}
