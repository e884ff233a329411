#include "shared/config/data_draft.h"

#include "tests/unit/shared/config/expect.h"

static void answers_that_cannot_be_told_apart(void **state)
{
    (void)state;
    struct draft_task tasks[] = {
        {.path = "query_tasks.1", .id = 1, .line = 3, .slave = 1, .function = 3, .length = 10},
        {.path = "query_tasks.2", .id = 2, .line = 4, .slave = 2, .function = 3, .length = 10},
        {.path = "query_tasks.3", .id = 3, .line = 5, .slave = 1, .function = 4, .length = 10},
        {.path = "query_tasks.4", .id = 4, .line = 6, .slave = 1, .function = 3, .length = 11},
        {.path = "query_tasks.5", .id = 5, .line = 7, .slave = 1, .function = 3, .length = 10},
    };
    struct faults faults = {0};
    struct data_draft draft = {.file = "t.yml", .faults = &faults, .tasks = tasks, .ntasks = 5};
    data_listen_check(&draft); /* a line that asks knows what it asked */
    expect_faults(&faults, "");
    draft.listen_only = true;
    draft.ntasks = 4;
    data_listen_check(&draft);
    expect_faults(&faults, "");
    draft.ntasks = 5;
    data_listen_check(&draft);
    expect_faults(&faults,
                  "t.yml:7: query_tasks.5: the line is listen-only, and an answer says no more "
                  "than slave, function and length, which are those of task 1 (line 3) too: let "
                  "the DTU read another length, and say so here\n");
}

/* Bits are told apart by the bytes they take. */
static void bits_come_in_bytes(void **state)
{
    (void)state;
    struct draft_task tasks[] = {
        {.path = "query_tasks.1", .id = 1, .line = 3, .slave = 1, .function = 1, .length = 9},
        {.path = "query_tasks.2", .id = 2, .line = 4, .slave = 1, .function = 1, .length = 16},
        {.path = "query_tasks.3", .id = 3, .line = 5, .slave = 1, .function = 1, .length = 17},
    };
    struct faults faults = {0};
    struct data_draft draft = {
        .file = "t.yml", .faults = &faults, .tasks = tasks, .ntasks = 3, .listen_only = true};
    data_listen_check(&draft);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].line, 4);
    faults_clear(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_cannot_be_told_apart),
        cmocka_unit_test(bits_come_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
