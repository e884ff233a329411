#include "collector/registry.h"
#include "tests/unit/collector/parts.h"

static void lines_are_pending_then_online(void **state)
{
    (void)state;
    struct registry registry;
    struct registry_entry a = {0}, b = {0};
    registry_init(&registry);
    registry_add(&registry, &a);
    registry_add(&registry, &b);
    assert_int_equal(registry.npending, 2);
    assert_ptr_equal(TAILQ_FIRST(&registry.pending), &a); /* oldest first */
    assert_null(registry_find(&registry, "1001"));
    registry_name(&registry, &a, "1001");
    assert_ptr_equal(registry_find(&registry, "1001"), &a);
    assert_null(registry_find(&registry, "100"));
    assert_null(registry_find(&registry, ""));
    assert_int_equal(registry.npending, 1);
    assert_int_equal(registry.nonline, 1);
    assert_int_equal(registry_count(&registry), 2);
    registry_remove(&registry, &b);
    registry_remove(&registry, &a);
    assert_null(registry_find(&registry, "1001"));
    assert_int_equal(registry_count(&registry), 0);
    assert_true(TAILQ_EMPTY(&registry.pending) && TAILQ_EMPTY(&registry.online));
}

static void a_newer_line_takes_the_name_of_a_removed_one(void **state)
{
    (void)state;
    struct registry registry;
    struct registry_entry old = {0}, new = {0};
    char id[] = "7", same_id[] = "7";
    registry_init(&registry);
    registry_add(&registry, &old);
    registry_name(&registry, &old, id);
    registry_add(&registry, &new);
    registry_remove(&registry, &old);
    registry_name(&registry, &new, same_id);
    assert_ptr_equal(registry_find(&registry, "7"), &new);
    registry_remove(&registry, &new);
}

static void thousands_are_found_in_any_order(void **state)
{
    (void)state;
    enum { LINES = 5000 };
    struct registry registry;
    struct registry_entry *entries = calloc(LINES, sizeof(*entries));
    char(*ids)[16] = calloc(LINES, sizeof(*ids));
    uint64_t seed = 3;
    size_t gone = 0;
    registry_init(&registry);
    for (int i = 0; i < LINES; i++) {
        snprintf(ids[i], sizeof(ids[i]), "%d", i * 7);
        registry_add(&registry, &entries[i]);
        registry_name(&registry, &entries[i], ids[i]);
    }
    for (int n = 0; n < LINES; n++) {
        size_t i = parts_pick(&seed, LINES);
        struct registry_entry *found = registry_find(&registry, ids[i]);
        if (found == NULL)
            continue; /* removed before */
        assert_ptr_equal(found, &entries[i]);
        registry_remove(&registry, found);
        gone++;
        assert_int_equal(registry_count(&registry), LINES - gone);
    }
    while (!TAILQ_EMPTY(&registry.online))
        registry_remove(&registry, TAILQ_FIRST(&registry.online));
    assert_int_equal(registry_count(&registry), 0);
    free(entries);
    free(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_pending_then_online),
        cmocka_unit_test(a_newer_line_takes_the_name_of_a_removed_one),
        cmocka_unit_test(thousands_are_found_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
