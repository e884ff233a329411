#include "collector/promises.h"
#include "tests/unit/collector/parts.h"

enum { LINES = 3, MOST = 100 };

struct desk {
    struct promises *promises;
    struct promise_line lines[LINES];
    char given[64]; /* what was due, as "line number state " */
};

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    desk->promises = promises_new(MOST);
    for (size_t i = 0; i < LINES; i++)
        STAILQ_INIT(&desk->lines[i]);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    struct promises_stats stats;
    for (size_t i = 0; i < LINES; i++)
        promises_forget(desk->promises, &desk->lines[i]);
    promises_stats(desk->promises, 0, &stats);
    assert_int_equal(stats.waiting, 0);
    promises_free(desk->promises);
    free(desk);
    return 0;
}

static int add_to(struct desk *desk, unsigned stream, size_t line, uint64_t number)
{
    const uint8_t bytes[] = {(uint8_t)number};
    const struct promise promise = {.owner = &desk->lines[line],
                                    .receipt = {stream, number},
                                    .since_ms = (int64_t)number * 10,
                                    .size = sizeof(bytes)};
    return promises_add(desk->promises, &desk->lines[line], &promise, bytes);
}

static int add(struct desk *desk, size_t line, uint64_t number)
{
    return add_to(desk, 0, line, number);
}

static void settle_of(struct desk *desk, unsigned stream, uint64_t first, uint64_t last, bool kept)
{
    const struct fate fate = {stream, first, last, kept};
    promises_settle(desk->promises, &fate);
}

static void settle(struct desk *desk, uint64_t first, uint64_t last, bool kept)
{
    settle_of(desk, 0, first, last, kept);
}

/* Take one; its text goes to desk->given. */
static bool give(struct desk *desk)
{
    struct promise *promise = promises_next(desk->promises);
    if (promise == NULL)
        return false;
    assert_int_equal(promise->size, 1);
    assert_int_equal(promise->bytes[0], promise->receipt.number);
    size_t len = strlen(desk->given);
    snprintf(desk->given + len, sizeof(desk->given) - len, "%td:%d%s ",
             (struct promise_line *)promise->owner - desk->lines, (int)promise->receipt.number,
             promise->state == PROMISE_KEPT ? "" : "!");
    free(promise);
    return true;
}

static void expect(struct desk *desk, const char *given)
{
    while (give(desk)) {
    }
    assert_string_equal(desk->given, given);
    desk->given[0] = '\0';
}

static void what_is_safe_is_due(void **state)
{
    struct desk *desk = *state;
    add(desk, 0, 3);
    add(desk, 1, 5);
    add(desk, 0, 9);
    expect(desk, "");
    settle(desk, 1, 2, true);
    expect(desk, "");
    settle(desk, 3, 5, true);
    expect(desk, "0:3 1:5 ");
    settle(desk, 6, 8, true);
    settle(desk, 9, 9, true);
    expect(desk, "0:9 ");
}

static void two_of_a_line_do_not_swap(void **state)
{
    struct desk *desk = *state;
    add(desk, 0, 1);
    add(desk, 1, 2);
    add(desk, 0, 3);
    add(desk, 0, 4);
    add(desk, 0, 5);
    settle(desk, 2, 4, true); /* 1 is still on its way, outside of the journal */
    expect(desk, "1:2 ");
    settle(desk, 1, 1, true);
    expect(desk, "0:1 0:3 0:4 ");
    settle(desk, 5, 5, true);
    expect(desk, "0:5 ");
}

static void what_was_dropped_is_broken_though_later_ones_are_kept(void **state)
{
    struct desk *desk = *state;
    add(desk, 0, 1);
    add(desk, 1, 2);
    add(desk, 2, 7);
    settle(desk, 1, 6, false);
    settle(desk, 1, 9, true); /* what was told first counts */
    expect(desk, "0:1! 1:2! 2:7 ");
}

static void a_line_that_ends_takes_its_promises_along(void **state)
{
    struct desk *desk = *state;
    for (uint64_t n = 1; n <= 9; n++)
        add(desk, n % LINES, n);
    settle(desk, 1, 5, true);
    assert_true(give(desk)); /* 1:1; the line of it has 4, due now, and 7 */
    promises_forget(desk->promises, &desk->lines[1]);
    settle(desk, 6, 9, true);
    expect(desk, "1:1 2:2 0:3 2:5 0:6 2:8 0:9 ");
    add(desk, 1, 10); /* another line in the same place */
    settle(desk, 10, 10, true);
    expect(desk, "1:10 ");
}

static void a_line_may_end_with_some_due_and_some_settled(void **state)
{
    struct desk *desk = *state;
    for (uint64_t n = 1; n <= 3; n++)
        add(desk, 0, n);
    settle(desk, 1, 3, true); /* 1 is due, the others follow it */
    promises_forget(desk->promises, &desk->lines[0]);
    add(desk, 1, 4);
    add(desk, 2, 5);
    settle(desk, 4, 5, true);
    expect(desk, "1:4 2:5 ");
}

static void no_more_than_the_bound_wait(void **state)
{
    struct desk *desk = *state;
    struct promises_stats stats;
    for (uint64_t n = 1; n <= MOST; n++)
        assert_int_equal(add(desk, 0, n), 0);
    assert_int_equal(add(desk, 0, MOST + 1), -1);
    promises_stats(desk->promises, 500, &stats);
    assert_int_equal(stats.waiting, MOST);
    assert_int_equal(stats.oldest_ms, 490);
    settle(desk, 1, 1, true);
    promises_stats(desk->promises, 500, &stats);
    assert_int_equal(stats.oldest_ms, 490); /* not sent yet */
    assert_true(give(desk));
    promises_stats(desk->promises, 500, &stats);
    assert_int_equal(stats.waiting, MOST - 1);
    assert_int_equal(stats.oldest_ms, 480);
    assert_int_equal(add(desk, 0, MOST + 1), 0);
    promises_stats(NULL, 500, &stats);
    assert_int_equal(stats.waiting, 0);
}

static void each_stream_counts_for_itself(void **state)
{
    struct desk *desk = *state;
    struct promises_stats stats;
    add_to(desk, 1, 0, 7);
    add_to(desk, 0, 1, 2);
    add_to(desk, 15, 2, 1);
    add_to(desk, 0, 1, 3);
    settle_of(desk, 0, 1, 2, true);
    expect(desk, "1:2 ");
    settle_of(desk, 1, 1, 6, true);
    settle_of(desk, 15, 2, 9, true);
    expect(desk, "");
    promises_stats(desk->promises, 500, &stats);
    assert_int_equal(stats.waiting, 3);
    assert_int_equal(stats.oldest_ms, 490);
    settle_of(desk, 15, 1, 1, true);
    settle_of(desk, 1, 7, 7, false);
    expect(desk, "2:1 0:7! ");
    promises_forget(desk->promises, &desk->lines[1]);
    settle_of(desk, 0, 3, 3, true);
    expect(desk, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_safe_is_due),
        TEST(two_of_a_line_do_not_swap),
        TEST(what_was_dropped_is_broken_though_later_ones_are_kept),
        TEST(a_line_that_ends_takes_its_promises_along),
        TEST(a_line_may_end_with_some_due_and_some_settled),
        TEST(no_more_than_the_bound_wait),
        TEST(each_stream_counts_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
