#include "webapp/http/body.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct text {
    const char *at;
    size_t left;
};

/* Not all at once. */
static size_t read_some(void *cookie, char *out, size_t size)
{
    struct text *text = cookie;
    size_t n = text->left < 7 ? text->left : 7;
    if (n > size)
        n = size;
    memcpy(out, text->at, n);
    text->at += n;
    text->left -= n;
    return n;
}

static enum body_verdict read_of(const char *type, const char *bytes, size_t len,
                                 struct json_object **out)
{
    struct text text = {bytes, len};
    struct request_source source = {.content_type = type, .read_body = read_some, .body = &text};
    return body_read(&source, out);
}

static enum body_verdict verdict(const char *type, const char *text)
{
    struct json_object *body;
    enum body_verdict verdict = read_of(type, text, strlen(text), &body);
    assert_int_equal(body != NULL, verdict == BODY_GOOD);
    json_object_put(body);
    return verdict;
}

static void only_json_is_read(void **state)
{
    (void)state;
    const char *const good[] = {"application/json", "Application/JSON; charset=utf-8",
                                "application/json ;a=b"};
    const char *const bad[] = {"",
                               "text/plain",
                               "text/plain; application/json",
                               "application/jsonp",
                               "application/x-www-form-urlencoded",
                               " application/json"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(verdict(good[i], "{}"), BODY_GOOD);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(verdict(bad[i], "{}"), BODY_OTHER_TYPE);
    assert_int_equal(verdict(NULL, "{}"), BODY_OTHER_TYPE);
}

static void a_body_is_one_object(void **state)
{
    (void)state;
    const char *const good[] = {"", " \r\n", "{\"a\":[1,{\"b\":null}]} ",
                                "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{}}}}}}}}"};
    const char *const bad[] = {"[]",
                               "1",
                               "null",
                               "{",
                               "{}{}",
                               "x",
                               "{\"a\":\"\xff\"}",
                               "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":[{}]}}}}}}}"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_int_equal(verdict("application/json", good[i]), BODY_GOOD);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(verdict("application/json", bad[i]), BODY_NO_OBJECT);
    struct json_object *body;
    assert_int_equal(read_of("application/json", "\0{}", 3, &body), BODY_NO_OBJECT);
    assert_int_equal(read_of("application/json", "{}\0x", 4, &body), BODY_NO_OBJECT);
}

static void a_body_is_bounded(void **state)
{
    (void)state;
    char text[BODY_MAX_BYTES + 2];
    memset(text, ' ', sizeof(text));
    memcpy(text, "{}", 2);
    text[BODY_MAX_BYTES] = '\0';
    assert_int_equal(verdict("application/json", text), BODY_GOOD);
    text[BODY_MAX_BYTES] = ' ';
    text[BODY_MAX_BYTES + 1] = '\0';
    assert_int_equal(verdict("application/json", text), BODY_TOO_LARGE);
}

static const struct member_rule rules[] = {
    {.name = "who", .type = MEMBER_TEXT, .required = true, .max = 8},
    {.name = "from", .type = MEMBER_TIME},
    {.name = "flag", .type = MEMBER_FLAG},
    {.name = "data", .type = MEMBER_OBJECT},
    {.name = NULL},
};

static void good_members_pass(void **state)
{
    (void)state;
    struct member_fault fault;
    struct json_object *body = json_tokener_parse(
        "{\"who\":\"Mei\",\"from\":\"2026-01-31T08:00:00.5\",\"flag\":false,\"data\":{\"x\":1}}");
    assert_int_equal(body_check(body, rules, 480, &fault), 0);
    assert_string_equal(body_text(body, "who"), "Mei");
    assert_string_equal(body_text(body, "from"), "2026-01-31T00:00:00.500Z");
    json_object_put(body);
    body = json_tokener_parse("{\"who\":\"12345678\",\"from\":1500,\"flag\":null,\"data\":\"\"}");
    assert_int_equal(body_check(body, rules, 480, &fault), 0);
    assert_string_equal(body_text(body, "from"), "1970-01-01T00:00:01.500Z");
    assert_null(body_text(body, "data"));
    assert_null(body_text(body, "flag"));
    json_object_put(body);
}

static void bad_members_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *key;
    } cases[] = {
        {"{}", "who", "error.param.missing"},
        {"{\"who\":\"\"}", "who", "error.param.missing"},
        {"{\"who\":\"123456789\"}", "who", "error.param.text"},
        {"{\"who\":\"a\\u0000b\"}", "who", "error.param.text"},
        {"{\"who\":1}", "who", "error.param.text"},
        {"{\"who\":\"a\",\"from\":\"soon\"}", "from", "error.param.time"},
        {"{\"who\":\"a\",\"from\":-1}", "from", "error.param.time"},
        {"{\"who\":\"a\",\"from\":[1]}", "from", "error.param.time"},
        {"{\"who\":\"a\",\"flag\":1}", "flag", "error.param.flag"},
        {"{\"who\":\"a\",\"data\":[]}", "data", "error.param.object"},
        {"{\"who\":\"a\",\"whom\":null}", "whom", "error.param.unknown"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct member_fault fault;
        struct json_object *body = json_tokener_parse(cases[i].text);
        assert_int_equal(body_check(body, rules, 0, &fault), -1);
        assert_string_equal(fault.name, cases[i].name);
        assert_string_equal(fault.key, cases[i].key);
        json_object_put(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_json_is_read),     cmocka_unit_test(a_body_is_one_object),
        cmocka_unit_test(a_body_is_bounded),     cmocka_unit_test(good_members_pass),
        cmocka_unit_test(bad_members_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
