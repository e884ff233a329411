#include "collector/storage_signs.h"
#include "tests/unit/collector/parts.h"

#define WALL INT64_C(1700000000000)

static struct storage_signs signs;
static struct storage_facts facts;
static char told[1024];

static int set_up(void **state)
{
    (void)state;
    signs = (struct storage_signs){0};
    facts = (struct storage_facts){.journal_ok = true, .journal_error = ""};
    return 0;
}

static void tell(void *cookie, enum event_kind kind, const char *details)
{
    char *text = cookie;
    snprintf(text + strlen(text), sizeof(told) - strlen(text), "%s: %s\n",
             event_kind_info(kind)->name, details);
}

/* A look so many seconds after the start. */
static void expect(int64_t second, const char *expected)
{
    told[0] = '\0';
    storage_signs_look(&signs, &facts, second * 1000, WALL + second * 1000, tell, told);
    assert_string_equal(told, expected);
}

static void nothing_is_told_where_nothing_is(void **state)
{
    (void)state;
    for (int64_t second = 0; second < 200; second++) {
        facts.waiting = 5;
        facts.oldest_ms = WALL + second * 1000 - 900;
        expect(second, "");
    }
}

static void losses_are_told_when_they_end(void **state)
{
    (void)state;
    expect(0, "");
    facts.lost = 7;
    expect(1, "");
    facts.lost = 9;
    expect(2, "");
    expect(3,
           "storage_lost: 9 records are lost: dropped unstored, or not in the journal any more\n");
    expect(4, "");
    facts.lost = 10;
    expect(5, "");
    expect(6,
           "storage_lost: 1 records are lost: dropped unstored, or not in the journal any more\n");
}

static void losses_that_go_on_are_told_once_a_minute(void **state)
{
    (void)state;
    expect(0, "");
    expect(300, ""); /* all was well for long: the minute counts from the first loss */
    for (int64_t second = 301; second < 360; second++) {
        facts.lost++;
        expect(second, "");
    }
    facts.lost++;
    expect(360,
           "storage_lost: 60 records are lost: dropped unstored, or not in the journal any more\n");
    for (int64_t second = 361; second < 420; second++) {
        facts.lost++;
        expect(second, "");
    }
    facts.lost++;
    expect(420,
           "storage_lost: 60 records are lost: dropped unstored, or not in the journal any more\n");
}

static void a_database_that_is_behind_is_told_until_it_has_caught_up(void **state)
{
    (void)state;
    const char *behind = "storage_behind: 41 records wait in the journal, the oldest for 60 s\n";
    facts.waiting = 41;
    facts.oldest_ms = WALL;
    expect(59, "");
    expect(60, behind);
    expect(61, "");
    facts.oldest_ms = WALL + 51000; /* better, but not well */
    expect(61, "");
    facts.oldest_ms = WALL + 60000;
    expect(120, "");
    facts.oldest_ms = WALL + 120001; /* caught up */
    expect(130, "");
    facts.oldest_ms = WALL + 130000;
    expect(189, "");
    expect(190, behind);
    facts.oldest_ms = 0;
    expect(191, "");
    facts.oldest_ms = WALL + 192000;
    expect(252, behind);
}

static void a_journal_that_cannot_be_written_is_told_once(void **state)
{
    (void)state;
    const char *failed = "storage_behind: the journal cannot be written: No space left on device\n";
    expect(0, "");
    facts.journal_ok = false;
    facts.journal_error = "No space left on device";
    expect(1, failed);
    expect(2, "");
    facts.journal_ok = true;
    facts.journal_error = "";
    expect(3, "");
    facts.journal_ok = false;
    facts.journal_error = "No space left on device";
    expect(4, failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_told_where_nothing_is, set_up),
        cmocka_unit_test_setup(losses_are_told_when_they_end, set_up),
        cmocka_unit_test_setup(losses_that_go_on_are_told_once_a_minute, set_up),
        cmocka_unit_test_setup(a_database_that_is_behind_is_told_until_it_has_caught_up, set_up),
        cmocka_unit_test_setup(a_journal_that_cannot_be_written_is_told_once, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
