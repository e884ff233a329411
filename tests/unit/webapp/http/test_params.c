#include "webapp/http/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const words[] = {"csv", "xlsx", NULL};
static const struct param_rule rules[] = {
    {.name = "limit", .type = PARAM_INT, .min = 1, .max = 1000, .fallback = 100},
    {.name = "device_id", .type = PARAM_TEXT, .max = 8, .many = true},
    {.name = "format", .type = PARAM_ENUM, .allowed = words},
    {.name = "from", .type = PARAM_TIME},
    {.name = NULL},
};

/* 0, or 1 + the reason of the fault. */
static int check(const char *uri, struct args *args, struct request *request)
{
    struct param_fault fault;
    assert_int_equal(request_parse(request, &(struct request_source){.method = "GET", .uri = uri}),
                     0);
    return args_check(args, rules, request, 0, &fault) == 0 ? 0 : 1 + (int)fault.reason;
}

static void good_values_arrive(void **state)
{
    (void)state;
    struct args args;
    struct request request;
    assert_int_equal(
        check("/x?limit=5&device_id=a%2Fb&device_id=c&format=xlsx&other=1&from=", &args, &request),
        0);
    assert_int_equal(args_number(&args, "limit"), 5);
    assert_string_equal(args_text(&args, "device_id"), "a/b");
    assert_string_equal(args_word(&args, "format"), "xlsx");
    assert_null(args_given(&args, "from"));
    request_clear(&request);
}

static void missing_values_fall_back(void **state)
{
    (void)state;
    struct args args;
    struct request request;
    assert_int_equal(check("/x", &args, &request), 0);
    assert_int_equal(args_number(&args, "limit"), 100);
    assert_string_equal(args_word(&args, "format"), "csv");
    request_clear(&request);
}

static void bad_values_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        int fault;
    } cases[] = {
        {"/x?limit=0", 1 + PARAM_BAD_INT},
        {"/x?limit=1001", 1 + PARAM_BAD_INT},
        {"/x?limit=99999999999999999999", 1 + PARAM_BAD_INT},
        {"/x?limit=5x", 1 + PARAM_BAD_INT},
        {"/x?limit=-", 1 + PARAM_BAD_INT},
        {"/x?limit=1&limit=2", 1 + PARAM_REPEATED},
        {"/x?device_id=123456789", 1 + PARAM_BAD_TEXT},
        {"/x?device_id=%ff", 1 + PARAM_BAD_TEXT},
        {"/x?format=pdf", 1 + PARAM_BAD_ENUM},
        {"/x?from=yesterday", 1 + PARAM_BAD_TIME},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct args args;
        struct request request;
        assert_int_equal(check(cases[i].uri, &args, &request), cases[i].fault);
        request_clear(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_arrive),
        cmocka_unit_test(missing_values_fall_back),
        cmocka_unit_test(bad_values_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
