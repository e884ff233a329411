#include "collector/store/directory.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

#include <mysqld_error.h>

/*
 * A database of points and devices that answers by the names: the point "a" has the number 1, "b"
 * 2 and so on, once it was inserted; devices have 100 and their place in the question.
 */
static struct {
    bool points[26], devices;
    char other; /* a point that another collector makes just before this one does */
    unsigned rows, next;
    bool of_devices;
    char point;
    char numbers[2][16];
    char *row[2];
} base;

int mysql_query(MYSQL *conn, const char *sql)
{
    const char *name = strstr(sql, "VALUES ('default', '");
    if (name != NULL && name[20] == base.other) {
        base.points[base.other - 'a'] = true;
        base.other = '\0';
        fake.failing = 1;
        fake.code = ER_DUP_ENTRY;
    }
    if (mysql_real_query(conn, sql, strlen(sql)) != 0)
        return 1;
    base.rows = base.next = 0;
    base.of_devices = strncmp(sql, "SELECT id, FIELD", 16) == 0;
    if (base.of_devices) {
        for (const char *at = strstr(sql, " IN "); base.devices && *at != '\0'; at++)
            base.rows += *at == ',';
        base.rows += base.devices;
    } else if ((name = strstr(sql, "AND name = '")) != NULL) {
        base.point = name[12];
        base.rows = base.points[base.point - 'a'];
    } else if ((name = strstr(sql, "VALUES ('default', '")) != NULL) {
        base.points[name[20] - 'a'] = true;
    }
    return 0;
}

MYSQL_RES *mysql_store_result(MYSQL *conn)
{
    (void)conn;
    return (MYSQL_RES *)&base;
}

void mysql_free_result(MYSQL_RES *result)
{
    (void)result;
}

MYSQL_ROW mysql_fetch_row(MYSQL_RES *result)
{
    (void)result;
    if (base.next == base.rows)
        return NULL;
    base.next++;
    unsigned number = base.of_devices ? 100 + base.next : (unsigned)(base.point - 'a' + 1);
    snprintf(base.numbers[0], sizeof(base.numbers[0]), "%u", number);
    snprintf(base.numbers[1], sizeof(base.numbers[1]), "%u", base.next);
    base.row[0] = base.numbers[0];
    base.row[1] = base.numbers[1];
    return base.row;
}

struct bench {
    struct names *names;
    struct directory *dir;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    memset(&base, 0, sizeof(base));
    bench->names = names_new();
    bench->dir = directory_new(bench->names, "north");
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    free(fake_take());
    directory_free(bench->dir);
    names_free(bench->names);
    free(bench);
    return 0;
}

static uint32_t add_point(struct bench *bench, const char *name, const char *unit)
{
    struct point_def def = {.name = (char *)name, .unit = (char *)unit, .type = {.size = 2}};
    return names_point(bench->names, "default", &def);
}

static int resolve(struct bench *bench)
{
    struct db_error error;
    return directory_resolve(bench->dir, NULL, &error);
}

static void points_are_made_once(void **state)
{
    struct bench *bench = *state;
    uint32_t a = add_point(bench, "a", "V"), b = add_point(bench, "b", "A");
    directory_want_point(bench->dir, b);
    directory_want_point(bench->dir, a);
    directory_want_point(bench->dir, b);
    assert_int_equal(directory_point(bench->dir, b), 0); /* not asked for yet */
    assert_int_equal(resolve(bench), 0);
    assert_int_equal(directory_point(bench->dir, a), 1);
    assert_int_equal(directory_point(bench->dir, b), 2);
    free(fake_take());
    directory_want_point(bench->dir, a);
    assert_int_equal(resolve(bench), 0);
    char *said = fake_take();
    assert_string_equal(said, ""); /* known */
    free(said);
}

static void a_point_that_another_made_meanwhile_is_taken(void **state)
{
    struct bench *bench = *state;
    uint32_t a = add_point(bench, "a", "V"), b = add_point(bench, "b", "A");
    directory_want_point(bench->dir, a);
    directory_want_point(bench->dir, b);
    base.other = 'b';
    assert_int_equal(resolve(bench), 0);
    assert_int_equal(base.other, '\0');
    assert_int_equal(directory_point(bench->dir, a), 1);
    assert_int_equal(directory_point(bench->dir, b), 2);
    fake.code = 0;
}

