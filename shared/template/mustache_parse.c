/*
 * Source text to nodes, in one pass from tag to tag.
 *
 * Whether a tag stands alone on its line is seen in the source itself: only blanks before it back
 * to the line's start, only blanks behind it up to the line's end. Blocks and parents bend that
 * rule, see open_block() and close_parent().
 */
#include "shared/template/mustache_node.h"

#include "shared/base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELIMITER_MAX = 16 };

/* An opening tag that waits for its closing one. */
struct open_tag {
    size_t node;
    struct slice name;
    unsigned line;
};

struct parser {
    struct mustache *template;
    size_t capacity; /* of template->nodes */
    const char *src;
    size_t len;
    size_t pos;    /* source before it is done with */
    unsigned line; /* of ${pos} */
    char open[DELIMITER_MAX + 1];
    char close[DELIMITER_MAX + 1];
    struct open_tag stack[MUSTACHE_MAX_DEPTH];
    size_t depth;
    char *error;
};

struct tag {
    char type; /* '\0' for a plain name */
    bool dynamic;
    struct slice name; /* what is between type and delimiter, without blanks at its ends */
    size_t start, end; /* in the source, delimiters included */
    unsigned line;
    size_t blanks_from; /* where the blanks before the tag begin */
    bool first;         /* they begin its line */
    size_t line_end;    /* behind the line end that follows the tag's blanks */
    bool last;          /* there is nothing else before it */
};

__attribute__((format(printf, 3, 4))) static int fail(const struct parser *p, unsigned line,
                                                      const char *fmt, ...)
{
    int head = snprintf(p->error, MUSTACHE_ERROR_SIZE, "%.80s:%u: ", p->template->name, line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(p->error + head, MUSTACHE_ERROR_SIZE - (size_t)head, fmt, args);
    va_end(args);
    return -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\n' || c == '\r';
}

static bool at_line_start(const struct parser *p, size_t pos)
{
    return pos == 0 || p->src[pos - 1] == '\n';
}

static unsigned line_at(const struct parser *p, size_t pos)
{
    unsigned line = p->line;
    for (size_t i = p->pos; i < pos; i++)
        line += p->src[i] == '\n';
    return line;
}

static void move_to(struct parser *p, size_t pos)
{
    p->line = line_at(p, pos);
    p->pos = pos;
}

static struct slice trimmed(const char *text, size_t len)
{
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1]))
        len--;
    return (struct slice){text, len};
}

static int printed(struct slice s)
{
    return s.len < 60 ? (int)s.len : 60;
}

