#include "shared/config/near_file.h"

#include "tests/unit/shared/config/expect.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = {"meter.csv", "tables/sdm120.csv", "tables/sdm630.CSV",
                                    "tables/pump.txt", "tables/.boiler7.csv"};

static char folder[] = "/tmp/dtuhub-test-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) < 0 || mkdir("tables", 0700) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        fclose(fopen(files[i], "w"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        unlink(files[i]);
    return rmdir("tables") < 0 || chdir("/") < 0 || rmdir(folder) < 0 ? -1 : 0;
}

static void is_near(const char *name, const char *expected)
{
    char *found = near_file(folder, name);
    if (found == NULL || expected == NULL)
        assert_ptr_equal(found, expected);
    else
        assert_string_equal(found, expected);
    free(found);
}

static void names(void **state)
{
    (void)state;
    is_near("metre.csv", "meter.csv");
    is_near("tables/sdm12.csv", "tables/sdm120.csv");
    is_near("sdm630.CSV", "tables/sdm630.CSV");
    is_near("tabels/sdm120.csv", "tables/sdm120.csv");
    is_near("/somewhere/else/entirely/sdm120.csv", "tables/sdm120.csv");
    is_near("tables/meter.csv", "meter.csv");
    is_near("tables/m.csv", NULL);
    is_near("sdm640", "tables/sdm630.CSV");
    is_near("pump.txt", NULL);
    is_near("boiler7.csv", NULL);
    is_near("", NULL);
    assert_null(near_file("/nonexistent", "meter.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
