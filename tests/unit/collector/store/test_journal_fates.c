/* When the journal says that a record is safe: with its group in the file, or without a file once
 * it is stored. */
#include "tests/unit/collector/store/journal_rig.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

/* SQLite's library finds these before those of the system. */
enum { SYNCS_WORK, SYNCS_FAIL, SYNCS_HANG };
static atomic_int syncs, hanging;

static int sync_as_told(long number, int fd)
{
    if (atomic_load(&syncs) == SYNCS_FAIL) {
        errno = EIO;
        return -1;
    }
    atomic_fetch_add(&hanging, 1);
    while (atomic_load(&syncs) == SYNCS_HANG)
        usleep(1000);
    atomic_fetch_sub(&hanging, 1);
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return sync_as_told(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_as_told(SYS_fdatasync, fd);
}

enum { KNOWN_MOST = 2000 };

struct bench {
    struct rig rig;
    char known[KNOWN_MOST]; /* by number: '.' nothing was told, 'k' kept, 'd' dropped */
};

static void ignore(void *cookie)
{
    (void)cookie;
}

static struct bench *bench_new(bool enabled)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    assert_non_null(bench);
    memset(bench->known, '.', sizeof(bench->known));
    rig_init(&bench->rig);
    bench->rig.config.journal.enabled = enabled;
    bench->rig.fates = fates_new(ignore, NULL);
    rig_start(&bench->rig);
    return bench;
}

static void bench_free(struct bench *bench)
{
    rig_stop(&bench->rig);
    fates_free(bench->rig.fates);
    rig_remove(&bench->rig);
    free(bench);
}

/* How many of the ${count} records from ${first} on are known to be this. */
static size_t known(struct bench *bench, uint64_t first, uint64_t count, char what)
{
    struct fate *fates;
    size_t n = fates_take(bench->rig.fates, &fates), found = 0;
    for (size_t i = 0; i < n; i++) {
        for (uint64_t number = fates[i].first; number <= fates[i].last; number++) {
            assert_true(number > 0 && number < KNOWN_MOST);
            assert_int_equal(bench->known[number], '.'); /* told once */
            bench->known[number] = fates[i].kept ? 'k' : 'd';
        }
    }
    free(fates);
    for (uint64_t number = first; number < first + count; number++)
        found += bench->known[number] == what;
    return found;
}

/* The next records, from the number ${first} on; they may come in several parcels. */
static size_t take(struct bench *bench, uint64_t first, struct parcel *parcel)
{
    size_t taken = journal_take(bench->rig.journal, 500, parcel);
    assert_true(taken > 0);
    if (parcel->journal[0] == '\0')
        assert_int_equal(known(bench, first, taken, '.'), taken);
    return taken;
}

/* Take ${count} records that no file holds, and say whether they are stored. */
static void take_loose(struct bench *bench, uint64_t first, uint64_t count, bool stored)
{
    for (size_t taken, done = 0; done < count; done += taken) {
        struct parcel parcel;
        taken = take(bench, first + done, &parcel);
        assert_string_equal(parcel.journal, "");
        journal_done(bench->rig.journal, &parcel, stored);
        assert_int_equal(known(bench, first + done, taken, stored ? 'k' : 'd'), taken);
    }
}

static void a_record_is_safe_when_its_group_is_committed(void **state)
{
    (void)state;
    struct bench *bench = bench_new(true);
    struct parcel parcel;
    atomic_store(&syncs, SYNCS_HANG);
    rig_add(&bench->rig, 0, 100);
    RIG_WAIT(atomic_load(&hanging) > 0);
    assert_int_equal(known(bench, 1, 100, '.'), 100);
    atomic_store(&syncs, SYNCS_WORK);
    RIG_WAIT(known(bench, 1, 100, 'k') == 100);
    take(bench, 1, &parcel);
    journal_done(bench->rig.journal, &parcel, false); /* it stays in the journal */
    assert_int_equal(known(bench, 1, 100, 'k'), 100);
    bench_free(bench);
}

static void without_a_file_it_is_safe_when_it_is_stored(void **state)
{
    (void)state;
    struct bench *bench = bench_new(true);
    atomic_store(&syncs, SYNCS_FAIL);
    rig_add(&bench->rig, 0, 100);
    take_loose(bench, 1, 100, true);
    rig_add(&bench->rig, 100, 100);
    take_loose(bench, 101, 100, false);
    assert_int_equal(known(bench, 1, 100, 'k'), 100);
    atomic_store(&syncs, SYNCS_WORK);
    bench_free(bench);
}

/* What is on its way without a file is not made safe by what comes behind it. */
static void later_ones_in_a_file_say_nothing_of_it(void **state)
{
    (void)state;
    struct bench *bench = bench_new(true);
    struct parcel parcel;
    atomic_store(&syncs, SYNCS_FAIL);
    rig_add(&bench->rig, 0, 100);
    size_t loose = take(bench, 1, &parcel);
    assert_string_equal(parcel.journal, "");
    atomic_store(&syncs, SYNCS_WORK);
    rig_add(&bench->rig, 100, 100);
    RIG_WAIT(known(bench, loose + 1, 200 - loose, 'k') == 200 - loose);
    assert_int_equal(known(bench, 1, loose, '.'), loose);
    journal_done(bench->rig.journal, &parcel, true);
    assert_int_equal(known(bench, 1, loose, 'k'), loose);
    bench_free(bench);
}

static void with_the_journal_off_it_is_safe_when_it_is_stored(void **state)
{
    (void)state;
    struct bench *bench = bench_new(false);
    rig_add(&bench->rig, 0, 100);
    take_loose(bench, 1, 100, true);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_safe_when_its_group_is_committed),
        cmocka_unit_test(without_a_file_it_is_safe_when_it_is_stored),
        cmocka_unit_test(later_ones_in_a_file_say_nothing_of_it),
        cmocka_unit_test(with_the_journal_off_it_is_safe_when_it_is_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
