#include "collector/store/directory.h"

#include "collector/store/rowset.h"
#include "shared/base/alloc.h"

#include <mysqld_error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AT_ONCE = 500 };

struct device {
    char *id;
    uint32_t number;
    bool wanted;
    int64_t first_seen_ms;
};

struct point {
    uint16_t number;
    bool wanted;
};

struct directory {
    struct names *names;
    char *collector;
    struct device *devices;
    struct point *points;
    size_t device_room, point_room;
    uint32_t *open_devices, *open_points; /* wanted, not yet numbered */
    size_t open_device_count, open_point_count;
    unsigned points_revision;
};

static const struct rowset_spec new_devices = {
    .insert = "INSERT IGNORE INTO devices",
    .tail = "",
    .columns = {{"device_id", COLUMN_BYTES},
                {"collector", COLUMN_BYTES},
                {"first_seen", COLUMN_TIME},
                {"last_seen", COLUMN_TIME}},
};

struct directory *directory_new(struct names *names, const char *collector)
{
    struct directory *dir = xcalloc(1, sizeof(*dir));
    dir->names = names;
    dir->collector = xstrdup(collector);
    return dir;
}

void directory_free(struct directory *dir)
{
    if (dir == NULL)
        return;
    for (size_t i = 0; i < dir->device_room; i++)
        free(dir->devices[i].id);
    free(dir->devices);
    free(dir->points);
    free(dir->open_devices);
    free(dir->open_points);
    free(dir->collector);
    free(dir);
}

void directory_forget(struct directory *dir)
{
    for (size_t i = 0; i < dir->device_room; i++) {
        dir->devices[i].number = 0;
        dir->devices[i].wanted = false;
    }
    dir->open_device_count = 0;
    if (dir->point_room > 0)
        memset(dir->points, 0, dir->point_room * sizeof(*dir->points));
    dir->open_point_count = 0;
}

/* Grow a zeroed array so that index ${ref} is in it. */
static void *reach(void *array, size_t *room, uint32_t ref, size_t size)
{
    if (ref < *room)
        return array;
    size_t larger = 2 * (size_t)ref + 64;
    array = xreallocarray(array, larger, size);
    memset((char *)array + *room * size, 0, (larger - *room) * size);
    *room = larger;
    return array;
}

static uint32_t *push(uint32_t *list, size_t *count, uint32_t ref)
{
    if ((*count & (*count - 1)) == 0)
        list = xreallocarray(list, *count ? 2 * *count : 1, sizeof(*list));
    list[(*count)++] = ref;
    return list;
}

void directory_want_id(struct directory *dir, uint32_t ref)
{
    dir->devices = reach(dir->devices, &dir->device_room, ref, sizeof(*dir->devices));
    if (dir->devices[ref].id == NULL)
        dir->devices[ref].id = names_get_device(dir->names, ref);
}

int directory_device_name(const struct directory *dir, uint32_t ref, struct device_name *out)
{
    return names_get_device_name(dir->names, ref, out);
}

void directory_want_device(struct directory *dir, uint32_t ref, int64_t ts_ms)
{
    directory_want_id(dir, ref);
    struct device *device = &dir->devices[ref];
    if (device->wanted)
        return;
    device->wanted = true;
    device->first_seen_ms = ts_ms;
    dir->open_devices = push(dir->open_devices, &dir->open_device_count, ref);
}

void directory_want_point(struct directory *dir, uint32_t ref)
{
    dir->points = reach(dir->points, &dir->point_room, ref, sizeof(*dir->points));
    if (dir->points[ref].wanted)
        return;
    dir->points[ref].wanted = true;
    dir->open_points = push(dir->open_points, &dir->open_point_count, ref);
}

/* Ask for the numbers of some open devices; those that the database knows get theirs. */
static int read_devices(struct directory *dir, MYSQL *conn, const uint32_t *refs, size_t n,
                        struct db_error *error)
{
    char *sql = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&sql, &len);
    if (out == NULL)
        abort();
    /* FIELD() answers which of the asked ones a row is, so that no comparison of texts is made
     * here. */
    for (int part = 0; part < 2; part++) {
        fputs(part == 0 ? "SELECT id, FIELD(device_id" : ") FROM devices WHERE device_id IN (",
              out);
        for (size_t i = 0; i < n; i++) {
            const char *id = dir->devices[refs[i]].id;
            char quoted[2 * 256 + 1];
            mysql_real_escape_string(conn, quoted, id, strnlen(id, 255));
            fprintf(out, part == 1 && i == 0 ? "'%s'" : ",'%s'", quoted);
        }
    }
    fputc(')', out);
    fclose(out);
    MYSQL_RES *result = db_query(conn, sql, error);
    free(sql);
    if (result == NULL)
        return -1;
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(result)) != NULL) {
        size_t place = strtoul(row[1], NULL, 10);
        if (place >= 1 && place <= n)
            dir->devices[refs[place - 1]].number = (uint32_t)strtoul(row[0], NULL, 10);
    }
    mysql_free_result(result);
    return 0;
}

static int create_devices(struct directory *dir, MYSQL *conn, const uint32_t *refs, size_t n,
                          struct db_error *error)
{
    struct rowset *rows = rowset_new(&new_devices);
    for (size_t i = 0; i < n; i++) {
        const struct device *device = &dir->devices[refs[i]];
        if (device->number != 0)
            continue;
        rowset_add_text(rows, device->id);
        rowset_add_text(rows, dir->collector);
        rowset_add_time(rows, device->first_seen_ms);
        rowset_add_time(rows, device->first_seen_ms);
    }
    int rc = 0;
    if (rowset_count(rows) > 0) {
        rc = rowset_insert(rows, conn, false, error);
        if (rc == 0)
            rc = read_devices(dir, conn, refs, n, error);
    }
    rowset_free(rows);
    return rc;
}

