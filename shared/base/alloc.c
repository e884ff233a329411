#include "shared/base/alloc.h"

#include "shared/base/log.h"

#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
    if (p == NULL) {
        log_error("alloc", NULL, "out of memory");
        abort();
    }
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    return check(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    return check(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *text)
{
    return check(strdup(text));
}
