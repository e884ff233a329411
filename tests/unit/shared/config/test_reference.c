/*
 * docs/configuration.md holds the reference that the checker's own tables print, between two marks
 * for each file. DTUHUB_UPDATE_DOCS=1 writes it there; without that a reference that is out of date
 * fails.
 */
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"
#include "tests/unit/shared/config/example_folder.h"
#include "tests/unit/shared/config/expect.h"

#define DOC "docs/configuration.md"

enum { DOC_MAX = 262144 };

typedef void (*print_reference)(FILE *out);

static char *printed(print_reference print)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static char *read_doc(const char *path)
{
    char *text = calloc(1, DOC_MAX);
    assert_non_null(text);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s cannot be opened: tests run in the top folder", path);
    size_t len = fread(text, 1, DOC_MAX - 1, file);
    assert_true(len < DOC_MAX - 1);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void write_doc(const char *head, size_t head_len, const char *middle, const char *tail)
{
    FILE *file = fopen(DOC, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, head_len, file), head_len);
    fputs(middle, file);
    fputs(tail, file);
    assert_int_equal(fclose(file), 0);
}

static void check_block(const char *name, print_reference print)
{
    char first[96], last[96];
    snprintf(first, sizeof(first), "<!-- reference of %s: begin -->\n", name);
    snprintf(last, sizeof(last), "<!-- reference of %s: end -->\n", name);
    char *doc = read_doc(DOC), *expected = printed(print);
    char *begin = strstr(doc, first), *end = strstr(doc, last);
    if (begin == NULL || end == NULL || end < begin)
        fail_msg(DOC " has lost the marks %s and %s", first, last);
    begin += strlen(first);
    if (getenv("DTUHUB_UPDATE_DOCS") != NULL) {
        write_doc(doc, (size_t)(begin - doc), expected, end);
    } else if (strlen(expected) != (size_t)(end - begin) ||
               memcmp(begin, expected, strlen(expected)) != 0) {
        fail_msg("the reference of %s in " DOC " is out of date: run this test once with "
                 "DTUHUB_UPDATE_DOCS=1 in the environment",
                 name);
    }
    free(doc);
    free(expected);
}

static void server_config_is_documented(void **state)
{
    (void)state;
    check_block("server_config.yml", server_config_reference);
}

static void data_config_is_documented(void **state)
{
    (void)state;
    check_block("data_config.yml", data_config_reference);
}

/* The examples of the pages are for copying: each must load. Return how many there are. */
static size_t load_data_examples(const char *path)
{
    char *doc = read_doc(path), *at = doc;
    const char fence[] = "```yaml\n# data_config.yml";
    size_t examples = 0;
    struct example_folder folder;
    example_folder_open(&folder);
    while ((at = strstr(at, fence)) != NULL) {
        at += strlen("```yaml\n");
        char *end = strstr(at, "```\n");
        assert_non_null(end);
        struct faults faults = {0};
        struct data_config *config = example_folder_load(&folder, at, (size_t)(end - at), &faults);
        expect_faults(&faults, "");
        data_config_release(config);
        at = end;
        examples++;
    }
    example_folder_close(&folder);
    free(doc);
    return examples;
}

static void examples_load(void **state)
{
    (void)state;
    assert_true(load_data_examples(DOC) >= 3);
    assert_true(load_data_examples("docs/rules.md") >= 1);
}

static void examples_of_webhooks_load(void **state)
{
    (void)state;
    static const char *const variables[] = {"DTUHUB_OPS_SECRET", "DTUHUB_DINGTALK_TOKEN",
                                            "DTUHUB_DINGTALK_SECRET", "DTUHUB_WAREHOUSE_TOKEN"};
    char *doc = read_doc("docs/webhooks.md"), *at = doc;
    size_t examples = 0;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        setenv(variables[i], "x", 1);
    while ((at = strstr(at, "```yaml\nwebhooks:")) != NULL) {
        at += strlen("```yaml\n");
        char *end = strstr(at, "```\n"), *text = NULL;
        assert_non_null(end);
        assert_true(asprintf(&text, "mysql: {user: a}\n%.*s", (int)(end - at), at) > 0);
        struct faults faults = {0};
        struct server_config *config =
            server_config_parse("server_config.yml", text, strlen(text), &faults);
        expect_faults(&faults, "");
        server_config_free(config);
        free(text);
        at = end;
        examples++;
    }
    assert_true(examples >= 4);
    free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_config_is_documented),
        cmocka_unit_test(data_config_is_documented),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(examples_of_webhooks_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
