#include "shared/config/point_files.h"

#include "shared/base/alloc.h"
#include "shared/config/csv_table.h"
#include "shared/config/near_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *dir, const char *name)
{
    if (name[0] == '/' || strcmp(dir, ".") == 0)
        return xstrdup(name);
    return xasprintf("%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

/* Up to one byte more than a table may have, so that its reader sees what is too large. */
static ssize_t read_limited(int fd, uint8_t *bytes)
{
    size_t used = 0;
    while (used <= CSV_TABLE_MAX_SIZE) {
        ssize_t n = read(fd, bytes + used, CSV_TABLE_MAX_SIZE + 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

/* What a file that is not there should have been called, where that can be told. */
static char *missing(const struct config_files *files, const char *name, const char *path)
{
    char *near = near_file(files->dir, name), *problem;
    if (near != NULL)
        problem = xasprintf("there is no file %s: did you mean \"%s\"?", path, near);
    else
        problem = xasprintf("%s cannot be opened: %s: check the path (a relative one starts from "
                            "the folder of this file) and its permissions",
                            path, strerror(ENOENT));
    free(near);
    return problem;
}

static struct point_table *load(const char *path, struct faults *faults, char **problem)
{
    struct point_table *table = NULL;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us here */
    if (fd < 0 || fstat(fd, &status) < 0) {
        *problem = xasprintf("%s cannot be opened: %s: check the path (a relative one starts from "
                             "the folder of this file) and its permissions",
                             path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        *problem = xasprintf("%s is not a regular file: give the path of a CSV file", path);
    } else {
        uint8_t *bytes = xcalloc(CSV_TABLE_MAX_SIZE + 1, 1);
        ssize_t len = read_limited(fd, bytes);
        if (len < 0)
            *problem = xasprintf("%s cannot be read: %s", path, strerror(errno));
        else
            table = point_table_parse(path, bytes, (size_t)len, faults);
        free(bytes);
    }
    if (fd >= 0)
        close(fd);
    return table;
}

struct point_table *point_files_get(struct point_files *tables, const struct config_files *files,
                                    const char *name, struct faults *faults, char **problem)
{
    if (files->dir == NULL) {
        *problem = xasprintf("no other file can be read here: write the points below data_points");
        return NULL;
    }
    char *path = join(files->dir, name);
    struct point_table *table = NULL;
    for (size_t i = 0; i < tables->count && table == NULL; i++) {
        if (strcmp(tables->tables[i]->file, path) == 0)
            table = tables->tables[i];
    }
    if (table == NULL && access(path, F_OK) < 0 && errno == ENOENT)
        *problem = missing(files, name, path);
    else if (table == NULL && (table = load(path, faults, problem)) != NULL) {
        tables->tables = xreallocarray(tables->tables, tables->count + 1, sizeof(*tables->tables));
        tables->tables[tables->count++] = table;
    }
    free(path);
    return table;
}

void point_files_clear(struct point_files *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        point_table_free(tables->tables[i]);
    free(tables->tables);
    *tables = (struct point_files){0};
}
