/*
 * Walking the nodes of templates. All state of a rendering is on the C stack: each section,
 * partial, parent and block renders its nodes in a scope of its own that points to the one around
 * it. Nothing is allocated.
 */
#include "shared/template/mustache_node.h"
#include "shared/template/mustache_value.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A value that a section has put on top of the view's contexts. */
struct context {
    const struct context *below;
    struct json_object *value;
};

/* The blocks given to a parent. The outermost frame that names a block decides it. */
struct frame {
    const struct frame *outer;
    const struct mustache *template;
    size_t parent; /* the parent's node, which holds the blocks */
};

/* What goes before each line, outermost first. */
struct indent {
    const struct indent *outer;
    struct slice text;
};

struct scope {
    const struct mustache *template;
    const struct context *context;
    const struct frame *frames;
    const struct indent *indent;
    size_t strip; /* blanks that lines lose in exchange: the indentation a block's content has where
                     it is written */
    unsigned depth;
};

struct rendering {
    const struct mustache_view *view;
    mustache_sink *sink;
    void *cookie;
    unsigned steps;
    char *error;
};

static int render_nodes(struct rendering *r, const struct scope *scope, size_t from, size_t to);

static int fail(struct rendering *r, const struct scope *scope, const struct node *node,
                const char *what)
{
    snprintf(r->error, MUSTACHE_ERROR_SIZE, "%.80s:%u: %s", scope->template->name, node->line,
             what);
    return -1;
}

static int put(struct rendering *r, const char *bytes, size_t len)
{
    return len > 0 && r->sink(r->cookie, bytes, len) ? -1 : 0;
}

static int put_escaped(struct rendering *r, struct slice text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        char buf[VALUE_ESCAPE_SIZE];
        const char *entity = value_escape(r->view->escape, text.text[i], buf);
        if (entity == NULL)
            continue;
        if (put(r, text.text + from, i - from) || put(r, entity, strlen(entity)))
            return -1;
        from = i + 1;
    }
    return put(r, text.text + from, text.len - from);
}

static int put_indent(struct rendering *r, const struct indent *indent)
{
    if (indent == NULL)
        return 0;
    return put_indent(r, indent->outer) || put(r, indent->text.text, indent->text.len) ? -1 : 0;
}

/* ${text} without the blanks that the scope's lines lose. */
static struct slice stripped(const struct scope *scope, struct slice text)
{
    for (size_t i = scope->strip;
         i > 0 && text.len > 0 && (*text.text == ' ' || *text.text == '\t'); i--) {
        text.text++;
        text.len--;
    }
    return text;
}

static int put_line_start(struct rendering *r, const struct scope *scope, struct slice text)
{
    text = stripped(scope, text);
    return put_indent(r, scope->indent) || put(r, text.text, text.len) ? -1 : 0;
}

/* The value of ${key} in the nearest context that has it; whether one has. */
static bool find_first(const struct rendering *r, const struct context *context, const char *key,
                       struct json_object **value)
{
    for (; context != NULL; context = context->below) {
        if (json_object_is_type(context->value, json_type_object) &&
            json_object_object_get_ex(context->value, key, value))
            return true;
    }
    for (size_t i = r->view->ncontexts; i > 0; i--) {
        struct json_object *value_at = r->view->contexts[i - 1];
        if (json_object_is_type(value_at, json_type_object) &&
            json_object_object_get_ex(value_at, key, value))
            return true;
    }
    return false;
}

static struct json_object *look_up(const struct rendering *r, const struct scope *scope,
                                   const struct node *node)
{
    if (node->segments == 0) {
        if (scope->context != NULL)
            return scope->context->value;
        return r->view->ncontexts > 0 ? r->view->contexts[r->view->ncontexts - 1] : NULL;
    }
    struct json_object *value = NULL;
    const char *key = node->name;
    if (!find_first(r, scope->context, key, &value))
        return NULL;
    for (size_t i = 1; i < node->segments; i++) {
        key += strlen(key) + 1;
        if (!json_object_is_type(value, json_type_object) ||
            !json_object_object_get_ex(value, key, &value))
            return NULL;
    }
    return value;
}

