#include "shared/config/near_file.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILES_MAX = 512 };

struct file_list {
    char *paths[FILES_MAX]; /* from the folder */
    size_t count;
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool ends_in_csv(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && name[0] != '.' && strcasecmp(name + len - 4, ".csv") == 0;
}

static void list_files(const char *folder, const char *prefix, struct file_list *files)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && files->count < FILES_MAX && (entry = readdir(dir)) != NULL) {
        if (!ends_in_csv(entry->d_name))
            continue;
        files->paths[files->count++] = xasprintf("%s%s", prefix, entry->d_name);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Folder and ending are alike for all, and would make everything near. */
static char *stem(const char *path)
{
    const char *last = last_part(path);
    return xstrndup(last, strlen(last) - (ends_in_csv(last) ? strlen(".csv") : 0));
}

static const char *nearest(const struct file_list *files, const char *name)
{
    char *stems[FILES_MAX], *wanted = stem(name);
    const char *path = NULL;
    for (size_t i = 0; i < files->count; i++)
        stems[i] = stem(files->paths[i]);
    const char *found = text_nearest(wanted, (const char *const *)stems, files->count);
    for (size_t i = 0; i < files->count; i++) {
        if (found == stems[i])
            path = files->paths[i];
    }
    for (size_t i = 0; i < files->count; i++)
        free(stems[i]);
    free(wanted);
    return path;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *near_file(const char *dir, const char *name)
{
    struct file_list *files = xcalloc(1, sizeof(*files));
    char *tables = xasprintf("%s/tables", dir);
    list_files(dir, "", files);
    list_files(tables, "tables/", files);
    qsort(files->paths, files->count, sizeof(*files->paths), compare_paths);
    const char *path = nearest(files, name);
    char *found = path != NULL ? xstrdup(path) : NULL;
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files);
    free(tables);
    return found;
}
