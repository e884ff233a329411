#include "collector/store/names.h"
#include "tests/unit/collector/parts.h"

#include <pthread.h>

static struct point_def point(const char *name)
{
    return (struct point_def){.name = (char *)name,
                              .unit = (char *)"V",
                              .type = {.kind = REG_FLOAT, .size = 4},
                              .address = 5,
                              .decimals = -1};
}

static void devices_are_counted_as_they_appear(void **state)
{
    (void)state;
    struct names *names = names_new();
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            char id[16];
            snprintf(id, sizeof(id), "%u", i * 3);
            assert_int_equal(names_device(names, id), i);
        }
    }
    char *id = names_get_device(names, 2999);
    assert_string_equal(id, "8997");
    free(id);
    assert_null(names_get_device(names, 3000));
    names_free(names);
    names_free(NULL);
}

static void points_are_known_by_profile_and_name(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct point_def a = point("a"), bc = point("bc"), c = point("c");
    struct point_name known;
    assert_int_equal(names_point(names, "default", &a), 0);
    assert_int_equal(names_point(names, "other", &a), 1);
    assert_int_equal(names_point(names, "a", &bc), 2);
    assert_int_equal(names_point(names, "ab", &c), 3); /* not the same as a, bc */
    assert_int_equal(names_point(names, "default", &a), 0);
    assert_int_equal(names_get_point(names, 1, &known), 0);
    assert_string_equal(known.profile, "other");
    assert_string_equal(known.name, "a");
    assert_string_equal(known.unit, "V");
    assert_string_equal(known.kind, "float");
    assert_int_equal(known.address, 5);
    assert_int_equal(known.decimals, -1);
    names_point_clear(&known);
    assert_int_equal(names_get_point(names, 4, &known), -1);
    names_free(names);
}

static void a_new_description_is_a_new_revision(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct point_def a = point("a");
    struct point_name known;
    names_point(names, "default", &a);
    assert_int_equal(names_revision(names), 0);
    names_point(names, "default", &a);
    assert_int_equal(names_revision(names), 0);
    a.unit = (char *)"kV";
    assert_int_equal(names_point(names, "default", &a), 0);
    assert_int_equal(names_revision(names), 1);
    a.type.kind = REG_INT;
    names_point(names, "default", &a);
    a.address = 6;
    names_point(names, "default", &a);
    a.decimals = 2;
    names_point(names, "default", &a);
    assert_int_equal(names_revision(names), 4);
    names_get_point(names, 0, &known);
    assert_string_equal(known.unit, "kV");
    assert_string_equal(known.kind, "int");
    names_point_clear(&known);
    names_free(names);
}

static void a_device_may_be_described(void **state)
{
    (void)state;
    struct names *names = names_new();
    struct device_name known;
    uint32_t ref = names_device(names, "1001");
    assert_int_equal(names_get_device_name(names, ref, &known), -1);
    names_describe_device(names, 7, "x", "y", "z"); /* no such device */
    names_describe_device(names, ref, "Boiler", "heat,east", "usr");
    assert_int_equal(names_get_device_name(names, ref, &known), 0);
    assert_string_equal(known.name, "Boiler");
    assert_string_equal(known.tags, "heat,east");
    assert_string_equal(known.profile, "usr");
    unsigned revision = known.revision;
    names_device_clear(&known);
    names_describe_device(names, ref, "Boiler", "heat,east", "usr");
    names_get_device_name(names, ref, &known);
    assert_int_equal(known.revision, revision);
    names_device_clear(&known);
    names_describe_device(names, ref, "Boiler", "", "usr");
    names_get_device_name(names, ref, &known);
    assert_int_not_equal(known.revision, revision);
    assert_string_equal(known.tags, "");
    names_device_clear(&known);
    names_free(names);
}

static void *read_names(void *cookie)
{
    struct names *names = cookie;
    for (uint32_t ref = 0; ref < 5000;) {
        char *id = names_get_device(names, ref);
        if (id == NULL)
            continue;
        assert_int_equal(strtoul(id, NULL, 10), ref);
        free(id);
        ref++;
    }
    return NULL;
}

static void one_thread_adds_and_another_reads(void **state)
{
    (void)state;
    struct names *names = names_new();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_names, names), 0);
    for (uint32_t i = 0; i < 5000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%u", i);
        names_device(names, id);
    }
    pthread_join(thread, NULL);
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_counted_as_they_appear),
        cmocka_unit_test(points_are_known_by_profile_and_name),
        cmocka_unit_test(a_new_description_is_a_new_revision),
        cmocka_unit_test(a_device_may_be_described),
        cmocka_unit_test(one_thread_adds_and_another_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
