/* Which rows the loop has. */
#include "collector/events/outbox_given.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *excluded(const struct given *given, const char *target)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    given_exclude(given, target, out);
    fclose(out);
    return text;
}

static void expect_excluded(const struct given *given, const char *target, const char *text)
{
    char *got = excluded(given, target);
    assert_string_equal(got, text);
    free(got);
}

static void rows_are_kept_by_target(void **state)
{
    (void)state;
    struct given *given = given_new();
    expect_excluded(given, "a", "");
    given_add(given, "a", 3, 100);
    given_add(given, "b", 4, 10);
    given_add(given, "a", 18446744073709551615ULL, 50);
    assert_int_equal(given_count(given, "a"), 2);
    assert_int_equal(given_bytes(given, "a"), 150);
    expect_excluded(given, "a", " AND id NOT IN (3,18446744073709551615)");
    expect_excluded(given, "b", " AND id NOT IN (4)");
    assert_true(given_remove(given, 3));
    assert_false(given_remove(given, 3));
    assert_int_equal(given_bytes(given, "a"), 50);
    assert_int_equal(given_count(given, "b"), 1);
    given_free(given);
}

static void a_target_is_forgotten_alone(void **state)
{
    (void)state;
    struct given *given = given_new();
    for (uint64_t id = 1; id <= 200; id++)
        given_add(given, id % 2 ? "odd" : "even", id, 1);
    given_forget(given, "odd");
    given_forget(given, "nobody");
    assert_int_equal(given_count(given, "odd"), 0);
    assert_int_equal(given_count(given, "even"), 100);
    assert_true(given_remove(given, 200));
    given_free(given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_kept_by_target),
        cmocka_unit_test(a_target_is_forgotten_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
