#include "collector/store/position.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

/* The database has one position, and answers it to every question. */
static struct {
    const char *seq; /* NULL: none */
    char *row[1];
    unsigned asked;
} base;

int mysql_query(MYSQL *conn, const char *sql)
{
    base.asked += strncmp(sql, "SELECT", 6) == 0;
    return mysql_real_query(conn, sql, strlen(sql));
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
    base.row[0] = (char *)base.seq;
    return base.seq != NULL ? base.row : NULL;
}

static int set_up(void **state)
{
    memset(&base, 0, sizeof(base));
    *state = positions_new("no'rth", 3);
    return 0;
}

static int tear_down(void **state)
{
    free(fake_take());
    positions_free(*state);
    return 0;
}

static void expect(struct positions *positions, const char *journal, int rc, uint64_t seq)
{
    struct db_error error;
    uint64_t got = 999;
    assert_int_equal(positions_get(positions, NULL, journal, &got, &error), rc);
    assert_int_equal(got, seq);
}

static void it_is_read_once_a_connection_and_journal(void **state)
{
    struct positions *positions = *state;
    expect(positions, "a", 0, 0);
    base.seq = "17";
    expect(positions, "a", 0, 0);
    expect(positions, "b", 0, 17);
    assert_int_equal(base.asked, 2);
    char *said = fake_take();
    assert_non_null(strstr(said, "WHERE collector = 'no\\'rth' AND stream = 3 AND journal = 'b'"));
    free(said);
    positions_doubt(positions);
    expect(positions, "a", 0, 17); /* a COMMIT whose answer was lost */
    expect(positions, "b", 0, 17);
}

static void what_was_committed_is_known(void **state)
{
    struct positions *positions = *state;
    expect(positions, "a", 0, 0);
    positions_committed(positions, "a", 40);
    expect(positions, "a", 0, 40);
    assert_int_equal(base.asked, 1);
}

static void a_replaced_database_is_noticed(void **state)
{
    struct positions *positions = *state;
    expect(positions, "a", 0, 0);
    positions_committed(positions, "a", 40);
    base.seq = "30";
    positions_doubt(positions);
    expect(positions, "a", 1, 30);
    expect(positions, "a", 0, 30); /* said once */
}

static void a_failed_question_leaves_the_doubt(void **state)
{
    struct positions *positions = *state;
    struct db_error error;
    uint64_t seq;
    base.seq = "5";
    fake.failing = 1;
    assert_int_equal(positions_get(positions, NULL, "a", &seq, &error), -1);
    assert_int_equal(error.code, 2013);
    expect(positions, "a", 0, 5);
}

static void it_is_written_for_its_journal(void **state)
{
    struct db_error error;
    assert_int_equal(positions_write(*state, NULL, "abc", 18, &error), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "VALUES ('no\\'rth', 3, 'abc', 18, UTC_TIMESTAMP(3)) "
                                 "ON DUPLICATE KEY UPDATE seq = VALUES(seq), updated = "
                                 "VALUES(updated)"));
    free(said);
}

static void old_journals_go_but_not_what_no_journal_holds(void **state)
{
    struct db_error error;
    assert_int_equal(positions_expire(*state, NULL, &error), 0);
    char *said = fake_take();
    assert_non_null(strstr(said, "collector = 'no\\'rth'"));
    assert_non_null(strstr(said, "journal <> '' AND updated < UTC_TIMESTAMP(3) - INTERVAL 90 DAY"));
    free(said);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_read_once_a_connection_and_journal),
        TEST(what_was_committed_is_known),
        TEST(a_replaced_database_is_noticed),
        TEST(a_failed_question_leaves_the_doubt),
        TEST(it_is_written_for_its_journal),
        TEST(old_journals_go_but_not_what_no_journal_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
