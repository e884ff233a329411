#include "shared/template/mustache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

struct partial {
    const char *name, *text;
};

/* A table of partials, ended by a NULL name, is parsed as it is asked for. */
struct folder {
    const struct partial *partials;
    struct mustache *parsed[8];
    size_t count;
};

static const struct mustache *load(void *cookie, const char *name)
{
    struct folder *folder = cookie;
    for (size_t i = 0; i < folder->count; i++) {
        if (strcmp(mustache_name(folder->parsed[i]), name) == 0)
            return folder->parsed[i];
    }
    for (const struct partial *p = folder->partials; p->name != NULL; p++) {
        char error[MUSTACHE_ERROR_SIZE];
        if (strcmp(p->name, name) == 0)
            return folder->parsed[folder->count++] =
                       mustache_parse(name, p->text, strlen(p->text), error);
    }
    return NULL;
}

/* The rendered text, or the error; the caller frees. */
static char *render(const char *text, const char *json, const struct partial *partials)
{
    static const struct partial none[] = {{NULL, NULL}};
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("page", text, strlen(text), error);
    if (template == NULL)
        return strdup(error);
    struct folder folder = {.partials = partials ? partials : none};
    struct json_object *data = json_tokener_parse(json);
    struct mustache_view view = {
        .contexts = &data, .ncontexts = 1, .loader = load, .loader_cookie = &folder};
    char *out = mustache_render_text(template, &view, NULL, error);
    json_object_put(data);
    for (size_t i = 0; i < folder.count; i++)
        mustache_free(folder.parsed[i]);
    mustache_free(template);
    return out != NULL ? out : strdup(error);
}

static void check_with(const char *text, const char *json, const struct partial *partials,
                       const char *expected)
{
    char *out = render(text, json, partials);
    assert_string_equal(out, expected);
    free(out);
}

static void check(const char *text, const char *json, const char *expected)
{
    check_with(text, json, NULL, expected);
}

static void values_as_text(void **state)
{
    (void)state;
    check("{{a}} {{b}} {{c}}", "{\"a\":0,\"b\":-7,\"c\":18446744073709551615}",
          "0 -7 18446744073709551615");
    check("{{a}} {{b}} {{c}} {{d}}", "{\"a\":0.1,\"b\":3.0,\"c\":1e21,\"d\":0.30000000000000004}",
          "0.1 3 1e+21 0.30000000000000004");
    check("{{a}} {{b}}", "{\"a\":-0.0,\"b\":230.19999694824219}", "0 230.1999969482422");
    check("[{{a}}{{b}}{{c}}{{d}}]", "{\"a\":null,\"b\":[1],\"c\":{\"x\":1}}", "[]");
    check("{{a}} {{b}}", "{\"a\":true,\"b\":false}", "true false");
    check("{{a}}", "{\"a\":NaN}", "");
}

static void hostile_text_is_escaped(void **state)
{
    (void)state;
    check("{{a}}", "{\"a\":\"<script>'x'&\\\"y\\\"\"}",
          "&lt;script&gt;&#39;x&#39;&amp;&quot;y&quot;");
    check("{{{a}}}{{&a}}", "{\"a\":\"<'>\"}", "<'><'>");
    check("{{a}}", "{\"a\":\"{{b}}\",\"b\":1}", "{{b}}");
}

static void truth_of_values(void **state)
{
    (void)state;
    check("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":0}", "yes");
    check("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":\"\"}", "no");
    check("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":{}}", "yes");
}

static void contexts_from_last_to_first(void **state)
{
    (void)state;
    static const char text[] = "{{a}}{{b}}{{t.x}}{{#in}}{{b}}{{/in}}";
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("page", text, strlen(text), error);
    assert_non_null(template);
    struct json_object *stack[] = {
        json_tokener_parse("{\"a\":\"A\",\"b\":\"B\",\"t\":{\"x\":\"X\"}}"),
        json_tokener_parse("{\"b\":\"b\",\"in\":{\"c\":1}}")};
    struct mustache_view view = {.contexts = stack, .ncontexts = 2};
    size_t len = 0;
    char *out = mustache_render_text(template, &view, &len, error);
    assert_string_equal(out, "AbXb");
    assert_int_equal(len, 4);
    free(out);
    json_object_put(stack[0]);
    json_object_put(stack[1]);
    mustache_free(template);
}

