#include "shared/base/cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct cidr_list *parse(const char *text)
{
    char *problem;
    struct cidr_list *list = cidr_list_parse(text, &problem);
    if (list == NULL)
        fail_msg("%s", problem);
    assert_null(problem);
    return list;
}

static void holds(const char *text, const char *address, bool expected)
{
    struct cidr_list *list = parse(text);
    if (cidr_list_holds(list, address) != expected)
        fail_msg("%s holds %s: expected %d", text, address, expected);
    cidr_list_free(list);
}

static void an_empty_list_holds_nothing(void **state)
{
    (void)state;
    holds("", "10.0.0.1", false);
    holds(" ,, \n", "::1", false);
    struct cidr_list *list = parse("  ");
    assert_int_equal(cidr_list_count(list), 0);
    cidr_list_free(list);
    cidr_list_free(NULL);
    assert_int_equal(cidr_list_count(NULL), 0);
}

static void entries_are_separated_by_commas_or_blanks(void **state)
{
    (void)state;
    struct cidr_list *list = parse(" 10.0.0.0/8,192.168.1.7\tfd00::/8 , ::1,");
    assert_int_equal(cidr_list_count(list), 4);
    static const char *const in[] = {"10.255.0.1", "192.168.1.7", "fdff::1", "0:0:0:0:0:0:0:1"};
    static const char *const out[] = {"11.0.0.0", "9.255.255.255", "192.168.1.6", "fe00::", "::2",
                                      "",         "10.0.0",        "here"};
    for (size_t i = 0; i < sizeof(in) / sizeof(*in); i++)
        assert_true(cidr_list_holds(list, in[i]));
    for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
        assert_false(cidr_list_holds(list, out[i]));
    cidr_list_free(list);
}

/* Each prefix length: the first and the last address are in, their neighbours are not. */
static void every_prefix_ends_where_it_should(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= 32; bits++) {
        uint32_t mask = UINT32_MAX << (32 - bits), first = 0xAC5A3C96 & mask, last = first | ~mask;
        const struct {
            uint32_t address;
            bool in;
        } cases[] = {{first, true}, {last, true}, {first - 1, false}, {last + 1, false}};
        char text[32], address[16];
        snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", first >> 24, first >> 16 & 255,
                 first >> 8 & 255, first & 255, bits);
        for (size_t i = 0; i < 4; i++) {
            uint32_t a = cases[i].address;
            snprintf(address, sizeof(address), "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
                     a & 255);
            holds(text, address, cases[i].in);
        }
    }
    holds("2001:db8:80::/41", "2001:db8:ff:ffff:ffff:ffff:ffff:ffff", true);
    holds("2001:db8:80::/41", "2001:db8:7f:ffff:ffff:ffff:ffff:ffff", false);
    holds("2001:db8::1/128", "2001:db8::1", true);
    holds("2001:db8::1/128", "2001:db8::", false);
}

static void the_two_families_are_apart(void **state)
{
    (void)state;
    holds("0.0.0.0/0", "203.0.113.9", true);
    holds("0.0.0.0/0", "2001:db8::1", false);
    holds("::/0", "2001:db8::1", true);
    holds("::/0", "203.0.113.9", false);
    holds("a00::/8", "10.0.0.1", false); /* the same first byte */
}

static void a_mapped_address_counts_as_ipv4(void **state)
{
    (void)state;
    holds("10.0.0.0/8", "::ffff:10.1.2.3", true);
    holds("10.0.0.0/8", "::ffff:11.1.2.3", false);
    holds("::ffff:10.0.0.0/104", "10.1.2.3", true);
    holds("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true);
    holds("::ffff:10.0.0.0/104", "11.1.2.3", false);
    holds("::ffff:10.0.0.7", "10.0.0.7", true);
    holds("::ffff:10.0.0.7", "10.0.0.8", false);
}

static void is_refused(const char *text, const char *expected)
{
    char *problem = NULL;
    assert_null(cidr_list_parse(text, &problem));
    assert_non_null(problem);
    if (strstr(problem, expected) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", text, problem, expected);
    free(problem);
}

static void faults_name_the_entry_and_the_way_out(void **state)
{
    (void)state;
    is_refused("10.0.0.0/8, 10.0.0/8", "\"10.0.0/8\" is no address or network: write IPv4 like");
    is_refused("10.0.0.1/8", "\"10.0.0.1/8\" has bits set behind its first 8: write 10.0.0.0/8 for "
                             "the network or 10.0.0.1 for the one address");
    is_refused("fd00::1/64", "write fd00::/64 for the network");
    is_refused("::ffff:10.0.0.1/104", "write ::ffff:10.0.0.0/104");
    is_refused("10.0.0.0/33",
               "\"10.0.0.0/33\": behind the slash of an IPv4 network belongs a number "
               "from 0 to 32");
    is_refused("fd00::/129", "IPv6 network belongs a number from 0 to 128");
    static const char *const wrong[] = {"10.0.0.0/",           "10.0.0.0/-1",  "10.0.0.0/+8",
                                        "10.0.0.0/08",         "10.0.0.0/8/8", "10.0.0.0/8x",
                                        "10.0.0.0/99999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        is_refused(wrong[i], "behind the slash");
    is_refused("/8", "no address");
    is_refused("example.com", "\"example.com\" is no address");
    is_refused("010.0.0.1", "no address");
    is_refused("fe80::1%eth0", "no address");
    is_refused("10.0.0.1;10.0.0.2", "several separated by commas");
    is_refused("\x1b[2J", "\\x1b[2J");
}

static void a_long_entry_is_cut(void **state)
{
    (void)state;
    char text[5001];
    memset(text, '1', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    is_refused(text, "...\" is no address");
    text[64] = '\0';
    is_refused(text, "11\" is no address");
    text[63] = '\0';
    is_refused(text, "11\" is no address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_holds_nothing),
        cmocka_unit_test(entries_are_separated_by_commas_or_blanks),
        cmocka_unit_test(every_prefix_ends_where_it_should),
        cmocka_unit_test(the_two_families_are_apart),
        cmocka_unit_test(a_mapped_address_counts_as_ipv4),
        cmocka_unit_test(faults_name_the_entry_and_the_way_out),
        cmocka_unit_test(a_long_entry_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
