/*
 * The templates of the portal: loaded and parsed as one set, rendered for a viewer. A set is
 * immutable once it is loaded: any number of threads may render from it.
 */
#ifndef DTUHUB_WEBAPP_VIEW_H
#define DTUHUB_WEBAPP_VIEW_H

#include "shared/template/mustache.h"
#include "webapp/i18n.h"

#include <json-c/json_object.h>
#include <stddef.h>

struct view;

/**
 * view_load(dir, error, size): parse every *.mustache of ${dir} and of ${dir}/partials, and the
 * catalogues. A template's name is its file's without the ending. Return the set, or NULL with one
 * line in ${error}.
 */
struct view *view_load(const char *dir, char *error, size_t size);

/** view_free(view): NULL is allowed. */
void view_free(struct view *view);

const struct i18n *view_texts(const struct view *view);

/**
 * view_render(view, lang, name, common, page, len): render the template ${name}. A name in it is
 * looked for in ${page}, then in
 * ${common}; the catalogue is {{t....}}. Return text that the caller frees, or NULL where that is
 * not possible (logged).
 */
char *view_render(const struct view *view, enum lang lang, const char *name,
                  struct json_object *common, struct json_object *page, size_t *len);

#endif
