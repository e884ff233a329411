#include "collector/events/outbox_given.h"

#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct row {
    uint64_t id;
    size_t size;
};

/* Few targets, and some hundred rows of each: they are searched from end to end. */
struct of_target {
    char *target;
    struct row *rows;
    size_t n, room, bytes;
};

struct given {
    struct of_target *targets;
    size_t n;
};

struct given *given_new(void)
{
    return xcalloc(1, sizeof(struct given));
}

void given_free(struct given *given)
{
    if (given == NULL)
        return;
    for (size_t i = 0; i < given->n; i++) {
        free(given->targets[i].target);
        free(given->targets[i].rows);
    }
    free(given->targets);
    free(given);
}

static struct of_target *find(const struct given *given, const char *target)
{
    for (size_t i = 0; i < given->n; i++) {
        if (strcmp(given->targets[i].target, target) == 0)
            return &given->targets[i];
    }
    return NULL;
}

void given_add(struct given *given, const char *target, uint64_t id, size_t size)
{
    struct of_target *of = find(given, target);
    if (of == NULL) {
        given->targets = xreallocarray(given->targets, given->n + 1, sizeof(*given->targets));
        of = &given->targets[given->n++];
        *of = (struct of_target){.target = xstrdup(target)};
    }
    if (of->n == of->room) {
        of->room = of->room > 0 ? 2 * of->room : 64;
        of->rows = xreallocarray(of->rows, of->room, sizeof(*of->rows));
    }
    of->rows[of->n++] = (struct row){.id = id, .size = size};
    of->bytes += size;
}

bool given_remove(struct given *given, uint64_t id)
{
    for (size_t i = 0; i < given->n; i++) {
        struct of_target *of = &given->targets[i];
        for (size_t r = 0; r < of->n; r++) {
            if (of->rows[r].id != id)
                continue;
            of->bytes -= of->rows[r].size;
            of->rows[r] = of->rows[--of->n];
            return true;
        }
    }
    return false;
}

void given_forget(struct given *given, const char *target)
{
    struct of_target *of = find(given, target);
    if (of == NULL)
        return;
    free(of->target);
    free(of->rows);
    *of = given->targets[--given->n];
}

size_t given_count(const struct given *given, const char *target)
{
    const struct of_target *of = find(given, target);
    return of != NULL ? of->n : 0;
}

size_t given_bytes(const struct given *given, const char *target)
{
    const struct of_target *of = find(given, target);
    return of != NULL ? of->bytes : 0;
}

void given_exclude(const struct given *given, const char *target, FILE *out)
{
    const struct of_target *of = find(given, target);
    if (of == NULL || of->n == 0)
        return;
    fputs(" AND id NOT IN (", out);
    for (size_t i = 0; i < of->n; i++)
        fprintf(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)of->rows[i].id);
    fputc(')', out);
}
