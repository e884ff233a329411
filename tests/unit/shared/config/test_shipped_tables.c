/*
 * The point tables of config/tables: each loads, and says what the manuals say of these devices.
 * And the example at the end of config/data_config.yml is one that works.
 */
#include "shared/config/point_table.h"

#include "tests/unit/shared/config/example_folder.h"
#include "tests/unit/shared/config/expect.h"

#include <glob.h>

enum { FILE_MAX = 65536 };

struct expected_point {
    const char *name;
    uint16_t address;
    uint8_t function;
    enum reg_kind kind;
    uint8_t size;
    double scale;
    const char *unit;
};

static char *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be opened: tests run in the top folder", path);
    char *bytes = calloc(1, FILE_MAX);
    assert_non_null(bytes);
    *len = fread(bytes, 1, FILE_MAX - 1, file);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static struct point_table *load(const char *path)
{
    struct faults faults = {0};
    size_t len;
    char *bytes = read_whole(path, &len);
    struct point_table *table = point_table_parse(path, bytes, len, &faults);
    expect_faults(&faults, "");
    free(bytes);
    return table;
}

static void check(const char *path, const struct expected_point *expected, size_t n)
{
    struct point_table *table = load(path);
    assert_int_equal(table->npoints, n);
    for (size_t i = 0; i < n; i++) {
        const struct draft_point *point = &table->points[i];
        assert_string_equal(point->name, expected[i].name);
        assert_int_equal(point->address, expected[i].address);
        assert_int_equal(point->function, expected[i].function);
        assert_int_equal(point->reg.kind, expected[i].kind);
        assert_int_equal(point->reg.size, expected[i].size);
        assert_int_equal(point->reg.order, ORDER_ABCD);
        assert_true(point->scale == expected[i].scale);
        assert_string_equal(point->unit, expected[i].unit);
    }
    point_table_free(table);
}

#define CHECK(path, points) check(path, points, sizeof(points) / sizeof(*(points)))

static void meters(void **state)
{
    (void)state;
    static const struct expected_point sdm120[] = {
        {"voltage", 0x0000, 4, REG_FLOAT, 4, 1, "V"},
        {"current", 0x0006, 4, REG_FLOAT, 4, 1, "A"},
        {"power", 0x000C, 4, REG_FLOAT, 4, 1, "W"},
        {"frequency", 0x0046, 4, REG_FLOAT, 4, 1, "Hz"},
        {"energy_import", 0x0048, 4, REG_FLOAT, 4, 1, "kWh"},
    };
    static const struct expected_point sdm630[] = {
        {"voltage_l1", 0x0000, 4, REG_FLOAT, 4, 1, "V"},
        {"current_l1", 0x0006, 4, REG_FLOAT, 4, 1, "A"},
        {"power_l1", 0x000C, 4, REG_FLOAT, 4, 1, "W"},
        {"power_total", 0x0034, 4, REG_FLOAT, 4, 1, "W"},
        {"frequency", 0x0046, 4, REG_FLOAT, 4, 1, "Hz"},
        {"energy_import", 0x0048, 4, REG_FLOAT, 4, 1, "kWh"},
    };
    static const struct expected_point ddsu666[] = {
        {"voltage", 0x2000, 3, REG_FLOAT, 4, 1, "V"},
        {"current", 0x2002, 3, REG_FLOAT, 4, 1, "A"},
        {"power", 0x2004, 3, REG_FLOAT, 4, 1, "kW"},
        {"frequency", 0x200E, 3, REG_FLOAT, 4, 1, "Hz"},
        {"energy", 0x4000, 3, REG_FLOAT, 4, 1, "kWh"},
    };
    CHECK("config/tables/sdm120.csv", sdm120);
    CHECK("config/tables/sdm630.csv", sdm630);
    CHECK("config/tables/ddsu666.csv", ddsu666);
}

static void inverter_and_probe(void **state)
{
    (void)state;
    static const struct expected_point sun2000[] = {
        {"pv1_voltage", 32016, 3, REG_INT, 2, 0.1, "V"},
        {"active_power", 32080, 3, REG_INT, 4, 1, "W"},
        {"frequency", 32085, 3, REG_UINT, 2, 0.01, "Hz"},
        {"temperature", 32087, 3, REG_INT, 2, 0.1, "°C"},
        {"status", 32089, 3, REG_UINT, 2, 1, ""},
        {"energy_total", 32106, 3, REG_UINT, 4, 0.01, "kWh"},
    };
    static const struct expected_point jxbs3001[] = {
        {"ph", 0x0006, 3, REG_UINT, 2, 0.01, "pH"},
        {"moisture", 0x0012, 3, REG_UINT, 2, 0.1, "%"},
        {"temperature", 0x0013, 3, REG_INT, 2, 0.1, "°C"},
        {"conductivity", 0x0015, 3, REG_UINT, 2, 1, "µS/cm"},
    };
    CHECK("config/tables/sun2000.csv", sun2000);
    CHECK("config/tables/jxbs3001.csv", jxbs3001);
}

/* None is shipped that the tests above do not know, or without its caution. */
static void all_of_them(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("config/tables/*.csv", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 5);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        size_t len;
        char *bytes = read_whole(found.gl_pathv[i], &len);
        assert_int_equal(bytes[0], '#');
        assert_non_null(strstr(bytes, "check them against"));
        free(bytes);
    }
    globfree(&found);
}

/* What is commented out from "#profiles:" on, with the rest of the file. */
static void the_example_works(void **state)
{
    (void)state;
    size_t len;
    char *text = read_whole("config/data_config.yml", &len), *example = strstr(text, "#profiles:");
    assert_non_null(example);
    char *to = example;
    for (const char *from = example; *from != '\0'; from++) {
        if (*from != '#' || (from > example && from[-1] != '\n'))
            *to++ = *from;
    }
    *to = '\0';
    struct example_folder folder;
    example_folder_open(&folder);
    struct faults faults = {0};
    struct data_config *config = example_folder_load(&folder, text, strlen(text), &faults);
    example_folder_close(&folder);
    expect_faults(&faults, "");
    assert_int_equal(config->nprofiles, 2);
    assert_int_equal(config->profiles[0].npoints, 9);
    assert_int_equal(config->profiles[1].npoints, 12);
    assert_int_equal(config->profiles[1].nslaves, 3);
    assert_int_equal(config->rules.nrules, 2);
    data_config_release(config);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meters),
        cmocka_unit_test(inverter_and_probe),
        cmocka_unit_test(all_of_them),
        cmocka_unit_test(the_example_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
