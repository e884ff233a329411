#include "shared/config/yaml_doc.h"

#include "tests/unit/shared/config/expect.h"

#include <sys/stat.h>
#include <unistd.h>

static struct yaml_doc *parse(const char *text, struct faults *faults)
{
    return yaml_doc_parse("t.yml", text, strlen(text), faults);
}

static void walks_pairs_in_order_with_lines(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = parse("b: 1\n\na:\n  c: \"x y\"\n  d: null\n", &faults);
    assert_non_null(doc);
    assert_string_equal(yaml_doc_name(doc), "t.yml");
    const yaml_node_t *root = yaml_doc_root(doc);
    assert_int_equal(yaml_doc_count(root), 2);
    struct yaml_pair first = yaml_doc_pair(doc, root, 0), second = yaml_doc_pair(doc, root, 1);
    assert_string_equal(first.key, "b");
    assert_int_equal(first.line, 1);
    assert_string_equal(yaml_node_text(first.value), "1");
    assert_string_equal(second.key, "a");
    assert_int_equal(second.line, 3);
    assert_null(yaml_node_text(second.value));
    assert_int_equal(yaml_doc_count(second.value), 2);
    struct yaml_pair inner = yaml_doc_pair(doc, second.value, 0);
    assert_string_equal(yaml_node_text(inner.value), "x y");
    assert_int_equal(yaml_node_line(inner.value), 4);
    yaml_doc_free(doc);
    assert_int_equal(faults.count, 0);
}

static void knows_what_is_null(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc =
        parse("a: null\nb: ~\nc:\nd: NULL\ne: \"null\"\nf: \"\"\ng: 0\nh: {}\n", &faults);
    static const bool null[] = {true, true, true, true, false, false, false, false};
    for (size_t i = 0; i < 8; i++) {
        struct yaml_pair pair = yaml_doc_pair(doc, yaml_doc_root(doc), i);
        assert_int_equal(yaml_node_is_null(pair.value), null[i]);
    }
    yaml_doc_free(doc);
}

static void counts_nothing_in_what_is_no_section(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = parse("[1, 2]", &faults);
    assert_int_equal(yaml_doc_count(yaml_doc_root(doc)), 0);
    assert_int_equal(yaml_doc_count(NULL), 0);
    yaml_doc_free(doc);
    yaml_doc_free(NULL);
}

static void a_repeated_key_is_reported_and_taken_out(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = parse("a: 1\nb: 2\na: 3\na: 4\nc: {d: 1, d: 2}\n", &faults);
    assert_non_null(doc);
    const yaml_node_t *root = yaml_doc_root(doc);
    assert_int_equal(yaml_doc_count(root), 3);
    assert_string_equal(yaml_node_text(yaml_doc_pair(doc, root, 0).value), "1");
    assert_string_equal(yaml_doc_pair(doc, root, 1).key, "b");
    struct yaml_pair last = yaml_doc_pair(doc, root, 2);
    assert_int_equal(yaml_doc_count(last.value), 1);
    yaml_doc_free(doc);
    expect_faults(&faults,
                  "t.yml:3: key \"a\" is here for the second time (first in line 1): leave one of "
                  "them\n"
                  "t.yml:4: key \"a\" is here for the second time (first in line 1): leave one of "
                  "them\n"
                  "t.yml:5: key \"d\" is here for the second time (first in line 5): leave one of "
                  "them\n");
}

/* An alias can name what holds it: such a document must never be walked. */
static void refuses_aliases(void **state)
{
    (void)state;
    struct faults faults = {0};
    assert_null(parse("a: &x {b: *x}\n", &faults));
    assert_int_equal(faults.count, 2);
    faults_clear(&faults);
}

static void refuses_depth_without_recursion(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    char *text = malloc(DEEP);
    assert_non_null(text);
    memset(text, '[', DEEP);
    struct faults faults = {0};
    assert_null(yaml_doc_parse("t.yml", text, DEEP, &faults));
    expect_faults(&faults, "t.yml:1: nested deeper than 16 levels: no setting lies that deep\n");
    free(text);
}

static void sixteen_levels_are_the_limit(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = parse("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", &faults);
    assert_non_null(doc);
    yaml_doc_free(doc);
    assert_null(parse("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", &faults));
    faults_clear(&faults);
}

static void refuses_a_large_file(void **state)
{
    (void)state;
    char *text = calloc(1, YAML_DOC_MAX_SIZE + 1);
    assert_non_null(text);
    memset(text, ' ', YAML_DOC_MAX_SIZE + 1);
    struct faults faults = {0};
    assert_null(yaml_doc_parse("t.yml", text, YAML_DOC_MAX_SIZE + 1, &faults));
    expect_faults(&faults, "t.yml:0: larger than 4 MiB: this is no configuration file\n");
    free(text);
}

static void accepts_a_byte_order_mark_and_crlf(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = parse("\xef\xbb\xbf"
                                 "a: 1\r\nb: 2\r\n",
                                 &faults);
    assert_non_null(doc);
    struct yaml_pair pair = yaml_doc_pair(doc, yaml_doc_root(doc), 1);
    assert_string_equal(pair.key, "b");
    assert_string_equal(yaml_node_text(pair.value), "2");
    assert_int_equal(pair.line, 2);
    yaml_doc_free(doc);
}

static void loads_files_and_names_what_is_none(void **state)
{
    (void)state;
    char folder[] = "/tmp/dtuhub-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a.yml", folder);
    struct faults faults = {0};
    assert_null(yaml_doc_load(path, &faults));
    assert_non_null(strstr(faults.items[0].message, "No such file or directory"));
    assert_null(yaml_doc_load(folder, &faults));
    assert_non_null(strstr(faults.items[1].message, "not a regular file"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(yaml_doc_load(path, &faults)); /* and it returns */
    assert_non_null(strstr(faults.items[2].message, "not a regular file"));
    faults_clear(&faults);
    unlink(path);

    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("a: 1\n", file);
    fclose(file);
    struct yaml_doc *doc = yaml_doc_load(path, &faults);
    assert_non_null(doc);
    assert_string_equal(yaml_doc_name(doc), path);
    yaml_doc_free(doc);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_pairs_in_order_with_lines),
        cmocka_unit_test(knows_what_is_null),
        cmocka_unit_test(counts_nothing_in_what_is_no_section),
        cmocka_unit_test(a_repeated_key_is_reported_and_taken_out),
        cmocka_unit_test(refuses_aliases),
        cmocka_unit_test(refuses_depth_without_recursion),
        cmocka_unit_test(sixteen_levels_are_the_limit),
        cmocka_unit_test(refuses_a_large_file),
        cmocka_unit_test(accepts_a_byte_order_mark_and_crlf),
        cmocka_unit_test(loads_files_and_names_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
