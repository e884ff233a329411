/*
 * The public conformance cases of Mustache: every case in every file of the folder that
 * MUSTACHE_SPEC names, or
 * ../shared/mustache-spec. Skipped where the folder is absent.
 */
#include "shared/template/mustache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

static const char *folder(void)
{
    const char *set = getenv("MUSTACHE_SPEC");
    return set != NULL ? set : "../shared/mustache-spec";
}

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static struct mustache *parse(const char *name, struct json_object *text)
{
    char error[MUSTACHE_ERROR_SIZE];
    size_t len = (size_t)json_object_get_string_len(text);
    struct mustache *template = mustache_parse(name, json_object_get_string(text), len, error);
    if (template == NULL)
        print_error("%s\n", error);
    return template;
}

enum { PARTIALS_MAX = 8 };

struct parsed {
    struct mustache *items[PARTIALS_MAX];
    size_t count;
};

static void parse_all(struct json_object *partials, struct parsed *parsed)
{
    if (partials == NULL)
        return;
    json_object_object_foreach(partials, name, text)
    {
        assert_true(parsed->count < PARTIALS_MAX);
        parsed->items[parsed->count++] = parse(name, text);
    }
}

static const struct mustache *load(void *cookie, const char *name)
{
    const struct parsed *parsed = cookie;
    for (size_t i = 0; i < parsed->count; i++) {
        if (parsed->items[i] != NULL && strcmp(mustache_name(parsed->items[i]), name) == 0)
            return parsed->items[i];
    }
    return NULL;
}

static int run_case(struct json_object *test)
{
    struct parsed parsed = {.count = 0};
    parse_all(member(test, "partials"), &parsed);
    struct mustache *template = parse("template", member(test, "template"));
    struct json_object *data = member(test, "data");
    struct mustache_view view = {&data, 1, load, &parsed};
    char error[MUSTACHE_ERROR_SIZE] = "";
    char *out = template ? mustache_render_text(template, &view, NULL, error) : NULL;

    const char *expected = json_object_get_string(member(test, "expected"));
    int good = out != NULL && strcmp(out, expected) == 0;
    if (!good)
        print_error("%s\n  expected: %s\n  rendered: %s%s\n",
                    json_object_get_string(member(test, "name")), expected, out ? out : "", error);
    free(out);
    mustache_free(template);
    for (size_t i = 0; i < parsed.count; i++)
        mustache_free(parsed.items[i]);
    return good;
}

static void spec_file(void **state)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.json", folder(), (const char *)*state);
    if (access(folder(), R_OK) != 0) {
        print_message(
            "no %s: set MUSTACHE_SPEC to a folder with the cases of the Mustache specification\n",
            folder());
        skip();
    }
    struct json_object *file = json_object_from_file(path);
    assert_non_null(file);
    struct json_object *tests = member(file, "tests");
    size_t n = json_object_array_length(tests), good = 0;
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        good += (size_t)run_case(json_object_array_get_idx(tests, i));
    json_object_put(file);
    assert_int_equal(good, n);
}

#define SPEC(name)                                                                                 \
    {                                                                                              \
        "spec_" name, spec_file, NULL, NULL, (void *)(uintptr_t)name                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC("comments"), SPEC("delimiters"), SPEC("interpolation"), SPEC("inverted"),
        SPEC("partials"), SPEC("sections"),   SPEC("inheritance"),   SPEC("dynamic-names"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
