#include "webapp/problem.h"

#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int status;
    const char *key;
} problems[] = {
    [OUTCOME_BAD_PARAM] = {400, "bad_param"}, [OUTCOME_NOT_FOUND] = {404, "not_found"},
    [OUTCOME_DATABASE] = {503, "database"},   [OUTCOME_BUSY] = {503, "busy"},
    [OUTCOME_COLLECTOR] = {503, "collector"}, [OUTCOME_INTERNAL] = {500, "internal"},
};

/* What the parameter may be, as one text: "1 to 1000", "asc, desc". */
static char *allowed_text(const struct param_rule *rule)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    if (rule->type == PARAM_ENUM) {
        for (const char *const *word = rule->allowed; *word != NULL; word++)
            fprintf(out, "%s%s", word == rule->allowed ? "" : ", ", *word);
    } else if (rule->type == PARAM_INT) {
        fprintf(out, "%lld - %lld", (long long)rule->min, (long long)rule->max);
    } else if (rule->type == PARAM_TEXT) {
        fprintf(out, "%lld", (long long)rule->max);
    }
    fclose(out);
    return text;
}

static char *param_text(const struct call *call)
{
    static const char *const keys[] = {
        [PARAM_BAD_INT] = "error.param.int",
        [PARAM_BAD_TEXT] = "error.param.text",
        [PARAM_BAD_ENUM] = "error.param.enum",
        [PARAM_BAD_TIME] = "error.param.time",
        [PARAM_MISSING] = "error.param.missing",
        [PARAM_REPEATED] = "error.param.repeated",
        [PARAM_EMPTY_RANGE] = "error.param.empty_range",
    };
    char *allowed = allowed_text(call->fault.rule);
    char *text = call_format(call, keys[call->fault.reason], {"name", call->fault.rule->name},
                             {"allowed", allowed});
    free(allowed);
    return text;
}

static void send_json(struct call *call, int status, const char *title, const char *text)
{
    struct json_object *body = json_object_new_object();
    values_text(body, "type", "about:blank");
    values_text(body, "title", title);
    json_object_object_add(body, "status", json_object_new_int(status));
    values_text(body, "detail", text);
    values_text(body, "parameter", call->refusal.parameter);
    const char *json = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    response_header(call->response, "Cache-Control", "no-store");
    response_send(call->response, status, "application/problem+json", json, strlen(json));
    json_object_put(body);
}

static void send_page(struct call *call, int status, const char *title, const char *text)
{
    struct json_object *page = json_object_new_object();
    values_text(page, "title", title);
    values_text(page, "text", text);
    json_object_object_add(page, "status", json_object_new_int(status));
    values_flag(page, "retry", status == 503);
    if (call_page(call, status, "error", page) != OUTCOME_DONE)
        response_send(call->response, 500, "text/plain; charset=utf-8", title, strlen(title));
}

static void send(struct call *call, int status, const char *key, const char *text)
{
    char title_key[64];
    snprintf(title_key, sizeof(title_key), "error.%s.title", key);
    const char *title = call_text(call, title_key);
    bool api = call->route != NULL
                   ? call->route->kind == ROUTE_API
                   : call->request->path != NULL && strncmp(call->request->path, "/api/", 5) == 0;
    if (status == 503)
        response_header(call->response, "Retry-After", "5");
    if (api)
        send_json(call, status, title, text);
    else
        send_page(call, status, title, text);
}

void problem_send_status(struct call *call, int status, const char *key)
{
    char text_key[64];
    snprintf(text_key, sizeof(text_key), "error.%s.text", key);
    send(call, status, key, call_text(call, text_key));
}

void problem_send(struct call *call, enum outcome outcome)
{
    if (outcome == OUTCOME_BAD_PARAM) {
        char *text = param_text(call);
        call->refusal.parameter = call->fault.rule->name;
        send(call, 400, "bad_param", text);
        free(text);
        return;
    }
    const struct refusal *refusal = &call->refusal;
    if (outcome != OUTCOME_REFUSED)
        problem_send_status(call, problems[outcome].status, problems[outcome].key);
    else if (refusal->text == NULL)
        problem_send_status(call, refusal->status, refusal->key);
    else
        send(call, refusal->status, refusal->key, refusal->text);
}
