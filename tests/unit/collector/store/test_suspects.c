#include "collector/record.h"
#include "collector/store/suspects.h"
#include "tests/unit/collector/parts.h"

static void nobody_is_suspect_at_first(void **state)
{
    struct suspects *suspects = suspects_new();
    (void)state;
    assert_false(suspects_has(suspects, 0, RECORD_SAMPLES, 1000));
    assert_false(suspects_has(suspects, UINT32_MAX, RECORD_SAMPLES, 1000));
    suspects_note(suspects, 7, RECORD_PACKET, 1000);
    assert_true(suspects_has(suspects, 7, RECORD_PACKET, 1000));
    assert_false(suspects_has(suspects, 7, RECORD_SAMPLES, 1000));
    assert_false(suspects_has(suspects, 6, RECORD_PACKET, 1000));
    assert_false(suspects_has(suspects, 8, RECORD_PACKET, 1000));
    suspects_free(suspects);
    suspects_free(NULL);
}

static void it_ends_some_time_after_the_last_refusal(void **state)
{
    struct suspects *suspects = suspects_new();
    (void)state;
    suspects_note(suspects, 3, RECORD_WRITE, 1000);
    suspects_note(suspects, 3, RECORD_WRITE, 5000);
    suspects_note(suspects, 100000, RECORD_SAMPLES, 5000); /* room is made; what was known stays */
    assert_true(suspects_has(suspects, 3, RECORD_WRITE, 5000 + SUSPECT_MS - 1));
    assert_false(suspects_has(suspects, 3, RECORD_WRITE, 5000 + SUSPECT_MS));
    suspects_free(suspects);
}

static void a_type_that_nobody_knows_is_let_be(void **state)
{
    struct suspects *suspects = suspects_new();
    (void)state;
    suspects_note(suspects, 3, RECORD_WRITE + 1, 1000);
    assert_false(suspects_has(suspects, 3, RECORD_WRITE + 1, 1000));
    suspects_free(suspects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_suspect_at_first),
        cmocka_unit_test(it_ends_some_time_after_the_last_refusal),
        cmocka_unit_test(a_type_that_nobody_knows_is_let_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
