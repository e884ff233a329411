#include "shared/config/fault.h"

#include "tests/unit/shared/config/expect.h"

static void prints_a_line_for_each(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "a.yml", 3, "port %d is taken", 80);
    faults_add(&faults, "a.yml", 0, "100%% wrong");
    expect_faults(&faults, "a.yml:3: port 80 is taken\na.yml:0: 100% wrong\n");
    assert_null(faults.items);
    assert_int_equal(faults.count, 0);
}

static void sorts_by_file_then_line_and_keeps_the_order_of_equals(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "server.yml", 9, "one");
    faults_add(&faults, "data.yml", 2, "two");
    faults_add(&faults, "server.yml", 4, "three");
    faults_add(&faults, "data.yml", 2, "four");
    faults_add(&faults, "server.yml", 4, "five");
    faults_add(&faults, "data.yml", 1, "six");
    faults_sort(&faults);
    expect_faults(&faults, "server.yml:4: three\nserver.yml:4: five\nserver.yml:9: one\n"
                           "data.yml:1: six\ndata.yml:2: two\ndata.yml:2: four\n");
}

static void sorts_nothing_and_one(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_sort(&faults);
    faults_add(&faults, "a.yml", 1, "one");
    faults_sort(&faults);
    expect_faults(&faults, "a.yml:1: one\n");
    faults_clear(&faults);
}

static void holds_thousands(void **state)
{
    (void)state;
    struct faults faults = {0};
    for (unsigned i = 0; i < 5000; i++)
        faults_add(&faults, i % 2 ? "odd.yml" : "even.yml", 5000 - i, "%u", i);
    faults_sort(&faults);
    assert_int_equal(faults.count, 5000);
    for (size_t i = 1; i < faults.count; i++) {
        if (strcmp(faults.items[i].file, faults.items[i - 1].file) == 0)
            assert_true(faults.items[i - 1].line < faults.items[i].line);
        else
            assert_int_equal(i, 2500);
    }
    assert_string_equal(faults.items[0].file, "even.yml");
    faults_clear(&faults);
}

static void what_stands_before_is_not_said_again(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "a", 1, "x");
    faults_add(&faults, "a", 2, "x");
    faults_add(&faults, "a", 1, "x");
    faults_add(&faults, "b", 1, "x");
    faults_add(&faults, "a", 2, "x");
    faults_add(&faults, "a", 1, "y");
    faults_drop_repeated(&faults, 2);
    faults_add(&faults, "c", 3, "z");
    expect_faults(&faults, "a:1: x\na:2: x\nb:1: x\na:1: y\nc:3: z\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_a_line_for_each),
        cmocka_unit_test(sorts_by_file_then_line_and_keeps_the_order_of_equals),
        cmocka_unit_test(sorts_nothing_and_one),
        cmocka_unit_test(holds_thousands),
        cmocka_unit_test(what_stands_before_is_not_said_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
