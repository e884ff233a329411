#include "webapp/query/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void json_cells_are_json_again(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *out;
    } cases[] = {
        {"{\"a\": [1.50, \"x/y\", null]} ", "{\"a\":[1.50,\"x/y\",null]}"},
        {"12", "12"},
        {"[]", "[]"},
        {"null", "null"},
        {"", "null"},
        {"{\"a\": 1", "null"},
        {"{} {}", "null"},
        {"[1,]", "null"},
        {"{\"a\": \"\xff\"}", "null"},
        {"{\"a\": \"b\nc\"}", "{\"a\":\"b\\nc\"}"},
        {"{\"a\": NaN, \"b\": [-Infinity, 2]}", "{\"a\":null,\"b\":[null,2]}"},
        {"NaN", "null"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct printbuf *out = printbuf_new();
        rows_append_json(cases[i].cell, strlen(cases[i].cell), out);
        assert_string_equal(out->buf, cases[i].out);
        printbuf_free(out);
    }
}

static void what_follows_a_nul_is_no_json(void **state)
{
    (void)state;
    struct printbuf *out = printbuf_new();
    rows_append_json("{}\0\"", 4, out);
    assert_string_equal(out->buf, "null");
    printbuf_free(out);
}

static void bytes_become_text(void **state)
{
    (void)state;
    struct printbuf *out = printbuf_new();
    rows_append_printable("\xff\0\n\"\\ \xe4\xb8\xad", 9, out);
    assert_string_equal(out->buf, "\"\\\\xff\\\\x00\\\\x0a\\\"\\\\\\\\ \xe4\xb8\xad\"");
    printbuf_reset(out);
    rows_append_printable("", 0, out);
    assert_string_equal(out->buf, "\"\"");
    printbuf_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_cells_are_json_again),
        cmocka_unit_test(what_follows_a_nul_is_no_json),
        cmocka_unit_test(bytes_become_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
