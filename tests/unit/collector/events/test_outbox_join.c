/* Which rows go out in one call. */
#include "collector/events/outbox_join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000, WAIT = 5000, MOST = 10, ROWS = 8 };

static const struct join_limits limits = {.most = MOST, .bytes = 1000, .wait_ms = WAIT};
static int64_t due_ms;

/* The groups of rows with so many events each (0 ends them), the first ${age_ms} old, the others
 * new, as "3+4 2": a "/" stands before one that is to be split. */
static const char *groups(const uint32_t *counts, int64_t age_ms, bool more)
{
    static char text[256];
    struct join_row rows[ROWS] = {0};
    struct join_group out[ROWS];
    size_t n = 0, used = 0;
    for (; counts[n] > 0; n++)
        rows[n] = (struct join_row){n + 1, counts[n], 10 * counts[n], NOW - (n == 0 ? age_ms : 0)};
    size_t ngroups = join_rows(rows, n, &limits, more, NOW, out, &due_ms);
    text[0] = '\0';
    for (size_t g = 0; g < ngroups; g++) {
        for (size_t i = 0; i < out[g].n; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u",
                                     i > 0          ? "+"
                                     : out[g].split ? " /"
                                     : g > 0        ? " "
                                                    : "",
                                     counts[out[g].first + i]);
    }
    return text;
}

#define COUNTS(...) ((const uint32_t[]){__VA_ARGS__, 0})

static void a_full_group_goes_at_once(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(3, 7), 0, false), "3+7");
    assert_int_equal(due_ms, 0);
    assert_string_equal(groups(COUNTS(10, 10), 0, false), "10 10");
}

static void what_does_not_fit_begins_the_next(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(6, 6), 0, false), "6");
    assert_int_equal(due_ms, NOW + WAIT);
    assert_string_equal(groups(COUNTS(6, 6, 4), 0, false), "6 6+4");
}

static void a_part_waits_for_others(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(1, 2), WAIT - 1, false), "");
    assert_int_equal(due_ms, NOW + 1);
    assert_string_equal(groups(COUNTS(1, 2), WAIT, false), "1+2");
    assert_int_equal(due_ms, 0);
}

static void a_clock_set_back_does_not_make_it_wait(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(1), -WAIT - 1, false), "1");
}

static void rows_that_follow_are_waited_for(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(10, 2), WAIT, true), "10");
    assert_int_equal(due_ms, 0);
}

static void a_row_with_too_many_events_is_split(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(11), 0, false), " /11");
    assert_string_equal(groups(COUNTS(10, 25, 10), 0, false), "10 /25 10");
}

static void bytes_are_limited_too(void **state)
{
    (void)state;
    const struct join_row rows[] = {{1, 1, 600, NOW}, {2, 1, 600, NOW}, {3, 1, 2000, NOW}};
    struct join_group out[3];
    assert_int_equal(join_rows(rows, 3, &limits, false, NOW, out, &due_ms), 3);
    assert_int_equal(out[0].n, 1);
    assert_false(out[2].split);
}

static void nothing_is_no_group(void **state)
{
    (void)state;
    assert_string_equal(groups(COUNTS(0), 0, false), "");
    assert_int_equal(due_ms, 0);
}

static void lists_become_one(void **state)
{
    (void)state;
    const char *texts[] = {"[{\"a\":1}]", "[]", "[2,3]"};
    char *one = join_texts(texts, 3);
    assert_string_equal(one, "[{\"a\":1},2,3]");
    free(one);
    one = join_texts(texts + 1, 1);
    assert_string_equal(one, "[]");
    free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_group_goes_at_once),
        cmocka_unit_test(what_does_not_fit_begins_the_next),
        cmocka_unit_test(a_part_waits_for_others),
        cmocka_unit_test(a_clock_set_back_does_not_make_it_wait),
        cmocka_unit_test(rows_that_follow_are_waited_for),
        cmocka_unit_test(a_row_with_too_many_events_is_split),
        cmocka_unit_test(bytes_are_limited_too),
        cmocka_unit_test(nothing_is_no_group),
        cmocka_unit_test(lists_become_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
