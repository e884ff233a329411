#include "webapp/call.h"

#include "shared/base/version.h"
#include "webapp/link.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char html_type[] = "text/html; charset=utf-8";

const char *call_text(const struct call *call, const char *key)
{
    return i18n_text(view_texts(call->worker->app->view), call->lang, key);
}

/* The same page with one preference changed: what the menus for language and theme link to. */
static void put_preference_link(struct json_object *common, const struct call *call,
                                const char *key, const char *name, const char *value)
{
    struct link_param params[REQUEST_PARAMS_MAX + 2];
    size_t n = 0;
    for (size_t i = 0; i < call->request->nquery; i++) {
        const struct request_param *param = &call->request->params[i];
        if (strcmp(param->name, name) != 0)
            params[n++] = (struct link_param){param->name, param->value};
    }
    params[n++] = (struct link_param){name, value};
    params[n] = (struct link_param){NULL, NULL};
    const char *path = call->request->path != NULL ? call->request->path : "/";
    values_owned(common, key, link_query(path, params));
}

static struct json_object *script_texts(const struct call *call)
{
    struct json_object *all = NULL;
    json_object_object_get_ex(view_texts(call->worker->app->view)->catalogues[call->lang], "script",
                              &all);
    return json_object_new_string(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PLAIN));
}

static struct json_object *common_values(const struct call *call)
{
    struct json_object *common = json_object_new_object();
    values_text(common, "lang", i18n_code(call->lang));
    values_text(common, "theme", call->theme);
    values_text(common, "version", DTUHUB_VERSION);
    values_text(common, "assets", call->worker->app->assets_version);
    json_object_object_add(common, "script_texts", script_texts(call));
    values_flag(common, "theme_fixed", strcmp(call->theme, "auto") != 0);
    values_flag(common, "lang_is_zh", call->lang == LANG_ZH);
    for (const char *const *theme = (const char *const[]){"auto", "light", "dark", NULL}; *theme;
         theme++) {
        char key[32] = "theme_is_";
        values_flag(common, strcat(key, *theme), strcmp(call->theme, *theme) == 0);
    }
    put_preference_link(common, call, "link_zh", "lang", "zh-CN");
    put_preference_link(common, call, "link_en", "lang", "en");
    put_preference_link(common, call, "link_auto", "theme", "auto");
    put_preference_link(common, call, "link_light", "theme", "light");
    put_preference_link(common, call, "link_dark", "theme", "dark");
    return common;
}

enum outcome call_page(struct call *call, int status, const char *name, struct json_object *page)
{
    size_t len;
    struct json_object *common = common_values(call);
    char key[64] = "on_";
    values_flag(common, strncat(key, name, sizeof(key) - 4), 1);
    char *html = view_render(call->worker->app->view, call->lang, name, common, page, &len);
    json_object_put(common);
    json_object_put(page);
    if (html == NULL)
        return OUTCOME_INTERNAL;
    response_header(call->response, "Cache-Control", "no-store");
    response_header(call->response, "Content-Language", i18n_code(call->lang));
    response_send(call->response, status, html_type, html, len);
    free(html);
    return OUTCOME_DONE;
}

enum outcome call_json(struct call *call, struct printbuf *body)
{
    response_header(call->response, "Cache-Control", "no-store");
    response_send(call->response, 200, "application/json", body->buf, (size_t)body->bpos);
    printbuf_free(body);
    return OUTCOME_DONE;
}

enum outcome call_bad_param(struct call *call, const char *name, enum param_reason reason)
{
    call->fault = (struct param_fault){param_rule_of(call->args.rules, name), reason};
    return OUTCOME_BAD_PARAM;
}

enum outcome call_refuse(struct call *call, int status, const char *key, char *text)
{
    call->refusal = (struct refusal){.status = status, .key = key, .text = text};
    return OUTCOME_REFUSED;
}
