#include "collector/net/proxy.h"
#include "tests/unit/collector/parts.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* The header in memory of its own exact size, in every length up to the whole: more is asked for
 * until all is there, and what follows does not matter. */
static struct proxy_header read_whole(const char *bytes, size_t size)
{
    struct proxy_header header;
    for (size_t len = 0; len < size; len++) {
        uint8_t *part = malloc(len ? len : 1);
        memcpy(part, bytes, len);
        assert_int_equal(proxy_parse(part, len, &header), 0);
        free(part);
    }
    uint8_t *glued = malloc(size + 3);
    memcpy(glued, bytes, size);
    memcpy(glued + size, "\x01\x04\n", 3);
    assert_int_equal(proxy_parse(glued, size + 3, &header), size);
    assert_int_equal(proxy_parse(glued, size, &header), size);
    free(glued);
    return header;
}

static void comes_from(const char *bytes, size_t size, const char *address, uint16_t port)
{
    struct proxy_header header = read_whole(bytes, size);
    assert_int_equal(header.kind, PROXY_RELAYED);
    assert_string_equal(header.source.address, address);
    assert_int_equal(header.source.port, port);
}

static void is_kind(const char *bytes, size_t size, enum proxy_kind kind)
{
    struct proxy_header header = read_whole(bytes, size);
    assert_int_equal(header.kind, kind);
    assert_string_equal(header.source.address, "");
}

static void is_broken(const char *bytes, size_t size)
{
    struct proxy_header header;
    uint8_t *exact = malloc(size);
    memcpy(exact, bytes, size);
    if (proxy_parse(exact, size, &header) != -1)
        fail_msg("taken: %.*s", (int)size, bytes);
    free(exact);
}

#define TEXT(text) (text), sizeof(text) - 1

static void lines_of_text_are_read(void **state)
{
    (void)state;
    comes_from(TEXT("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), "192.168.0.1", 56324);
    comes_from(TEXT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
               "255.255.255.255", 65535);
    comes_from(TEXT("PROXY TCP6 2001:DB8::7 ::1 0 22334\r\n"), "2001:db8::7", 0);
    comes_from(TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
               "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
    comes_from(TEXT("PROXY TCP6 ::ffff:10.0.0.7 ::1 9 10\r\n"), "10.0.0.7", 9);
}

static void an_unknown_source_keeps_the_balancers_address(void **state)
{
    (void)state;
    is_kind(TEXT("PROXY UNKNOWN\r\n"), PROXY_UNKNOWN);
    is_kind(TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
            PROXY_UNKNOWN); /* 107 bytes, the longest */
    is_kind(TEXT("PROXY UNKNOWN whatever \0 it says\r\n"), PROXY_UNKNOWN);
}

static void lines_that_do_not_fit_exactly_are_broken(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GET / HTTP/1.1\r\n",
        "P\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY \n",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 22\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4\r\n",
        "PROXY TCP4\r\n",
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.400 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2x\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 99999999999999999999 2\r\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        is_broken(lines[i], strlen(lines[i]));
    is_broken(TEXT("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"));
    is_broken(TEXT("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\0 and more\r\n"));
    is_broken(TEXT("PROXY TCP4\0 1.2.3.4 1.2.3.4 1 2\r\n"));
}

static void a_line_without_end_is_broken_at_its_bound(void **state)
{
    (void)state;
    struct proxy_header header;
    uint8_t line[108] = "PROXY UNKNOWN ";
    memset(line + 14, 'x', sizeof(line) - 14);
    assert_int_equal(proxy_parse(line, 106, &header), 0);
    assert_int_equal(proxy_parse(line, 107, &header), -1);
    line[106] = '\r';
    line[107] = '\n';
    assert_int_equal(proxy_parse(line, 108, &header), -1); /* one byte too long */
    line[105] = '\r';
    line[106] = '\n';
    assert_int_equal(proxy_parse(line, 108, &header), 107);
}

#define TCP4_BODY "\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb"

static void binary_headers_are_read(void **state)
{
    (void)state;
    comes_from(TEXT(SIGNATURE "\x21\x11\x00\x0c" TCP4_BODY), "192.168.0.1", 56324);
    comes_from(TEXT(SIGNATURE "\x21\x11\x00\x11" TCP4_BODY "\x04\x00\x02xx"), "192.168.0.1",
               56324); /* with a TLV */
    comes_from(TEXT(SIGNATURE "\x21\x21\x00\x24"
                              "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x09\x57\x3e"),
               "2001:db8::7", 9);
    comes_from(TEXT(SIGNATURE "\x21\x21\x00\x24"
                              "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x00\x07"
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x09\x57\x3e"),
               "10.0.0.7", 9);
}

static void the_balancers_own_and_other_families_have_no_source(void **state)
{
    (void)state;
    is_kind(TEXT(SIGNATURE "\x20\x00\x00\x00"), PROXY_LOCAL);
    is_kind(TEXT(SIGNATURE "\x20\x11\x00\x0c" TCP4_BODY), PROXY_LOCAL);
    is_kind(TEXT(SIGNATURE "\x20\xff\x00\x01x"), PROXY_LOCAL); /* its family is not looked at */
    is_kind(TEXT(SIGNATURE "\x21\x00\x00\x00"), PROXY_UNKNOWN);
    is_kind(TEXT(SIGNATURE "\x21\x12\x00\x0c" TCP4_BODY), PROXY_UNKNOWN); /* a datagram */
    is_kind(TEXT(SIGNATURE "\x21\x31\x00\x03xyz"), PROXY_UNKNOWN);
}

static void binary_headers_that_lie_are_broken(void **state)
{
    (void)state;
    is_broken(TEXT(SIGNATURE "\x11\x11\x00\x0c" TCP4_BODY)); /* version 1 */
    is_broken(TEXT(SIGNATURE "\x22\x11\x00\x0c" TCP4_BODY)); /* no such command */
    is_broken(TEXT(SIGNATURE "\x21\x41\x00\x0c" TCP4_BODY)); /* no such family */
    is_broken(TEXT(SIGNATURE "\x21\x13\x00\x0c" TCP4_BODY)); /* no such transport */
    is_broken(TEXT(SIGNATURE "\x21\x11\x00\x0b" TCP4_BODY)); /* too short for its family */
    is_broken(TEXT(SIGNATURE "\x21\x21\x00\x0c" TCP4_BODY)); /* the same */
    is_broken(TEXT(SIGNATURE "\x21\x11\x02\x19"));           /* 537 */
    is_broken(TEXT("\r\n\r\n\0\r\nQUIX"));                   /* as soon as it is seen */
    is_broken(TEXT("\x00\x00\x03\xe9"));                     /* a DTU */
    is_broken(TEXT("7B"));
}

static void the_longest_binary_header_is_taken(void **state)
{
    (void)state;
    char bytes[PROXY_MAX] = SIGNATURE "\x21\x11\x02\x18" TCP4_BODY;
    comes_from(bytes, sizeof(bytes), "192.168.0.1", 56324);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_text_are_read),
        cmocka_unit_test(an_unknown_source_keeps_the_balancers_address),
        cmocka_unit_test(lines_that_do_not_fit_exactly_are_broken),
        cmocka_unit_test(a_line_without_end_is_broken_at_its_bound),
        cmocka_unit_test(binary_headers_are_read),
        cmocka_unit_test(the_balancers_own_and_other_families_have_no_source),
        cmocka_unit_test(binary_headers_that_lie_are_broken),
        cmocka_unit_test(the_longest_binary_header_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
