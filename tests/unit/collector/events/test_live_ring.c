/* The last events: found again by their id, or known to be gone. */
#include "collector/events/live_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct live_ring *ring, unsigned n)
{
    char json[32];
    snprintf(json, sizeof(json), "{\"n\":%u}", n);
    live_ring_add(ring, EVENT_DEVICE_ONLINE, json);
}

static void what_was_missed_comes_in_order(void **state)
{
    (void)state;
    struct live_ring *ring = live_ring_new(4, 1000);
    const struct live_entry *entry;
    uint64_t at;
    char *none = live_ring_last_id(ring);
    assert_string_equal(none, "1000-0");
    add(ring, 1);
    add(ring, 2);
    add(ring, 3);
    assert_int_equal(live_ring_find(ring, none, &at), 0);
    for (unsigned n = 1; n <= 3; n++) {
        char text[80];
        snprintf(text, sizeof(text), "id: 1000-%u\nevent: device_online\ndata: {\"n\":%u}\n\n", n,
                 n);
        entry = live_ring_next(ring, &at);
        assert_non_null(entry);
        assert_string_equal(entry->text, text);
        assert_int_equal(entry->size, strlen(text));
    }
    assert_null(live_ring_next(ring, &at));
    assert_int_equal(live_ring_find(ring, "1000-2", &at), 0);
    assert_int_equal(live_ring_next(ring, &at)->number, 3);
    free(none);
    live_ring_free(ring);
}

static void what_is_gone_or_not_of_this_life_is_not_found(void **state)
{
    (void)state;
    struct live_ring *ring = live_ring_new(4, 1000);
    uint64_t at;
    for (unsigned n = 1; n <= 6; n++)
        add(ring, n);
    assert_int_equal(live_ring_find(ring, "1000-1", &at), -1); /* 2 is not kept */
    assert_int_equal(live_ring_find(ring, "1000-2", &at), 0);
    assert_int_equal(live_ring_next(ring, &at)->number, 3);
    static const char *const strange[] = {"999-3",
                                          "1000-7",
                                          "1000-",
                                          "",
                                          "x",
                                          "1000-3x",
                                          "1000-99999999999999999999999999999999999999999999999"};
    for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
        assert_int_equal(live_ring_find(ring, strange[i], &at), -1);
    live_ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_missed_comes_in_order),
        cmocka_unit_test(what_is_gone_or_not_of_this_life_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