static void indentation_of_nested_partials(void **state)
{
    (void)state;
    static const struct partial partials[] = {{"list", "<ul>\n  {{>item}}\n</ul>\n"},
                                              {"item", "<li>\n{{#a}}x{{/a}}\n</li>\n"},
                                              {NULL, NULL}};
    check_with("  {{>list}}\n", "{\"a\":1}", partials,
               "  <ul>\n    <li>\n    x\n    </li>\n  </ul>\n");
}

static void a_layout_and_a_page(void **state)
{
    (void)state;
    static const struct partial partials[] = {
        {"layout", "<html>\n  <title>{{$title}}none{{/title}}</title>\n  {{>nav}}\n  {{$body}}\n  "
                   "{{/body}}\n</html>\n"},
        {"nav", "<nav>\n{{$here}}-{{/here}}\n</nav>\n"},
        {NULL, NULL}};
    check_with(
        "{{<layout}}\n  ignored {{x}}\n  {{$title}}Devices{{/title}}\n  {{$here}}devices{{/here}}\n"
        "  {{$body}}\n    <p>{{n}}</p>\n      <i/>\n  {{/body}}\n{{/layout}}\n",
        "{\"n\":5}", partials,
        "<html>\n  <title>Devices</title>\n  <nav>\n  devices\n  </nav>\n  <p>5</p>\n    "
        "<i/>\n</html>\n");
}

static void a_block_that_names_itself_ends(void **state)
{
    (void)state;
    static const struct partial partials[] = {{"p", "{{$a}}default{{/a}}"}, {NULL, NULL}};
    check_with("{{<p}}{{$a}}<{{$a}}inner{{/a}}>{{/a}}{{/p}}", "{}", partials, "<inner>");
}

static void dynamic_parents(void **state)
{
    (void)state;
    static const struct partial partials[] = {{"one", "1{{$a}}{{/a}}"}, {NULL, NULL}};
    check_with("{{<*which}}{{$a}}!{{/a}}{{/* which}}", "{\"which\":\"one\"}", partials, "1!");
    check_with("[{{>*which}}]", "{\"which\":7}", partials, "[]");
}

static void endless_templates_end(void **state)
{
    (void)state;
    static const struct partial deep[] = {{"p", "\n{{>p}}"}, {NULL, NULL}};
    static const struct partial wide[] = {{"p", "{{>p}}{{>p}}"}, {NULL, NULL}};
    static const struct partial burst[] = {
        {"p", "{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}.{{/l}}{{/l}}"
              "{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}"},
        {NULL, NULL}};
    check_with("{{>p}}", "{}", deep,
               "p:1: nested too deep: does a template call itself without end?");
    check_with("{{>p}}", "{}", wide,
               "p:1: nested too deep: does a template call itself without end?");
    check_with("{{>p}}", "{\"l\":[1,2,3,4,5,6,7,8,9,10]}", burst,
               "p:1: too much to render: do templates multiply each other?");
}

static void faults_name_file_and_line(void **state)
{
    (void)state;
    check("a\n{{#b}}\n", "{}", "page:2: \"b\" is never closed");
    check("a\n\n{{/b}}", "{}", "page:3: \"b\" is closed but was not opened");
    check("{{#a}}\n{{#b}}\n{{/a}}", "{}", "page:3: \"a\" is closed where \"b\" of line 2 is open");
    check("\n{{a", "{}", "page:2: this tag is not closed by \"}}\"");
    check("{{{a}}", "{}", "page:1: this tag is not closed by \"}}}\"");
    check("{{}}", "{}", "page:1: a tag without a name");
    check("{{>}}", "{}", "page:1: a tag without a name");
    check("{{a b}}", "{}", "page:1: blanks inside of the name \"a b\"");
    check("{{a..b}}", "{}", "page:1: an empty part in the name \"a..b\"");
    check("{{#.a}}{{/.a}}", "{}", "page:1: an empty part in the name \".a\"");
    check("{{=a=}}", "{}",
          "page:1: set delimiters as {{=<% %>=}}: two words of at most 16 bytes without =");
}

