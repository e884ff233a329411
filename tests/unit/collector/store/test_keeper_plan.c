#include "collector/store/keeper_plan.h"
#include "tests/unit/collector/parts.h"

static int64_t at(const char *text)
{
    int64_t ms;
    assert_int_equal(plan_bound(text, &ms), 0);
    return ms;
}

static struct partition part(const char *name, const char *below)
{
    struct partition made = {.below_ms = at(below)};
    snprintf(made.name, sizeof(made.name), "%s", name);
    return made;
}

static void bounds_are_read(void **state)
{
    (void)state;
    int64_t ms;
    assert_int_equal(at("MAXVALUE"), PARTITION_END);
    assert_int_equal(at("'1970-01-02'"), 86400000);
    assert_int_equal(at("'1970-01-02 01:02:03'"), 86400000 + 3723000);
    assert_int_equal(at("1970-01-02 00:00:00.000"), 86400000);
    assert_int_equal(plan_bound("'today'", &ms), -1);
    assert_int_equal(plan_bound("", &ms), -1);
}

static void days_and_months_end(void **state)
{
    (void)state;
    assert_int_equal(plan_next(PARTITION_DAY, at("2026-11-25 06:00:00")), at("2026-11-26"));
    assert_int_equal(plan_next(PARTITION_DAY, at("2026-11-25")), at("2026-11-26"));
    assert_int_equal(plan_next(PARTITION_DAY, at("2026-11-26") - 1), at("2026-11-26"));
    assert_int_equal(plan_next(PARTITION_DAY, at("2026-12-31 23:59:59")), at("2027-01-01"));
    assert_int_equal(plan_next(PARTITION_DAY, at("2028-02-28")), at("2028-02-29"));
    assert_int_equal(plan_next(PARTITION_MONTH, at("2028-01-31 12:00:00")), at("2028-02-01"));
    assert_int_equal(plan_next(PARTITION_MONTH, at("2026-12-01")), at("2027-01-01"));
}

static void names_say_the_last_unit_inside(void **state)
{
    (void)state;
    char name[PARTITION_NAME_SIZE];
    plan_name(PARTITION_DAY, at("2026-12-01"), name);
    assert_string_equal(name, "p20261130");
    plan_name(PARTITION_MONTH, at("2027-01-01"), name);
    assert_string_equal(name, "p202612");
    plan_name(PARTITION_DAY, 0, name); /* what is just before 1970 */
    assert_string_equal(name, "p19691231");
}

static void a_new_table_gets_now_and_what_comes(void **state)
{
    (void)state;
    const struct partition parts[] = {part("pmax", "MAXVALUE")};
    struct partition_split split;
    assert_true(plan_split(parts, 1, PARTITION_DAY, 3, at("2026-11-29 06:00:00"), &split));
    assert_int_equal(split.index, 0);
    assert_int_equal(split.nbounds, 4);
    assert_int_equal(split.bounds_ms[0], at("2026-11-30"));
    assert_int_equal(split.bounds_ms[1], at("2026-12-01"));
    assert_int_equal(split.bounds_ms[3], at("2026-12-03"));
    assert_true(plan_split(parts, 1, PARTITION_MONTH, 1, at("2026-11-29 06:00:00"), &split));
    assert_int_equal(split.nbounds, 2);
    assert_int_equal(split.bounds_ms[1], at("2027-01-01"));
}

static void only_what_is_missing_is_made(void **state)
{
    (void)state;
    const struct partition parts[] = {part("p20261125", "2026-11-26"),
                                      part("p20261126", "2026-11-27"),
                                      part("p20261127", "2026-11-28"), part("pmax", "MAXVALUE")};
    struct partition_split split;
    assert_true(plan_split(parts, 4, PARTITION_DAY, 3, at("2026-11-25 00:00:01"), &split));
    assert_int_equal(split.index, 3);
    assert_int_equal(split.nbounds, 1);
    assert_int_equal(split.bounds_ms[0], at("2026-11-29"));
    assert_false(plan_split(parts, 4, PARTITION_DAY, 2, at("2026-11-25 00:00:01"), &split));
    assert_false(plan_split(parts, 0, PARTITION_DAY, 3, at("2026-11-25"), &split));
    /* without pmax: not ours */
    assert_false(plan_split(parts, 3, PARTITION_DAY, 0, at("2026-12-25"), &split));
}

