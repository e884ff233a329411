#include "shared/config/link_file.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAMILIES_MAX = 128 };

struct families {
    char *names[FAMILIES_MAX];
    size_t count;
};

static bool ends_in_yml(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".yml") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_families(const char *folder, struct families *families)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && families->count < FAMILIES_MAX && (entry = readdir(dir)) != NULL) {
        if (ends_in_yml(entry->d_name) && entry->d_name[0] != '.')
            families->names[families->count++] =
                xstrndup(entry->d_name, strlen(entry->d_name) - strlen(".yml"));
    }
    if (dir != NULL)
        closedir(dir);
    qsort(families->names, families->count, sizeof(*families->names), compare_names);
}

static char *join_names(const struct families *families)
{
    char *list = xstrdup("");
    for (size_t i = 0; i < families->count; i++) {
        char *longer = xasprintf("%s%s%s", list, i > 0 ? ", " : "", families->names[i]);
        free(list);
        list = longer;
    }
    return list;
}

static void report_missing(const struct link_naming *naming, const char *folder, const char *name)
{
    struct families families = {.count = 0};
    struct faults *faults = naming->reader->faults;
    const char *file = yaml_doc_name(naming->reader->doc);
    list_families(folder, &families);
    const char *nearest = text_nearest(name, (const char *const *)families.names, families.count);
    char *list = join_names(&families);
    if (nearest != NULL)
        faults_add(faults, file, naming->line, "%s: unknown family %s: did you mean \"%s\"?",
                   naming->path, QUOTE(name), nearest);
    else if (families.count > 0)
        faults_add(faults, file, naming->line, "%s: unknown family %s: those in %s are %s",
                   naming->path, QUOTE(name), folder, list);
    else
        faults_add(faults, file, naming->line,
                   "%s: unknown family %s: there are none in %s: copy the folder config/profiles "
                   "that dtuhub ships there",
                   naming->path, QUOTE(name), folder);
    free(list);
    for (size_t i = 0; i < families.count; i++)
        free(families.names[i]);
}

static struct yaml_doc *load_family(const struct link_naming *naming, const char *dir,
                                    const char *name)
{
    struct yaml_doc *doc = NULL;
    char *folder = xasprintf("%s/profiles", dir), *path = xasprintf("%s/%s.yml", folder, name);
    if (access(path, F_OK) == 0)
        doc = yaml_doc_load(path, naming->reader->faults);
    else
        report_missing(naming, folder, name);
    free(path);
    free(folder);
    return doc;
}

static struct yaml_doc *load_path(const struct link_naming *naming, const char *dir,
                                  const char *name)
{
    struct yaml_doc *doc = NULL;
    char *path = name[0] == '/' ? xstrdup(name) : xasprintf("%s/%s", dir, name);
    if (access(path, F_OK) == 0)
        doc = yaml_doc_load(path, naming->reader->faults);
    else
        faults_add(naming->reader->faults, yaml_doc_name(naming->reader->doc), naming->line,
                   "%s: there is no file %s: correct the path, which starts from the folder of "
                   "this file, or name a family",
                   naming->path, QUOTE(path));
    free(path);
    return doc;
}

struct yaml_doc *link_file_load(const struct link_naming *naming, const struct config_files *files,
                                const char *name)
{
    const char *dir = files != NULL ? files->dir : NULL;
    if (*name == '\0')
        faults_add(naming->reader->faults, yaml_doc_name(naming->reader->doc), naming->line,
                   "%s: empty: write the name of a family, or leave the line out", naming->path);
    else if (dir == NULL)
        faults_add(naming->reader->faults, yaml_doc_name(naming->reader->doc), naming->line,
                   "%s: %s is in a file of its own, and none is opened here: write its keys below "
                   "line:",
                   naming->path, QUOTE(name));
    else if (strchr(name, '/') != NULL || ends_in_yml(name))
        return load_path(naming, dir, name);
    else
        return load_family(naming, dir, name);
    return NULL;
}