static int resolve_devices(struct directory *dir, MYSQL *conn, struct db_error *error)
{
    while (dir->open_device_count > 0) {
        size_t n = dir->open_device_count < ASK_AT_ONCE ? dir->open_device_count : ASK_AT_ONCE;
        const uint32_t *refs = dir->open_devices + dir->open_device_count - n;
        if (read_devices(dir, conn, refs, n, error) != 0 ||
            create_devices(dir, conn, refs, n, error) != 0)
            return -1;
        dir->open_device_count -= n;
    }
    return 0;
}

/* The two keys of a point, quoted. */
struct point_key {
    char profile[2 * POINT_NAME_MAX + 1], name[2 * POINT_NAME_MAX + 1];
};

static int read_point(MYSQL *conn, const struct point_key *key, uint16_t *number,
                      struct db_error *error)
{
    char sql[512];
    snprintf(sql, sizeof(sql), "SELECT id FROM points WHERE profile = '%s' AND name = '%s'",
             key->profile, key->name);
    MYSQL_RES *result = db_query(conn, sql, error);
    if (result == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(result);
    *number = row != NULL ? (uint16_t)strtoul(row[0], NULL, 10) : 0;
    mysql_free_result(result);
    return 0;
}

/* INSERT only where it is new: an attempt would use up one of the 65,535 numbers. */
static int write_point(MYSQL *conn, const struct point_key *key, const struct point_name *point,
                       uint16_t number, struct db_error *error)
{
    char unit[2 * POINT_UNIT_MAX + 1], sql[768];
    mysql_real_escape_string(conn, unit, point->unit, strnlen(point->unit, POINT_UNIT_MAX));
    if (number == 0)
        snprintf(sql, sizeof(sql),
                 "INSERT INTO points (profile, name, address, kind, unit, decimals) "
                 "VALUES ('%s', '%s', %u, '%s', '%s', %d)",
                 key->profile, key->name, point->address, point->kind, unit, point->decimals);
    else
        snprintf(sql, sizeof(sql),
                 "UPDATE points SET address = %u, kind = '%s', unit = '%s', decimals = %d "
                 "WHERE id = %u",
                 point->address, point->kind, unit, point->decimals, number);
    return db_run(conn, sql, error);
}

/* The writers of one process take turns: two that make the same point would use up two of the
 * numbers. */
static pthread_mutex_t point_turn = PTHREAD_MUTEX_INITIALIZER;

/* Find the point's number, or give it one. */
static int make_point(MYSQL *conn, const struct point_key *key, const struct point_name *point,
                      uint16_t *number, struct db_error *error)
{
    pthread_mutex_lock(&point_turn);
    int rc = read_point(conn, key, number, error);
    if (rc == 0)
        rc = write_point(conn, key, point, *number, error);
    pthread_mutex_unlock(&point_turn);
    if (rc != 0 && error->code == ER_DUP_ENTRY && *number == 0)
        rc = 0; /* another collector was faster */
    if (rc == 0 && *number == 0)
        rc = read_point(conn, key, number, error);
    return rc;
}

static int resolve_point(struct directory *dir, MYSQL *conn, uint32_t ref, struct db_error *error)
{
    struct point_name point;
    struct point_key key;
    uint16_t number = 0;
    if (names_get_point(dir->names, ref, &point) != 0)
        return 0;
    mysql_real_escape_string(conn, key.profile, point.profile,
                             strnlen(point.profile, POINT_NAME_MAX));
    mysql_real_escape_string(conn, key.name, point.name, strnlen(point.name, POINT_NAME_MAX));
    int rc = make_point(conn, &key, &point, &number, error);
    dir->points[ref].number = number;
    names_point_clear(&point);
    return rc;
}

static int resolve_points(struct directory *dir, MYSQL *conn, struct db_error *error)
{
    for (size_t i = 0; i < dir->open_point_count; i++) {
        if (resolve_point(dir, conn, dir->open_points[i], error) != 0)
            return -1;
    }
    dir->open_point_count = 0;
    return 0;
}

/* A reload changed a unit, say: tell the database too. */
static void reopen_points(struct directory *dir)
{
    unsigned revision = names_revision(dir->names);
    if (revision == dir->points_revision)
        return;
    dir->points_revision = revision;
    dir->open_point_count = 0;
    for (uint32_t ref = 0; ref < dir->point_room; ref++) {
        if (dir->points[ref].wanted)
            dir->open_points = push(dir->open_points, &dir->open_point_count, ref);
    }
}

/* Who asks next may do without the one that cannot be had. */
static void drop_wants(struct directory *dir)
{
    for (size_t i = 0; i < dir->open_device_count; i++)
        dir->devices[dir->open_devices[i]].wanted = false;
    for (size_t i = 0; i < dir->open_point_count; i++)
        dir->points[dir->open_points[i]].wanted = false;
    dir->open_device_count = dir->open_point_count = 0;
}

int directory_resolve(struct directory *dir, MYSQL *conn, struct db_error *error)
{
    reopen_points(dir);
    if (resolve_devices(dir, conn, error) == 0 && resolve_points(dir, conn, error) == 0)
        return 0;
    drop_wants(dir);
    return -1;
}

uint32_t directory_device(const struct directory *dir, uint32_t ref)
{
    return ref < dir->device_room ? dir->devices[ref].number : 0;
}

uint16_t directory_point(const struct directory *dir, uint32_t ref)
{
    return ref < dir->point_room ? dir->points[ref].number : 0;
}

const char *directory_device_id(const struct directory *dir, uint32_t ref)
{
    return ref < dir->device_room && dir->devices[ref].id != NULL ? dir->devices[ref].id : "";
}
