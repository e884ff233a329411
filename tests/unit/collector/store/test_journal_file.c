/* One file of the journal, and what damage does to it: byte by byte. */
#include "collector/store/group.h"
#include "collector/store/journal_file.h"
#include "tests/unit/collector/store/journal_rig.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { GROUPS = 6, IN_GROUP = 40, RECORDS = GROUPS * IN_GROUP, FILE_MOST = 1 << 20 };

/* The two parts of a small journal, as a killed collector leaves them, or closed and so in one. */
struct image {
    uint8_t *db, *wal;
    size_t db_size, wal_size;
};

static uint8_t *slurp(const char *path, size_t *size)
{
    uint8_t *bytes = malloc(FILE_MOST);
    FILE *file = fopen(path, "rb");
    assert_non_null(bytes);
    *size = file != NULL ? fread(bytes, 1, FILE_MOST, file) : 0;
    if (file != NULL)
        fclose(file);
    return bytes;
}

static void spill(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void free_image(struct image *image)
{
    free(image->db);
    free(image->wal);
}

/* Its groups may have been cut otherwise than they were added: false. */
static bool try_image(bool closed, struct image *out)
{
    struct rig rig;
    struct image image;
    char db[PATH_MAX], wal[PATH_MAX];
    rig_init_fast(&rig);
    rig_path(&rig, "journal-1.db", db);
    rig_path(&rig, "journal-1.db-wal", wal);
    rig_start(&rig);
    for (uint32_t i = 0; i < GROUPS; i++) {
        rig_add(&rig, i * IN_GROUP, IN_GROUP);
        RIG_WAIT(rig_status(&rig).records == (i + 1) * IN_GROUP);
    }
    bool whole = rig_status(&rig).groups == GROUPS;
    if (closed)
        assert_int_equal(rig_stop(&rig), 0);
    image.db = slurp(db, &image.db_size);
    image.wal = slurp(wal, &image.wal_size);
    assert_true(image.db_size > 0 && (image.wal_size > 0) == !closed);
    if (!closed)
        assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
    *out = image;
    return whole;
}

/* The same layout each time, so that a byte that matters is not met by chance. */
static struct image make_image(bool closed)
{
    struct image image;
    while (!try_image(closed, &image))
        free_image(&image);
    return image;
}

static void see_written(void *cookie, uint64_t seq, uint32_t number)
{
    uint32_t *times = cookie;
    assert_true(number < RECORDS); /* rig_number() has looked at the rest */
    assert_int_equal(seq, number + 1);
    times[number]++;
}

/* A collector starts on these files: how many of the records it delivers. It reports what is amiss.
 */
static size_t replay(const struct image *image)
{
    struct rig rig;
    struct parcel parcel;
    uint32_t times[RECORDS] = {0};
    char path[PATH_MAX];
    size_t n = 0;
    rig_init_fast(&rig);
    rig_path(&rig, "", path);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_path(&rig, "journal-1.db", path);
    spill(path, image->db, image->db_size);
    rig_path(&rig, "journal-1.db-wal", path);
    if (image->wal_size > 0)
        spill(path, image->wal, image->wal_size);
    rig_start(&rig);
    assert_true(rig_status(&rig).ok);
    cache_close(rig.cache);
    while (journal_take(rig.journal, 1000, &parcel) > 0) {
        rig_see(&rig, &parcel, see_written, times);
        journal_done(rig.journal, &parcel, true);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        assert_in_range(times[i], 0, 1);
        n += times[i];
    }
    /* A torn log ends early and nobody can tell; damage in the file itself shows. */
    if (n < RECORDS && image->wal_size == 0)
        assert_true(rig_status(&rig).unreadable > 0);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
    return n;
}

static void damaged_files_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    size_t step = getenv("DTUHUB_THOROUGH") != NULL ? 1 : 23;
    for (int closed = 0; closed <= 1; closed++) {
        struct image image = make_image(closed);
        assert_int_equal(replay(&image), RECORDS);
        size_t partly = 0, nothing = 0;
        for (size_t i = 0; i < image.db_size + image.wal_size; i += step) {
            uint8_t *byte = i < image.db_size ? image.db + i : image.wal + i - image.db_size;
            uint8_t was = *byte;
            *byte = (uint8_t)(i % 2 ? ~was : was ^ 1);
            size_t n = replay(&image);
            partly += n > 0 && n < RECORDS;
            nothing += n == 0;
            *byte = was;
        }
        assert_true(partly > nothing);
        free_image(&image);
    }
}

static void torn_files_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    size_t step = getenv("DTUHUB_THOROUGH") != NULL ? 1 : 97;
    for (int closed = 0; closed <= 1; closed++) {
        struct image image = make_image(closed);
        size_t *size = closed ? &image.db_size : &image.wal_size, whole = *size;
        size_t before = 0;
        for (*size = closed ? 0 : 1; *size <= whole; *size += step) {
            size_t n = replay(&image);
            if (!closed) {
                assert_true(n >= before); /* no group behind a torn one */
                before = n;
            }
        }
        *size = whole;
        assert_int_equal(replay(&image), RECORDS);
        free_image(&image);
    }
}

