/* A configuration folder for examples: beside the file lies what dtuhub ships, tables and profiles.
 */
#ifndef DTUHUB_TESTS_CONFIG_EXAMPLE_FOLDER_H
#define DTUHUB_TESTS_CONFIG_EXAMPLE_FOLDER_H

#include "shared/config/data_config.h"
#include "tests/unit/shared/config/expect.h"

#include <limits.h>
#include <unistd.h>

struct example_folder {
    char path[32], file[64], tables[64], profiles[64];
};

static inline void example_folder_link(const char *shipped, const char *link)
{
    char target[PATH_MAX];
    if (realpath(shipped, target) != NULL)
        assert_int_equal(symlink(target, link), 0);
}

static inline void example_folder_open(struct example_folder *folder)
{
    strcpy(folder->path, "/tmp/dtuhub-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->file, sizeof(folder->file), "%s/data_config.yml", folder->path);
    snprintf(folder->tables, sizeof(folder->tables), "%s/tables", folder->path);
    snprintf(folder->profiles, sizeof(folder->profiles), "%s/profiles", folder->path);
    example_folder_link("config/tables", folder->tables);
    example_folder_link("config/profiles", folder->profiles);
}

static inline struct data_config *example_folder_load(const struct example_folder *folder,
                                                      const char *text, size_t len,
                                                      struct faults *faults)
{
    FILE *file = fopen(folder->file, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return data_config_load(folder->file, faults);
}

static inline void example_folder_close(const struct example_folder *folder)
{
    unlink(folder->file);
    unlink(folder->tables);
    unlink(folder->profiles);
    assert_int_equal(rmdir(folder->path), 0);
}

#endif
