#include "tests/unit/collector/store/journal_rig.h"

#include <signal.h>
#include <sys/wait.h>

static void hands_on_what_it_is_given(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel last;
    rig_init(&rig);
    rig_start(&rig);
    for (uint32_t i = 0; i < 5; i++) {
        rig_add(&rig, i * 1000, 1000);
        rig_take(&rig, i * 1000, 1000, true, &last);
        assert_int_equal(last.last_seq, (i + 1) * 1000);
        assert_int_equal(strlen(last.journal), 32);
        assert_false(last.earlier);
    }
    assert_int_equal(rig_status(&rig).depth, 0);
    assert_true(rig_status(&rig).ok);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void what_was_not_stored_comes_again_after_a_restart(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel first, again;
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 500);
    rig_take(&rig, 0, 500, false, &first);
    rig_add(&rig, 500, 500);
    assert_int_equal(rig_stop(&rig), 0);

    rig_start(&rig);
    assert_int_equal(rig_status(&rig).depth, 1000);
    rig_take(&rig, 0, 1000, true, &again);
    assert_true(again.earlier);
    assert_string_equal(again.journal, first.journal);
    assert_int_equal(again.last_seq, 1000);
    rig_add(&rig, 1000, 10); /* goes on in the same file */
    rig_take(&rig, 1000, 10, true, &again);
    assert_false(again.earlier);
    assert_string_equal(again.journal, first.journal);
    assert_int_equal(again.last_seq, 1010);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* In a child, which then kills itself: ${told} says how many were known to be in the file. */
static void child(struct rig *rig, uint32_t first, int told)
{
    rig_start(rig);
    for (uint32_t n = first;; n += 100) {
        rig_add(rig, n, 100);
        RIG_WAIT(rig_status(rig).records >= n + 100 - first);
        uint32_t known = n + 100;
        if (write(told, &known, sizeof(known)) != sizeof(known))
            _exit(1);
    }
}

static void a_killed_collector_loses_nothing(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig);
    uint32_t known = 0, from = 0;
    for (int round = 0; round < 5; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            child(&rig, from, pipes[1]);
        close(pipes[1]);
        for (int i = 0; i <= round; i++)
            assert_int_equal(read(pipes[0], &known, sizeof(known)), sizeof(known));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        while (read(pipes[0], &known, sizeof(known)) == sizeof(known)) {
        }
        close(pipes[0]);
        from = known + 1000000 / 5; /* so that what was only under way is no trouble */
        from -= from % 35;
        rig.starts = (uint32_t)round + 1;
        rig_start(&rig);
        struct parcel parcel;
        uint32_t seen = 0;
        struct rig_run run = {.next = UINT32_MAX};
        while (rig_status(&rig).depth > 0) {
            assert_true(journal_take(rig.journal, RIG_MOST, &parcel) > 0);
            struct record_head head;
            memcpy(&head, TAILQ_FIRST(&parcel.chunks)->bytes, sizeof(head));
            run.next = (uint32_t)head.ts_ms;
            rig_see(&rig, &parcel, rig_in_order, &run);
            seen += (uint32_t)parcel.records;
            assert_true(parcel.earlier);
            journal_done(rig.journal, &parcel, true);
        }
        assert_true(run.next >= known);
        assert_true(seen >= 100);
        assert_int_equal(rig_status(&rig).unreadable, 0);
        assert_int_equal(rig_stop(&rig), 0);
    }
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_what_it_is_given),
        cmocka_unit_test(what_was_not_stored_comes_again_after_a_restart),
        cmocka_unit_test(a_killed_collector_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
