#include "webapp/export/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void cells_are_quoted_and_harmless(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1001", "1001"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "'=1+1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"-5", "'-5"},
        {"=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""},
        {"50%s%n", "50%s%n"},
        {"\xe6\xb8\xa9\xe5\xba\xa6", "\xe6\xb8\xa9\xe5\xba\xa6"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct printbuf *out = printbuf_new();
        csv_text_cell(cases[i][0], out);
        assert_string_equal(out->buf, cases[i][1]);
        printbuf_free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cells_are_quoted_and_harmless)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
