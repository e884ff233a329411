/*
 * The section reader on a table of its own, and what must hold for every table that the product
 * has.
 */
#include "shared/config/settings.h"

#include "shared/config/data_draft.h"
#include "shared/config/device_draft.h"
#include "shared/config/link_draft.h"
#include "shared/config/profile_config.h"
#include "shared/config/rule_draft.h"
#include "shared/config/server_config.h"
#include "shared/config/server_tables.h"
#include "shared/config/setting_value.h"
#include "shared/config/webhook_draft.h"
#include "tests/unit/shared/config/expect.h"

struct example {
    char *name;
    uint32_t count;
    int64_t wait_ms;
    const yaml_node_t *more;
};

static const struct setting example_settings[] = {
    {.path = "example.name",
     .offset = offsetof(struct example, name),
     .type = SETTING_STRING,
     .required = true,
     .min = 1,
     .help = "a name"},
    {.path = "example.count",
     .offset = offsetof(struct example, count),
     .type = SETTING_UINT,
     .def = "5",
     .max = 9,
     .help = "a count"},
    {.path = "example.wait",
     .offset = offsetof(struct example, wait_ms),
     .type = SETTING_SECONDS,
     .def = "1.5",
     .max = 9,
     .reload = true,
     .help = "a wait"},
    {.path = "example.more",
     .offset = offsetof(struct example, more),
     .type = SETTING_BLOCK,
     .help = "more"},
};
static const struct settings_table example_table = {example_settings, 4};

struct outcome {
    struct example example;
    unsigned lines[4];
    struct faults faults;
    int result;
};

static struct outcome read_example(const char *text, bool expand_env)
{
    struct outcome outcome = {0};
    struct yaml_doc *doc = yaml_doc_parse("t.yml", text, strlen(text), &outcome.faults);
    assert_non_null(doc);
    const struct settings_reader reader = {doc, &outcome.faults, expand_env};
    const struct settings_place place = {yaml_doc_root(doc), "example", 1};
    outcome.result =
        settings_read(&reader, &place, &example_table, &outcome.example, outcome.lines);
    yaml_doc_free(doc);
    return outcome;
}

static void gives_values_defaults_and_lines(void **state)
{
    (void)state;
    struct outcome outcome = read_example("wait: 2\nname: x\ncount: null\n", false);
    assert_int_equal(outcome.result, 0);
    assert_string_equal(outcome.example.name, "x");
    assert_int_equal(outcome.example.count, 5);
    assert_int_equal(outcome.example.wait_ms, 2000);
    assert_null(outcome.example.more);
    const unsigned lines[] = {2, 0, 1, 0};
    assert_memory_equal(outcome.lines, lines, sizeof(lines));
    settings_free(&example_table, &outcome.example);
}

static void a_field_in_fault_holds_its_default_and_the_rest_is_read(void **state)
{
    (void)state;
    struct outcome outcome = read_example("count: 10\nname: [x]\nwait: 3\nmore: 1\n", false);
    assert_int_equal(outcome.result, -1);
    assert_null(outcome.example.name);
    assert_int_equal(outcome.example.count, 5);
    assert_int_equal(outcome.example.wait_ms, 3000);
    expect_faults(&outcome.faults,
                  "t.yml:1: example.count: \"10\" is not a whole number from 0 to 9\n"
                  "t.yml:2: example.name takes one value, not a section or a list: write \"name: "
                  "value\" in one line\n"
                  "t.yml:4: example.more is a section: write its keys below it, indented (more)\n");
    settings_free(&example_table, &outcome.example);
}

static void unknown_keys_name_the_nearest_or_all(void **state)
{
    (void)state;
    struct outcome outcome = read_example("name: x\nconut: 1\nzzz: 1\n", false);
    expect_faults(&outcome.faults,
                  "t.yml:2: unknown key \"conut\" in example: did you mean \"count\"?\n"
                  "t.yml:3: unknown key \"zzz\" in example: the keys here are name, count, wait, "
                  "more\n");
    settings_free(&example_table, &outcome.example);
}

