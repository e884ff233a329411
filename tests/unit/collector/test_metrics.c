#include "collector/metrics.h"
#include "tests/unit/collector/parts.h"

#include <regex.h>

static char *print(const struct metrics *metrics)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    metrics_print(metrics, out);
    fclose(out);
    return text;
}

static void quantiles_are_bounds_of_buckets(void **state)
{
    (void)state;
    struct metrics metrics = {0};
    assert_int_equal(metrics_lateness_quantile(&metrics, 0.99), 0);
    for (int i = 0; i < 98; i++)
        metrics_lateness(&metrics, 1);
    metrics_lateness(&metrics, 6);
    metrics_lateness(&metrics, 150);
    assert_int_equal(metrics_lateness_quantile(&metrics, 0.5), 1);
    assert_int_equal(metrics_lateness_quantile(&metrics, 0.98), 1);
    assert_int_equal(metrics_lateness_quantile(&metrics, 0.99), 10);
    assert_int_equal(metrics_lateness_quantile(&metrics, 1), 200);
    assert_int_equal(metrics_lateness_quantile(&metrics, 0), 0);
    for (int i = 0; i < 1000; i++)
        metrics_lateness(&metrics, 60000);
    assert_int_equal(metrics_lateness_quantile(&metrics, 0.99), 100000); /* over the last bound */
}

static void lateness_falls_into_its_bucket(void **state)
{
    (void)state;
    for (size_t i = 0; i < LATENESS_BUCKETS - 1; i++) {
        struct metrics metrics = {0};
        metrics_lateness(&metrics, metrics_lateness_bounds_ms[i]);
        metrics_lateness(&metrics, (int64_t)metrics_lateness_bounds_ms[i] + 1);
        assert_int_equal(metrics.lateness[i], 1);
        assert_int_equal(metrics.lateness[i + 1], 1);
    }
    struct metrics metrics = {0};
    metrics_lateness(&metrics, -5);
    metrics_lateness(&metrics, 0);
    assert_int_equal(metrics.lateness[0], 2);
    assert_int_equal(metrics.lateness_sum_ms, 0);
}

/* The text format: HELP, then TYPE, then only samples of that name, each a number. */
static void every_line_is_described(void **state)
{
    (void)state;
    struct metrics metrics = {.accepted = 3, .bytes_in = UINT32_MAX * UINT64_C(16)};
    metrics_lateness(&metrics, 4);
    char *text = print(&metrics), *save = NULL;
    char name[128] = "";
    int stage = 2, families = 0;
    regex_t sample;
    assert_int_equal(regcomp(&sample, "^dtuhub_[a-z_]+(\\{le=\"([0-9.]+|\\+Inf)\"\\})? [0-9.e+]+$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char other[128];
        if (sscanf(line, "# HELP %127s", other) == 1) {
            assert_true(stage == 2 && strcmp(name, other) != 0);
            assert_non_null(strchr(line + strlen("# HELP "), ' ')); /* there is a help text */
            strcpy(name, other);
            stage = 0;
            families++;
        } else if (sscanf(line, "# TYPE %127s", other) == 1) {
            assert_int_equal(stage, 0);
            assert_string_equal(other, name);
            stage = 1;
        } else {
            assert_true(stage >= 1);
            assert_int_equal(regexec(&sample, line, 0, NULL, 0), 0);
            assert_memory_equal(line, name, strlen(name));
            stage = 2;
        }
    }
    assert_int_equal(stage, 2);
    assert_true(families > 20);
    regfree(&sample);
    free(text);
}

static void values_are_exact(void **state)
{
    (void)state;
    struct metrics metrics = {.accepted = 3, .bytes_in = UINT64_C(123456789012345)};
    metrics_lateness(&metrics, 4);
    metrics_lateness(&metrics, 40000);
    char *text = print(&metrics);
    assert_non_null(strstr(text, "\ndtuhub_accepted_total 3\n"));
    assert_non_null(strstr(text, "\ndtuhub_bytes_in_total 123456789012345\n"));
    assert_non_null(strstr(text, "_bucket{le=\"0.002\"} 0\n"));
    assert_non_null(strstr(text, "_bucket{le=\"0.005\"} 1\n"));
    assert_non_null(strstr(text, "_bucket{le=\"10\"} 1\n"));
    assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} 2\n"));
    assert_non_null(strstr(text, "_sum 40.004\n"));
    assert_non_null(strstr(text, "_seconds_count 2\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_bounds_of_buckets),
        cmocka_unit_test(lateness_falls_into_its_bucket),
        cmocka_unit_test(every_line_is_described),
        cmocka_unit_test(values_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
