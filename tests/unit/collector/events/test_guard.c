/* Which addresses a webhook may call. */
#include "collector/events/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static bool allows(const char *cidrs, const char *address)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
    else
        fail_msg("%s is no address", address);
    struct guard *guard = guard_new(cidrs);
    bool allowed = guard_allows(guard, (const struct sockaddr *)&storage);
    guard_free(guard);
    return allowed;
}

static void the_default_denies_what_no_receiver_has(void **state)
{
    static const char *const denied[] = {
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "168.63.129.16",
        "fd20:ce::254",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",
        "::",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "224.0.0.1",
        "255.255.255.255",
    };
    static const char *const fine[] = {
        "127.0.0.1", "::1",     "10.1.2.3",        "192.168.1.10", "172.16.0.1",
        "fd12::5",   "8.8.8.8", "100.100.100.199", "2001:db8::1",  "64:ff9b::0808:0808",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(denied) / sizeof(*denied); i++) {
        if (allows(guard_default, denied[i]))
            fail_msg("%s is allowed", denied[i]);
    }
    for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
        if (!allows(guard_default, fine[i]))
            fail_msg("%s is denied", fine[i]);
    }
}

static void a_list_of_ones_own_replaces_it(void **state)
{
    (void)state;
    assert_true(allows("10.0.0.0/8", "169.254.169.254"));
    assert_false(allows("10.0.0.0/8", "10.0.0.1"));
    assert_false(allows("10.0.0.0/8", "::ffff:10.0.0.1"));
    assert_true(allows("", "10.0.0.1"));
}

static void other_families_are_never_called(void **state)
{
    (void)state;
    struct sockaddr address = {.sa_family = AF_UNIX};
    struct guard *guard = guard_new("");
    assert_false(guard_allows(guard, &address));
    guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_denies_what_no_receiver_has),
        cmocka_unit_test(a_list_of_ones_own_replaces_it),
        cmocka_unit_test(other_families_are_never_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
