/*
 * Profiles: their slaves, their point tables, and the reads that are made of points.
 */
#include "shared/config/data_config.h"

#include "tests/unit/collector/parts.h"
#include "tests/unit/shared/config/expect.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/dtuhub-test-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) < 0 || mkdir("tables", 0700) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink("data_config.yml");
    unlink("tables/a.csv");
    unlink("tables/b.csv");
    return rmdir("tables") < 0 || chdir("/") < 0 || rmdir(folder) < 0 ? -1 : 0;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct data_config *load_good(const char *text)
{
    struct faults faults = {0};
    write_file("data_config.yml", text);
    struct data_config *config = data_config_load("data_config.yml", &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    return config;
}

static void refuses(const char *text, const char *expected)
{
    struct faults faults = {0};
    write_file("data_config.yml", text);
    assert_null(data_config_load("data_config.yml", &faults));
    expect_faults(&faults, expected);
}

static const struct point_def *find_point(const struct profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->npoints; i++) {
        if (strcmp(profile->points[i].name, name) == 0)
            return &profile->points[i];
    }
    fail_msg("no point %s", name);
    return NULL;
}

/* A task as "id slave/function start+count every ms: point@offset ..." */
static void expect_task(const struct profile *profile, size_t i, const char *expected)
{
    char text[400];
    assert_true(i < profile->ntasks);
    const struct query_task *task = &profile->tasks[i];
    int used = snprintf(text, sizeof(text), "%u %u/%u %u+%u every %lld:", task->id,
                        task->request.unit, task->request.function, task->request.start,
                        task->request.count, (long long)task->interval_ms);
    for (size_t p = 0; p < task->npoints; p++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, " %s@%u",
                         task->points[p].point->name, task->points[p].offset);
    assert_string_equal(text, expected);
    assert_int_equal(profile->slaves[task->slave].unit, task->request.unit);
}

static const char meter[] = "address,name,type,function\n"
                            "0,voltage,float32,4\n"
                            "6,current,float32,4\n"
                            "0x46,frequency,float32,4\n";

static void a_profile_with_two_meters_of_one_table(void **state)
{
    (void)state;
    write_file("tables/a.csv", meter);
    struct data_config *config =
        load_good("profiles:\n"
                  "  pump_station:\n"
                  "    port: 22335\n"
                  "    poll: {interval: 10}\n"
                  "    dead_after: 3\n"
                  "    backoff: 60\n"
                  "    slaves:\n"
                  "      1: {name: meter_1, points_file: tables/a.csv}\n"
                  "      2: {name: meter_2, points_file: tables/a.csv, interval: 60}\n"
                  "    data_points:\n"
                  "      level: {address: 5, slave: 9, name: level, type: int16, interval: 1}\n"
                  "  other: {}\n");
    assert_int_equal(config->nprofiles, 3);
    assert_string_equal(config->profiles[0].name, "default");
    assert_int_equal(config->profiles[0].ntasks, 0);
    assert_int_equal(config->profiles[0].port, 0);
    assert_int_equal(config->profiles[0].dead_after, 2);
    assert_int_equal(config->profiles[0].backoff_max_ms, 300000);
    assert_ptr_equal(data_config_profile(config, "other"), &config->profiles[2]);
    const struct profile *profile = data_config_profile(config, "pump_station");
    assert_ptr_equal(profile, &config->profiles[1]);
    assert_int_equal(profile->port, 22335);
    assert_int_equal(profile->dead_after, 3);
    assert_int_equal(profile->backoff_max_ms, 60000);
    assert_int_equal(profile->nslaves, 3);
    assert_string_equal(profile->slaves[0].name, "meter_1");
    assert_string_equal(profile->slaves[2].name, "");
    assert_int_equal(profile->slaves[2].unit, 9);
    assert_int_equal(profile->ntasks, 5);
    expect_task(profile, 0, "65536 1/4 0+8 every 10000: meter_1.voltage@0 meter_1.current@12");
    expect_task(profile, 1, "65537 1/4 70+2 every 10000: meter_1.frequency@0");
    expect_task(profile, 2, "65538 2/4 0+8 every 60000: meter_2.voltage@0 meter_2.current@12");
    expect_task(profile, 4, "65540 9/3 5+1 every 1000: level@0");
    assert_int_equal(profile->npoints, 7);
    const struct point_def *point = find_point(profile, "meter_2.current");
    assert_int_equal(point->slave, 2);
    assert_int_equal(point->function, 4);
    assert_int_equal(point->address, 6);
    assert_int_equal(point->line, 3); /* of the table */
    assert_ptr_equal(&profile->points[point->index], point);
    data_config_release(config);
}

