/*
 * What messages say of a point, wherever it comes from; and that every point has a name of its own.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_draft.h"
#include "shared/config/quote.h"

#include <stdlib.h>
#include <string.h>

const char *data_point_key(struct point_key_text *out, const struct draft_point *point,
                           enum point_key key)
{
    const char *name = setting_key(&point_table.settings[key]);
    if (point->columns == NULL)
        snprintf(out->text, sizeof(out->text), "%s.%s", point->path, name);
    else if (point->columns->number[key] == 0)
        snprintf(out->text, sizeof(out->text), "column \"%s\"", name);
    else
        snprintf(out->text, sizeof(out->text), "column %u (%s)", point->columns->number[key],
                 point->columns->title[key]);
    return out->text;
}

void data_point_fault(const struct data_draft *draft, struct draft_point *point, enum point_key key,
                      const char *fmt, ...)
{
    point->faulty = true;
    if (point->told_by != NULL && *point->told_by != NULL && *point->told_by != point->source)
        return;
    if (point->told_by != NULL)
        *point->told_by = point->source;
    va_list args;
    va_start(args, fmt);
    char *message = xvasprintf(fmt, args);
    va_end(args);
    faults_add(draft->faults, point->source != NULL ? point->source->file : draft->file,
               key < POINT_KEYS && point->lines[key] > 0 ? point->lines[key] : point->line, "%s",
               message);
    free(message);
}

static int compare_names(const void *a, const void *b)
{
    const struct draft_point *x = *(const struct draft_point *const *)a;
    const struct draft_point *y = *(const struct draft_point *const *)b;
    int order = strcmp(x->name, y->name);
    if (order != 0)
        return order;
    if (x->source != y->source) /* all in one array; NULL, the file itself, comes first */
        return (uintptr_t)x->source < (uintptr_t)y->source ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* A table's point has the name of another table's, or of one in data_points. */
static void report_clash(const struct data_draft *draft, const struct draft_point *first,
                         struct draft_point *second)
{
    struct draft_source *source = second->source;
    const char *file = first->source != NULL ? first->source->file : draft->file;
    if (source->clash_told)
        return;
    source->clash_told = true;
    second->faulty = true;
    const char *own = second->name + (source->name != NULL ? strlen(source->name) + 1 : 0);
    char *with_name = xasprintf("meter_%u.%s", source->slave, own);
    if (source->slave == 0)
        faults_add(draft->faults, draft->file, source->line,
                   "%s: its point %s (%s, line %u) has the name of another (%s, line %u): rename "
                   "one of them",
                   source->path, QUOTE(second->name), source->file, second->line, file,
                   first->line);
    else
        faults_add(draft->faults, draft->file, source->line,
                   "%s: its point %s (%s, line %u) has the name of another (%s, line %u): give the "
                   "slave %s, as name: meter_%u, and it is called %s",
                   source->path, QUOTE(second->name), source->file, second->line, file, first->line,
                   source->name != NULL ? "another name" : "a name", source->slave,
                   QUOTE(with_name));
    free(with_name);
}

static void check_pair(const struct data_draft *draft, const struct draft_point *first,
                       struct draft_point *second)
{
    if (second->source == NULL)
        data_point_fault(draft, second, POINT_NAME,
                         "%s: %s is the name of %s too (line %u): every point needs its own",
                         POINT_KEY(second, POINT_NAME), QUOTE(second->name), first->path,
                         first->lines[POINT_NAME]);
    else if (second->source == first->source)
        data_point_fault(draft, second, POINT_NAME,
                         "%s: %s is the name of the point in line %u too: every point needs its "
                         "own",
                         POINT_KEY(second, POINT_NAME), QUOTE(second->name), first->line);
    else
        report_clash(draft, first, second);
}

static int compare_points(const void *a, const void *b)
{
    const struct draft_point *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name != NULL ? x->name : "", y->name != NULL ? y->name : "");
}

void data_names_check(struct data_draft *draft)
{
    struct draft_point **named = xcalloc(draft->npoints, sizeof(*named));
    size_t n = 0;
    for (size_t i = 0; i < draft->npoints; i++) {
        if (draft->points[i].name != NULL)
            named[n++] = &draft->points[i];
    }
    qsort(named, n, sizeof(*named), compare_names);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(named[i]->name, named[first]->name) != 0)
            first = i;
        else
            check_pair(draft, named[first], named[i]);
    }
    free(named);
    qsort(draft->points, draft->npoints, sizeof(*draft->points), compare_points);
}