/* After two years off: a handful of bounds, not seven hundred. */
static void a_long_gap_is_one_partition(void **state)
{
    (void)state;
    const struct partition parts[] = {part("p20241125", "2024-11-26"), part("pmax", "MAXVALUE")};
    struct partition_split split;
    assert_true(plan_split(parts, 2, PARTITION_DAY, 3, at("2026-11-25 06:00:00"), &split));
    assert_int_equal(split.index, 1);
    assert_int_equal(split.nbounds, 4);
    assert_int_equal(split.bounds_ms[0], at("2026-11-26"));
}

/* A wrong clock made bounds far in the future: the partition that holds now is cut, not pmax. */
static void a_wide_partition_is_cut(void **state)
{
    (void)state;
    const struct partition parts[] = {part("p20261124", "2026-11-25"),
                                      part("p20261126", "2026-11-27"),
                                      part("p20400101", "2040-01-02"), part("pmax", "MAXVALUE")};
    struct partition_split split;
    assert_true(plan_split(parts, 4, PARTITION_DAY, 3, at("2026-11-25 06:00:00"), &split));
    assert_int_equal(split.index, 1);
    assert_int_equal(split.nbounds, 1);
    assert_int_equal(split.bounds_ms[0], at("2026-11-26"));
    assert_true(plan_split(parts, 4, PARTITION_DAY, 3, at("2026-11-26 06:00:00"), &split));
    assert_int_equal(split.index, 2);
    assert_int_equal(split.nbounds, 3);
    assert_int_equal(split.bounds_ms[0], at("2026-11-28"));
}

static void the_past_is_cut_by_months(void **state)
{
    (void)state;
    int64_t bounds_ms[13];
    assert_int_equal(plan_past(13, at("2027-02-28 23:59:59"), bounds_ms), 13);
    assert_int_equal(bounds_ms[0], at("2026-02-01"));
    assert_int_equal(bounds_ms[10], at("2026-12-01"));
    assert_int_equal(bounds_ms[12], at("2027-02-01"));
    assert_int_equal(plan_past(1, at("2027-02-01"), bounds_ms), 1);
    assert_int_equal(bounds_ms[0], at("2027-02-01"));
}

static void whole_partitions_grow_old(void **state)
{
    (void)state;
    const struct partition parts[] = {part("p20261120", "2026-11-21"),
                                      part("p20261121", "2026-11-22"),
                                      part("p20261125", "2026-11-26"), part("pmax", "MAXVALUE")};
    assert_int_equal(plan_drops(parts, 4, 0, at("2036-11-25")), 0);
    assert_int_equal(plan_drops(parts, 4, 3, at("2026-11-23 23:59:59")), 0);
    assert_int_equal(plan_drops(parts, 4, 3, at("2026-11-24")), 1);
    assert_int_equal(plan_drops(parts, 4, 3, at("2026-11-25 06:00:00")), 2);
    assert_int_equal(plan_drops(parts, 4, 1, at("2036-11-25")), 3);
    assert_int_equal(plan_drops(parts, 3, 1, at("2036-11-25")), 2); /* never the last */
    assert_int_equal(plan_drops(parts, 0, 1, at("2036-11-25")), 0);
    assert_int_equal(plan_drops(parts, 4, 36500, at("2026-11-25")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_read),
        cmocka_unit_test(days_and_months_end),
        cmocka_unit_test(names_say_the_last_unit_inside),
        cmocka_unit_test(a_new_table_gets_now_and_what_comes),
        cmocka_unit_test(only_what_is_missing_is_made),
        cmocka_unit_test(a_long_gap_is_one_partition),
        cmocka_unit_test(a_wide_partition_is_cut),
        cmocka_unit_test(the_past_is_cut_by_months),
        cmocka_unit_test(whole_partitions_grow_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
