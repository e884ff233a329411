/*
 * A parsed template: what mustache_parse.c builds and mustache_render.c walks. For these two only.
 *
 * The nodes are one array in the order of the source. A node that holds others (section, parent,
 * block) is followed by them; its ${end} is the index behind the last. Text is cut at line ends,
 * because indentation goes before every line.
 */
#ifndef DTUHUB_TEMPLATE_MUSTACHE_NODE_H
#define DTUHUB_TEMPLATE_MUSTACHE_NODE_H

#include "shared/template/mustache.h"

#include <stdbool.h>

enum node_kind {
    NODE_TEXT,
    NODE_ESCAPED,
    NODE_RAW,
    NODE_SECTION,
    NODE_INVERTED,
    NODE_PARTIAL,
    NODE_PARENT,
    NODE_BLOCK,
};

/* Bytes inside of the template's source. */
struct slice {
    const char *text;
    size_t len;
};

struct node {
    enum node_kind kind;
    unsigned line; /* from 1 */
    size_t end;    /* index behind the node and all in it */

    /* A path's segments, each ended by a NUL: "a\0b\0". None: the implicit iterator. Of partials,
     * parents and blocks that are named plainly: the name, one segment. */
    char *name;
    size_t segments;
    bool dynamic; /* partial, parent: the path leads to the name */

    /* TEXT: itself. PARTIAL, PARENT, BLOCK: the blanks between the tag and the start of its line.
     */
    struct slice text;
    bool line_start;  /* TEXT, PARENT, BLOCK: nothing but blanks is before it on its line */
    bool standalone;  /* PARTIAL, PARENT: has lines of its own, so ${text} indents all. BLOCK: its
                         content starts on the next line */
    struct slice pad; /* standalone BLOCK: the indentation its content has in the source, that of
                         its first line */
};

struct mustache {
    char *name;
    char *source;
    struct node *nodes;
    size_t count;
};

#endif
