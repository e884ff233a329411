/*
 * The examples of lines and devices in docs/configuration.md are for copying: each must load.
 */
#include "shared/config/device_config.h"
#include "tests/unit/shared/config/line_parts.h"

#define DOC "docs/configuration.md"

enum { DOC_MAX = 262144 };

static char *read_doc(void)
{
    char *text = calloc(1, DOC_MAX);
    assert_non_null(text);
    FILE *file = fopen(DOC, "r");
    if (file == NULL)
        fail_msg(DOC " cannot be opened: tests run in the top folder");
    size_t len = fread(text, 1, DOC_MAX - 1, file);
    assert_true(len < DOC_MAX - 1);
    assert_int_equal(fclose(file), 0);
    return text;
}

typedef void (*load_example)(const char *text, size_t len);

static size_t load_examples(const char *fence, load_example load)
{
    char *doc = read_doc(), *at = doc;
    size_t examples = 0;
    while ((at = strstr(at, fence)) != NULL) {
        at += strlen("```yaml\n");
        char *end = strstr(at, "```\n");
        assert_non_null(end);
        load(at, (size_t)(end - at));
        at = end;
        examples++;
    }
    free(doc);
    return examples;
}

static void load_line(const char *text, size_t len)
{
    char *line = strndup(text, len);
    struct link_def link = good_line(line, "config");
    assert_true(link.nregistrations > 0);
    link_config_clear(&link);
    free(line);
}

static void load_devices(const char *text, size_t len)
{
    struct faults faults = {0};
    struct profile profiles[] = {{.name = (char *)"pump_station"}, {.name = (char *)"boiler_room"}};
    struct data_config config = {.profiles = profiles, .nprofiles = 2};
    struct yaml_doc *doc = yaml_doc_parse(DOC, text, len, &faults);
    assert_non_null(doc);
    struct yaml_pair section = yaml_doc_pair(doc, yaml_doc_root(doc), 0);
    const struct settings_reader reader = {.doc = doc, .faults = &faults};
    const struct settings_place place = {section.value, section.key, section.line};
    const struct config_files files = {NULL};
    setenv("PUMP7_SECRET", "s", 1);
    device_config_read(&reader, &place, &files, &config);
    expect_faults(&faults, "");
    device_config_clear(&config);
    yaml_doc_free(doc);
}

static void lines(void **state)
{
    (void)state;
    assert_true(load_examples("```yaml\n# a line\n", load_line) >= 2);
}

static void devices(void **state)
{
    (void)state;
    assert_true(load_examples("```yaml\n# devices\n", load_devices) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
