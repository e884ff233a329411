#include "webapp/view.h"

#include "shared/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { TEMPLATE_MAX_BYTES = 1 << 20 };

struct view_template {
    char name[64];
    struct mustache *template;
    UT_hash_handle hh;
};

struct view {
    struct view_template *templates;
    struct i18n texts;
    struct json_object *roots[LANG_COUNT]; /* {"t": catalogue} */
};

static const char ending[] = ".mustache";

static char *read_file(const char *path, size_t *len, char *error, size_t size)
{
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = malloc(TEMPLATE_MAX_BYTES);
    if (text == NULL)
        abort();
    *len = fread(text, 1, TEMPLATE_MAX_BYTES, in);
    int bad = ferror(in) || *len == TEMPLATE_MAX_BYTES;
    fclose(in);
    if (bad) {
        snprintf(error, size, "%s: cannot be read, or is larger than %d bytes", path,
                 TEMPLATE_MAX_BYTES);
        free(text);
        return NULL;
    }
    return text;
}

static int load_template(struct view *view, const char *dir, const char *file, char *error,
                         size_t size)
{
    char path[4096], reason[MUSTACHE_ERROR_SIZE];
    size_t len;
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    char *text = read_file(path, &len, error, size);
    if (text == NULL)
        return -1;
    struct view_template *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        abort();
    snprintf(entry->name, sizeof(entry->name), "%.*s", (int)(strlen(file) - strlen(ending)), file);
    entry->template = mustache_parse(path, text, len, reason);
    free(text);
    if (entry->template == NULL) {
        snprintf(error, size, "%s", reason);
        free(entry);
        return -1;
    }
    HASH_ADD_STR(view->templates, name, entry);
    return 0;
}

static int load_dir(struct view *view, const char *dir, char *error, size_t size)
{
    int rc = 0;
    DIR *entries = opendir(dir);
    if (entries == NULL) {
        snprintf(error, size, "%s: %s; --templates names the folder", dir, strerror(errno));
        return -1;
    }
    for (const struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len > strlen(ending) && strcmp(entry->d_name + len - strlen(ending), ending) == 0)
            rc = load_template(view, dir, entry->d_name, error, size);
    }
    closedir(entries);
    return rc;
}

struct view *view_load(const char *dir, char *error, size_t size)
{
    char partials[4096];
    struct view *view = calloc(1, sizeof(*view));
    if (view == NULL)
        abort();
    snprintf(partials, sizeof(partials), "%s/partials", dir);
    if (load_dir(view, dir, error, size) != 0 || load_dir(view, partials, error, size) != 0 ||
        i18n_load(&view->texts, dir, error, size) != 0) {
        view_free(view);
        return NULL;
    }
    for (int i = 0; i < LANG_COUNT; i++) {
        view->roots[i] = json_object_new_object();
        json_object_object_add(view->roots[i], "t", json_object_get(view->texts.catalogues[i]));
    }
    return view;
}

void view_free(struct view *view)
{
    struct view_template *entry, *next;
    if (view == NULL)
        return;
    HASH_ITER (hh, view->templates, entry, next) {
        HASH_DEL(view->templates, entry);
        mustache_free(entry->template);
        free(entry);
    }
    for (int i = 0; i < LANG_COUNT; i++)
        json_object_put(view->roots[i]);
    i18n_free(&view->texts);
    free(view);
}

const struct i18n *view_texts(const struct view *view)
{
    return &view->texts;
}

static const struct mustache *find(void *cookie, const char *name)
{
    const struct view *view = cookie;
    struct view_template *entry;
    HASH_FIND_STR(view->templates, name, entry);
    if (entry == NULL)
        log_error("view", NULL, "no template is named \"%s\"", name);
    return entry != NULL ? entry->template : NULL;
}

char *view_render(const struct view *view, enum lang lang, const char *name,
                  struct json_object *common, struct json_object *page, size_t *len)
{
    char error[MUSTACHE_ERROR_SIZE];
    struct json_object *contexts[] = {view->roots[lang], common, page};
    struct mustache_view stack = {contexts, 3, find, (void *)view};
    const struct mustache *template = find((void *)view, name);
    if (template == NULL)
        return NULL;
    char *text = mustache_render_text(template, &stack, len, error);
    if (text == NULL)
        log_error("view", NULL, "%s", error);
    return text;
}
