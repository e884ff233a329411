/*
 * One YAML file, read whole and checked for all that no configuration of ours may contain, so that
 * its readers can walk it without fear: at most YAML_DOC_MAX_SIZE bytes and YAML_DOC_MAX_DEPTH
 * levels, one document, no anchors, aliases or tags, keys that are plain text without NUL, no key
 * twice in one section.
 *
 * Nodes belong to the document and live as long as it does. A document belongs to one thread at a
 * time.
 */
#ifndef DTUHUB_CONFIG_YAML_DOC_H
#define DTUHUB_CONFIG_YAML_DOC_H

#include "shared/config/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

enum {
    YAML_DOC_MAX_SIZE = 4 * 1024 * 1024,
    YAML_DOC_MAX_DEPTH = 16,
};

struct yaml_doc;

/**
 * yaml_doc_parse(name, bytes, len, faults): read ${len} bytes; ${name} stands for the file in
 * messages. Return the document, or NULL where it cannot be walked, with at least one fault
 * appended. A document can come with faults too (a key that was there twice): a caller looks at
 * ${faults} when it has found its own.
 */
struct yaml_doc *yaml_doc_parse(const char *name, const void *bytes, size_t len,
                                struct faults *faults);

/** yaml_doc_load(path, faults): the same for the regular file ${path}. */
struct yaml_doc *yaml_doc_load(const char *path, struct faults *faults);

/** yaml_doc_free(doc): NULL is allowed. */
void yaml_doc_free(struct yaml_doc *doc);

/** yaml_doc_name(doc): the file's name as it was given. */
const char *yaml_doc_name(const struct yaml_doc *doc);

/** yaml_doc_root(doc): the topmost node; never NULL. */
const yaml_node_t *yaml_doc_root(const struct yaml_doc *doc);

/** One "key: value" of a section. */
struct yaml_pair {
    const char *key;
    const yaml_node_t *value;
    unsigned line;
};

/** yaml_doc_count(node): the pairs of ${node}; 0 where it is NULL or no section. */
size_t yaml_doc_count(const yaml_node_t *node);

/** yaml_doc_pair(doc, node, i): pair ${i} of yaml_doc_count(), in the order of the file. */
struct yaml_pair yaml_doc_pair(const struct yaml_doc *doc, const yaml_node_t *node, size_t i);

/** yaml_doc_item_count(node): the items of a list; 0 where ${node} is none. */
size_t yaml_doc_item_count(const yaml_node_t *node);

/** yaml_doc_item(doc, node, i): item ${i} of yaml_doc_item_count(). */
const yaml_node_t *yaml_doc_item(const struct yaml_doc *doc, const yaml_node_t *node, size_t i);

/** yaml_node_line(node): where it begins, from 1. */
unsigned yaml_node_line(const yaml_node_t *node);

/** yaml_node_text(node): the text of a single value, or NULL where ${node} is a section or a list.
 */
const char *yaml_node_text(const yaml_node_t *node);

/** yaml_node_is_null(node): whether it is "null", "~" or nothing, without quotes. */
bool yaml_node_is_null(const yaml_node_t *node);

#endif
