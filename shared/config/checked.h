/*
 * Allocation for configuration code, which runs at start and at a reload: where memory is out it
 * aborts, so that nothing has to carry that error upwards. Any thread.
 */
#ifndef DTUHUB_CONFIG_CHECKED_H
#define DTUHUB_CONFIG_CHECKED_H

#include <stdlib.h>
#include <string.h>

static inline void *checked_alloc(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL)
        abort();
    return memory;
}

static inline void *checked_grow(void *memory, size_t count, size_t size)
{
    void *grown = reallocarray(memory, count > 0 ? count : 1, size);
    if (grown == NULL)
        abort();
    return grown;
}

static inline char *checked_copy(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        abort();
    return copy;
}

#endif
