#include "shared/config/yaml_doc.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct yaml_doc {
    char *name;
    yaml_document_t document;
};

struct source {
    const char *name;
    const uint8_t *bytes;
    size_t len;
    struct faults *faults;
};

/* libyaml's accessors take a document that is not const, though they change nothing. */
static const yaml_node_t *node_at(const struct yaml_doc *doc, int index)
{
    return doc->document.nodes.start + index - 1;
}

static unsigned line_of_offset(const struct source *source, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < source->len; i++)
        line += source->bytes[i] == '\n';
    return line;
}

static bool tab_indents_line(const struct source *source, unsigned line)
{
    size_t i = 0;
    for (unsigned at = 1; at < line && i < source->len; i++)
        at += source->bytes[i] == '\n';
    while (i < source->len && source->bytes[i] == ' ')
        i++;
    return i < source->len && source->bytes[i] == '\t';
}

static void report_syntax(const struct source *source, const yaml_parser_t *parser)
{
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
    if (parser->error == YAML_READER_ERROR) {
        faults_add(source->faults, source->name, line_of_offset(source, parser->problem_offset),
                   "%s: save the file as plain UTF-8 text", problem);
        return;
    }
    unsigned line = (unsigned)parser->problem_mark.line + 1;
    if (tab_indents_line(source, line))
        faults_add(source->faults, source->name, line,
                   "a tab at the start of the line: YAML indents with spaces only");
    else if (parser->context != NULL)
        faults_add(source->faults, source->name, line,
                   "not valid YAML, %s (line %u): %s: check indentation, colons and quotes here "
                   "and in the line before",
                   parser->context, (unsigned)parser->context_mark.line + 1, problem);
    else
        faults_add(source->faults, source->name, line,
                   "not valid YAML: %s: check indentation, colons and quotes here and in the line "
                   "before",
                   problem);
}

struct scan {
    unsigned depth;
    unsigned documents;
    bool too_deep;
};

static const char *anchor_of(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    if (event->type == YAML_SCALAR_EVENT)
        anchor = event->data.scalar.anchor;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        anchor = event->data.sequence_start.anchor;
    else if (event->type == YAML_MAPPING_START_EVENT)
        anchor = event->data.mapping_start.anchor;
    else if (event->type == YAML_ALIAS_EVENT)
        anchor = event->data.alias.anchor;
    return (const char *)anchor;
}

static bool has_tag(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.tag != NULL;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.tag != NULL;
    return event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.tag != NULL;
}

static void scan_event(struct scan *scan, const struct source *source, const yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    if (anchor_of(event) != NULL)
        faults_add(source->faults, source->name, line,
                   "anchors and aliases (& and *) are not used here: write the value out, or quote "
                   "a text that begins so");
    else if (has_tag(event))
        faults_add(source->faults, source->name, line,
                   "tags (!) are not used here: leave it out, or quote a text that begins so");
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++scan->documents == 2)
            faults_add(source->faults, source->name, line,
                       "a second YAML document begins here: keep everything in one, without ---");
        break;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (++scan->depth > YAML_DOC_MAX_DEPTH) {
            faults_add(source->faults, source->name, line,
                       "nested deeper than %d levels: no setting lies that deep",
                       YAML_DOC_MAX_DEPTH);
            scan->too_deep = true;
        }
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        scan->depth--;
        break;
    default:
        break;
    }
}

/* The document API hides anchors, tags and depth: look at the events first. */
static int scan_events(const struct source *source)
{
    size_t faults_before = source->faults->count;
    struct scan scan = {0};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, source->bytes, source->len);
    for (bool done = false; !done && !scan.too_deep;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_syntax(source, &parser);
            break;
        }
        scan_event(&scan, source, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return source->faults->count == faults_before ? 0 : -1;
}

struct placed_key {
    const char *key;
    unsigned line;
    size_t place;
};

static int compare_keys(const void *a, const void *b)
{
    const struct placed_key *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* A key that comes again is reported and taken out, so that what reads the section sees each key
 * once. */
static void drop_repeated(struct yaml_doc *doc, yaml_node_t *node, struct faults *faults)
{
    size_t n = yaml_doc_count(node), kept = 0;
    struct placed_key *keys = xcalloc(n, sizeof(*keys));
    bool *repeated = xcalloc(n, sizeof(*repeated));
    for (size_t i = 0; i < n; i++) {
        struct yaml_pair pair = yaml_doc_pair(doc, node, i);
        keys[i] = (struct placed_key){pair.key, pair.line, i};
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(keys[i].key, keys[first].key) != 0) {
            first = i;
            continue;
        }
        faults_add(faults, doc->name, keys[i].line,
                   "key %s is here for the second time (first in line %u): leave one of them",
                   QUOTE(keys[i].key), keys[first].line);
        repeated[keys[i].place] = true;
    }
    yaml_node_pair_t *pairs = node->data.mapping.pairs.start;
    for (size_t i = 0; i < n; i++) {
        if (!repeated[i])
            pairs[kept++] = pairs[i];
    }
    node->data.mapping.pairs.top = pairs + kept;
    free(repeated);
    free(keys);
}

