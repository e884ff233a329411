#include "webapp/i18n.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const codes[LANG_COUNT] = {[LANG_ZH] = "zh-CN", [LANG_EN] = "en"};

int i18n_load(struct i18n *i18n, const char *dir, char *error, size_t size)
{
    *i18n = (struct i18n){0};
    for (int i = 0; i < LANG_COUNT; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/lang/%s.json", dir, codes[i]);
        i18n->catalogues[i] = json_object_from_file(path);
        if (!json_object_is_type(i18n->catalogues[i], json_type_object)) {
            snprintf(error, size, "%s: %s", path, json_util_get_last_err());
            i18n_free(i18n);
            return -1;
        }
    }
    return 0;
}

void i18n_free(struct i18n *i18n)
{
    for (int i = 0; i < LANG_COUNT; i++)
        json_object_put(i18n->catalogues[i]);
    *i18n = (struct i18n){0};
}

const char *i18n_code(enum lang lang)
{
    return codes[lang];
}

int i18n_by_code(const char *code, enum lang *lang)
{
    for (int i = 0; i < LANG_COUNT; i++) {
        if (strcmp(code, codes[i]) == 0) {
            *lang = (enum lang)i;
            return 0;
        }
    }
    return -1;
}

/* "zh", "zh-TW", "zh-Hans" are all best served by the one Chinese there is. */
static int lang_of_range(const char *range, size_t len, enum lang *lang)
{
    size_t n = strcspn(range, "-");
    n = n < len ? n : len;
    if (n != 2)
        return -1;
    if (strncasecmp(range, "zh", 2) == 0)
        *lang = LANG_ZH;
    else if (strncasecmp(range, "en", 2) == 0)
        *lang = LANG_EN;
    else
        return -1;
    return 0;
}

static double weight_of(const char *item, size_t len)
{
    const char *q = memmem(item, len, ";q=", 3);
    return q != NULL ? strtod(q + 3, NULL) : 1;
}

enum lang i18n_choose(const char *cookie, const char *accept_language)
{
    enum lang best = LANG_EN, lang;
    double best_weight = 0;
    if (cookie != NULL && i18n_by_code(cookie, &lang) == 0)
        return lang;
    for (const char *p = accept_language; p != NULL && *p != '\0';) {
        p += strspn(p, ", ");
        size_t len = strcspn(p, ","), range = strcspn(p, ",; ");
        if (lang_of_range(p, range, &lang) == 0 && weight_of(p, len) > best_weight) {
            best = lang;
            best_weight = weight_of(p, len);
        }
        p += len;
    }
    return best;
}

const char *i18n_text(const struct i18n *i18n, enum lang lang, const char *key)
{
    struct json_object *node = i18n->catalogues[lang];
    char part[64];
    for (const char *p = key; node != NULL && *p != '\0';) {
        size_t n = strcspn(p, ".");
        snprintf(part, sizeof(part), "%.*s", (int)n, p);
        if (!json_object_object_get_ex(node, part, &node))
            return key;
        p += n + (p[n] == '.');
    }
    return json_object_is_type(node, json_type_string) ? json_object_get_string(node) : key;
}

static const char *value_of(const struct i18n_value *values, const char *name, size_t len)
{
    for (; values->name != NULL; values++) {
        if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
            return values->value;
    }
    return NULL;
}

char *i18n_format(const struct i18n *i18n, enum lang lang, const char *key,
                  const struct i18n_value *values)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    for (const char *p = i18n_text(i18n, lang, key); *p != '\0';) {
        size_t n = strcspn(p, "{");
        fwrite(p, 1, n, out);
        p += n;
        if (*p != '{')
            break;
        const char *end = strchr(p, '}');
        const char *value = end != NULL ? value_of(values, p + 1, (size_t)(end - p - 1)) : NULL;
        fputs(value != NULL ? value : "{", out);
        p = value != NULL ? end + 1 : p + 1;
    }
    if (fclose(out) != 0 || text == NULL)
        abort();
    return text;
}
