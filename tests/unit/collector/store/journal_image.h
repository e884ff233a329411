/*
 * A small file of the journal as bytes, for tests that damage it. Its pages are small, so that few
 * bytes have all that a file can have: a tree of several levels, and groups that are larger than a
 * page.
 */
#ifndef DTUHUB_TESTS_JOURNAL_IMAGE_H
#define DTUHUB_TESTS_JOURNAL_IMAGE_H

#include "collector/store/group.h"
#include "collector/store/journal_file.h"
#include "tests/unit/collector/store/journal_rig.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

enum { IMAGE_MOST = 1 << 18, IMAGE_PAGE = 512, IMAGE_ROOM = 1000 };

/* How a file is laid out; closed, or left by a killed collector with its log beside it. */
struct layout {
    const char *name;
    uint32_t groups, in_group;
    bool closed;
};

struct image {
    struct layout layout;
    uint32_t records;
    uint8_t *db, *wal;
    size_t db_size, wal_size;
};

static inline uint8_t *image_slurp(const char *path, size_t *size)
{
    uint8_t *bytes = malloc(IMAGE_MOST);
    FILE *file = fopen(path, "rb");
    assert_non_null(bytes);
    *size = file != NULL ? fread(bytes, 1, IMAGE_MOST, file) : 0;
    assert_true(*size < IMAGE_MOST);
    if (file != NULL)
        fclose(file);
    return bytes;
}

static inline void image_spill(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

/* An empty file; the size of its pages can be chosen only while it keeps no log. */
static inline void image_create(const char *path, const char *id)
{
    struct file_meta meta = {0};
    char error[FILE_ERROR_SIZE];
    sqlite3 *db;
    memcpy(meta.id, id, sizeof(meta.id));
    assert_int_equal(file_create(path, &meta, error), FILE_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA page_size = 512; VACUUM", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline void image_append(struct rig *rig, struct journal_file *file,
                                struct group_maker *maker, const char *id, uint32_t first,
                                uint32_t count)
{
    struct group_info info = {.first_seq = first + 1, .records = count, .made_ms = 1700000000000};
    struct file_group group = {
        .first_seq = first + 1, .last_seq = first + count, .made_ms = info.made_ms};
    struct cache_chunks chunks;
    size_t size;
    memcpy(info.id, id, sizeof(info.id));
    rig_add(rig, first, count);
    assert_int_equal(cache_take(rig->cache, SIZE_MAX, &chunks), count);
    const uint8_t *bytes = group_make(maker, &info, &chunks, &size, &group.crc);
    assert_non_null(bytes);
    assert_int_equal(file_append(file, &group, bytes, size), FILE_OK);
    cache_done(rig->cache, &chunks);
}

/* The same bytes each time. */
static inline struct image image_make(const struct layout *layout)
{
    static const char id[] = "0123456789abcdef0123456789abcdef";
    struct image image = {.layout = *layout, .records = layout->groups * layout->in_group};
    struct rig rig;
    struct journal_file *file;
    char db[PATH_MAX], wal[PATH_MAX], error[FILE_ERROR_SIZE];
    rig_init_fast(&rig);
    rig_path(&rig, "", db);
    assert_int_equal(mkdir(db, 0700), 0);
    rig_path(&rig, "journal-1.db", db);
    rig_path(&rig, "journal-1.db-wal", wal);
    image_create(db, id);
    assert_int_equal(file_open(db, true, FILE_SYNC_OFF, &file, error), FILE_OK);
    rig.cache = cache_new(IMAGE_ROOM, 1);
    rig.names = names_new();
    struct group_maker *maker = group_maker_new(rig.names);
    for (uint32_t i = 0; i < layout->groups; i++)
        image_append(&rig, file, maker, id, i * layout->in_group, layout->in_group);
    if (layout->closed)
        file_close_clean(file, 1, image.records);
    image.db = image_slurp(db, &image.db_size);
    image.wal = image_slurp(wal, &image.wal_size);
    assert_true(image.db_size > 0 && (image.wal_size > 0) == !layout->closed);
    if (!layout->closed)
        file_close(file);
    group_maker_free(maker);
    cache_free(rig.cache);
    names_free(rig.names);
    rig_remove(&rig);
    return image;
}

static inline void image_free(struct image *image)
{
    free(image->db);
    free(image->wal);
}

static inline size_t image_size(const struct image *image)
{
    return image->db_size + image->wal_size;
}

static inline uint8_t *image_byte(const struct image *image, size_t at)
{
    return at < image->db_size ? image->db + at : image->wal + at - image->db_size;
}

#endif
