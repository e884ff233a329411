/* What the disk does to the journal: no room, and syncs that fail. */
#include "tests/unit/collector/store/journal_rig.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* SQLite's library finds these before those of the system. */
static atomic_int syncs_to_fail;

static int sync_or_fail(long number, int fd)
{
    if (atomic_load(&syncs_to_fail) > 0) {
        atomic_fetch_sub(&syncs_to_fail, 1);
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_or_fail(SYS_fdatasync, fd);
}

enum { SEEN_MOST = 4000, JOURNALS_MOST = 64 };

/* Which record was seen under which journal and seq. */
struct seen {
    char ids[JOURNALS_MOST][JOURNAL_ID_SIZE];
    size_t nids;
    uint32_t numbers[JOURNALS_MOST][SEEN_MOST]; /* by seq: the number + 1 */
    uint32_t times[SEEN_MOST];                  /* by number */
    size_t at; /* the journal of the parcel that is looked at; JOURNALS_MOST: none */
};

static void see(void *cookie, uint64_t seq, uint32_t number)
{
    struct seen *seen = cookie;
    assert_true(number < SEEN_MOST);
    seen->times[number]++;
    if (seen->at == JOURNALS_MOST)
        return;
    assert_true(seq > 0 && seq < SEEN_MOST);
    uint32_t *known = &seen->numbers[seen->at][seq];
    assert_true(*known == 0 || *known == number + 1);
    *known = number + 1;
}

static void see_parcel(const struct rig *rig, const struct parcel *parcel, struct seen *seen)
{
    size_t i = 0;
    while (i < seen->nids && strcmp(seen->ids[i], parcel->journal) != 0)
        i++;
    if (i == seen->nids && parcel->journal[0] != '\0') {
        assert_true(seen->nids < JOURNALS_MOST);
        memcpy(seen->ids[seen->nids++], parcel->journal, JOURNAL_ID_SIZE);
    }
    seen->at = parcel->journal[0] != '\0' ? i : JOURNALS_MOST;
    rig_see(rig, parcel, see, seen);
}

/* Take all there is, in order, and end. */
static void drain_and_stop(struct rig *rig, struct seen *seen, bool stored)
{
    struct parcel parcel;
    cache_close(rig->cache);
    while (journal_take(rig->journal, 500, &parcel) > 0) {
        see_parcel(rig, &parcel, seen);
        journal_done(rig->journal, &parcel, stored);
    }
    assert_int_equal(rig_stop(rig), 0);
}

static void check_times(const struct seen *seen, uint32_t count, uint32_t times)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(seen->times[i], times);
}

static void after_a_failed_sync_the_file_is_not_trusted(void **state)
{
    (void)state;
    struct rig rig;
    struct seen *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    rig_init(&rig);
    rig_start(&rig);
    for (uint32_t i = 0; i < 12; i++) {
        if (i % 4 == 2)
            atomic_store(&syncs_to_fail, 1);
        rig_add(&rig, i * 100, 100);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 100);
        assert_int_equal(atomic_load(&syncs_to_fail), 0);
    }
    assert_true(rig_status(&rig).ok);
    assert_int_equal(rig_status(&rig).depth, 1200);
    drain_and_stop(&rig, seen, false);
    check_times(seen, 1200, 1);
    assert_int_equal(seen->nids, 4);

    rig_start(&rig); /* the group whose fate was unknown must not come twice */
    assert_int_equal(rig_status(&rig).depth, 1200);
    drain_and_stop(&rig, seen, true);
    check_times(seen, 1200, 2);
    assert_int_equal(seen->nids, 4);
    free(seen);
    rig_remove(&rig);
}

