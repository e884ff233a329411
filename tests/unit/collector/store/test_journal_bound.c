/* How much the journal takes, and what goes for it. */
#include "tests/unit/collector/store/journal_rig.h"

#include <sys/stat.h>

static void past_its_bound_the_oldest_are_dropped_and_counted(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    rig_init(&rig);
    rig.config.journal.max_bytes = 1 << 20;
    rig.config.cache.max_size = 1000;
    rig_start(&rig);
    for (uint32_t i = 0; i < 100; i++) {
        rig_add(&rig, i * 400, 400);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 400);
    }
    RIG_WAIT(rig_status(&rig).bytes <= 1 << 20);
    struct journal_status status = rig_status(&rig);
    assert_true(status.dropped > 10000);
    assert_true(status.depth > 5000);
    assert_int_equal(status.depth + status.dropped, 40000);
    struct rig_run run = {.next = (uint32_t)status.dropped};
    while (run.next < 40000) {
        assert_true(journal_take(rig.journal, 500, &parcel) > 0);
        rig_see(&rig, &parcel, rig_in_order, &run);
        assert_int_equal(run.seq, run.next);
        journal_done(rig.journal, &parcel, true);
    }
    assert_int_equal(rig_status(&rig).depth, 0);
    assert_int_equal(rig_status(&rig).unreadable, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* What the folder takes on the disk. */
static uint64_t on_disk(const struct rig *rig)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    uint64_t bytes = 0;
    rig_path(rig, "", folder);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        struct stat info;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode))
            bytes += (uint64_t)info.st_size;
    }
    closedir(dir);
    return bytes;
}

/* Many small groups: the log takes a page or two for each. */
static void its_bound_is_that_of_all_it_has_on_the_disk(void **state)
{
    (void)state;
    struct rig rig;
    uint64_t most = 0;
    rig_init_fast(&rig);
    rig.config.journal.max_bytes = 1 << 20;
    rig.config.journal.sync = JOURNAL_SYNC_OFF;
    rig_start(&rig);
    for (uint32_t i = 0; i < 300; i++) {
        rig_add(&rig, i * 50, 50);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 50);
        uint64_t bytes = on_disk(&rig);
        most = bytes > most ? bytes : most;
    }
    assert_in_range(most, 384 << 10, 1 << 20);
    RIG_WAIT(rig_status(&rig).bytes == on_disk(&rig));
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* Who has taken them will store them. */
static void what_is_handed_out_is_not_counted_as_dropped(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel held;
    rig_init_fast(&rig);
    rig.config.journal.max_bytes = 1 << 20;
    for (int stored = 0; stored < 2; stored++) {
        rig_start(&rig);
        rig_add(&rig, 0, 5000);
        assert_true(journal_take(rig.journal, 5000, &held) > 0);
        uint32_t added = 5000;
        while (rig_status(&rig).dropped == 0) {
            rig_add(&rig, added, 400);
            added += 400;
            RIG_WAIT(rig_status(&rig).records == added);
        }
        struct journal_status status = rig_status(&rig);
        assert_int_equal(status.depth + status.dropped + held.records, added);
        size_t records = held.records;
        journal_done(rig.journal, &held, stored);
        RIG_WAIT(rig_status(&rig).dropped >= (stored ? status.dropped : records + status.dropped));
        assert_int_equal(rig_stop(&rig), 0);
        rig_remove(&rig);
        assert_int_equal(mkdir(rig.dir, 0700), 0);
    }
    rig_remove(&rig);
}

/* Groups of it: all that waits may be in the file that an earlier start has left. */
static void of_an_earlier_file_no_more_goes_than_has_to(void **state)
{
    (void)state;
    struct rig rig;
    struct parcel parcel;
    uint32_t added = 0;
    rig_init_fast(&rig);
    rig.config.journal.max_bytes = 1 << 20;
    rig_start(&rig);
    while (rig_status(&rig).dropped == 0) {
        rig_add(&rig, added, 400);
        added += 400;
        RIG_WAIT(rig_status(&rig).records == added);
    }
    struct rig_run run = {.next = (uint32_t)rig_status(&rig).dropped};
    uint64_t before = added - run.next;
    assert_int_equal(rig_stop(&rig), 0);
    rig_start(&rig);
    assert_int_equal(rig_status(&rig).depth, before);
    journal_seek(rig.journal, "", 0); /* the database has been asked, and has nothing of it */
    for (uint32_t i = 0; i < 5; i++) {
        rig_add(&rig, added + i * 400, 400);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * 400);
        assert_in_range(on_disk(&rig), 0, 1 << 20);
    }
    RIG_WAIT(rig_status(&rig).dropped > 0);
    struct journal_status status = rig_status(&rig);
    assert_int_equal(status.depth + status.dropped, before + 2000);
    assert_int_equal(rig_stop(&rig), 0);
    rig_start(&rig); /* the file is whole without them; some may have gone until the stop */
    uint64_t depth = rig_status(&rig).depth;
    assert_in_range(depth, before / 2, before + 2000 - status.dropped);
    run.next = added + 2000 - (uint32_t)depth;
    while (run.next < added + 2000) {
        assert_true(journal_take(rig.journal, 500, &parcel) > 0);
        rig_see(&rig, &parcel, rig_in_order, &run);
        journal_done(rig.journal, &parcel, true);
    }
    assert_int_equal(rig_status(&rig).unreadable, 0);
    assert_int_equal(rig_status(&rig).missing, 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

/* Where it is full, too: the database may have it all. */
static void a_start_alone_drops_nothing(void **state)
{
    (void)state;
    struct rig rig;
    uint32_t added = 0;
    rig_init_fast(&rig);
    rig.config.journal.max_bytes = 1 << 20;
    rig_start(&rig);
    while (rig_status(&rig).dropped == 0) {
        rig_add(&rig, added, 400);
        added += 400;
        RIG_WAIT(rig_status(&rig).records == added);
    }
    assert_int_equal(rig_stop(&rig), 0); /* until then some more may go */
    rig_start(&rig);
    uint64_t left = rig_status(&rig).depth;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_stop(&rig), 0);
        rig_start(&rig);
    }
    assert_int_equal(rig_stop(&rig), 0); /* it has tidied up at least once */
    rig_start(&rig);
    assert_int_equal(rig_status(&rig).depth, left);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_its_bound_the_oldest_are_dropped_and_counted),
        cmocka_unit_test(its_bound_is_that_of_all_it_has_on_the_disk),
        cmocka_unit_test(what_is_handed_out_is_not_counted_as_dropped),
        cmocka_unit_test(of_an_earlier_file_no_more_goes_than_has_to),
        cmocka_unit_test(a_start_alone_drops_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
