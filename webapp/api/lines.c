/* GET /api/lines, /api/device/{id}/line, /api/quarantine, /api/dials, /api/refusals, /api/expected:
 * what the collector says now. */
#include "webapp/lines.h"

#include "webapp/call.h"
#include "webapp/handlers.h"

#include <json-c/json.h>
#include <string.h>

static enum outcome send(struct call *call, struct json_object *json)
{
    if (json == NULL)
        return OUTCOME_COLLECTOR;
    lines_publish(json);
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_NOSLASHESCAPE);
    struct printbuf *body = printbuf_new();
    printbuf_memappend(body, text, (int)strlen(text));
    json_object_put(json);
    return call_json(call, body);
}

enum outcome api_lines(struct call *call)
{
    return send(call, lines_all(call));
}

enum outcome api_quarantine(struct call *call)
{
    return send(call, lines_quarantine(call));
}

enum outcome api_dials(struct call *call)
{
    return send(call, lines_dials(call));
}

enum outcome api_refusals(struct call *call)
{
    return send(call, lines_refusals(call));
}

enum outcome api_expected(struct call *call)
{
    return send(call, lines_expected(call));
}

enum outcome api_device_line(struct call *call)
{
    bool answered;
    struct json_object *line = lines_one(call, args_text(&call->args, "id"), &answered);
    if (line == NULL && answered)
        return OUTCOME_NOT_FOUND;
    return send(call, line);
}
