/*
 * json-c values as templates see them: what is true, and which text a value becomes. Pure; any
 * thread.
 */
#ifndef DTUHUB_TEMPLATE_MUSTACHE_VALUE_H
#define DTUHUB_TEMPLATE_MUSTACHE_VALUE_H

#include "shared/template/mustache.h"
#include "shared/template/mustache_node.h"

enum { VALUE_TEXT_SIZE = 32 };

/** value_true(value): whether a section of ${value} is rendered; see mustache.h. */
bool value_true(const struct json_object *value);

/** value_text(value, buf): its text, in ${value} itself, in ${buf} or static. */
struct slice value_text(struct json_object *value, char buf[VALUE_TEXT_SIZE]);

enum { VALUE_ESCAPE_SIZE = 8 };

/** value_escape(escape, c, buf): what stands for ${c}, static or in ${buf}; NULL where it stands
 * for itself. */
const char *value_escape(enum mustache_escape escape, char c, char buf[VALUE_ESCAPE_SIZE]);

#endif
