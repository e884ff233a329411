#include "shared/config/point_types.h"

#include "shared/config/data_draft.h"
#include "tests/unit/shared/config/expect.h"

#include <ctype.h>

static void means(const char *text, const char *type)
{
    const char *found = point_type_find(text);
    if (found == NULL || type == NULL)
        assert_ptr_equal(found, type);
    else
        assert_string_equal(found, type);
}

static void every_type_by_its_own_name(void **state)
{
    (void)state;
    const char *const *choices = point_table.settings[POINT_TYPE].choices;
    for (size_t i = 0; choices[i] != NULL; i++) {
        char upper[16] = "";
        for (size_t k = 0; choices[i][k] != '\0'; k++)
            upper[k] = (char)toupper(choices[i][k]);
        means(choices[i], choices[i]);
        means(upper, choices[i]);
    }
}

static void other_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"U16", "uint16"},
        {"s16", "int16"},
        {"i16", "int16"},
        {"u32", "uint32"},
        {"s32", "int32"},
        {"i32", "int32"},
        {"f32", "float32"},
        {"u64", "uint64"},
        {"s64", "int64"},
        {"f64", "float64"},
        {"WORD", "uint16"},
        {"DWord", "uint32"},
        {"REAL", "float32"},
        {"Bool", "bits"},
        {"Float 32", "float32"},
        {"uint_16", "uint16"},
        {"UInt-32", "uint32"},
        {"16位无符号", "uint16"},
        {"16位有符号", "int16"},
        {"32位无符号", "uint32"},
        {"32位有符号", "int32"},
        {"32位浮点", "float32"},
        {"64位浮点", "float64"},
        {"字符串", "string"},
        {"位", "bits"},
        {"32位无符号整数", "uint32"},
        {"16位有符号整型", "int16"},
        {"32位浮点数", "float32"},
        {"单精度浮点型", "float32"},
        {"BCD码", "bcd"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        means(cases[i][0], cases[i][1]);
}

static void no_type(void **state)
{
    (void)state;
    means("", NULL);
    means("long", NULL);
    means("整数", NULL);
    means("数", NULL);
    means("u 128", NULL);
    means("uint16uint16uint16uint16uint16uint16uint16uint16uint16", NULL);
    means("                                                        uint16", "uint16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_by_its_own_name),
        cmocka_unit_test(other_names),
        cmocka_unit_test(no_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
