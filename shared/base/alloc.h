/*
 * Allocation that cannot fail: where memory is out, a line goes to the log and the program ends (the service
 * manager starts it again). For start-up, configuration and small things; any thread.
 */
#ifndef DTUHUB_BASE_ALLOC_H
#define DTUHUB_BASE_ALLOC_H

#include <stddef.h>

/** xcalloc(n, size): like calloc(). */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, warn_unused_result));

/** xreallocarray(p, n, size): like reallocarray(). */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((warn_unused_result));

/** xstrdup(text): like strdup(). */
char *xstrdup(const char *text) __attribute__((malloc, warn_unused_result));

#endif
