#include "collector/store/store_folder.h"

#include "shared/base/alloc.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether it is a file of a journal, see journal_folder.c. */
static bool is_file(const char *name, unsigned *number)
{
    int end = 0;
    return sscanf(name, "journal-%9u.db%n", number, &end) == 1 && end > 0 && name[end] == '\0';
}

static bool is_stream(const char *name, unsigned *number)
{
    int end = 0;
    return sscanf(name, "stream-%5u%n", number, &end) == 1 && end > 0 && name[end] == '\0';
}

/* The highest number of a journal's file in the folder; 0: there is none. */
static unsigned last_file(const char *path)
{
    const struct dirent *entry;
    unsigned last = 0, number;
    DIR *dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (is_file(entry->d_name, &number) && number > last)
            last = number;
    }
    if (dir != NULL)
        closedir(dir);
    return last;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

unsigned *store_folder_left(const char *base, unsigned asked, size_t *count)
{
    unsigned *numbers = NULL, number;
    const struct dirent *entry;
    DIR *dir = opendir(base);
    *count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[2 * PATH_MAX];
        if (!is_stream(entry->d_name, &number) || number < asked)
            continue;
        snprintf(path, sizeof(path), "%s/%s", base, entry->d_name);
        if (last_file(path) == 0)
            continue;
        numbers = xreallocarray(numbers, *count + 1, sizeof(*numbers));
        numbers[(*count)++] = number;
    }
    if (dir != NULL)
        closedir(dir);
    if (*count > 0)
        qsort(numbers, *count, sizeof(*numbers), by_number);
    return numbers;
}

unsigned store_folder_next(const char *base)
{
    size_t count;
    unsigned last = last_file(base);
    unsigned *numbers = store_folder_left(base, 1, &count);
    for (size_t i = 0; i < count; i++) {
        char path[2 * PATH_MAX];
        snprintf(path, sizeof(path), "%s/stream-%u", base, numbers[i]);
        unsigned of_stream = last_file(path);
        last = of_stream > last ? of_stream : last;
    }
    free(numbers);
    return last + 1;
}
