#include "collector/store/position.h"
#include "tests/unit/collector/parts.h"
#include "tests/unit/collector/store/fake_mysql.h"

/* The database has one position, and answers it to every question. */
static struct {
    const char *seq;   /* NULL: none */
    const char *young; /* tables made anew a moment ago */
    bool asked_young;
    char *row[1];
    unsigned asked;
} base;

int mysql_query(MYSQL *conn, const char *sql)
{
    base.asked_young = strstr(sql, "information_schema.tables") != NULL;
    base.asked += strncmp(sql, "SELECT MAX(seq)", 15) == 0;
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
    base.row[0] = (char *)(base.asked_young ? base.young : base.seq);
    return base.row;
}

static int set_up(void **state)
{
    memset(&base, 0, sizeof(base));
    base.young = "0";
    fake.untouched = false;
    fake.code = 0;
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
    assert_non_null(strstr(said, "WHERE stream = 3 AND journal = 'b'\n"));
    assert_null(strstr(said, "rth")); /* whatever the collector was called */
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

static void a_restore_that_goes_on_is_waited_for(void **state)
{
    struct positions *positions = *state;
    positions_committed(positions, "a", 40);
    positions_doubt(positions);
    base.seq = "30";
    base.young = "2";
    expect(positions, "a", POSITION_UNSETTLED, 999);
    base.seq = "40"; /* it was another thing, then */
    expect(positions, "a", POSITION_READ, 40);
    positions_doubt(positions);
    base.seq = "20";
    expect(positions, "a", POSITION_UNSETTLED, 999);
    base.young = "0";
    expect(positions, "a", POSITION_FEWER, 20);
    assert_int_equal(positions_most(positions, "a"), 40);
}

static void write(struct positions *positions, const char *journal, uint64_t seq, int rc,
                  const char *statement)
{
    struct db_error error;
    free(fake_take());
    assert_int_equal(positions_write(positions, NULL, journal, seq, &error), rc);
    char *said = fake_take();
    if (strcmp(said, statement) != 0)
        fail_msg("%s\ninstead of\n%s", said, statement);
    free(said);
}

static void it_is_moved_from_where_it_is_known_to_be(void **state)
{
    struct positions *positions = *state;
    expect(positions, "abc", 0, 0);
    write(positions, "abc", 18, 0,
          "INSERT INTO ingest_position (collector, stream, journal, seq, updated) "
          "VALUES ('no\\'rth', 3, 'abc', 18, UTC_TIMESTAMP(3))\n");
    positions_committed(positions, "abc", 18);
    write(positions, "abc", 30, 0,
          "UPDATE ingest_position SET seq = 30, updated = UTC_TIMESTAMP(3) "
          "WHERE stream = 3 AND journal = 'abc' AND seq = 18\n");
    fake.untouched = true;
    write(positions, "abc", 30, 1,
          "UPDATE ingest_position SET seq = 30, updated = UTC_TIMESTAMP(3) "
          "WHERE stream = 3 AND journal = 'abc' AND seq = 18\n");
}

static void what_no_journal_holds_belongs_to_the_name(void **state)
{
    base.seq = "5";
    expect(*state, "", 0, 5);
    write(*state, "", 7, 0,
          "UPDATE ingest_position SET seq = 7, updated = UTC_TIMESTAMP(3) WHERE stream = 3 AND "
          "journal = '' AND collector = 'no\\'rth' AND seq = 5\n");
}

/* Another collector works on a copy of the journal, or a restore has brought it back. */
static void a_first_one_never_overwrites(void **state)
{
    struct db_error error;
    expect(*state, "abc", 0, 0);
    fake.failing = 1;
    fake.code = 1062;
    assert_int_equal(positions_write(*state, NULL, "abc", 18, &error), 1);
    fake.failing = 1;
    fake.code = 0;
    assert_int_equal(positions_write(*state, NULL, "abc", 18, &error), -1);
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
        TEST(a_restore_that_goes_on_is_waited_for),
        TEST(it_is_moved_from_where_it_is_known_to_be),
        TEST(what_no_journal_holds_belongs_to_the_name),
        TEST(a_first_one_never_overwrites),
        TEST(old_journals_go_but_not_what_no_journal_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
