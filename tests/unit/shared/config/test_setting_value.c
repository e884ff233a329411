#include "shared/config/setting_value.h"

#include "tests/unit/shared/config/expect.h"

static void accepts(const struct setting *setting, const char *text, void *field)
{
    char *problem = setting_value_parse(setting, text, text, field);
    if (problem != NULL)
        fail_msg("\"%s\": %s", text, problem);
}

static void refuses(const struct setting *setting, const char *text, void *field)
{
    char *problem = setting_value_parse(setting, text, text, field);
    if (problem == NULL)
        fail_msg("\"%s\" was accepted", text);
    free(problem);
}

static void whole_numbers(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_UINT, .min = 2, .max = 70000};
    uint32_t value = 7;
    const char *const wrong[] = {"",    "1",   "70001", "-2",          "+2",   "2.0",
                                 "2 ",  " 2",  "0x",    "4294967298",  "010",  "0x100000002",
                                 "two", "2e3", "1_0",   "99999999999", "0b10", "\xd9\xa3"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        refuses(&setting, wrong[i], &value);
    assert_int_equal(value, 7);
    accepts(&setting, "2", &value);
    assert_int_equal(value, 2);
    accepts(&setting, "70000", &value);
    assert_int_equal(value, 70000);
    accepts(&setting, "0x07D0", &value);
    assert_int_equal(value, 2000);
}

static void the_largest_whole_number(void **state)
{
    (void)state;
    uint32_t value = 0;
    assert_int_equal(settings_parse_uint("4294967295", &value), 0);
    assert_true(value == UINT32_MAX);
    assert_int_equal(settings_parse_uint("0xffffffff", &value), 0);
    assert_true(value == UINT32_MAX);
    assert_int_equal(settings_parse_uint("4294967296", &value), -1);
    assert_int_equal(settings_parse_uint("0", &value), 0);
    assert_int_equal(value, 0);
}

static void ports(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_PORT};
    struct {
        uint16_t port, behind;
    } field = {0, 0xabcd};
    refuses(&setting, "0", &field.port);
    refuses(&setting, "65536", &field.port);
    accepts(&setting, "65535", &field.port);
    assert_int_equal(field.port, 65535);
    assert_int_equal(field.behind, 0xabcd);
}

static void seconds_become_milliseconds(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_SECONDS, .min = 0.1, .max = 60};
    int64_t value = 0;
    static const struct {
        const char *text;
        int64_t ms;
    } right[] = {{"60", 60000}, {"0.1", 100}, {"30.0", 30000}, {"1e1", 10000}, {"0.2999", 300}};
    for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
        accepts(&setting, right[i].text, &value);
        assert_int_equal(value, right[i].ms);
    }
    const char *const wrong[] = {"",    "0.09", "60.1", "nan", ".inf",  "inf", "0x10",
                                 "1 s", "-1",   "1,5",  "1e",  "1e999", "--1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        refuses(&setting, wrong[i], &value);
}

static void numbers(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_NUMBER, .min = -1e9, .max = 1e9};
    double value = 0;
    accepts(&setting, "-0.01", &value);
    assert_true(value == -0.01);
    refuses(&setting, "1e10", &value);
    refuses(&setting, "1/10", &value);
}

static void booleans(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_BOOL};
    bool value = false;
    accepts(&setting, "true", &value);
    assert_true(value);
    accepts(&setting, "Off", &value);
    assert_false(value);
    accepts(&setting, "yes", &value);
    assert_true(value);
    refuses(&setting, "1", &value);
    refuses(&setting, "", &value);
}

static void texts(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_STRING, .min = 1, .max = 8};
    char *value = NULL;
    accepts(&setting, "12345678", &value);
    accepts(&setting, "m\xc2\xb3/h", &value); /* the former text is freed */
    assert_string_equal(value, "m\xc2\xb3/h");
    accepts(&setting, "a\\b", &value);
    refuses(&setting, "123456789", &value);
    refuses(&setting, "", &value);
    refuses(&setting, "a\tb", &value);
    refuses(&setting, "a\nb", &value);
    assert_string_equal(value, "a\\b");
    setting_value_free(&setting, &value);
    assert_null(value);
}

static void an_empty_path_or_url_is_none(void **state)
{
    (void)state;
    const struct setting path = {.path = "s.k", .type = SETTING_PATH};
    const struct setting url = {.path = "s.k", .type = SETTING_URL};
    char *value = NULL;
    accepts(&path, "/run/a.sock", &value);
    accepts(&path, "", &value);
    assert_null(value);
    accepts(&url, "http://host.example:81/a?b=c", &value);
    accepts(&url, "https://[::1]/", &value);
    refuses(&url, "host.example/a", &value);
    refuses(&url, "file:///etc/passwd", &value);
    refuses(&url, "gopher://host/", &value);
    refuses(&url, "http://", &value);
    refuses(&url, "http://a b/", &value);
    accepts(&url, "", &value);
    assert_null(value);
}

static void addresses(void **state)
{
    (void)state;
    const struct setting setting = {.path = "s.k", .type = SETTING_ADDRESS};
    char *value = NULL;
    accepts(&setting, "0.0.0.0", &value);
    accepts(&setting, "::1", &value);
    refuses(&setting, "localhost", &value);
    refuses(&setting, "10.0.0.256", &value);
    refuses(&setting, "", &value);
    setting_value_free(&setting, &value);
}

static void choices(void **state)
{
    (void)state;
    static const char *const names[] = {"timer", "heartbeat", NULL};
    const struct setting setting = {.path = "s.k", .type = SETTING_CHOICE, .choices = names};
    int value = 0;
    accepts(&setting, "heartbeat", &value);
    assert_int_equal(value, 1);
    refuses(&setting, "Heartbeat", &value);
    refuses(&setting, "", &value);
}

/* What a message quotes is what the file says, not what the environment put in its place. */
static void a_message_never_shows_the_expanded_text(void **state)
{
    (void)state;
    static const char *const names[] = {"a", NULL};
    static const enum setting_type types[] = {SETTING_SECRET,  SETTING_URL,    SETTING_ADDRESS,
                                              SETTING_BOOL,    SETTING_UINT,   SETTING_PORT,
                                              SETTING_SECONDS, SETTING_NUMBER, SETTING_CHOICE};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        const struct setting setting = {
            .path = "s.k", .type = types[i], .max = 5, .choices = names};
        uint64_t field = 0;
        char *problem = setting_value_parse(&setting, "correct horse", "${A}", &field);
        assert_non_null(problem);
        assert_null(strstr(problem, "horse"));
        free(problem);
    }
}

static void equality(void **state)
{
    (void)state;
    const struct setting text = {.path = "s.k", .type = SETTING_STRING};
    const char *a = "x", *none = NULL;
    char other[] = "x";
    const char *b = other;
    assert_true(setting_value_equal(&text, &a, &b));
    assert_false(setting_value_equal(&text, &a, &none));
    assert_true(setting_value_equal(&text, &none, &none));
    const struct setting port = {.path = "s.k", .type = SETTING_PORT};
    uint16_t one[] = {1, 2}, two[] = {1, 3}; /* only the field counts, not what is behind it */
    assert_true(setting_value_equal(&port, one, two));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(the_largest_whole_number),
        cmocka_unit_test(ports),
        cmocka_unit_test(seconds_become_milliseconds),
        cmocka_unit_test(numbers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(texts),
        cmocka_unit_test(an_empty_path_or_url_is_none),
        cmocka_unit_test(addresses),
        cmocka_unit_test(choices),
        cmocka_unit_test(a_message_never_shows_the_expanded_text),
        cmocka_unit_test(equality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