static void variables_are_for_those_who_ask(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_A", "7", 1);
    struct outcome outcome =
        read_example("name: n${DTUHUB_TEST_A}\ncount: ${DTUHUB_TEST_A}\n", true);
    assert_int_equal(outcome.result, 0);
    assert_string_equal(outcome.example.name, "n7");
    assert_int_equal(outcome.example.count, 7);
    settings_free(&example_table, &outcome.example);
    outcome = read_example("name: n${DTUHUB_TEST_A}\n", false);
    assert_string_equal(outcome.example.name, "n${DTUHUB_TEST_A}");
    settings_free(&example_table, &outcome.example);
}

static void an_overlay_keeps_what_is_not_given(void **state)
{
    (void)state;
    struct outcome outcome = read_example("name: x\ncount: 7\n", false);
    const char text[] = "wait: 3\ncount: null\n";
    struct yaml_doc *doc = yaml_doc_parse("u.yml", text, strlen(text), &outcome.faults);
    const struct settings_reader reader = {doc, &outcome.faults, false};
    const struct settings_place place = {yaml_doc_root(doc), "example", 1};
    assert_int_equal(
        settings_overlay(&reader, &place, &example_table, &outcome.example, outcome.lines), 0);
    assert_string_equal(outcome.example.name, "x");
    assert_int_equal(outcome.example.count, 7);
    assert_int_equal(outcome.example.wait_ms, 3000);
    const unsigned lines[] = {1, 2, 1, 0};
    assert_memory_equal(outcome.lines, lines, sizeof(lines));
    yaml_doc_free(doc);
    settings_free(&example_table, &outcome.example);
}

/* Where a section takes no variables its secret still does, and is not shown. */
static void a_secret_always_takes_a_variable(void **state)
{
    (void)state;
    struct secret_example {
        char *secret;
    } example = {0};
    static const struct setting setting = {
        .path = "e.secret", .type = SETTING_SECRET, .min = 1, .max = 4, .help = "a secret"};
    static const struct settings_table table = {&setting, 1};
    struct faults faults = {0};
    setenv("DTUHUB_TEST_A", "key", 1);
    const char text[] = "secret: ${DTUHUB_TEST_A}\n";
    struct yaml_doc *doc = yaml_doc_parse("t.yml", text, strlen(text), &faults);
    const struct settings_reader reader = {doc, &faults, false};
    const struct settings_place place = {yaml_doc_root(doc), "e", 1};
    assert_int_equal(settings_read(&reader, &place, &table, &example, NULL), 0);
    assert_string_equal(example.secret, "key");
    setenv("DTUHUB_TEST_A", "hidden", 1);
    assert_int_equal(settings_read(&reader, &place, &table, &example, NULL), -1);
    expect_faults(&faults, "t.yml:1: e.secret: too long, 6 bytes: 4 at the most\n");
    settings_free(&table, &example);
    yaml_doc_free(doc);
}

static void compares_and_finds(void **state)
{
    (void)state;
    struct example a = {.count = 1, .wait_ms = 1}, b = {.count = 1, .wait_ms = 2};
    assert_true(settings_equal(&example_settings[1], &a, &b));
    assert_false(settings_equal(&example_settings[2], &a, &b));
    assert_string_equal(settings_nearest(&example_table, "nmae"), "name");
    assert_null(settings_nearest(&example_table, "quite another"));
}

static void prints_a_row_for_each_key(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_reference(&example_table, true, out);
    fclose(out);
    assert_string_equal(text,
                        "| key | value | default | reload | what it says |\n"
                        "| --- | --- | --- | --- | --- |\n"
                        "| `name` | text of 1 to 255 bytes | **required** | restart | a name |\n"
                        "| `count` | whole number, 0 to 9 | `5` | restart | a count |\n"
                        "| `wait` | seconds, 0 to 9 | `1.5` | yes | a wait |\n"
                        "| `more` | section | none | restart | more |\n");
    free(text);
}

static void check_setting(const struct setting *setting, void *base)
{
    assert_non_null(setting->help);
    assert_true(strlen(setting->help) > 10);
    assert_null(strchr(setting->help, '\n'));
    assert_null(strchr(setting->help, '|')); /* it stands in a Markdown table */
    assert_false(setting->required && setting->def != NULL);
    assert_int_equal(setting->type == SETTING_CHOICE, setting->choices != NULL);
    if (setting->type == SETTING_UINT || setting->type == SETTING_SECONDS)
        assert_true(setting->min < setting->max);
    if (setting->def == NULL)
        return;
    void *field = (char *)base + setting->offset;
    char *problem = setting_value_parse(setting, setting->def, setting->def, field);
    if (problem != NULL)
        fail_msg("%s: its own default: %s", setting->path, problem);
    setting_value_free(setting, field);
}

