#include "collector/net/quarantine.h"
#include "tests/unit/collector/parts.h"

static const struct record_connection peer = {.address = "198.51.100.7", .port = 40112};
static const struct record_connection other = {.address = "2001:db8::7", .port = 9};

struct listed {
    size_t n;
    char ids[QUARANTINE_MAX][16];
    struct quarantine_entry first;
};

static void on_each(void *cookie, const struct quarantine_entry *entry)
{
    struct listed *listed = cookie;
    if (listed->n == 0)
        listed->first = *entry;
    snprintf(listed->ids[listed->n++], sizeof(listed->ids[0]), "%s", entry->id);
}

static struct listed *list(const struct quarantine *quarantine)
{
    static struct listed listed;
    memset(&listed, 0, sizeof(listed));
    quarantine_each(quarantine, on_each, &listed);
    assert_int_equal(listed.n, quarantine_count(quarantine));
    return &listed;
}

static void it_is_kept_who_came_when_from_where(void **state)
{
    (void)state;
    struct quarantine *quarantine = quarantine_new();
    assert_int_equal(list(quarantine)->n, 0);
    assert_true(quarantine_seen(quarantine, "1001", "usr", &peer, 5000));
    assert_true(quarantine_seen(quarantine, "1002", NULL, &peer, 6000));
    assert_false(quarantine_seen(quarantine, "1001", "irtu", &other, 7000));
    struct listed *listed = list(quarantine);
    assert_int_equal(listed->n, 2);
    assert_string_equal(listed->ids[0], "1001"); /* seen last */
    assert_string_equal(listed->ids[1], "1002");
    assert_string_equal(listed->first.profile, "irtu");
    assert_string_equal(listed->first.peer.address, "2001:db8::7");
    assert_int_equal(listed->first.peer.port, 9);
    assert_int_equal(listed->first.first_ms, 5000);
    assert_int_equal(listed->first.last_ms, 7000);
    assert_int_equal(listed->first.times, 2);
    quarantine_free(quarantine);
    quarantine_free(NULL);
}

static void who_is_known_is_forgotten(void **state)
{
    (void)state;
    struct quarantine *quarantine = quarantine_new();
    quarantine_seen(quarantine, "1001", NULL, &peer, 1);
    quarantine_seen(quarantine, "1002", NULL, &peer, 2);
    assert_string_equal(list(quarantine)->first.profile, "");
    assert_true(quarantine_holds(quarantine, "1002"));
    assert_true(quarantine_forget(quarantine, "1002"));
    assert_false(quarantine_holds(quarantine, "1002"));
    assert_false(quarantine_forget(quarantine, "1002"));
    assert_int_equal(list(quarantine)->n, 1);
    quarantine_clear(quarantine);
    assert_int_equal(list(quarantine)->n, 0);
    assert_true(quarantine_seen(quarantine, "1001", NULL, &peer, 3));
    assert_int_equal(list(quarantine)->first.times, 1);
    quarantine_free(quarantine);
}

struct purge {
    struct quarantine *quarantine;
    size_t n;
};

static void on_each_forget(void *cookie, const struct quarantine_entry *entry)
{
    struct purge *purge = cookie;
    if (purge->n++ % 2 == 0)
        quarantine_forget(purge->quarantine, entry->id);
}

static void an_entry_may_be_forgotten_while_it_is_looked_at(void **state)
{
    (void)state;
    struct purge purge = {.quarantine = quarantine_new()};
    for (int i = 0; i < 5; i++)
        quarantine_seen(purge.quarantine, (char[]){(char)('a' + i), '\0'}, NULL, &peer, i);
    quarantine_each(purge.quarantine, on_each_forget, &purge);
    assert_int_equal(purge.n, 5);
    struct listed *listed = list(purge.quarantine);
    assert_int_equal(listed->n, 2);
    assert_string_equal(listed->ids[0], "d");
    assert_string_equal(listed->ids[1], "b");
    quarantine_free(purge.quarantine);
}

static void the_one_not_seen_for_longest_goes(void **state)
{
    (void)state;
    struct quarantine *quarantine = quarantine_new();
    char id[16];
    for (int i = 0; i < QUARANTINE_MAX; i++) {
        snprintf(id, sizeof(id), "%d", i);
        quarantine_seen(quarantine, id, NULL, &peer, i);
    }
    quarantine_seen(quarantine, "0", NULL, &peer, 5000);
    assert_true(quarantine_seen(quarantine, "new", NULL, &peer, 5001));
    assert_int_equal(list(quarantine)->n, QUARANTINE_MAX);
    assert_false(quarantine_forget(quarantine, "1"));
    assert_true(quarantine_forget(quarantine, "0"));
    assert_true(quarantine_forget(quarantine, "2"));
    quarantine_free(quarantine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_kept_who_came_when_from_where),
        cmocka_unit_test(who_is_known_is_forgotten),
        cmocka_unit_test(an_entry_may_be_forgotten_while_it_is_looked_at),
        cmocka_unit_test(the_one_not_seen_for_longest_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
