#include "collector/readiness.h"
#include "tests/unit/collector/parts.h"

static const struct readiness_facts well = {.database_up = true,
                                            .database_error = "",
                                            .journal_ok = true,
                                            .journal_error = "",
                                            .cache_max = 800,
                                            .keeper_error = "",
                                            .reload_error = ""};

static const char all_ok[] = "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\n"
                             "upkeep: ok\nconfiguration: ok\n";

static void expect(const struct readiness_facts *facts, int status, const char *expected)
{
    char text[512];
    assert_int_equal(readiness_compose(facts, text, sizeof(text)), status);
    assert_string_equal(text, expected);
}

static void all_is_well(void **state)
{
    (void)state;
    expect(&well, 200,
           "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\nupkeep: "
           "ok\nconfiguration: ok\n");
}

static void without_the_database_it_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.database_up = false;
    facts.database_error = "Connection refused";
    expect(&facts, 503,
           "database: away: Connection refused\nstoring: ok\njournal: ok\ncache: ok\nkeeper: "
           "ok\nupkeep: ok\nconfiguration: ok\n");
}

static void a_journal_that_cannot_be_written_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.journal_ok = false;
    facts.journal_error = "No space left on device";
    expect(&facts, 503,
           "database: ok\nstoring: ok\njournal: not written: No space left on device\ncache: "
           "ok\nkeeper: ok\nupkeep: ok\n"
           "configuration: ok\n");
}

static void a_nearly_full_cache_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.cache_used = 699;
    expect(&facts, 200,
           "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\nupkeep: "
           "ok\nconfiguration: ok\n");
    facts.cache_used = 700;
    expect(&facts, 503,
           "database: ok\nstoring: ok\njournal: ok\ncache: full or nearly so, the oldest records "
           "are being lost\n"
           "keeper: ok\nupkeep: ok\nconfiguration: ok\n");
}

static void records_that_wait_too_long_are_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.behind = true;
    facts.behind_ms = 41000;
    facts.waiting = 6400;
    expect(&facts, 503,
           "database: ok\nstoring: behind: the oldest record that is not stored is 41 s old, 6400 "
           "wait in the journal: is the database locked or slow?\njournal: ok\ncache: ok\n"
           "keeper: ok\nupkeep: ok\nconfiguration: ok\n");
}

static void a_keeper_that_cannot_log_in_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.keeper_error = "Access denied";
    facts.keeper_away_ms = KEEPER_AWAY_MS - 1;
    expect(&facts, 200, all_ok);
    facts.keeper_away_ms = KEEPER_AWAY_MS;
    expect(&facts, 503,
           "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: cannot work for 30 s: "
           "Access denied\nupkeep: ok\nconfiguration: ok\n");
    facts.keeper_away_ms = 0; /* it works, but for this */
    expect(&facts, 200,
           "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\nupkeep: the keeper's "
           "last look at the database had a fault: Access denied\nconfiguration: ok\n");
}

static void a_faulty_reload_is_told_and_no_more(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.reload_error = "a.yml:1: wrong\na.yml:2: worse";
    expect(&facts, 200,
           "database: ok\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\nupkeep: ok\n"
           "configuration: the last reload went wrong: a.yml:1: wrong\na.yml:2: worse\n");
    facts.database_up = false;
    facts.database_error = "gone";
    expect(&facts, 503,
           "database: away: gone\nstoring: ok\njournal: ok\ncache: ok\nkeeper: ok\nupkeep: ok\n"
           "configuration: the last reload went wrong: a.yml:1: wrong\na.yml:2: worse\n");
}

static void a_small_buffer_cuts_the_text_only(void **state)
{
    (void)state;
    char text[16];
    struct readiness_facts facts = well;
    assert_int_equal(readiness_compose(&facts, text, sizeof(text)), 200);
    assert_string_equal(text, "database: ok\nst");
    facts.reload_error = "wrong";
    assert_int_equal(readiness_compose(&facts, text, sizeof(text)), 200);
    facts.cache_used = facts.cache_max;
    assert_int_equal(readiness_compose(&facts, text, sizeof(text)), 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(without_the_database_it_is_not_ready),
        cmocka_unit_test(a_journal_that_cannot_be_written_is_not_ready),
        cmocka_unit_test(a_nearly_full_cache_is_not_ready),
        cmocka_unit_test(records_that_wait_too_long_are_not_ready),
        cmocka_unit_test(a_keeper_that_cannot_log_in_is_not_ready),
        cmocka_unit_test(a_faulty_reload_is_told_and_no_more),
        cmocka_unit_test(a_small_buffer_cuts_the_text_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
