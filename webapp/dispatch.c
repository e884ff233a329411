#include "webapp/dispatch.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "webapp/http/body.h"
#include "webapp/http/moment.h"
#include "webapp/link.h"
#include "webapp/problem.h"
#include "webapp/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *theme_by_name(const char *name)
{
    static const char *const themes[] = {"light", "dark", "auto"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(name, themes[i]) == 0)
            return themes[i];
    }
    return NULL;
}

static void read_viewer(struct call *call)
{
    char cookie[16], *end;
    const char *language =
        request_cookie(call->request, "lang", cookie, sizeof(cookie)) ? cookie : NULL;
    call->lang = i18n_choose(language, call->request->source.accept_language);
    call->theme = NULL;
    if (request_cookie(call->request, "theme", cookie, sizeof(cookie)))
        call->theme = theme_by_name(cookie);
    if (call->theme == NULL)
        call->theme = "auto";
    call->zone_min = moment_server_zone(call->now_ms);
    if (request_cookie(call->request, "tz", cookie, sizeof(cookie))) {
        long zone = strtol(cookie, &end, 10);
        if (end != cookie && *end == '\0' && zone >= ZONE_MIN && zone <= ZONE_MAX)
            call->zone_min = (int)zone;
    }
}

static void remember(struct call *call, const char *name, const char *value)
{
    char cookie[96];
    snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; Max-Age=31536000; SameSite=Lax", name, value);
    response_header(call->response, "Set-Cookie", cookie);
}

/* "?lang=" and "?theme=" on a page: keep the choice in a cookie and go on without them. */
static bool take_preferences(struct call *call)
{
    const char *language = request_param(call->request, "lang"),
               *theme = request_param(call->request, "theme");
    enum lang lang;
    bool lang_ok = language != NULL && i18n_by_code(language, &lang) == 0;
    bool theme_ok = theme != NULL && theme_by_name(theme) != NULL;
    if (call->route->kind != ROUTE_PAGE || (!lang_ok && !theme_ok))
        return false;
    struct link_param params[REQUEST_PARAMS_MAX + 1] = {{NULL, NULL}};
    size_t n = 0;
    for (size_t i = 0; i < call->request->nquery; i++) {
        const struct request_param *param = &call->request->params[i];
        if (strcmp(param->name, "lang") != 0 && strcmp(param->name, "theme") != 0)
            params[n++] = (struct link_param){param->name, param->value};
    }
    if (lang_ok)
        remember(call, "lang", language);
    if (theme_ok)
        remember(call, "theme", theme);
    char *target = link_query(call->request->path, params);
    /* "//host/" at the beginning would lead to another host. */
    response_header(call->response, "Location", target[1] == '/' ? "/" : target);
    free(target);
    response_send(call->response, 303, NULL, "", 0);
    return true;
}

static enum outcome take_body(struct call *call)
{
    switch (body_read(&call->request->source, &call->body)) {
    case BODY_GOOD:
        return OUTCOME_DONE;
    case BODY_OTHER_TYPE:
        return call_refuse(call, 415, "media_type", NULL);
    case BODY_TOO_LARGE:
        return call_refuse(call, 413, "too_large", NULL);
    case BODY_NO_OBJECT:
        return call_refuse(call, 400, "bad_body", NULL);
    }
    return OUTCOME_INTERNAL;
}

static enum outcome handle(struct call *call)
{
    if (args_check(&call->args, call->route->params, call->request, call->zone_min, &call->fault) !=
        0)
        return OUTCOME_BAD_PARAM;
    enum outcome outcome = call->route->method == METHOD_POST ? take_body(call) : OUTCOME_DONE;
    return outcome == OUTCOME_DONE ? call->route->handler(call) : outcome;
}

static void run(struct call *call)
{
    if (take_preferences(call))
        return;
    enum outcome outcome = handle(call);
    if (outcome == OUTCOME_DONE)
        return;
    if (call->response->status != 0)
        call->response->broken = true; /* too late for an error: the broken body has to show it */
    else
        problem_send(call, outcome);
}

static void answer(struct call *call, struct request *request, bool parsed)
{
    struct route_match match;
    if (!parsed) {
        problem_send_status(call, 400, "bad_request");
        return;
    }
    route_match(routes, routes_count, request->method, request->path, &match);
    call->route = match.route;
    if (match.route == NULL) {
        char allow[64];
        routes_allow(request->path, allow, sizeof(allow));
        if (match.path_known)
            response_header(call->response, "Allow", allow);
        problem_send_status(call, match.path_known ? 405 : 404,
                            match.path_known ? "method" : "not_found");
    } else if (match.name[0] != '\0' &&
               request_add_param(request, match.name, match.segment) != 0) {
        problem_send_status(call, 400, "bad_request");
    } else {
        run(call);
    }
}

int dispatch(struct worker *worker, const struct request_source *source, response_sink sink,
             void *cookie)
{
    struct request request;
    struct response response;
    bool parsed = request_parse(&request, source) == 0;
    struct call call = {
        .worker = worker, .request = &request, .response = &response, .now_ms = clock_wall_ms()};
    int rc = -1;
    if (response_init(&response, sink, cookie, request.method == METHOD_HEAD) == 0) {
        read_viewer(&call);
        answer(&call, &request, parsed);
        log_debug("http", NULL, "%s %s -> %d", source->method,
                  request.path != NULL ? request.path : "?", response.status);
        rc = response.broken ? -1 : 0;
    }
    free(call.refusal.text);
    json_object_put(call.body);
    response_clear(&response);
    request_clear(&request);
    return rc;
}
