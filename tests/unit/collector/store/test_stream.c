#include "collector/store/stream.h"
#include "tests/unit/collector/parts.h"

static void what_is_divided_is_never_more_than_all(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 16; count++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < count; i++)
            sum += stream_share(&(struct stream){.number = i, .count = count}, 10007);
        assert_in_range(sum, 10007 - count, 10007);
    }
}

static void a_cache_has_room_for_some_records(void **state)
{
    (void)state;
    assert_int_equal(stream_cache_size(&(struct stream){.number = 1, .count = 4}, 200000), 50000);
    assert_int_equal(stream_cache_size(&(struct stream){.number = 15, .count = 16}, 10), 10);
    assert_int_equal(stream_cache_size(&(struct stream){.number = 4, .count = 4}, 200000), 10);
}

static void only_one_with_more_than_its_share_gives_way(void **state)
{
    struct stream_budget budget = {.held = 900};
    const struct stream first = {.number = 0, .count = 2}, left = {.number = 2, .count = 2};
    (void)state;
    assert_false(stream_over_budget(&first, &budget, 900, 1000)); /* all fits */
    budget.held = 1100;
    assert_true(stream_over_budget(&first, &budget, 600, 1000));
    assert_false(stream_over_budget(&first, &budget, 500, 1000));
    assert_true(stream_over_budget(&left, &budget, 1, 1000)); /* the oldest records are its */
    assert_false(stream_over_budget(&left, &budget, 0, 1000));
}

static void the_only_one_has_no_number(void **state)
{
    char part[STREAM_PART_SIZE];
    (void)state;
    assert_string_equal(stream_part(&(struct stream){.count = 1}, part), "");
    assert_string_equal(stream_part(&(struct stream){.count = 2, .several = true}, part), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_divided_is_never_more_than_all),
        cmocka_unit_test(a_cache_has_room_for_some_records),
        cmocka_unit_test(only_one_with_more_than_its_share_gives_way),
        cmocka_unit_test(the_only_one_has_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
