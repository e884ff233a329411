/*
 * Every file of tests/fixtures/broken is refused with exactly the messages of the .expected beside
 * it. The name says which of the two files it is meant to be, and whether it has point tables
 * ("_table_"), which lie beside it; files without are never allowed to open another.
 */
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"
#include "tests/unit/shared/config/expect.h"

#include <glob.h>
#include <unistd.h>

#define FOLDER "tests/fixtures/broken/"

enum { FILES_LEAST = 30 };

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened: tests run in the top folder", path);
    char *bytes = calloc(1, 65536);
    assert_non_null(bytes);
    *len = fread(bytes, 1, 65535, file);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void load_beside_tables(const char *name, struct faults *faults)
{
    assert_int_equal(chdir(FOLDER), 0);
    struct data_config *config = data_config_load(name, faults);
    assert_int_equal(chdir("../../.."), 0);
    assert_null(config);
}

static void refused_as_expected(void **state)
{
    const char *path = *state, *name = path + strlen(FOLDER);
    size_t len, expected_len;
    char *bytes = read_whole(path, &len);
    char *expected_path = NULL;
    assert_true(asprintf(&expected_path, "%.*s.expected", (int)strlen(path) - 4, path) > 0);
    char *expected = read_whole(expected_path, &expected_len);
    assert_true(expected_len > 0);

    struct faults faults = {0};
    if (strstr(name, "_server_") != NULL)
        assert_null(server_config_parse(name, bytes, len, &faults));
    else if (strstr(name, "_table_") != NULL)
        load_beside_tables(name, &faults);
    else
        assert_null(data_config_parse(name, bytes, len, &faults));
    expect_faults(&faults, expected);
    assert_null(strstr(expected, "correct horse"));
    assert_null(strstr(expected, "correct-horse"));
    free(bytes);
    free(expected);
    free(expected_path);
}

int main(void)
{
    setenv("DTUHUB_TEST_SECRET", "correct horse", 1);
    unsetenv("DTUHUB_TEST_UNSET");
    glob_t found;
    if (glob(FOLDER "*.yml", 0, NULL, &found) != 0 || found.gl_pathc < FILES_LEAST) {
        fprintf(stderr, "less than %d files in " FOLDER "\n", FILES_LEAST);
        return 1;
    }
    struct CMUnitTest *tests = calloc(found.gl_pathc, sizeof(*tests));
    for (size_t i = 0; i < found.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = found.gl_pathv[i],
                                       .test_func = refused_as_expected,
                                       .initial_state = found.gl_pathv[i]};
    int failed = _cmocka_run_group_tests("broken_configs", tests, found.gl_pathc, NULL, NULL);
    free(tests);
    globfree(&found);
    return failed;
}