static void strange_files_are_put_aside(void **state)
{
    (void)state;
    struct rig rig;
    char path[PATH_MAX];
    rig_init_fast(&rig);
    rig_path(&rig, "", path);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_path(&rig, "journal-1.db", path);
    spill(path, (const uint8_t *)"", 0);
    rig_path(&rig, "journal-7.db", path);
    spill(path, (const uint8_t *)"This is not a database, and never was one.", 42);
    rig_start(&rig);
    assert_true(rig_status(&rig).ok);
    assert_int_equal(rig_status(&rig).unreadable, 2);
    rig_path(&rig, "journal-7.db.broken", path);
    assert_int_equal(access(path, F_OK), 0);
    rig_add(&rig, 0, 10);
    rig_take(&rig, 0, 10, true, NULL);
    assert_int_equal(rig_stop(&rig), 0);
    rig_remove(&rig);
}

static void rows_are_found_by_what_they_hold(void **state)
{
    (void)state;
    char dir[] = "/tmp/dtuhub-journal-XXXXXX", path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct file_meta meta = {.id = "0123456789abcdef0123456789abcdef"}, known;
    struct journal_file *file;
    struct file_group group;
    uint8_t *bytes;
    size_t size;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/journal-1.db", dir);
    assert_int_equal(file_create(path, &meta, error), FILE_OK);
    assert_int_equal(file_open(path, true, FILE_SYNC_FULL, &file, error), FILE_OK);
    file_get_meta(file, &known);
    assert_string_equal(known.id, meta.id);
    assert_false(known.closed);
    assert_int_equal(file_next(file, 1, &group), FILE_NONE);
    for (uint64_t i = 1; i < 100; i += 10) {
        group = (struct file_group){.first_seq = i, .last_seq = i + 4, .made_ms = 5, .crc = 6};
        assert_int_equal(file_append(file, &group, "12345", 5), FILE_OK);
    }
    assert_int_equal(file_next(file, 13, &group), FILE_OK);
    assert_int_equal(group.first_seq, 11);
    assert_int_equal(file_next(file, 16, &group), FILE_OK);
    assert_int_equal(group.first_seq, 21);
    assert_int_equal(file_after(file, 21, &group), FILE_OK);
    assert_int_equal(group.first_seq, 31);
    assert_int_equal(file_next(file, 96, &group), FILE_NONE);
    assert_int_equal(file_load(file, 31, &bytes, &size), FILE_OK);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "12345", 5);
    free(bytes);
    assert_int_equal(file_load(file, 32, &bytes, &size), FILE_NONE);
    assert_int_equal(file_delete(file, 34), FILE_OK); /* not that one, which goes on to 35 */
    assert_int_equal(file_next(file, 1, &group), FILE_OK);
    assert_int_equal(group.first_seq, 31);
    assert_int_equal(file_delete(file, 34), FILE_NONE);
    file_close_clean(file, 31, 95);
    assert_int_equal(file_open(path, true, FILE_SYNC_FULL, &file, error), FILE_OK);
    file_get_meta(file, &known);
    assert_true(known.closed);
    assert_int_equal(known.first_seq, 31);
    assert_int_equal(known.last_seq, 95);
    file_close(file);
    assert_int_equal(file_open(path, false, FILE_SYNC_FULL, &file, error), FILE_OK);
    file_get_meta(file, &known);
    assert_false(known.closed); /* it was opened for writing since */
    file_close(file);
    file_remove(path);
    assert_int_equal(rmdir(dir), 0);
}

enum { PAGE = 4096, ROWS = 400 };

static void make_rows(const char *path)
{
    struct file_meta meta = {.id = "0123456789abcdef0123456789abcdef"};
    char error[FILE_ERROR_SIZE];
    uint8_t row[200] = {0};
    struct journal_file *file;
    assert_int_equal(file_create(path, &meta, error), FILE_OK);
    assert_int_equal(file_open(path, true, FILE_SYNC_OFF, &file, error), FILE_OK);
    for (uint64_t i = 1; i <= ROWS; i++) {
        struct file_group group = {.first_seq = i, .last_seq = i};
        assert_int_equal(file_append(file, &group, row, sizeof(row)), FILE_OK);
    }
    file_close_clean(file, 1, ROWS);
}

/* A leaf of the tree in the middle of the file is gone: what is before it and behind is not. */
static void a_damaged_page_is_stepped_over(void **state)
{
    (void)state;
    char dir[] = "/dev/shm/dtuhub-journal-XXXXXX", path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct journal_file *file;
    struct file_group group;
    size_t size;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/journal-1.db", dir);
    make_rows(path);
    uint8_t *bytes = slurp(path, &size);
    size_t page = size / PAGE / 2;
    assert_int_equal(bytes[page * PAGE], 0x0d); /* a leaf */
    memset(bytes + page * PAGE, 0xff, PAGE);
    spill(path, bytes, size);
    free(bytes);
    assert_int_equal(file_open(path, false, FILE_SYNC_FULL, &file, error), FILE_OK);
    uint64_t seq = 0, rows = 0, gaps = 0;
    while (seq < ROWS) {
        assert_int_equal(file_next(file, seq + 1, &group), FILE_OK);
        gaps += group.first_seq != seq + 1;
        seq = group.first_seq;
        rows++;
    }
    assert_int_equal(gaps, 1);
    assert_in_range(rows, ROWS - 30, ROWS - 1);
    file_close(file);
    file_remove(path);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_by_what_they_hold),
        cmocka_unit_test(a_damaged_page_is_stepped_over),
        cmocka_unit_test(strange_files_are_put_aside),
        cmocka_unit_test(damaged_files_are_read_as_far_as_they_go),
        cmocka_unit_test(torn_files_are_read_as_far_as_they_go),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