static int check_keys(const struct yaml_doc *doc, const yaml_node_t *node, struct faults *faults)
{
    int result = 0;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_at(doc, pair->key);
        if (key->type == YAML_SCALAR_NODE)
            continue;
        faults_add(faults, doc->name, yaml_node_line(key),
                   "a key is a section or a list: a key is one word or number, and a text with { "
                   "or [ needs quotes");
        result = -1;
    }
    return result;
}

/* Return -1 where the nodes cannot be walked; other faults leave a document that can. */
static int check_nodes(struct yaml_doc *doc, struct faults *faults)
{
    int result = 0;
    for (yaml_node_t *node = doc->document.nodes.start; node < doc->document.nodes.top; node++) {
        if (node->type == YAML_SCALAR_NODE &&
            strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
            faults_add(faults, doc->name, yaml_node_line(node),
                       "a NUL character in a text: remove the \\0");
        if (node->type != YAML_MAPPING_NODE)
            continue;
        if (check_keys(doc, node, faults) < 0)
            result = -1;
        else
            drop_repeated(doc, node, faults);
    }
    return result;
}

static struct yaml_doc *load_document(const struct source *source)
{
    struct yaml_doc *doc = xcalloc(1, sizeof(*doc));
    doc->name = xstrdup(source->name);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_string(&parser, source->bytes, source->len);
    int loaded = yaml_parser_load(&parser, &doc->document);
    if (!loaded)
        report_syntax(source, &parser);
    yaml_parser_delete(&parser);
    if (!loaded) {
        free(doc->name);
        free(doc);
        return NULL;
    }
    return doc;
}

struct yaml_doc *yaml_doc_parse(const char *name, const void *bytes, size_t len,
                                struct faults *faults)
{
    const struct source source = {name, bytes, len, faults};
    if (len > YAML_DOC_MAX_SIZE) {
        faults_add(faults, name, 0, "larger than %d MiB: this is no configuration file",
                   YAML_DOC_MAX_SIZE / 1024 / 1024);
        return NULL;
    }
    if (scan_events(&source) < 0)
        return NULL;
    struct yaml_doc *doc = load_document(&source);
    if (doc == NULL)
        return NULL;
    if (yaml_document_get_root_node(&doc->document) == NULL)
        faults_add(faults, name, 0, "the file is empty: start from the file that dtuhub ships");
    else if (check_nodes(doc, faults) == 0)
        return doc;
    yaml_doc_free(doc);
    return NULL;
}

/* Up to one byte more than the limit, so that yaml_doc_parse() sees what is too large. */
static ssize_t read_limited(int fd, uint8_t *bytes)
{
    size_t used = 0;
    while (used <= YAML_DOC_MAX_SIZE) {
        ssize_t n = read(fd, bytes + used, YAML_DOC_MAX_SIZE + 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

struct yaml_doc *yaml_doc_load(const char *path, struct faults *faults)
{
    struct yaml_doc *doc = NULL;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us here */
    if (fd < 0 || fstat(fd, &status) < 0) {
        faults_add(faults, path, 0, "cannot be opened: %s: check the path and its permissions",
                   strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        faults_add(faults, path, 0, "is not a regular file: give the path of the YAML file");
    } else {
        uint8_t *bytes = xcalloc(YAML_DOC_MAX_SIZE + 1, 1);
        ssize_t len = read_limited(fd, bytes);
        if (len < 0)
            faults_add(faults, path, 0, "cannot be read: %s", strerror(errno));
        else
            doc = yaml_doc_parse(path, bytes, (size_t)len, faults);
        explicit_bzero(bytes, len > 0 ? (size_t)len : 0); /* it may hold a password */
        free(bytes);
    }
    if (fd >= 0)
        close(fd);
    return doc;
}

void yaml_doc_free(struct yaml_doc *doc)
{
    if (doc == NULL)
        return;
    yaml_document_delete(&doc->document);
    free(doc->name);
    free(doc);
}

const char *yaml_doc_name(const struct yaml_doc *doc)
{
    return doc->name;
}

const yaml_node_t *yaml_doc_root(const struct yaml_doc *doc)
{
    return doc->document.nodes.start;
}

size_t yaml_doc_count(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_MAPPING_NODE)
        return 0;
    return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

struct yaml_pair yaml_doc_pair(const struct yaml_doc *doc, const yaml_node_t *node, size_t i)
{
    const yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
    const yaml_node_t *key = node_at(doc, pair->key);
    return (struct yaml_pair){
        .key = (const char *)key->data.scalar.value,
        .value = node_at(doc, pair->value),
        .line = yaml_node_line(key),
    };
}

size_t yaml_doc_item_count(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return 0;
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

const yaml_node_t *yaml_doc_item(const struct yaml_doc *doc, const yaml_node_t *node, size_t i)
{
    return node_at(doc, node->data.sequence.items.start[i]);
}

unsigned yaml_node_line(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

const char *yaml_node_text(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

bool yaml_node_is_null(const yaml_node_t *node)
{
    const char *text = yaml_node_text(node);
    if (text == NULL || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    return *text == '\0' || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
}
