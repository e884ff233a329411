#include "collector/store/journal_file.h"
#include "tests/unit/collector/store/journal_rig.h"

#include <signal.h>
#include <sys/stat.h>
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
    rig_add(&rig, 1000, 10); /* into a file of its own: the first may be a copy, see below */
    rig_take(&rig, 1000, 10, true, &again);
    assert_false(again.earlier);
    assert_string_not_equal(again.journal, first.journal);
    assert_int_equal(again.last_seq, 10);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static unsigned count_files(const struct rig *rig)
{
    char folder[PATH_MAX];
    const struct dirent *entry;
    unsigned files = 0;
    rig_path(rig, "", folder);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        files += strlen(entry->d_name) > 3 &&
                 strcmp(entry->d_name + strlen(entry->d_name) - 3, ".db") == 0;
    closedir(dir);
    return files;
}

static void starts_leave_nothing_behind(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    for (int i = 0; i < 5; i++) {
        rig_start(&rig);
        assert_int_equal(rig_stop(&rig), 0);
    }
    assert_int_equal(count_files(&rig), 0);
    for (uint32_t i = 0; i < 5; i++) { /* those with records are read in order, and then go */
        rig_start(&rig);
        rig_add(&rig, i * 100, 100);
        assert_int_equal(rig_stop(&rig), 0);
    }
    assert_int_equal(count_files(&rig), 5);
    rig.config.journal.retention_ms = 1;
    rig_start(&rig);
    rig_take(&rig, 0, 500, true, &parcel);
    rig_add(&rig, 500, 1);
    rig_take(&rig, 500, 1, true, &parcel);
    RIG_WAIT(count_files(&rig) == 1);
    assert_int_equal(rig_status(&rig).depth, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* The database was restored: what an earlier file holds may be wanted again, too. */
static void rewound_it_starts_again_from_the_first_file(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 100);
    assert_int_equal(rig_stop(&rig), 0);
    rig_start(&rig);
    rig_add(&rig, 100, 100);
    rig_take(&rig, 0, 200, true, &parcel);
    rig_add(&rig, 200, 10); /* in memory still */
    journal_rewind(rig.journal);
    rig_take(&rig, 0, 210, true, &parcel);
    assert_int_equal(parcel.last_seq, 110);
    assert_int_equal(rig_status(&rig).depth, 0);
    assert_int_equal(rig_status(&rig).missing, 0);
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

static void a_seek_goes_on_behind_what_is_stored(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    rig_start(&rig);
    for (uint32_t i = 0; i < 10; i++) { /* ten groups of 100 */
        rig_add(&rig, i * 100, 100);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 100);
    }
    rig_take(&rig, 0, 1000, false, &parcel);
    journal_seek(rig.journal, "", 7);
    journal_seek(rig.journal, "00000000000000000000000000000000", 7);
    journal_seek(rig.journal, parcel.journal, 450); /* back, into the middle of a group */
    assert_int_equal(rig_status(&rig).depth, 550);
    rig_take(&rig, 400, 600, false, &parcel);
    assert_int_equal(parcel.last_seq, 1000);
    journal_seek(rig.journal, parcel.journal, 300); /* to the end of one */
    rig_take(&rig, 300, 700, false, NULL);
    journal_seek(rig.journal, parcel.journal, 0);
    journal_seek(rig.journal, parcel.journal, 900); /* ahead */
    rig_take(&rig, 900, 100, false, NULL);
    journal_seek(rig.journal, parcel.journal, 1000);
    assert_int_equal(rig_status(&rig).depth, 0);
    rig_add(&rig, 1000, 10);
    rig_take(&rig, 1000, 10, true, &parcel);
    assert_int_equal(rig_stop(&rig), 0);

    rig_start(&rig); /* ahead in what an earlier start has left */
    journal_seek(rig.journal, parcel.journal, 950);
    rig_take(&rig, 900, 110, true, &parcel);
    assert_true(parcel.earlier);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* The numbers of such records must not be given to others: they would be taken for stored. */
static void a_journal_that_lost_records_goes_on_under_another_name(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel, next;
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 100);
    rig_take(&rig, 0, 100, true, &parcel);
    journal_seek(rig.journal, parcel.journal, 5000);
    RIG_WAIT(rig_status(&rig).bytes > 0);
    uint32_t n = 100;
    do {
        rig_add(&rig, n, 1);
        rig_take(&rig, n++, 1, true, &next);
    } while (strcmp(next.journal, parcel.journal) == 0);
    assert_int_equal(next.last_seq, 1);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void what_memory_has_no_room_for_is_read_back(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    struct cache_stats stats;
    rig_init(&rig);
    rig.config.cache.max_size = 1000;
    rig_start(&rig);
    for (uint32_t i = 0; i < 50; i++) {
        rig_add(&rig, i * 400, 400);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 400);
    }
    assert_int_equal(rig_status(&rig).depth, 20000);
    struct rig_run run = {.next = 0};
    while (run.next < 20000) {
        size_t n = journal_take(rig.journal, 500, &parcel);
        assert_in_range(n, 1, 1000);
        rig_see(&rig, &parcel, rig_in_order, &run);
        assert_int_equal(run.seq, run.next);
        journal_done(rig.journal, &parcel, true);
    }
    cache_stats(rig.cache, &stats);
    assert_int_equal(stats.dropped, 0);
    assert_int_equal(rig_status(&rig).depth, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* Of the first group in the first file; 0: none. */
static uint64_t first_in_file(const struct rig *rig)
{
    char path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct journal_file *file;
    struct file_group group;
    rig_path(rig, "journal-1.db", path);
    assert_int_equal(file_open(path, false, FILE_SYNC_OFF, &file, error), FILE_OK);
    enum file_result result = file_next(file, 1, FILE_MOST_SEQ, &group, NULL);
    file_close(file);
    return result == FILE_OK ? group.first_seq : 0;
}

static void what_is_stored_goes_after_the_retention_window(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    rig.config.journal.retention_ms = 100;
    rig_start(&rig);
    rig_add(&rig, 0, 20000);
    rig_take(&rig, 0, 20000, true, NULL);
    rig_add(&rig, 20000, 100);
    rig_take(&rig, 20000, 100, false, &parcel);
    RIG_WAIT(first_in_file(&rig) == 20001);
    journal_seek(rig.journal, parcel.journal, 0); /* as far as it holds what was there */
    rig_take(&rig, 20000, 100, true, &parcel);
    assert_int_equal(parcel.last_seq, 20100);
    RIG_WAIT(first_in_file(&rig) == 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_start(&rig);
    rig_add(&rig, 20100, 1);
    rig_take(&rig, 20100, 1, true, &parcel);
    assert_int_equal(parcel.last_seq, 1);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void two_collectors_do_not_share_a_folder(void **state)
{
    (void)state;
    struct rig rig, other;
    struct parcel parcel;
    rig_init(&rig);
    other = rig;
    other.starts = 1;
    rig_start(&rig);
    rig_start(&other);
    assert_false(rig_status(&other).ok);
    assert_non_null(strstr(rig_status(&other).error, "another collector"));
    rig_add(&other, 0, 10); /* it does its work all the same */
    rig_take(&other, 0, 10, true, &parcel);
    assert_string_equal(parcel.journal, "");
    assert_int_equal(rig_status(&other).unjournalled, 10);
    rig_add(&rig, 0, 100);
    rig_take(&rig, 0, 100, false, &parcel);
    assert_int_equal(rig_stop(&rig), 0);
    RIG_WAIT(
        rig_status(&other).ok); /* the folder is free; what it holds waits for a start in order */
    rig_add(&other, 10, 10);
    rig_take(&other, 10, 10, true, &parcel);
    assert_int_equal(strlen(parcel.journal), 32);
    assert_int_equal(rig_stop(&other), 0);
    rig.starts = 2;
    rig_start(&rig);
    rig_take(&rig, 0, 100, true, &parcel);
    rig_take(&rig, 10, 10, true, &parcel);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void without_it_records_go_on_from_memory(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    char path[PATH_MAX];
    rig_init(&rig);
    rig.config.journal.enabled = false;
    rig_start(&rig);
    rig_add(&rig, 0, 100);
    rig_take(&rig, 0, 100, true, &parcel);
    assert_string_equal(parcel.journal, "");
    assert_true(rig_status(&rig).ok);
    rig_add(&rig, 100, 50);
    rig_path(&rig, "", path);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(rig_stop(&rig), 50);
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_what_it_is_given),
        cmocka_unit_test(what_was_not_stored_comes_again_after_a_restart),
        cmocka_unit_test(starts_leave_nothing_behind),
        cmocka_unit_test(rewound_it_starts_again_from_the_first_file),
        cmocka_unit_test(a_killed_collector_loses_nothing),
        cmocka_unit_test(a_seek_goes_on_behind_what_is_stored),
        cmocka_unit_test(a_journal_that_lost_records_goes_on_under_another_name),
        cmocka_unit_test(what_memory_has_no_room_for_is_read_back),
        cmocka_unit_test(what_is_stored_goes_after_the_retention_window),
        cmocka_unit_test(two_collectors_do_not_share_a_folder),
        cmocka_unit_test(without_it_records_go_on_from_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