static int render_value(struct rendering *r, const struct scope *scope, const struct node *node)
{
    char buf[VALUE_TEXT_SIZE];
    struct slice text = value_text(look_up(r, scope, node), buf);
    return node->kind == NODE_RAW ? put(r, text.text, text.len) : put_escaped(r, text);
}

static int render_with(struct rendering *r, const struct scope *scope, size_t index,
                       struct json_object *value)
{
    struct context context = {scope->context, value};
    struct scope inner = *scope;
    inner.context = &context;
    inner.depth++;
    return render_nodes(r, &inner, index + 1, scope->template->nodes[index].end);
}

static int render_section(struct rendering *r, const struct scope *scope, size_t index)
{
    const struct node *node = &scope->template->nodes[index];
    struct json_object *value = look_up(r, scope, node);
    if (value_true(value) == (node->kind == NODE_INVERTED))
        return 0;
    if (node->kind == NODE_INVERTED) {
        struct scope inner = *scope;
        inner.depth++;
        return render_nodes(r, &inner, index + 1, node->end);
    }
    if (!json_object_is_type(value, json_type_array))
        return render_with(r, scope, index, value);
    size_t n = json_object_array_length(value);
    for (size_t i = 0; i < n; i++) {
        if (render_with(r, scope, index, json_object_array_get_idx(value, i)))
            return -1;
    }
    return 0;
}

/* The template that a partial or parent names, or NULL. */
static const struct mustache *find_template(const struct rendering *r, const struct scope *scope,
                                            const struct node *node)
{
    const char *name = node->name;
    if (node->dynamic) {
        struct json_object *value = look_up(r, scope, node);
        name = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    }
    if (name == NULL || r->view->loader == NULL)
        return NULL;
    return r->view->loader(r->view->loader_cookie, name);
}

/* A partial, or a parent with its blocks. */
static int render_template(struct rendering *r, const struct scope *scope, size_t index)
{
    const struct node *node = &scope->template->nodes[index];
    bool first = node->kind == NODE_PARENT && node->line_start && !node->standalone;
    if (first && put_line_start(r, scope, node->text))
        return -1;
    const struct mustache *template = find_template(r, scope, node);
    if (template == NULL)
        return 0;
    struct indent indent = {scope->indent, stripped(scope, node->text)};
    struct frame frame = {scope->frames, scope->template, index};
    struct scope inner = {
        .template = template,
        .context = scope->context,
        .frames = node->kind == NODE_PARENT ? &frame : scope->frames,
        .indent = node->standalone ? &indent : NULL,
        .depth = scope->depth + 1,
    };
    return render_nodes(r, &inner, 0, template->count);
}

/* The block's replacement: its frame, and its node through ${index}; NULL where there is none. */
static const struct frame *find_replacement(const struct frame *frames, const char *name,
                                            size_t *index)
{
    const struct frame *found = NULL;
    for (const struct frame *frame = frames; frame != NULL; frame = frame->outer) {
        const struct node *nodes = frame->template->nodes;
        for (size_t i = frame->parent + 1; i < nodes[frame->parent].end; i = nodes[i].end) {
            if (nodes[i].kind == NODE_BLOCK && strcmp(nodes[i].name, name) == 0) {
                found = frame;
                *index = i;
            }
        }
    }
    return found;
}

static int render_default(struct rendering *r, const struct scope *scope, size_t index)
{
    const struct node *node = &scope->template->nodes[index];
    if (node->line_start && !node->standalone && put_line_start(r, scope, node->text))
        return -1;
    struct scope inner = *scope;
    inner.depth++;
    return render_nodes(r, &inner, index + 1, node->end);
}