static void check_table(const struct settings_table *table, const char *prefix, void *base)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        size_t len = strlen(prefix);
        assert_memory_equal(setting->path, prefix, len);
        assert_ptr_equal(setting_key(setting), setting->path + len);
        check_setting(setting, base);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(setting->path, table->settings[k].path);
            assert_int_not_equal(setting->offset, table->settings[k].offset);
        }
    }
}

static void the_tables_of_a_line_are_sound(void **state)
{
    (void)state;
    struct line_draft line = {0};
    struct token_draft token = {0};
    struct slice_draft slice = {0};
    struct reply_draft reply = {0};
    struct device_draft device = {0};
    assert_int_equal(line_table.count, LINE_KEYS);
    assert_int_equal(registration_table.count, REG_KEYS);
    assert_int_equal(timing_table.count, TIMING_KEYS);
    assert_int_equal(slice_table.count, SLICE_KEYS);
    assert_int_equal(device_table.count, DEVICE_KEYS);
    check_table(&line_table, "line.", &line);
    check_table(&registration_table, "line.registration.", &line);
    check_table(&heartbeat_table, "line.heartbeat.", &line);
    check_table(&timing_table, "line.timing.", &line);
    for (size_t i = 0; i < TOKEN_KINDS; i++) {
        assert_true(token_tables[i].count <= TOKEN_KEYS_MAX);
        check_table(&token_tables[i], "line.PACKET.", &token);
    }
    check_table(&slice_table, "line.PACKET.SLICE.", &slice);
    check_table(&reply_table, "line.PACKET.reply.", &reply);
    check_table(&device_table, "devices.ID.", &device);
}

static void the_tables_of_the_product_are_sound(void **state)
{
    (void)state;
    struct server_config config = {0};
    for (size_t i = 0; i < server_tables_count; i++) {
        char prefix[32];
        snprintf(prefix, sizeof(prefix), "%s.", server_tables[i].name);
        check_table(&server_tables[i].table, prefix, &config);
    }
    struct webhook_draft target = {0};
    assert_int_equal(webhook_target_table.count, TARGET_KEYS);
    check_table(&webhook_target_table, "webhooks.targets.NAME.", &target);
    check_table(&webhook_batch_table, "webhooks.targets.NAME.batch.", &target);
    struct draft_task task = {0};
    struct draft_point point = {0};
    struct bits_block bits = {0};
    assert_int_equal(task_table.count, TASK_KEYS);
    assert_int_equal(point_table.count, POINT_KEYS);
    check_table(&task_table, "query_tasks.ID.", &task);
    check_table(&point_table, "data_points.ADDRESS.", &point);
    check_table(&bits_table, "data_points.ADDRESS.bits.", &bits);
    struct profile_block profile = {0};
    struct draft_poll poll = {0};
    struct draft_slave slave = {0};
    struct data_config top = {0};
    assert_int_equal(profile_table.count, PROFILE_KEYS);
    assert_int_equal(slave_table.count, SLAVE_KEYS);
    check_table(&profile_table, "profiles.NAME.", &profile);
    check_table(&poll_table, "profiles.NAME.poll.", &poll);
    check_table(&slave_table, "profiles.NAME.slaves.UNIT.", &slave);
    check_table(&top_table, "", &top);
    struct rule_draft rule = {0};
    assert_int_equal(rule_table.count, RULE_KEYS);
    check_table(&rule_table, "rules.NAME.", &rule);
    check_table(&rule_message_table, "rules.NAME.message.", &rule);
    check_table(&rule_limit_table, "rules.NAME.limit.", &rule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_values_defaults_and_lines),
        cmocka_unit_test(a_field_in_fault_holds_its_default_and_the_rest_is_read),
        cmocka_unit_test(unknown_keys_name_the_nearest_or_all),
        cmocka_unit_test(variables_are_for_those_who_ask),
        cmocka_unit_test(an_overlay_keeps_what_is_not_given),
        cmocka_unit_test(a_secret_always_takes_a_variable),
        cmocka_unit_test(compares_and_finds),
        cmocka_unit_test(prints_a_row_for_each_key),
        cmocka_unit_test(the_tables_of_a_line_are_sound),
        cmocka_unit_test(the_tables_of_the_product_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
