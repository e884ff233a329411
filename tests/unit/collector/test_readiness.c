#include "collector/readiness.h"
#include "tests/unit/collector/parts.h"

static const struct readiness_facts well = {.database_up = true,
                                            .database_error = "",
                                            .journal_ok = true,
                                            .journal_error = "",
                                            .cache_max = 800,
                                            .reload_error = ""};

static void expect(const struct readiness_facts *facts, int status, const char *expected)
{
    char text[512];
    assert_int_equal(readiness_compose(facts, text, sizeof(text)), status);
    assert_string_equal(text, expected);
}

static void all_is_well(void **state)
{
    (void)state;
    expect(&well, 200, "database: ok\njournal: ok\ncache: ok\nconfiguration: ok\n");
}

static void without_the_database_it_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.database_up = false;
    facts.database_error = "Connection refused";
    expect(&facts, 503,
           "database: away: Connection refused\njournal: ok\ncache: ok\nconfiguration: ok\n");
}

static void a_journal_that_cannot_be_written_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.journal_ok = false;
    facts.journal_error = "No space left on device";
    expect(&facts, 503,
           "database: ok\njournal: not written: No space left on device\ncache: ok\n"
           "configuration: ok\n");
}

static void a_nearly_full_cache_is_not_ready(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.cache_used = 699;
    expect(&facts, 200, "database: ok\njournal: ok\ncache: ok\nconfiguration: ok\n");
    facts.cache_used = 700;
    expect(
        &facts, 503,
        "database: ok\njournal: ok\ncache: full or nearly so, the oldest records are being lost\n"
        "configuration: ok\n");
}

static void a_faulty_reload_is_told_and_no_more(void **state)
{
    (void)state;
    struct readiness_facts facts = well;
    facts.reload_error = "a.yml:1: wrong\na.yml:2: worse";
    expect(&facts, 200,
           "database: ok\njournal: ok\ncache: ok\n"
           "configuration: the last reload went wrong: a.yml:1: wrong\na.yml:2: worse\n");
    facts.database_up = false;
    facts.database_error = "gone";
    expect(&facts, 503,
           "database: away: gone\njournal: ok\ncache: ok\n"
           "configuration: the last reload went wrong: a.yml:1: wrong\na.yml:2: worse\n");
}

static void a_small_buffer_cuts_the_text_only(void **state)
{
    (void)state;
    char text[16];
    struct readiness_facts facts = well;
    assert_int_equal(readiness_compose(&facts, text, sizeof(text)), 200);
    assert_string_equal(text, "database: ok\njo");
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
        cmocka_unit_test(a_faulty_reload_is_told_and_no_more),
        cmocka_unit_test(a_small_buffer_cuts_the_text_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
