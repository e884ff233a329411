/*
 * Allocation that cannot fail: where memory is out, a line goes to the log and the program ends
 * (the service manager starts it again). For start-up, configuration and small things; any thread.
 */
#ifndef DTUHUB_BASE_ALLOC_H
#define DTUHUB_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/** xcalloc(n, size): like calloc(). */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, warn_unused_result));

/** xreallocarray(p, n, size): like reallocarray(). */
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((warn_unused_result));

/** xstrdup(text): like strdup(). */
char *xstrdup(const char *text) __attribute__((malloc, warn_unused_result));

/** xstrndup(text, n): like strndup(). */
char *xstrndup(const char *text, size_t n) __attribute__((malloc, warn_unused_result));

/** xasprintf(fmt, ...), xvasprintf(fmt, args): a new text, as asprintf() makes it. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), warn_unused_result));
char *xvasprintf(const char *fmt, va_list args)
    __attribute__((format(printf, 1, 0), warn_unused_result));

#endif
