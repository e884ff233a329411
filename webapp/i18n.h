/*
 * The two catalogues of texts, templates/lang/zh-CN.json and en.json, and the choice between them.
 * A catalogue is a tree of objects; a key is the path through it, "devices.title". Immutable once
 * loaded: any thread may read.
 */
#ifndef DTUHUB_WEBAPP_I18N_H
#define DTUHUB_WEBAPP_I18N_H

#include <json-c/json_object.h>

enum lang { LANG_ZH, LANG_EN, LANG_COUNT };

struct i18n {
    struct json_object *catalogues[LANG_COUNT];
};

/** i18n_load(i18n, dir, error, size): read ${dir}/lang/. Return 0, or -1 with one line in ${error}.
 */
int i18n_load(struct i18n *i18n, const char *dir, char *error, size_t size);

void i18n_free(struct i18n *i18n);

/** i18n_code(lang): "zh-CN" or "en". */
const char *i18n_code(enum lang lang);

/** i18n_by_code(code, lang): 0, or -1 where ${code} names none of them. */
int i18n_by_code(const char *code, enum lang *lang);

/**
 * i18n_choose(cookie, accept_language): the cookie's language, else the one of Accept-Language (RFC
 * 9110, 12.5.4) with the greatest weight, else English. Either may be NULL.
 */
enum lang i18n_choose(const char *cookie, const char *accept_language);

/** i18n_text(i18n, lang, key): the text, or ${key} itself where there is none, so that a gap is
 * seen. */
const char *i18n_text(const struct i18n *i18n, enum lang lang, const char *key);

/** A value for a "{name}" in a text. */
struct i18n_value {
    const char *name; /* NULL ends a list */
    const char *value;
};

/** i18n_format(i18n, lang, key, values): the text with each {name} replaced; the caller's to free.
 * Aborts where memory is out. */
char *i18n_format(const struct i18n *i18n, enum lang lang, const char *key,
                  const struct i18n_value *values);

#endif