static void too_many_open_tags(void **state)
{
    (void)state;
    char text[6 * (MUSTACHE_MAX_DEPTH + 1) + 1] = "";
    for (int i = 0; i <= MUSTACHE_MAX_DEPTH; i++)
        strcat(text, "{{#a}}");
    check(text, "{}", "page:1: more than 100 tags are open");
}

static int refuse(void *cookie, const char *bytes, size_t len)
{
    (void)bytes;
    size_t *left = cookie;
    if (*left < len)
        return -1;
    *left -= len;
    return 0;
}

static void a_sink_that_refuses(void **state)
{
    (void)state;
    static const char text[] = "1\n2\n{{#a}}\n3\n{{/a}}\n";
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("page", text, strlen(text), error);
    struct json_object *data = json_tokener_parse("{\"a\":1}");
    struct mustache_view view = {.contexts = &data, .ncontexts = 1};
    size_t left = 4;
    assert_int_equal(mustache_render(template, &view, refuse, &left, error), -1);
    assert_string_equal(error, "page:4: the output was refused");
    left = 6;
    assert_int_equal(mustache_render(template, &view, refuse, &left, error), 0);
    json_object_put(data);
    mustache_free(template);
}

static void bytes_beyond_text(void **state)
{
    (void)state;
    static const char text[] = "a\0b{{x}}";
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("page", text, sizeof(text) - 1, error);
    struct mustache_view view = {.contexts = NULL};
    size_t len = 0;
    char *out = mustache_render_text(template, &view, &len, error);
    assert_int_equal(len, 3);
    assert_memory_equal(out, "a\0b", 4);
    free(out);
    mustache_free(template);
    mustache_free(NULL);
    assert_null(mustache_parse("page", "{{a\0}}", 6, error));
}

struct shared {
    const struct mustache *template;
    struct mustache_view view;
    char *expected;
};

static void *render_often(void *cookie)
{
    const struct shared *shared = cookie;
    for (int i = 0; i < 200; i++) {
        char error[MUSTACHE_ERROR_SIZE];
        char *out = mustache_render_text(shared->template, &shared->view, NULL, error);
        int same = out != NULL && strcmp(out, shared->expected) == 0;
        free(out);
        if (!same)
            return cookie;
    }
    return NULL;
}

static void one_template_and_data_in_many_threads(void **state)
{
    (void)state;
    static const char text[] = "{{#l}}\n  {{x}} {{{t}}} {{d}}\n{{/l}}\n{{$b}}{{n.m}}{{/b}}\n";
    char error[MUSTACHE_ERROR_SIZE];
    struct mustache *template = mustache_parse("page", text, strlen(text), error);
    struct json_object *data = json_tokener_parse(
        "{\"t\":\"<\",\"d\":0.1,\"n\":{\"m\":true},\"l\":[{\"x\":1},{\"x\":2},{\"x\":3}]}");
    struct shared shared = {template, {.contexts = &data, .ncontexts = 1}, NULL};
    shared.expected = mustache_render_text(template, &shared.view, NULL, error);
    assert_string_equal(shared.expected, "  1 < 0.1\n  2 < 0.1\n  3 < 0.1\ntrue\n");

    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, &shared), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    free(shared.expected);
    json_object_put(data);
    mustache_free(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_as_text),
        cmocka_unit_test(hostile_text_is_escaped),
        cmocka_unit_test(truth_of_values),
        cmocka_unit_test(contexts_from_last_to_first),
        cmocka_unit_test(indentation_of_nested_partials),
        cmocka_unit_test(a_layout_and_a_page),
        cmocka_unit_test(a_block_that_names_itself_ends),
        cmocka_unit_test(dynamic_parents),
        cmocka_unit_test(endless_templates_end),
        cmocka_unit_test(faults_name_file_and_line),
        cmocka_unit_test(too_many_open_tags),
        cmocka_unit_test(a_sink_that_refuses),
        cmocka_unit_test(bytes_beyond_text),
        cmocka_unit_test(one_template_and_data_in_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