static void a_profiles_own_table_says_its_slaves(void **state)
{
    (void)state;
    write_file("tables/a.csv", "address,name,type,slave,interval\n0,a,int16,,\n1,b,int16,5,2\n");
    struct data_config *config = load_good("profiles:\n"
                                           "  p: {points_file: tables/a.csv, poll: {interval: 7, "
                                           "function: 4}}\n");
    expect_task(&config->profiles[1], 0, "65536 1/4 0+1 every 7000: a@0");
    expect_task(&config->profiles[1], 1, "65537 5/4 1+1 every 2000: b@0");
    data_config_release(config);
}

static void tasks_of_the_file_stay_and_come_first(void **state)
{
    (void)state;
    struct data_config *config =
        load_good("profiles:\n"
                  "  p:\n"
                  "    poll: {interval: 5, max_gap: 0}\n"
                  "    query_tasks:\n"
                  "      3: {start_addr: 10, length: 3, trigger: heartbeat}\n"
                  "    data_points:\n"
                  "      10: {name: a, type: int16}\n"
                  "      12: {name: b, type: float}\n"
                  "      14: {name: c, type: int16}\n"
                  "      16: {name: d, type: int16}\n");
    const struct profile *profile = &config->profiles[1];
    assert_int_equal(profile->ntasks, 3);
    expect_task(profile, 0, "3 1/3 10+3 every 0: a@0"); /* b is half in it */
    expect_task(profile, 1, "65536 1/3 12+3 every 5000: b@0 c@4");
    expect_task(profile, 2, "65537 1/3 16+1 every 5000: d@0");
    data_config_release(config);
}

static void the_default_profile_plans_by_its_points(void **state)
{
    (void)state;
    struct data_config *config = load_good("query_tasks: {}\n"
                                           "data_points:\n"
                                           "  3: {name: a, type: int16, interval: 2}\n"
                                           "  5: {name: b, type: int16, interval: 2}\n");
    assert_int_equal(config->profiles[0].ntasks, 1);
    expect_task(&config->profiles[0], 0, "65536 1/3 3+3 every 2000: a@0 b@4");
    data_config_release(config);
}

static void coils_are_planned_by_bits(void **state)
{
    (void)state;
    struct data_config *config =
        load_good("profiles:\n"
                  "  p:\n"
                  "    poll: {interval: 5, function: 1}\n"
                  "    data_points:\n"
                  "      3: {name: a, type: bits}\n"
                  "      20: {name: b, type: bits}\n"
                  "      40: {name: c, type: bits}\n"
                  "      wide: {address: 36, name: d, type: bits, bits: {first: 0, count: 12}}\n");
    const struct profile *profile = &config->profiles[1];
    assert_int_equal(profile->ntasks, 1); /* gaps of 16 and 15 */
    expect_task(profile, 0, "65536 1/1 3+45 every 5000: a@0 b@2 d@4 c@4");
    assert_int_equal(find_point(profile, "b")->type.bit_first, 1);
    assert_int_equal(find_point(profile, "d")->type.bit_first, 1);
    assert_int_equal(find_point(profile, "d")->type.bit_count, 12);
    data_config_release(config);
}