static bool same(struct slice a, struct slice b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static struct node *top(const struct parser *p, size_t below)
{
    return p->depth > below ? &p->template->nodes[p->stack[p->depth - 1 - below].node] : NULL;
}

/* Directly inside of a parent nothing counts but blocks. */
static bool in_parent(const struct parser *p, size_t below)
{
    const struct node *node = top(p, below);
    return node != NULL && node->kind == NODE_PARENT;
}

static struct node *add_node(struct parser *p, enum node_kind kind, unsigned line)
{
    struct mustache *t = p->template;
    if (t->count == p->capacity) {
        p->capacity = p->capacity ? 2 * p->capacity : 32;
        t->nodes = xreallocarray(t->nodes, p->capacity, sizeof(*t->nodes));
    }
    struct node *node = &t->nodes[t->count++];
    *node = (struct node){.kind = kind, .line = line, .end = t->count};
    return node;
}

/* The source from where we are up to ${to} is text: a node a line. */
static void add_text(struct parser *p, size_t to)
{
    while (p->pos < to) {
        size_t from = p->pos;
        const char *newline = memchr(p->src + from, '\n', to - from);
        size_t end = newline != NULL ? (size_t)(newline - p->src) + 1 : to;
        if (!in_parent(p, 0)) {
            struct node *node = add_node(p, NODE_TEXT, p->line);
            node->text = (struct slice){p->src + from, end - from};
            node->line_start = at_line_start(p, from);
        }
        move_to(p, end);
    }
}

/* The same up to a tag inside of a line. One that begins its line gets empty text before it, to
 * carry the indentation. */
static void add_text_before(struct parser *p, const struct tag *tag)
{
    add_text(p, tag->start);
    if (!at_line_start(p, tag->start) || in_parent(p, 0))
        return;
    struct node *node = add_node(p, NODE_TEXT, tag->line);
    node->text = (struct slice){p->src + tag->start, 0};
    node->line_start = true;
}

/* Text before a tag that takes its whole line with it where it stands alone; whether it does. */
static bool leave_line(struct parser *p, const struct tag *tag)
{
    bool alone = tag->first && tag->last;
    if (alone)
        add_text(p, tag->blanks_from);
    else
        add_text_before(p, tag);
    move_to(p, alone ? tag->line_end : tag->end);
    return alone;
}

static void look_around(const struct parser *p, struct tag *tag)
{
    size_t from = tag->start;
    while (from > 0 && is_blank(p->src[from - 1]))
        from--;
    tag->blanks_from = from;
    tag->first = at_line_start(p, from);

    size_t to = tag->end;
    while (to < p->len && is_blank(p->src[to]))
        to++;
    size_t newline = to + (to + 1 < p->len && p->src[to] == '\r');
    tag->last = to == p->len || p->src[newline] == '\n';
    tag->line_end = to == p->len ? to : newline + 1;
}

/* Find the next tag: 1, 0 where there is none, or -1. */
static int next_tag(struct parser *p, struct tag *tag)
{
    const char *open = memmem(p->src + p->pos, p->len - p->pos, p->open, strlen(p->open));
    if (open == NULL)
        return 0;
    *tag = (struct tag){.start = (size_t)(open - p->src)};
    tag->line = line_at(p, tag->start);

    char close[DELIMITER_MAX + 2];
    const char *body = open + strlen(p->open);
    size_t left = p->len - (size_t)(body - p->src);
    if (left > 0 && strchr("{&#^/>!=<$", *body) != NULL && *body != '\0') {
        tag->type = *body++;
        left--;
    }
    const char *mirror = tag->type == '{' ? "}" : tag->type == '=' ? "=" : "";
    snprintf(close, sizeof(close), "%s%s", mirror, p->close);
    const char *end = memmem(body, left, close, strlen(close));
    if (end == NULL)
        return fail(p, tag->line, "this tag is not closed by \"%s\"", close);
    tag->name = trimmed(body, (size_t)(end - body));
    tag->end = (size_t)(end - p->src) + strlen(close);
    look_around(p, tag);
    return 1;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
    const char *text = tag->name.text;
    size_t first = 0;
    while (first < tag->name.len && !is_space(text[first]))
        first++;
    struct slice open = {text, first};
    struct slice close = trimmed(text + first, tag->name.len - first);
    bool good =
        open.len > 0 && open.len <= DELIMITER_MAX && close.len > 0 && close.len <= DELIMITER_MAX;
    for (size_t i = 0; good && i < tag->name.len; i++)
        good = text[i] != '=' && text[i] != '\0';
    for (size_t i = 0; good && i < close.len; i++)
        good = !is_space(close.text[i]);
    if (!good)
        return fail(p, tag->line,
                    "set delimiters as {{=<%% %%>=}}: two words of at most %d bytes without =",
                    DELIMITER_MAX);
    snprintf(p->open, sizeof(p->open), "%.*s", (int)open.len, open.text);
    snprintf(p->close, sizeof(p->close), "%.*s", (int)close.len, close.text);
    return 0;
}

static int check_name(const struct parser *p, const struct tag *tag)
{
    struct slice name = tag->name;
    if (name.len == 0)
        return fail(p, tag->line, "a tag without a name");
    for (size_t i = 0; i < name.len; i++) {
        if (is_space(name.text[i]) || (unsigned char)name.text[i] < ' ')
            return fail(p, tag->line, "blanks inside of the name \"%.*s\"", printed(name),
                        name.text);
    }
    return 0;
}

static void plain_name(struct node *node, struct slice name)
{
    node->name = xcalloc(name.len + 1, 1);
    memcpy(node->name, name.text, name.len);
    node->segments = 1;
}

/* A dotted path. */
static int path_name(const struct parser *p, struct node *node, const struct tag *tag)
{
    plain_name(node, tag->name);
    if (strcmp(node->name, ".") == 0) {
        node->segments = 0;
        return 0;
    }
    size_t from = 0;
    for (size_t i = 0; i <= tag->name.len; i++) {
        if (i < tag->name.len && node->name[i] != '.')
            continue;
        if (i == from)
            return fail(p, tag->line, "an empty part in the name \"%.*s\"", printed(tag->name),
                        tag->name.text);
        if (i < tag->name.len) {
            node->name[i] = '\0';
            node->segments++;
        }
        from = i + 1;
    }
    return 0;
}

static int target_name(const struct parser *p, struct node *node, const struct tag *tag)
{
    node->dynamic = tag->dynamic;
    if (tag->dynamic)
        return path_name(p, node, tag);
    plain_name(node, tag->name);
    return 0;
}

static int push(struct parser *p, const struct node *node, const struct tag *tag)
{
    if (p->depth == MUSTACHE_MAX_DEPTH)
        return fail(p, tag->line, "more than %d tags are open", MUSTACHE_MAX_DEPTH);
    p->stack[p->depth++] =
        (struct open_tag){(size_t)(node - p->template->nodes), tag->name, tag->line};
    return 0;
}

static int add_value(struct parser *p, const struct tag *tag)
{
    if (in_parent(p, 0)) {
        move_to(p, tag->end);
        return 0;
    }
    add_text_before(p, tag);
    move_to(p, tag->end);
    return path_name(p, add_node(p, tag->type ? NODE_RAW : NODE_ESCAPED, tag->line), tag);
}

static int open_section(struct parser *p, const struct tag *tag)
{
    leave_line(p, tag);
    struct node *node = add_node(p, tag->type == '#' ? NODE_SECTION : NODE_INVERTED, tag->line);
    if (path_name(p, node, tag))
        return -1;
    return push(p, node, tag);
}

static int add_partial(struct parser *p, const struct tag *tag)
{
    bool alone = leave_line(p, tag);
    if (in_parent(p, 0))
        return 0;
    struct node *node = add_node(p, NODE_PARTIAL, tag->line);
    node->standalone = alone;
    node->text = (struct slice){p->src + tag->blanks_from, tag->start - tag->blanks_from};
    return target_name(p, node, tag);
}

/* Blanks before a parent or block at the start of a line belong to it, not to the text. */
static struct node *add_indented(struct parser *p, enum node_kind kind, const struct tag *tag)
{
    add_text(p, tag->first ? tag->blanks_from : tag->start);
    move_to(p, tag->end);
    struct node *node = add_node(p, kind, tag->line);
    node->line_start = tag->first;
    if (tag->first)
        node->text = (struct slice){p->src + tag->blanks_from, tag->start - tag->blanks_from};
    return node;
}

static int open_parent(struct parser *p, const struct tag *tag)
{
    struct node *node = add_indented(p, NODE_PARENT, tag);
    if (target_name(p, node, tag))
        return -1;
    return push(p, node, tag);
}

/* A parent stands alone where its opening tag begins a line and its closing tag ends one. */
static void close_parent(struct parser *p, struct node *node, const struct tag *tag)
{
    node->standalone = node->line_start && tag->last;
    move_to(p, node->standalone ? tag->line_end : tag->end);
}

/* Content of a block starts on the next line where nothing follows the tag, and, outside of a
 * parent, nothing precedes it. */
static int open_block(struct parser *p, const struct tag *tag)
{
    bool argument = in_parent(p, 0);
    struct node *node = add_indented(p, NODE_BLOCK, tag);
    plain_name(node, tag->name);
    node->standalone = tag->last && (tag->first || argument);
    if (node->standalone) {
        move_to(p, tag->line_end);
        size_t to = p->pos;
        while (to < p->len && is_blank(p->src[to]))
            to++;
        node->pad = (struct slice){p->src + p->pos, to - p->pos};
    }
    return push(p, node, tag);
}

static void close_block(struct parser *p, size_t index, const struct tag *tag)
{
    if (in_parent(p, 1)) {
        add_text(p, tag->first ? tag->blanks_from : tag->start);
        move_to(p, tag->end);
    } else {
        leave_line(p, tag);
    }
    struct node *node = &p->template->nodes[index];
    if (node->standalone && p->template->count == index + 1)
        node->pad = node->text;
}

static int close_tag(struct parser *p, const struct tag *tag)
{
    if (p->depth == 0)
        return fail(p, tag->line, "\"%.*s\" is closed but was not opened", printed(tag->name),
                    tag->name.text);
    struct open_tag open = p->stack[p->depth - 1];
    if (!same(open.name, tag->name))
        return fail(p, tag->line, "\"%.*s\" is closed where \"%.*s\" of line %u is open",
                    printed(tag->name), tag->name.text, printed(open.name), open.name.text,
                    open.line);
    struct node *node = top(p, 0);
    if (node->kind == NODE_PARENT)
        close_parent(p, node, tag);
    else if (node->kind == NODE_BLOCK)
        close_block(p, open.node, tag);
    else
        leave_line(p, tag);
    p->template->nodes[open.node].end = p->template->count;
    p->depth--;
    return 0;
}

/* {{>*name}}, {{<*name}} and what closes the latter. */
static void take_star(const struct parser *p, struct tag *tag)
{
    bool takes = tag->type == '>' || tag->type == '<' ||
                 (tag->type == '/' && p->depth > 0 && top(p, 0)->dynamic);
    if (!takes || tag->name.len == 0 || tag->name.text[0] != '*')
        return;
    tag->dynamic = true;
    tag->name = trimmed(tag->name.text + 1, tag->name.len - 1);
}

static int take_tag(struct parser *p, struct tag *tag)
{
    if (tag->type == '!' || tag->type == '=') {
        leave_line(p, tag);
        return tag->type == '=' ? set_delimiters(p, tag) : 0;
    }
    take_star(p, tag);
    if (check_name(p, tag))
        return -1;
    switch (tag->type) {
    case '#':
    case '^':
        return open_section(p, tag);
    case '/':
        return close_tag(p, tag);
    case '>':
        return add_partial(p, tag);
    case '<':
        return open_parent(p, tag);
    case '$':
        return open_block(p, tag);
    default:
        return add_value(p, tag);
    }
}

static int parse(struct parser *p)
{
    struct tag tag;
    int found;
    while ((found = next_tag(p, &tag)) > 0) {
        if (take_tag(p, &tag))
            return -1;
    }
    if (found < 0)
        return -1;
    if (p->depth > 0) {
        const struct open_tag *open = &p->stack[p->depth - 1];
        return fail(p, open->line, "\"%.*s\" is never closed", printed(open->name),
                    open->name.text);
    }
    add_text(p, p->len);
    return 0;
}

struct mustache *mustache_parse(const char *name, const char *text, size_t len,
                                char error[MUSTACHE_ERROR_SIZE])
{
    struct mustache *t = xcalloc(1, sizeof(*t));
    t->name = xstrdup(name);
    t->source = xcalloc(len + 1, 1);
    if (len > 0)
        memcpy(t->source, text, len);

    struct parser p = {.template = t,
                       .src = t->source,
                       .len = len,
                       .line = 1,
                       .open = "{{",
                       .close = "}}",
                       .error = error};
    if (parse(&p)) {
        mustache_free(t);
        return NULL;
    }
    return t;
}

void mustache_free(struct mustache *template)
{
    if (template == NULL)
        return;
    for (size_t i = 0; i < template->count; i++)
        free(template->nodes[i].name);
    free(template->nodes);
    free(template->source);
    free(template->name);
    free(template);
}

const char *mustache_name(const struct mustache *template)
{
    return template->name;
}
