/* One file of the journal. */
#include "tests/unit/collector/store/journal_image.h"

static void strange_files_are_put_aside(void **state)
{
    (void)state;
    struct rig rig;
    char path[PATH_MAX];
    rig_init_fast(&rig);
    rig_path(&rig, "", path);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_path(&rig, "journal-1.db", path);
    image_spill(path, (const uint8_t *)"", 0);
    rig_path(&rig, "journal-7.db", path);
    image_spill(path, (const uint8_t *)"This is not a database, and never was one.", 42);
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
    struct journal_file *file, *reader;
    struct file_group group;
    struct file_blob blob;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/journal-1.db", dir);
    assert_int_equal(file_create(path, &meta, error), FILE_OK);
    assert_int_equal(file_open(path, true, FILE_SYNC_FULL, &file, error), FILE_OK);
    file_get_meta(file, &known);
    assert_string_equal(known.id, meta.id);
    assert_false(known.closed);
    assert_int_equal(file_next(file, 1, FILE_MOST_SEQ, &group, NULL), FILE_NONE);
    for (uint64_t i = 1; i < 100; i += 10) {
        group = (struct file_group){.first_seq = i, .last_seq = i + 4, .made_ms = 5, .crc = 6};
        assert_int_equal(file_append(file, &group, "12345", 5), FILE_OK);
    }
    assert_int_equal(file_next(file, 13, FILE_MOST_SEQ, &group, NULL), FILE_OK);
    assert_int_equal(group.first_seq, 11);
    assert_int_equal(file_next(file, 16, FILE_MOST_SEQ, &group, NULL), FILE_OK);
    assert_int_equal(group.first_seq, 21);
    assert_int_equal(file_after(file, 21, FILE_MOST_SEQ, &group, &blob), FILE_OK);
    assert_int_equal(group.first_seq, 31);
    assert_int_equal(blob.size, 5);
    assert_memory_equal(blob.bytes, "12345", 5);
    free(blob.bytes);
    assert_int_equal(file_next(file, 96, FILE_MOST_SEQ, &group, &blob), FILE_NONE);
    assert_int_equal(file_last(file, &group, NULL), FILE_OK);
    assert_int_equal(group.first_seq, 91);
    assert_int_equal(file_delete(file, 34), FILE_OK); /* not that one, which goes on to 35 */
    assert_int_equal(file_next(file, 1, FILE_MOST_SEQ, &group, NULL), FILE_OK);
    assert_int_equal(group.first_seq, 31);
    assert_int_equal(file_delete(file, 34), FILE_NONE);
    assert_int_equal(file_open(path, false, FILE_SYNC_FULL, &reader, error), FILE_OK);
    file_get_meta(reader, &known);
    file_close(reader);
    assert_int_equal(known.first_seq, 35); /* nobody is to miss what was before */
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
    assert_false(known.damaged);
    assert_int_equal(known.first_seq, 31);
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

/* What guards the row that says what a file is. */
static void a_file_that_contradicts_itself_says_so(void **state)
{
    (void)state;
    char dir[] = "/dev/shm/dtuhub-journal-XXXXXX", path[PATH_MAX], error[FILE_ERROR_SIZE];
    struct file_meta known;
    struct journal_file *file;
    sqlite3 *db;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/journal-1.db", dir);
    make_rows(path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE meta SET last_seq = 399 WHERE rowid = 1", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(file_open(path, false, FILE_SYNC_FULL, &file, error), FILE_OK);
    file_get_meta(file, &known);
    assert_true(known.damaged);
    assert_false(known.closed);
    file_close(file);
    file_remove(path);
    assert_int_equal(rmdir(dir), 0);
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
    uint8_t *bytes = image_slurp(path, &size);
    size_t page = size / PAGE / 2;
    assert_int_equal(bytes[page * PAGE], 0x0d); /* a leaf */
    memset(bytes + page * PAGE, 0xff, PAGE);
    image_spill(path, bytes, size);
    free(bytes);
    assert_int_equal(file_open(path, false, FILE_SYNC_FULL, &file, error), FILE_OK);
    uint64_t seq = 0, rows = 0, gaps = 0;
    while (seq < ROWS) {
        assert_int_equal(file_next(file, seq + 1, FILE_MOST_SEQ, &group, NULL), FILE_OK);
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
        cmocka_unit_test(a_file_that_contradicts_itself_says_so),
        cmocka_unit_test(strange_files_are_put_aside),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, "/dev/null");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