static void a_reload_in_mid_batch_keeps_every_number(void **state)
{
    struct bench *bench = *state;
    uint32_t a = add_point(bench, "a", "V"), b = add_point(bench, "b", "A");
    directory_want_point(bench->dir, a);
    assert_int_equal(resolve(bench), 0);
    free(fake_take());

    directory_want_point(bench->dir, a);
    add_point(bench, "b", "mA"); /* the loop's thread reloads */
    directory_want_point(bench->dir, b);
    assert_int_equal(directory_point(bench->dir, a), 1);
    assert_int_equal(resolve(bench), 0);
    assert_int_equal(directory_point(bench->dir, a), 1);
    assert_int_equal(directory_point(bench->dir, b), 2);
    free(fake_take());

    add_point(bench, "a", "kV");
    directory_want_point(bench->dir, b);
    assert_int_equal(resolve(bench), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "UPDATE points SET address = 0, kind = 'int', unit = 'kV'"));
    free(said);
    assert_int_equal(directory_point(bench->dir, a), 1);
}

static void what_failed_is_asked_again(void **state)
{
    struct bench *bench = *state;
    uint32_t a = add_point(bench, "a", "V"), d = names_device(bench->names, "1001");
    for (unsigned failing = 1; failing <= 3; failing++) {
        fake.failing = failing;
        while (fake.failing > 0) {
            directory_want_point(bench->dir, a);
            directory_want_device(bench->dir, d, 5);
            assert_int_equal(resolve(bench), -1);
        }
    }
    base.devices = true;
    assert_int_equal(resolve(bench), 0); /* nobody needs them now */
    assert_int_equal(directory_device(bench->dir, d), 0);
    directory_want_point(bench->dir, a);
    directory_want_device(bench->dir, d, 5);
    assert_int_equal(resolve(bench), 0);
    assert_int_equal(directory_point(bench->dir, a), 1);
    assert_int_equal(directory_device(bench->dir, d), 101);
    assert_string_equal(directory_device_id(bench->dir, d), "1001");
}

static void many_devices_take_few_statements(void **state)
{
    struct bench *bench = *state;
    base.devices = true;
    for (uint32_t i = 0; i < 1200; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%u", i);
        directory_want_device(bench->dir, names_device(bench->names, id), 5);
    }
    assert_int_equal(resolve(bench), 0);
    for (uint32_t i = 0; i < 1200; i++)
        assert_true(directory_device(bench->dir, i) > 100);
    assert_int_equal(directory_device(bench->dir, 100000), 0);
    char *said = fake_take();
    int statements = 0;
    for (char *at = said; (at = strchr(at, '\n')) != NULL; at++)
        statements++;
    assert_int_equal(statements, 3);
    free(said);
}

static void new_devices_are_inserted(void **state)
{
    struct bench *bench = *state;
    directory_want_device(bench->dir, names_device(bench->names, "it's"), 5);
    assert_int_equal(resolve(bench), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "INSERT IGNORE INTO devices (device_id, collector, first_seen, "
                                 "last_seen) VALUES ('it\\'s','north','1970-01-01 00:00:00.005'"));
    free(said);
}

static void forgetting_asks_anew(void **state)
{
    struct bench *bench = *state;
    uint32_t a = add_point(bench, "a", "V");
    directory_want_point(bench->dir, a);
    assert_int_equal(resolve(bench), 0);
    directory_forget(bench->dir);
    assert_int_equal(directory_point(bench->dir, a), 0);
    directory_want_point(bench->dir, a);
    assert_int_equal(resolve(bench), 0);
    assert_int_equal(directory_point(bench->dir, a), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_point_that_another_made_meanwhile_is_taken),
        TEST(points_are_made_once),
        TEST(a_reload_in_mid_batch_keeps_every_number),
        TEST(what_failed_is_asked_again),
        TEST(many_devices_take_few_statements),
        TEST(new_devices_are_inserted),
        TEST(forgetting_asks_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