/* What replaces a block loses the indentation it has where it is written and gets the one of the
 * block. It sees the blocks that its own template was given, and the values of the place where it
 * lands. */
static int render_block(struct rendering *r, const struct scope *scope, size_t index)
{
    const struct node *node = &scope->template->nodes[index];
    size_t replacement = 0;
    const struct frame *frame = find_replacement(scope->frames, node->name, &replacement);
    if (frame == NULL)
        return render_default(r, scope, index);
    const struct node *given = &frame->template->nodes[replacement];
    struct indent indent = {scope->indent,
                            stripped(scope, node->standalone ? node->pad : node->text)};
    struct scope inner = {
        .template = frame->template,
        .context = scope->context,
        .frames = frame->outer,
        .indent = node->line_start ? &indent : NULL,
        .strip = given->pad.len,
        .depth = scope->depth + 1,
    };
    bool starts_inside = !given->standalone && given->end > replacement + 1;
    if (starts_inside && put_indent(r, inner.indent))
        return -1;
    return render_nodes(r, &inner, replacement + 1, given->end);
}

static int render_node(struct rendering *r, const struct scope *scope, size_t index)
{
    const struct node *node = &scope->template->nodes[index];
    switch (node->kind) {
    case NODE_TEXT:
        return node->line_start ? put_line_start(r, scope, node->text)
                                : put(r, node->text.text, node->text.len);
    case NODE_ESCAPED:
    case NODE_RAW:
        return render_value(r, scope, node);
    case NODE_SECTION:
    case NODE_INVERTED:
        return render_section(r, scope, index);
    case NODE_PARTIAL:
    case NODE_PARENT:
        return render_template(r, scope, index);
    case NODE_BLOCK:
        return render_block(r, scope, index);
    }
    return 0;
}

static int render_nodes(struct rendering *r, const struct scope *scope, size_t from, size_t to)
{
    const struct node *nodes = scope->template->nodes;
    for (size_t i = from; i < to; i = nodes[i].end) {
        if (scope->depth > MUSTACHE_MAX_DEPTH)
            return fail(r, scope, &nodes[i],
                        "nested too deep: does a template call itself without end?");
        if (++r->steps > MUSTACHE_MAX_STEPS)
            return fail(r, scope, &nodes[i],
                        "too much to render: do templates multiply each other?");
        if (render_node(r, scope, i)) {
            if (r->error[0] == '\0')
                fail(r, scope, &nodes[i], "the output was refused");
            return -1;
        }
    }
    return 0;
}

int mustache_render(const struct mustache *template, const struct mustache_view *view,
                    mustache_sink *sink, void *cookie, char error[MUSTACHE_ERROR_SIZE])
{
    struct rendering r = {.view = view, .sink = sink, .cookie = cookie, .error = error};
    struct scope scope = {.template = template};
    error[0] = '\0';
    return render_nodes(&r, &scope, 0, template->count);
}

struct text {
    char *bytes;
    size_t len, size;
};

static int append(void *cookie, const char *bytes, size_t len)
{
    struct text *text = cookie;
    if (text->size - text->len <= len) {
        size_t size = 2 * (text->size + len);
        char *grown = realloc(text->bytes, size);
        if (grown == NULL)
            return -1;
        text->bytes = grown;
        text->size = size;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    return 0;
}

char *mustache_render_text(const struct mustache *template, const struct mustache_view *view,
                           size_t *len, char error[MUSTACHE_ERROR_SIZE])
{
    struct text text = {.size = 4096};
    text.bytes = malloc(text.size);
    if (text.bytes == NULL) {
        snprintf(error, MUSTACHE_ERROR_SIZE, "%.80s:0: out of memory", template->name);
        return NULL;
    }
    if (mustache_render(template, view, append, &text, error)) {
        free(text.bytes);
        return NULL;
    }
    text.bytes[text.len] = '\0';
    if (len != NULL)
        *len = text.len;
    return text.bytes;
}
