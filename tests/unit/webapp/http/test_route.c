#include "webapp/http/response.h"
#include "webapp/http/route.h"
#include "webapp/link.h"
#include "webapp/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct route_match match(enum http_method method, const char *path)
{
    struct route_match found;
    route_match(routes, routes_count, method, path, &found);
    return found;
}

static void a_device_id_is_one_segment(void **state)
{
    (void)state;
    const char *const hostile = "a/b?%&<>\"' \xe6\xb5\x8b";
    char *link = link_device("/device", hostile, "");
    struct route_match found = match(METHOD_GET, link);
    assert_string_equal(link, "/device/a%2Fb%3F%25%26%3C%3E%22%27%20%E6%B5%8B");
    assert_non_null(found.route);
    assert_string_equal(found.route->pattern, "/device/{id}");
    assert_string_equal(found.segment, hostile);
    free(link);
}

static void paths_fit_whole(void **state)
{
    (void)state;
    assert_string_equal(match(METHOD_HEAD, "/").route->pattern, "/");
    assert_string_equal(match(METHOD_GET, "/api/device/7/data").segment, "7");
    assert_null(match(METHOD_GET, "/devices/").route);
    assert_null(match(METHOD_GET, "/device/").route);
    assert_null(match(METHOD_GET, "/device/%zz").route);
    assert_null(match(METHOD_GET, "/device/%00").route);
    assert_null(match(METHOD_GET, "//").route);
}

static enum outcome never(struct call *call)
{
    (void)call;
    return OUTCOME_INTERNAL;
}

static void a_line_that_fits_half_leaves_nothing(void **state)
{
    (void)state;
    const struct route table[] = {
        {METHOD_GET, "/a/{id}", ROLE_VIEWER, ROUTE_API, NULL, never},
        {METHOD_GET, "/{name}/c", ROLE_VIEWER, ROUTE_API, NULL, never},
        {METHOD_POST, "/a/b", ROLE_VIEWER, ROUTE_API, NULL, never},
    };
    struct route_match found;
    route_match(table, 3, METHOD_POST, "/a/b", &found);
    assert_ptr_equal(found.route, &table[2]);
    assert_string_equal(found.name, "");
    assert_string_equal(found.segment, "");
}

static void another_method_is_told(void **state)
{
    (void)state;
    char allow[64];
    struct route_match found = match(METHOD_POST, "/devices");
    assert_null(found.route);
    assert_true(found.path_known);
    routes_allow("/devices", allow, sizeof(allow));
    assert_string_equal(allow, "GET, HEAD");
}

static void links_leave_out_what_is_not_set(void **state)
{
    (void)state;
    char *link = link_query("/data", (const struct link_param[]){
                                         {"a", "1&2"}, {"b", NULL}, {"c", "x y"}, {NULL, NULL}});
    assert_string_equal(link, "/data?a=1%262&c=x%20y");
    free(link);
}

static int collect(void *cookie, const char *bytes, size_t len)
{
    printbuf_memappend(cookie, bytes, (int)len);
    return 0;
}

static void a_header_holds_no_line_break(void **state)
{
    (void)state;
    struct printbuf *out = printbuf_new();
    struct response response;
    assert_int_equal(response_init(&response, collect, out, true), 0);
    response_header(&response, "Location", "/a\r\nSet-Cookie: x");
    response_send(&response, 303, NULL, "body", 4);
    response_clear(&response);
    assert_string_equal(
        out->buf,
        "Location: /aSet-Cookie: x\r\nContent-Length: 4\r\nStatus: 303 See Other\r\n\r\n");
    printbuf_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_id_is_one_segment),
        cmocka_unit_test(paths_fit_whole),
        cmocka_unit_test(a_line_that_fits_half_leaves_nothing),
        cmocka_unit_test(another_method_is_told),
        cmocka_unit_test(links_leave_out_what_is_not_set),
        cmocka_unit_test(a_header_holds_no_line_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
