#include "webapp/i18n.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Every key of ${a} is one of ${b}, of the same type. */
static void within(struct json_object *a, struct json_object *b)
{
    json_object_object_foreach(a, key, value)
    {
        struct json_object *other = NULL;
        if (!json_object_object_get_ex(b, key, &other))
            fail_msg("only one catalogue has the key %s", key);
        assert_int_equal(json_object_get_type(value), json_object_get_type(other));
        if (json_object_is_type(value, json_type_object))
            within(value, other);
    }
}

static void catalogues_have_the_same_keys(void **state)
{
    (void)state;
    struct i18n i18n;
    char error[256];
    assert_int_equal(i18n_load(&i18n, "templates", error, sizeof(error)), 0);
    within(i18n.catalogues[LANG_ZH], i18n.catalogues[LANG_EN]);
    within(i18n.catalogues[LANG_EN], i18n.catalogues[LANG_ZH]);
    char *text = i18n_format(&i18n, LANG_EN, "devices.summary",
                             (const struct i18n_value[]){
                                 {"from", "1"}, {"to", "{total}"}, {"total", "9"}, {NULL, NULL}});
    assert_string_equal(text, "1\xe2\x80\x93{total} of 9");
    free(text);
    assert_string_equal(i18n_text(&i18n, LANG_EN, "no.such"), "no.such");
    i18n_free(&i18n);
}

static void the_viewers_language_is_found(void **state)
{
    (void)state;
    assert_int_equal(i18n_choose("zh-CN", "en"), LANG_ZH);
    assert_int_equal(i18n_choose("xx", "zh-TW,en;q=0.8"), LANG_ZH);
    assert_int_equal(i18n_choose(NULL, "zh;q=0.3, en;q=0.9"), LANG_EN);
    assert_int_equal(i18n_choose(NULL, "fr"), LANG_EN);
    assert_int_equal(i18n_choose(NULL, NULL), LANG_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogues_have_the_same_keys),
        cmocka_unit_test(the_viewers_language_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
