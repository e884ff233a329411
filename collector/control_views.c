/* GET /lines, /line, /quarantine, /dials, /refusals, /expected. */
#include "collector/control_lines.h"
#include "collector/control_parts.h"
#include "collector/control_reply.h"
#include "collector/views.h"

#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Whether the query says ${key}=${value}. */
static bool asks(struct evhttp_request *request, const char *key, const char *value)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
    struct evkeyvalq params = {0};
    const char *given = NULL;
    if (query != NULL && evhttp_parse_query_str(query, &params) == 0)
        given = evhttp_find_header(&params, key);
    bool yes = given != NULL && strcmp(given, value) == 0;
    evhttp_clear_headers(&params);
    return yes;
}

void control_get_lines(struct evhttp_request *request, struct collector *collector)
{
    size_t n;
    struct line_view *lines = asks(request, "slaves", "dead")
                                  ? views_lines_dead(&collector->hub, &n)
                                  : views_lines(&collector->hub, NULL, &n);
    control_reply_json(request, 200, control_lines_json(lines, n));
    views_lines_free(lines, n);
}

static void reply_line(struct evhttp_request *request, struct collector *collector, const char *id)
{
    size_t n;
    struct line_view *line = views_lines(&collector->hub, id, &n);
    if (n == 1)
        control_reply_json(request, 200, control_line_json(line));
    else
        control_reply_error(request, 404, "device %s is not online", id);
    views_lines_free(line, n);
}

void control_get_line(struct evhttp_request *request, struct collector *collector)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
    struct evkeyvalq params = {0};
    const char *id = NULL;
    if (query != NULL && evhttp_parse_query_str(query, &params) == 0)
        id = evhttp_find_header(&params, "device");
    if (id != NULL)
        reply_line(request, collector, id);
    else
        control_reply_error(request, 400, "device is missing: ask for /line?device=ID");
    evhttp_clear_headers(&params);
}

void control_get_quarantine(struct evhttp_request *request, struct collector *collector)
{
    size_t n;
    struct quarantine_view *devices = views_quarantine(&collector->hub, &n);
    control_reply_json(request, 200, control_quarantine_json(devices, n));
    free(devices);
}

void control_get_dials(struct evhttp_request *request, struct collector *collector)
{
    size_t n;
    struct dial_view *dials = views_dials(&collector->hub, &n);
    control_reply_json(request, 200, control_dials_json(dials, n));
    free(dials);
}

void control_get_refusals(struct evhttp_request *request, struct collector *collector)
{
    size_t n;
    struct refusal_view *refusals = views_refusals(&collector->hub, &n);
    control_reply_json(request, 200, control_refusals_json(refusals, n));
    free(refusals);
}

void control_get_expected(struct evhttp_request *request, struct collector *collector)
{
    size_t n;
    struct expected_view *devices =
        views_expected(&collector->hub, asks(request, "online", "no"), &n);
    control_reply_json(request, 200, control_expected_json(devices, n));
    free(devices);
}
