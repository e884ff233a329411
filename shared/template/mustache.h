/*
 * Mustache templates over json-c values. Source: the Mustache specification 1.4
 * (github.com/mustache/spec): its core modules, inheritance ({{<parent}}, {{$block}}) and dynamic
 * names ({{>*name}}); no lambdas.
 *
 * A template is parsed once into an immutable value that any number of threads may render at the
 * same time. Rendering only reads the json values and takes no references to them, so threads may
 * share those too as long as none changes them.
 *
 * How values are rendered: text as it is; integers plainly; doubles in the shortest form that reads
 * back as the same number (0.1, 3, 1e+21); true and false by name; null, missing names, NaN,
 * infinities, lists and objects as nothing.
 * {{name}} escapes & < > " and ' for HTML text and quoted attributes, or for the inside of a JSON
 * text, or nothing, as the view says; {{{name}}} and {{&name}} never do. What makes a section
 * false: a missing name, null, false, an empty list and the empty text. Zero is true: a reading of
 * 0 is a value.
 */
#ifndef DTUHUB_TEMPLATE_MUSTACHE_H
#define DTUHUB_TEMPLATE_MUSTACHE_H

#include <json-c/json_object.h>
#include <stddef.h>

enum {
    MUSTACHE_ERROR_SIZE = 256,
    MUSTACHE_MAX_DEPTH =
        100, /* sections, partials, parents and blocks inside one another, in one rendering */
    MUSTACHE_MAX_STEPS =
        10000000, /* nodes visited in one rendering: templates that multiply each other end here */
};

struct mustache;

/**
 * mustache_parse(name, text, len, error): parse the ${len} bytes of ${text}, which are copied.
 * Return the template, or NULL with one line "name:line: what is wrong" in ${error}.
 */
struct mustache *mustache_parse(const char *name, const char *text, size_t len,
                                char error[MUSTACHE_ERROR_SIZE]);

/** mustache_free(template): NULL is allowed. */
void mustache_free(struct mustache *template);

/** mustache_name(template): the name given to mustache_parse(). */
const char *mustache_name(const struct mustache *template);

/**
 * Finds the template that {{>name}} or {{<name}} asks for. It must stay valid until the rendering
 * returns. NULL where there is none: nothing is rendered in its place, as the specification wants;
 * a loader that minds says so itself.
 */
typedef const struct mustache *mustache_loader(void *cookie, const char *name);

/** Takes the next ${len} bytes of output, in pieces that can be small. Nonzero stops the rendering.
 */
typedef int mustache_sink(void *cookie, const char *bytes, size_t len);

enum mustache_escape { MUSTACHE_HTML, MUSTACHE_JSON, MUSTACHE_PLAIN };

/** What a template is rendered with. All borrowed. */
struct mustache_view {
    struct json_object *const *contexts; /* the context stack, outermost first: a name is looked up
                                            from the last one down */
    size_t ncontexts;
    mustache_loader *loader; /* NULL: no partials */
    void *loader_cookie;
    enum mustache_escape escape; /* of {{name}} */
};

/**
 * mustache_render(template, view, sink, cookie, error): write the rendered text to ${sink}. Return
 * 0, or -1 with one line in ${error}, which names template and line: nested too deep, too many
 * steps, or the sink's refusal.
 */
int mustache_render(const struct mustache *template, const struct mustache_view *view,
                    mustache_sink *sink, void *cookie, char error[MUSTACHE_ERROR_SIZE])
    __attribute__((warn_unused_result));

/**
 * mustache_render_text(template, view, len, error): the same into memory. Return text that the
 * caller frees, with a NUL behind its ${len} bytes (${len} may be NULL), or NULL with ${error}.
 */
char *mustache_render_text(const struct mustache *template, const struct mustache_view *view,
                           size_t *len, char error[MUSTACHE_ERROR_SIZE]);

#endif