static void writing(void **state)
{
    (void)state;
    struct data_config *config =
        load_good("profiles:\n"
                  "  p:\n"
                  "    poll: {interval: 5}\n"
                  "    data_points:\n"
                  "      0: {name: one, type: int16, writable: true, min: -1.5, max: 10}\n"
                  "      1: {name: two, type: float, writable: true}\n"
                  "      3: {name: multiple, type: int16, writable: true, write_function: 16}\n"
                  "      4: {name: off, type: int16, writable: false, min: 3}\n"
                  "      coil: {address: 0, name: coil, type: bits, function: 1, writable: true}\n"
                  "      coil15: {address: 0, name: coil15, type: bits, function: 1, writable: "
                  "true, write_function: 15}\n"
                  "      coils: {address: 0, name: coils, type: bits, bits: {first: 1, count: 3}, "
                  "function: 1, writable: true}\n");
    const struct profile *profile = &config->profiles[1];
    assert_int_equal(find_point(profile, "one")->write_function, 6);
    assert_int_equal(find_point(profile, "two")->write_function, 16);
    assert_int_equal(find_point(profile, "multiple")->write_function, 16);
    assert_int_equal(find_point(profile, "coil")->write_function, 5);
    assert_int_equal(find_point(profile, "coil15")->write_function, 15);
    assert_int_equal(find_point(profile, "coils")->write_function, 15);
    assert_false(find_point(profile, "off")->writable);
    assert_true(find_point(profile, "coil")->writable);
    const struct point_def *one = find_point(profile, "one"), *two = find_point(profile, "two");
    assert_true(one->min == -1.5 && one->max == 10);
    assert_true(two->min == -INFINITY && two->max == INFINITY);
    data_config_release(config);
}

static void storing_on_change(void **state)
{
    (void)state;
    struct data_config *config = load_good(
        "query_tasks: {1: {start_addr: 0, length: 9, interval: 1, slave: 4, function: 4}}\n"
        "data_points:\n"
        "  0: {name: a, type: int16, on_change: true, deadband: 0.5, max_interval: 60}\n"
        "  1: {name: b, type: int16}\n");
    const struct point_def *a = find_point(&config->profiles[0], "a");
    const struct point_def *b = find_point(&config->profiles[0], "b");
    assert_true(a->on_change && a->deadband == 0.5 && a->max_interval_ms == 60000);
    assert_true(!b->on_change && b->deadband == 0 && b->max_interval_ms == 0 && !b->writable);
    assert_int_equal(b->slave, 4);
    assert_int_equal(b->function, 4);
    assert_int_equal(b->write_function, 0);
    data_config_release(config);
}

static void unknown_devices_are_accepted_unless_it_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum unknown_devices expected;
    } cases[] = {
        {"profiles: {}\n", UNKNOWN_ACCEPT},
        {"profiles:\ndevices:\nunknown_devices:\n", UNKNOWN_ACCEPT},
        {"profiles: {}\nunknown_devices: quarantine\n", UNKNOWN_QUARANTINE},
        {"profiles: {}\nunknown_devices: \"refuse\"\n", UNKNOWN_REFUSE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct data_config *config = load_good(cases[i].text);
        assert_int_equal(config->unknown_devices, cases[i].expected);
        data_config_release(config);
    }
}

static void a_fault_of_a_shared_table_is_told_once(void **state)
{
    (void)state;
    write_file("tables/a.csv", "address,name,type,writable\n0,a,int17,\n1,b,bits,\n");
    write_file("tables/b.csv", "address,name,type,function,writable\n1,c,int16,4,yes\n");
    refuses("profiles:\n"
            "  p:\n"
            "    poll: {interval: 1}\n"
            "    slaves:\n"
            "      1: {name: x, points_file: tables/a.csv}\n"
            "      2: {name: y, points_file: tables/a.csv}\n"
            "      3: {name: z, points_file: tables/b.csv}\n"
            "      4: {name: w, points_file: tables/b.csv}\n",
            "tables/a.csv:2: column 3 (type): \"int17\" is not known here: write one of int, uint, "
            "float, double, bits, string, bcd, int16, uint16, int32, uint32, int64, uint64, "
            "float32, float64\n"
            "tables/a.csv:3: point (x.b): which bit of the register? add bit: 0 to 15, or bits: "
            "{first: 4, count: 2}\n"
            "tables/b.csv:2: column 5 (writable): input registers (function 4) cannot be written: "
            "read it with function 3 where the device has it so, or leave writable out\n");
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    refuses("profiles:\n"
            "  p: {points_file: tables/none.csv}\n"
            "  q: {points_file: tables}\n",
            "data_config.yml:2: profiles.p.points_file: tables/none.csv cannot be opened: No such "
            "file or directory: check the path (a relative one starts from the folder of this "
            "file) and its permissions\n"
            "data_config.yml:3: profiles.q.points_file: tables is not a regular file: give the "
            "path of a CSV file\n");
}

