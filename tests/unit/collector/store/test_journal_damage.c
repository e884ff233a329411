/* What damage does to a file of the journal, byte by byte, and what a log torn anywhere does. */
#include "tests/unit/collector/store/journal_image.h"

enum { KINDS = 11, HANG_S = 120, INTERIOR = 0x05 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STEP = 7 }; /* several times slower */
#else
enum { STEP = 1 };
#endif

static void see_once(void *cookie, uint64_t seq, uint32_t number)
{
    uint32_t *next = cookie;
    assert_in_range(number, *next, IMAGE_ROOM); /* in order, and so none of them twice */
    assert_int_equal(seq, number + 1);
    *next = number + 1;
}

static void clear_folder(const struct rig *rig)
{
    char folder[PATH_MAX], path[PATH_MAX + 300];
    rig_path(rig, "", folder);
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (dir != NULL)
        closedir(dir);
}

struct outcome {
    uint32_t got;
    struct journal_status status;
};

/* A collector starts on these files, and all that it delivers is taken. */
static struct outcome replay(struct rig *rig, const struct image *image)
{
    struct outcome outcome = {0};
    struct parcel parcel;
    char path[PATH_MAX];
    uint32_t next = 0;
    rig_path(rig, "", path);
    mkdir(path, 0700);
    rig_path(rig, "journal-1.db", path);
    image_spill(path, image->db, image->db_size);
    rig_path(rig, "journal-1.db-wal", path);
    if (image->wal_size > 0)
        image_spill(path, image->wal, image->wal_size);
    alarm(HANG_S);
    rig->starts = 1;
    rig_start(rig);
    assert_true(rig_status(rig).ok);
    cache_close(rig->cache);
    while (journal_take(rig->journal, 1000, &parcel) > 0) {
        outcome.got += (uint32_t)parcel.records;
        rig_see(rig, &parcel, see_once, &next);
        journal_done(rig->journal, &parcel, true);
    }
    outcome.status = rig_status(rig);
    assert_int_equal(rig_stop(rig), 0);
    clear_folder(rig);
    return outcome;
}

/* The byte in one of the ways: a bit of it, all of them, all set, all clear. */
static uint8_t damaged(uint8_t was, size_t kind)
{
    static const uint8_t set[] = {0xff, 0};
    if (kind <= 8)
        return (uint8_t)(was ^ (kind < 8 ? 1 << kind : 0xff));
    return set[kind - 9];
}

/* What is missing is counted; of a log nobody can tell how far it went. */
static void check(const struct image *image, size_t at, const struct outcome *outcome)
{
    uint32_t missing = image->records - outcome->got;
    if (missing == 0 || (at >= image->db_size && !image->layout.closed))
        return;
    if (outcome->status.unreadable == 0)
        print_error("%s, byte %zu\n", image->layout.name, at);
    assert_true(outcome->status.unreadable > 0);
    if (image->layout.closed && outcome->got > 0)
        assert_int_equal(outcome->status.missing, missing);
}

/* Each byte in one of the ways, those of the tree's inner pages in all of them. */
static bool is_due(const struct image *image, size_t at, size_t kind)
{
    size_t page = at / IMAGE_PAGE * IMAGE_PAGE;
    bool inner = at < image->db_size && page > 0 && image->db[page] == INTERIOR &&
                 *image_byte(image, at) != 0;
    return inner || getenv("DTUHUB_THOROUGH") != NULL || kind == (at ^ at / IMAGE_PAGE) % KINDS;
}

static void damage_all(const struct layout *layout)
{
    struct image image = image_make(layout);
    struct rig rig;
    struct outcome outcome;
    size_t partly = 0, nothing = 0, runs = 0;
    rig_init_fast(&rig);
    rig.config.journal.sync = JOURNAL_SYNC_OFF;
    outcome = replay(&rig, &image);
    assert_int_equal(outcome.got, image.records);
    assert_int_equal(outcome.status.unreadable, 0);
    for (size_t at = 0; at < image_size(&image); at += STEP) {
        uint8_t *byte = image_byte(&image, at), was = *byte;
        for (size_t kind = 0; kind < KINDS; kind++) {
            *byte = was;
            if (!is_due(&image, at, kind) || damaged(was, kind) == was)
                continue;
            *byte = damaged(was, kind);
            outcome = replay(&rig, &image);
            check(&image, at, &outcome);
            partly += outcome.got > 0 && outcome.got < image.records;
            nothing += outcome.got == 0;
            runs++;
        }
        *byte = was;
    }
    print_message("%s: %zu bytes, %zu runs, %zu read in part, %zu not at all\n", layout->name,
                  image_size(&image), runs, partly, nothing);
    assert_true(partly > nothing);
    rig_remove(&rig);
    image_free(&image);
}

static void many_groups(void **state)
{
    (void)state;
    damage_all(&(struct layout){"many groups", 10, 1, true});
}

static void large_groups(void **state)
{
    (void)state;
    damage_all(&(struct layout){"large groups", 2, 12, true});
}

static void a_file_and_its_log(void **state)
{
    (void)state;
    damage_all(&(struct layout){"a file and its log", 3, 3, false});
}

/* Every length of the file, or of its log. */
static void tear(const struct layout *layout)
{
    struct image image = image_make(layout);
    struct rig rig;
    uint32_t before = 0;
    size_t *size = layout->closed ? &image.db_size : &image.wal_size, whole = *size;
    rig_init_fast(&rig);
    rig.config.journal.sync = JOURNAL_SYNC_OFF;
    for (*size = 0; *size < whole; *size += STEP) {
        struct outcome outcome = replay(&rig, &image);
        if (layout->closed)
            check(&image, *size, &outcome); /* zeros at its end may go */
        else
            assert_true(outcome.got >= before); /* no group behind a torn one */
        before = outcome.got;
    }
    *size = whole;
    assert_int_equal(replay(&rig, &image).got, image.records);
    rig_remove(&rig);
    image_free(&image);
}

static void a_torn_file(void **state)
{
    (void)state;
    tear(&(struct layout){"many groups", 10, 1, true});
}

static void a_torn_log(void **state)
{
    (void)state;
    tear(&(struct layout){"a file and its log", 3, 3, false});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_groups),        cmocka_unit_test(large_groups),
        cmocka_unit_test(a_file_and_its_log), cmocka_unit_test(a_torn_file),
        cmocka_unit_test(a_torn_log),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
