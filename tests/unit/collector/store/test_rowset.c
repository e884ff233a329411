#include "collector/store/rowset.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

static const struct rowset_spec spec = {
    .insert = "INSERT INTO t",
    .tail = "ON DUPLICATE KEY UPDATE a = a",
    .columns = {{"a", COLUMN_UINT}, {"b", COLUMN_DOUBLE}, {"c", COLUMN_TIME}, {"d", COLUMN_BYTES}},
};

static void expect_said(const char *expected)
{
    char *said = fake_take();
    assert_string_equal(said, expected);
    free(said);
}

static int insert(struct rowset *rows)
{
    struct db_error error = {0};
    return rowset_insert(rows, NULL, false, &error);
}

static void writes_every_type(void **state)
{
    (void)state;
    struct rowset *rows = rowset_new(&spec);
    rowset_add_uint(rows, UINT64_MAX);
    rowset_add_double(rows, 0.1);
    rowset_add_time(rows, INT64_C(1700000000007));
    assert_int_equal(rowset_count(rows), 0); /* not whole yet */
    rowset_add_bytes(rows, "it's \\ \0x", 9);
    assert_int_equal(rowset_count(rows), 1);
    rowset_add_uint(rows, 0);
    rowset_add_null(rows);
    rowset_add_time(rows, 0);
    rowset_add_text(rows, "");
    assert_int_equal(insert(rows), 0);
    char *said = fake_take();
    static const char expected[] =
        "INSERT INTO t (a, b, c, d) VALUES (18446744073709551615,1.0000000000000001e-01,"
        "'2023-11-14 22:13:20.007','it\\'s \\\\ \0x'), "
        "(0,NULL,'1970-01-01 00:00:00.000','') ON DUPLICATE KEY UPDATE a = a\n";
    assert_memory_equal(said, expected, sizeof(expected));
    free(said);
    rowset_free(rows);
}

int mysql_query(MYSQL *conn, const char *sql)
{
    return mysql_real_query(conn, sql, strlen(sql));
}

MYSQL_RES *mysql_store_result(MYSQL *conn)
{
    (void)conn;
    return (MYSQL_RES *)&fake;
}

void mysql_free_result(MYSQL_RES *result)
{
    (void)result;
}

MYSQL_ROW mysql_fetch_row(MYSQL_RES *result)
{
    static char *row[] = {(char *)"2"};
    (void)result;
    return row;
}

static void rows_are_found_by_all_they_hold(void **state)
{
    (void)state;
    struct db_error error;
    struct rowset *rows = rowset_new(&spec);
    assert_int_equal(rowset_find(rows, NULL, &error), 0);
    for (int i = 0; i < 2; i++) {
        rowset_add_uint(rows, 7);
        if (i == 0)
            rowset_add_double(rows, 0.5);
        else
            rowset_add_null(rows);
        rowset_add_time(rows, i);
        rowset_add_text(rows, "it's");
    }
    assert_int_equal(rowset_find(rows, NULL, &error), 2);
    expect_said(
        "SELECT COUNT(*) FROM t WHERE (a = 7 AND b = 5.0000000000000000e-01 AND c = "
        "'1970-01-01 00:00:00.000' AND d = BINARY 'it\\'s') OR (a = 7 AND b IS NULL AND c = "
        "'1970-01-01 00:00:00.001' AND d = BINARY 'it\\'s')\n");
    fake.failing = 1;
    assert_int_equal(rowset_find(rows, NULL, &error), -1);
    rowset_free(rows);
}

static void a_double_survives_its_text(void **state)
{
    (void)state;
    static const struct rowset_spec one = {
        .insert = "I", .tail = "", .columns = {{"a", COLUMN_DOUBLE}}};
    uint64_t seed = 9;
    struct rowset *rows = rowset_new(&one);
    for (int i = 0; i < 2000; i++) {
        double value = (double)parts_random(&seed) / (1 + parts_random(&seed)) - 0.5;
        rowset_clear(rows);
        rowset_add_double(rows, value);
        assert_int_equal(insert(rows), 0);
        char *said = fake_take();
        assert_true(strtod(strchr(said, ')') + strlen(") VALUES ("), NULL) == value);
        free(said);
    }
    rowset_free(rows);
}

static void no_rows_say_nothing(void **state)
{
    (void)state;
    struct rowset *rows = rowset_new(&spec);
    assert_int_equal(insert(rows), 0);
    expect_said("");
    rowset_free(rows);
    rowset_free(NULL);
}

static void clear_forgets_rows_half_done_too(void **state)
{
    (void)state;
    struct rowset *rows = rowset_new(&spec);
    rowset_add_uint(rows, 1);
    rowset_clear(rows);
    rowset_add_uint(rows, 2);
    rowset_add_null(rows);
    rowset_add_null(rows);
    rowset_add_null(rows);
    assert_int_equal(insert(rows), 0);
    expect_said("INSERT INTO t (a, b, c, d) VALUES (2,NULL,NULL,NULL) "
                "ON DUPLICATE KEY UPDATE a = a\n");
    rowset_free(rows);
}

/* A packet has a bound: many rows, and rows of many bytes, go in several statements. */
static void slices_hold_every_row_once(void **state)
{
    (void)state;
    static const struct rowset_spec wide = {
        .insert = "I", .tail = "", .columns = {{"a", COLUMN_UINT}, {"d", COLUMN_BYTES}}};
    static char bytes[60000];
    struct rowset *rows = rowset_new(&wide);
    memset(bytes, 'x', sizeof(bytes));
    for (uint64_t i = 0; i < 45000; i++) {
        rowset_add_uint(rows, 1000000 + i);
        rowset_add_bytes(rows, bytes, i < 200 ? sizeof(bytes) : 1);
    }
    assert_int_equal(insert(rows), 0);
    char *said = fake_take(), *at = said;
    uint64_t next = 0;
    int statements = 0;
    while (*at != '\0') {
        char *end = strchr(at, '\n');
        assert_true(end - at < 5 << 20);
        statements++;
        for (char *row = at; (row = memmem(row, (size_t)(end - row), "(1", 2)) != NULL; row++)
            assert_int_equal(strtoul(row + 1, NULL, 10), 1000000 + next++);
        at = end + 1;
    }
    assert_int_equal(next, 45000);
    assert_int_equal(statements, 5); /* 12 MB in three, then twice 20000 rows at the most */
    free(said);
    rowset_free(rows);
}

static void an_error_is_handed_up(void **state)
{
    (void)state;
    struct rowset *rows = rowset_new(&spec);
    struct db_error error = {0};
    for (int i = 0; i < 4; i++)
        rowset_add_null(rows);
    fake.failing = 1;
    assert_int_equal(rowset_insert(rows, NULL, false, &error), -1);
    assert_int_equal(error.code, 2013);
    assert_string_equal(error.text, "lost");
    assert_int_equal(rowset_count(rows), 1); /* it can be tried again */
    free(fake_take());
    rowset_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_type),
        cmocka_unit_test(rows_are_found_by_all_they_hold),
        cmocka_unit_test(a_double_survives_its_text),
        cmocka_unit_test(no_rows_say_nothing),
        cmocka_unit_test(clear_forgets_rows_half_done_too),
        cmocka_unit_test(slices_hold_every_row_once),
        cmocka_unit_test(an_error_is_handed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
