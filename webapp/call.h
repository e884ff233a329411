/*
 * One request on its way through a handler: what came in, checked; who is looking; and where the
 * answer goes. A call lives on its worker's stack.
 */
#ifndef DTUHUB_WEBAPP_CALL_H
#define DTUHUB_WEBAPP_CALL_H

#include "webapp/app.h"
#include "webapp/collector_client.h"
#include "webapp/http/params.h"
#include "webapp/http/response.h"
#include "webapp/http/route.h"
#include "webapp/query/database.h"

#include <json-c/json_object.h>

/** A thread's own things, kept from request to request. */
struct worker {
    const struct app *app;
    struct snapshot *snapshot; /* the configuration of this request, and of db */
    struct database db;
    struct collector_client *collector;
};

/** Why a handler did not do it. */
struct refusal {
    int status;
    const char *key;       /* error.${key}.title is the title */
    char *text;            /* dispatch() frees it */
    const char *parameter; /* that is to blame, or NULL */
};

struct call {
    struct worker *worker;
    const struct request *request;
    struct response *response;
    const struct route *route; /* NULL while an error is shown for a path that nobody serves */
    struct args args;
    struct json_object *body; /* of METHOD_POST */
    struct param_fault fault; /* with OUTCOME_BAD_PARAM */
    struct refusal refusal;   /* with OUTCOME_REFUSED */
    enum lang lang;
    const char *theme; /* "light", "dark" or "auto" */
    int zone_min;      /* the viewer's, minutes east of UTC */
    int64_t now_ms;
};

/** call_text(call, key): the viewer's text of that key. */
const char *call_text(const struct call *call, const char *key);

/** call_format(call, key, values...): the text with {name} replaced by pairs of name and value; the
 * caller's to free. */
#define call_format(call, key, ...)                                                                \
    i18n_format(view_texts((call)->worker->app->view), (call)->lang, key,                          \
                (const struct i18n_value[]){__VA_ARGS__, {NULL, NULL}})

/**
 * call_page(call, status, name, page): render the template ${name} with ${page} (taken over) in the
 * viewer's language and send it.
 */
enum outcome call_page(struct call *call, int status, const char *name, struct json_object *page);

/** call_json(call, body): send ${body} as application/json and free it. */
enum outcome call_json(struct call *call, struct printbuf *body);

/** call_bad_param(call, name, reason): OUTCOME_BAD_PARAM for a fault that only the handler can see.
 */
enum outcome call_bad_param(struct call *call, const char *name, enum param_reason reason);

/** call_refuse(call, status, key, text): OUTCOME_REFUSED; ${text} is taken over, NULL is that of
 * ${key}. */
enum outcome call_refuse(struct call *call, int status, const char *key, char *text);

#endif