static void a_relative_path_starts_from_the_file(void **state)
{
    (void)state;
    write_file("tables/a.csv", meter);
    char *path = NULL, *text = NULL;
    struct faults faults = {0};
    assert_true(asprintf(&text,
                         "profiles:\n"
                         "  p: {points_file: tables/a.csv, poll: {interval: 1}}\n"
                         "  q: {points_file: %s/tables/a.csv, poll: {interval: 1}}\n",
                         folder) > 0);
    write_file("data_config.yml", text);
    assert_true(asprintf(&path, "%s/data_config.yml", folder) > 0);
    assert_int_equal(chdir("/"), 0);
    struct data_config *config = data_config_load(path, &faults);
    assert_int_equal(chdir(folder), 0);
    expect_faults(&faults, "");
    assert_int_equal(config->profiles[1].npoints, 3);
    assert_int_equal(config->profiles[2].npoints, 3);
    data_config_release(config);
    free(path);
    free(text);
}

/* Points as chance has them: each is in one made task, at its own registers. */
static void every_planned_point_is_read_once_where_it_is(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (unsigned round = 0; round < 200; round++) {
        static const char *const types[] = {"int16", "int32", "float64", "string, length: 20"};
        char text[8192];
        unsigned gap = (unsigned)parts_pick(&seed, 20), most = 10 + (unsigned)parts_pick(&seed, 50);
        size_t n = 1 + parts_pick(&seed, 40);
        int used = snprintf(text, sizeof(text),
                            "profiles: {p: {poll: {interval: 9, max_gap: %u, max_registers: %u}, "
                            "data_points: {",
                            gap, most);
        for (size_t i = 0; i < n; i++)
            used += snprintf(text + used, sizeof(text) - (size_t)used,
                             "l%zu: {address: %zu, slave: %zu, function: %zu, interval: %zu, name: "
                             "p%zu, type: %s}%s",
                             i, parts_pick(&seed, 200), 1 + parts_pick(&seed, 2),
                             3 + parts_pick(&seed, 2), 1 + parts_pick(&seed, 2), i,
                             types[parts_pick(&seed, 4)], i + 1 < n ? ", " : "}}}\n");
        struct faults faults = {0};
        struct data_config *config = data_config_parse("t.yml", text, strlen(text), &faults);
        expect_faults(&faults, "");
        const struct profile *profile = &config->profiles[1];
        unsigned seen[40] = {0};
        for (size_t t = 0; t < profile->ntasks; t++) {
            const struct query_task *task = &profile->tasks[t];
            assert_int_equal(task->id, 65536 + t);
            assert_true(task->request.count >= 1 && task->request.count <= most);
            for (size_t i = 0; i < task->npoints; i++) {
                const struct point_def *point = task->points[i].point;
                assert_int_equal(point->slave, task->request.unit);
                assert_int_equal(point->function, task->request.function);
                assert_int_equal(task->points[i].offset,
                                 2 * (point->address - task->request.start));
                assert_true(task->points[i].offset + point->type.size <= 2 * task->request.count);
                seen[point->index]++;
            }
        }
        assert_int_equal(profile->npoints, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(seen[i], 1);
        data_config_release(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_with_two_meters_of_one_table),
        cmocka_unit_test(a_profiles_own_table_says_its_slaves),
        cmocka_unit_test(tasks_of_the_file_stay_and_come_first),
        cmocka_unit_test(the_default_profile_plans_by_its_points),
        cmocka_unit_test(coils_are_planned_by_bits),
        cmocka_unit_test(writing),
        cmocka_unit_test(storing_on_change),
        cmocka_unit_test(unknown_devices_are_accepted_unless_it_says_so),
        cmocka_unit_test(a_fault_of_a_shared_table_is_told_once),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(a_relative_path_starts_from_the_file),
        cmocka_unit_test(every_planned_point_is_read_once_where_it_is),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
