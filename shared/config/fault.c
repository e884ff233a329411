#include "shared/config/fault.h"

#include "shared/base/alloc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void faults_add(struct faults *faults, const char *file, unsigned line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *message = xvasprintf(fmt, args);
    va_end(args);
    /* Room doubles at each power of two, so that a file full of faults costs no quadratic copying.
     */
    if ((faults->count & (faults->count - 1)) == 0) {
        size_t room = faults->count > 0 ? 2 * faults->count : 1;
        faults->items = xreallocarray(faults->items, room, sizeof(*faults->items));
    }
    faults->items[faults->count++] =
        (struct fault){.file = xstrdup(file), .line = line, .message = message};
}

static bool stands_before(const struct faults *faults, size_t from, const struct fault *fault)
{
    for (size_t i = 0; i < from; i++) {
        const struct fault *other = &faults->items[i];
        if (other->line == fault->line && strcmp(other->message, fault->message) == 0 &&
            strcmp(other->file, fault->file) == 0)
            return true;
    }
    return false;
}

void faults_drop_repeated(struct faults *faults, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < faults->count; i++) {
        struct fault *fault = &faults->items[i];
        if (stands_before(faults, from, fault)) {
            free(fault->file);
            free(fault->message);
        } else {
            faults->items[kept++] = *fault;
        }
    }
    faults->count = kept;
}

struct ranked {
    struct fault fault;
    size_t file_rank; /* the place of the first fault of its file */
    size_t place;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->file_rank != y->file_rank)
        return x->file_rank < y->file_rank ? -1 : 1;
    if (x->fault.line != y->fault.line)
        return x->fault.line < y->fault.line ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

void faults_sort(struct faults *faults)
{
    if (faults->count < 2)
        return;
    struct ranked *ranked = xcalloc(faults->count, sizeof(*ranked));
    for (size_t i = 0; i < faults->count; i++) {
        /* Files are few, and faults of one file stand together: look at the last one first. */
        size_t rank = i;
        if (i > 0 && strcmp(faults->items[i].file, faults->items[i - 1].file) == 0)
            rank = ranked[i - 1].file_rank;
        for (size_t j = 0; rank == i && j < i; j++) {
            if (ranked[j].file_rank == j &&
                strcmp(faults->items[i].file, ranked[j].fault.file) == 0)
                rank = j;
        }
        ranked[i] = (struct ranked){.fault = faults->items[i], .file_rank = rank, .place = i};
    }
    qsort(ranked, faults->count, sizeof(*ranked), compare_ranked);
    for (size_t i = 0; i < faults->count; i++)
        faults->items[i] = ranked[i].fault;
    free(ranked);
}

void faults_print(const struct faults *faults, FILE *out)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];
        fprintf(out, "%s:%u: %s\n", fault->file, fault->line, fault->message);
    }
}

void faults_clear(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->items[i].file);
        free(faults->items[i].message);
    }
    free(faults->items);
    *faults = (struct faults){0};
}