static void where_no_sync_works_records_go_on_from_memory(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    struct seen *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 100);
    RIG_WAIT(rig_status(&rig).records == 100);
    atomic_store(&syncs_to_fail, 1 << 30);
    for (uint32_t i = 1; i < 10; i++) {
        rig_add(&rig, i * 100, 100);
        assert_true(journal_take(rig.journal, 500, &parcel) > 0);
        see_parcel(&rig, &parcel, seen);
        assert_true(parcel.journal[0] == '\0' || i == 1);
        journal_done(rig.journal, &parcel, true);
    }
    assert_false(rig_status(&rig).ok);
    assert_non_null(strstr(rig_status(&rig).error, "I/O"));
    atomic_store(&syncs_to_fail, 0);
    RIG_WAIT(rig_status(&rig).ok);
    rig_add(&rig, 1000, 100);
    drain_and_stop(&rig, seen, true);
    check_times(seen, 1100, 1);
    assert_true(seen->nids >= 2);
    assert_true(seen->numbers[seen->nids - 1][1] > 1000); /* a file again, at the end */
    free(seen);
    rig_remove(&rig);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_got_over(void **state)
{
    (void)state;
    struct rig rig;
    struct rig_run run = {.next = 0};
    struct parcel parcel;
    uint32_t added = 0, loose = 0;
    char id[JOURNAL_ID_SIZE] = "";
    signal(SIGXFSZ, SIG_IGN);
    rig_init(&rig);
    rig_start(&rig);
    for (int round = 0; round < 3; round++) {
        limit_files(4096 + 1000 * round); /* less than an empty file takes */
        while (rig_status(&rig).ok || loose == 0) {
            rig_add(&rig, added, 300);
            added += 300;
            assert_true(journal_take(rig.journal, 500, &parcel) > 0);
            rig_see(&rig, &parcel, rig_in_order, &run);
            loose += parcel.journal[0] == '\0' ? (uint32_t)parcel.records : 0;
            journal_done(rig.journal, &parcel, true);
        }
        assert_non_null(strstr(rig_status(&rig).error, ""));
        assert_true(rig_status(&rig).errors > 0);
        limit_files(RLIM_INFINITY);
        RIG_WAIT(rig_status(&rig).ok);
        loose = 0;
    }
    rig_add(&rig, added, 10);
    while (run.next < added + 10) {
        assert_true(journal_take(rig.journal, 500, &parcel) > 0);
        rig_see(&rig, &parcel, rig_in_order, &run);
        memcpy(id, parcel.journal, sizeof(id));
        journal_done(rig.journal, &parcel, true);
    }
    assert_int_equal(strlen(id), 32);
    assert_int_equal(rig_status(&rig).dropped, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* Only what is stored takes the room: it goes. */
static void room_is_made_by_what_is_stored(void **state)
{
    (void)state;
    struct rig rig;
    signal(SIGXFSZ, SIG_IGN);
    rig_init_fast(&rig);
    rig_start(&rig);
    limit_files(200000);
    for (uint32_t i = 0; i < 40; i++) {
        rig_add(&rig, i * 300, 300);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 300);
        rig_take(&rig, i * 300, 300, true, NULL);
    }
    assert_true(rig_status(&rig).ok);
    assert_int_equal(rig_status(&rig).unjournalled, 0);
    assert_int_equal(rig_status(&rig).errors, 0);
    assert_int_equal(rig_status(&rig).dropped, 0);
    limit_files(RLIM_INFINITY);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* Nobody takes meanwhile: what is pending is in the file in its place when there is room. */
static void what_waits_for_room_is_journalled_in_order(void **state)
{
    (void)state;
    struct rig rig;
    signal(SIGXFSZ, SIG_IGN);
    rig_init(&rig);
    rig_start(&rig);
    limit_files(60000);
    uint32_t added = 0;
    while (rig_status(&rig).ok) {
        rig_add(&rig, added, 100);
        added += 100;
        usleep(1000);
    }
    rig_add(&rig, added, 100);
    added += 100;
    limit_files(RLIM_INFINITY);
    RIG_WAIT(rig_status(&rig).depth == added);
    assert_int_equal(rig_status(&rig).unjournalled, 0);
    rig_take(&rig, 0, added, true, NULL);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void what_is_in_no_file_at_the_end_is_lost_and_counted(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    char path[PATH_MAX];
    rig_path(&rig, "", path);
    FILE *file = fopen(path, "w"); /* where the folder should be */
    assert_non_null(file);
    fclose(file);
    rig_start(&rig);
    assert_false(rig_status(&rig).ok);
    rig_add(&rig, 0, 100);
    size_t taken = journal_take(rig.journal, 500, &parcel);
    assert_true(taken > 0);
    journal_done(rig.journal, &parcel, false);
    rig_add(&rig, 100, 50);
    assert_int_equal(rig_stop(&rig), 150);
    unlink(path);
    rig_remove(&rig);
}

static void a_folder_that_is_deleted_is_made_again(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel first, last;
    char dir[PATH_MAX];
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 100);
    rig_take(&rig, 0, 100, true, &first);
    rig_path(&rig, "", dir);
    char command[PATH_MAX + 16];
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    RIG_WAIT(access(dir, F_OK) == 0 && rig_status(&rig).ok);
    uint32_t n = 100;
    do {
        rig_add(&rig, n, 1);
        rig_take(&rig, n++, 1, false, &last);
    } while (last.journal[0] == '\0' || strcmp(last.journal, first.journal) == 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_start(&rig);
    rig_take(&rig, n - 1, 1, true, NULL);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void what_waits_is_saved_from_a_deleted_folder(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel held, parcel;
    char dir[PATH_MAX], command[PATH_MAX + 16];
    rig_init(&rig);
    rig.config.cache.max_size = 1000; /* so that little of it is in memory, too */
    rig_start(&rig);
    for (uint32_t i = 0; i < 20; i++) {
        rig_add(&rig, i * 200, 200);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 200);
    }
    assert_true(journal_take(rig.journal, 1, &held) > 0);
    rig_path(&rig, "", dir);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    rig_path(&rig, "journal-2.db", dir);
    RIG_WAIT(access(dir, F_OK) == 0 && rig_status(&rig).ok);
    RIG_WAIT(rig_status(&rig).depth == 4000 - held.records);
    struct rig_run run = {.next = (uint32_t)held.records};
    journal_done(rig.journal, &held, true);
    rig_add(&rig, 4000, 10);
    while (run.next < 4010) {
        assert_true(journal_take(rig.journal, 500, &parcel) > 0);
        rig_see(&rig, &parcel, rig_in_order, &run);
        journal_done(rig.journal, &parcel, true);
    }
    assert_int_equal(rig_status(&rig).dropped, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* What is only in files that are gone is lost, and counted. */
static void what_a_deleted_folder_takes_along_is_counted(void **state)
{
    (void)state;
    struct rig rig;
    char dir[PATH_MAX], command[PATH_MAX + 16];
    rig_init(&rig);
    rig_start(&rig);
    rig_add(&rig, 0, 300);
    RIG_WAIT(rig_status(&rig).records == 300);
    atomic_store(&syncs_to_fail, 1); /* so that it goes on with another file */
    rig_add(&rig, 300, 100);
    RIG_WAIT(rig_status(&rig).records == 400);
    rig_path(&rig, "", dir);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    RIG_WAIT(rig_status(&rig).dropped == 300);
    assert_int_equal(rig_status(&rig).depth, 100);
    rig_take(&rig, 300, 100, true, NULL);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_failed_sync_the_file_is_not_trusted),
        cmocka_unit_test(where_no_sync_works_records_go_on_from_memory),
        cmocka_unit_test(a_full_disk_is_got_over),
        cmocka_unit_test(room_is_made_by_what_is_stored),
        cmocka_unit_test(what_waits_for_room_is_journalled_in_order),
        cmocka_unit_test(what_is_in_no_file_at_the_end_is_lost_and_counted),
        cmocka_unit_test(a_folder_that_is_deleted_is_made_again),
        cmocka_unit_test(what_waits_is_saved_from_a_deleted_folder),
        cmocka_unit_test(what_a_deleted_folder_takes_along_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
