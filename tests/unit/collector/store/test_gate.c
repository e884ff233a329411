#include "collector/store/gate.h"
#include "tests/unit/collector/parts.h"

static void the_last_to_arrive_tidies_up(void **state)
{
    struct gate *gate = gate_new(3);
    (void)state;
    gate_arrive(gate, 1);
    assert_int_equal(gate_try(gate), GATE_SHUT);
    gate_arrive(gate, 0);
    assert_int_equal(gate_try(gate), GATE_SHUT);
    gate_arrive(gate, 2);
    assert_int_equal(gate_try(gate), GATE_TIDY);
    assert_int_equal(gate_try(gate), GATE_SHUT); /* one is at it */
    gate_tidied(gate, true);
    assert_int_equal(gate_try(gate), GATE_OPEN);
    assert_int_equal(gate_try(gate), GATE_OPEN);
    gate_free(gate);
}

static void a_file_waits_for_those_before_it(void **state)
{
    struct gate *gate = gate_new(3);
    (void)state;
    assert_false(gate_may_store(gate, 0, 4)); /* nobody knows where the others are */
    assert_false(gate_may_store(gate, 1, 2));
    assert_true(gate_may_store(gate, 2, 2));
    assert_true(gate_may_store(gate, 1, 2)); /* side by side */
    assert_false(gate_may_store(gate, 0, 4));
    assert_false(gate_may_store(gate, 1, 3));
    gate_arrive(gate, 2);
    assert_true(gate_may_store(gate, 1, 3));
    assert_false(gate_may_store(gate, 0, 4));
    gate_arrive(gate, 1);
    assert_true(gate_may_store(gate, 0, 4));
    assert_int_equal(gate_try(gate), GATE_SHUT);
    gate_free(gate);
}

static void another_may_do_what_one_could_not(void **state)
{
    struct gate *gate = gate_new(1);
    (void)state;
    gate_arrive(gate, 0);
    assert_int_equal(gate_try(gate), GATE_TIDY);
    gate_tidied(gate, false);
    assert_int_equal(gate_try(gate), GATE_TIDY);
    gate_tidied(gate, true);
    assert_int_equal(gate_try(gate), GATE_OPEN);
    gate_free(gate);
}

static void the_name_is_claimed_once(void **state)
{
    struct gate *gate = gate_new(2);
    (void)state;
    assert_false(gate_claimed(gate));
    gate_claim(gate);
    gate_claim(gate);
    assert_true(gate_claimed(gate));
    gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_to_arrive_tidies_up),
        cmocka_unit_test(a_file_waits_for_those_before_it),
        cmocka_unit_test(another_may_do_what_one_could_not),
        cmocka_unit_test(the_name_is_claimed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
