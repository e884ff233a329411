#include "collector/metrics_profiles.h"
#include "shared/base/version.h"
#include "tests/unit/collector/parts.h"

static char *print(const struct profile_table *table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    metrics_profiles_print(table, out);
    metrics_build_print(out);
    fclose(out);
    return text;
}

static void counts_are_found_by_name(void **state)
{
    (void)state;
    struct profile_table table = {0};
    struct profile_counts *pumps = profile_table_get(&table, "pumps");
    assert_ptr_not_equal(profile_table_get(&table, "pump"), pumps);
    pumps->polls = 7;
    assert_ptr_equal(profile_table_get(&table, "pumps"), pumps);
    assert_int_equal(profile_table_get(&table, "pumps")->polls, 7);
    assert_null(profile_table_get(NULL, "pumps"));
    profile_table_clear(&table);
    assert_int_equal(profile_table_get(&table, "pumps")->polls, 0);
    profile_table_clear(&table);
}

static void each_profile_has_its_samples(void **state)
{
    (void)state;
    struct profile_table table = {0};
    profile_table_get(&table, "a")->polls = 3;
    profile_table_get(&table, "b")->lines = UINT64_C(12345678901234567);
    char *text = print(&table);
    assert_non_null(strstr(text, "# TYPE dtuhub_profile_polls_total counter\n"
                                 "dtuhub_profile_polls_total{profile=\"a\"} 3\n"
                                 "dtuhub_profile_polls_total{profile=\"b\"} 0\n"));
    assert_non_null(strstr(text, "\ndtuhub_profile_lines{profile=\"b\"} 12345678901234567\n"));
    assert_non_null(strstr(text, "\ndtuhub_build_info{version=\"" DTUHUB_VERSION "\"} 1\n"));
    free(text);
    profile_table_clear(&table);
}

static void label_values_are_escaped(void **state)
{
    (void)state;
    struct profile_table table = {0};
    profile_table_get(&table, "say \"hi\"\\\nvälue\t{}");
    char *text = print(&table);
    assert_non_null(
        strstr(text, "\ndtuhub_profile_lines{profile=\"say \\\"hi\\\"\\\\\\nvälue\t{}\"} 0\n"));
    free(text);
    profile_table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_found_by_name),
        cmocka_unit_test(each_profile_has_its_samples),
        cmocka_unit_test(label_values_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
