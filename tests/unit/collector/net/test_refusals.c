#include "collector/net/refusals.h"
#include "tests/unit/collector/parts.h"

struct listed {
    size_t n;
    struct refusal_entry entries[REFUSALS_MAX];
};

static void on_each(void *cookie, const struct refusal_entry *entry)
{
    struct listed *listed = cookie;
    assert_true(listed->n < REFUSALS_MAX);
    listed->entries[listed->n++] = *entry;
}

static struct listed *list(const struct refusals *refusals)
{
    static struct listed listed;
    memset(&listed, 0, sizeof(listed));
    refusals_each(refusals, on_each, &listed);
    assert_int_equal(listed.n, refusals_count(refusals));
    return &listed;
}

static void add(struct refusals *refusals, const char *peer, const char *reason, const char *bytes,
                int64_t wall_ms)
{
    const struct refusal refusal = {.peer = peer,
                                    .port = (uint16_t)wall_ms,
                                    .id = "",
                                    .reason = reason,
                                    .bytes = (const uint8_t *)bytes,
                                    .len = bytes != NULL ? strlen(bytes) : 0};
    refusals_add(refusals, &refusal, wall_ms);
}

static void the_same_again_is_one_entry(void **state)
{
    (void)state;
    struct refusals *refusals = refusals_new();
    add(refusals, "198.51.100.7", "no registration in time", NULL, 1);
    add(refusals, "198.51.100.7", "protocol error", "GET /", 2);
    add(refusals, "198.51.100.7", "no registration in time", NULL, 3);
    struct listed *listed = list(refusals);
    assert_int_equal(listed->n, 2);
    assert_string_equal(listed->entries[0].reason, "no registration in time"); /* seen last */
    assert_int_equal(listed->entries[0].times, 2);
    assert_int_equal(listed->entries[0].first_ms, 1);
    assert_int_equal(listed->entries[0].last_ms, 3);
    assert_int_equal(listed->entries[0].port, 3);
    assert_int_equal(listed->entries[0].len, 0);
    assert_string_equal(listed->entries[1].address, "198.51.100.7");
    assert_int_equal(listed->entries[1].len, 5);
    assert_memory_equal(listed->entries[1].bytes, "GET /", 5);
    add(refusals, "198.51.100.8", "protocol error", "GET /", 4);
    add(refusals, "198.51.100.7", "protocol error", "GET ", 5);
    refusals_add(
        refusals,
        &(struct refusal){"198.51.100.7", 6, "1001", "protocol error", (const uint8_t *)"GET /", 5},
        6);
    assert_int_equal(list(refusals)->n, 5);
    assert_string_equal(list(refusals)->entries[0].id, "1001");
    refusals_clear(refusals);
    assert_int_equal(list(refusals)->n, 0);
    refusals_free(refusals);
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct refusals *refusals = refusals_new();
    char text[400];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memcpy(text + REFUSAL_ID_SIZE - 2, "\xe9\x94\x85", 3); /* over the end of an id */
    refusals_add(refusals, &(struct refusal){text, 1, text, text, (const uint8_t *)text, 399}, 1);
    const struct refusal_entry *entry = &list(refusals)->entries[0];
    assert_int_equal(strlen(entry->address), RECORD_ADDRESS_SIZE - 1);
    assert_int_equal(strlen(entry->id), REFUSAL_ID_SIZE - 2);
    assert_int_equal(strlen(entry->reason), REFUSAL_REASON_SIZE - 1);
    assert_int_equal(entry->len, REFUSAL_BYTES);
    refusals_add(refusals, &(struct refusal){NULL, 1, NULL, NULL, NULL, 9}, 2);
    entry = &list(refusals)->entries[0];
    assert_int_equal(entry->len, 0);
    assert_string_equal(entry->address, "");
    assert_string_equal(entry->id, "");
    refusals_free(refusals);
}

/* A box that says something else each time takes its own places only. */
static void no_peer_pushes_everybody_out(void **state)
{
    (void)state;
    struct refusals *refusals = refusals_new();
    char bytes[16];
    add(refusals, "198.51.100.7", "protocol error", "mine", 1);
    for (int i = 0; i < 1000; i++) {
        snprintf(bytes, sizeof(bytes), "%d", i);
        add(refusals, "203.0.113.1", "protocol error", bytes, 2 + i);
    }
    struct listed *listed = list(refusals);
    assert_int_equal(listed->n, REFUSALS_PER_PEER + 1);
    assert_memory_equal(listed->entries[0].bytes, "999", 3);
    assert_string_equal(listed->entries[REFUSALS_PER_PEER].address, "198.51.100.7");
    refusals_free(refusals);
}

static void the_one_not_seen_for_longest_goes(void **state)
{
    (void)state;
    struct refusals *refusals = refusals_new();
    char peer[16];
    for (int i = 0; i < REFUSALS_MAX; i++) {
        snprintf(peer, sizeof(peer), "10.0.0.%d", i);
        add(refusals, peer, "protocol error", NULL, i);
    }
    add(refusals, "10.0.0.0", "protocol error", NULL, 1000);
    add(refusals, "10.0.1.1", "protocol error", NULL, 1001);
    struct listed *listed = list(refusals);
    assert_int_equal(listed->n, REFUSALS_MAX);
    assert_string_equal(listed->entries[1].address, "10.0.0.0");
    assert_string_equal(listed->entries[REFUSALS_MAX - 1].address, "10.0.0.2");
    refusals_free(refusals);
}

static void without_a_list_nothing_happens(void **state)
{
    (void)state;
    add(NULL, "10.0.0.1", "protocol error", NULL, 1);
    assert_int_equal(list(NULL)->n, 0);
    refusals_clear(NULL);
    refusals_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again_is_one_entry),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(no_peer_pushes_everybody_out),
        cmocka_unit_test(the_one_not_seen_for_longest_goes),
        cmocka_unit_test(without_a_list_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
