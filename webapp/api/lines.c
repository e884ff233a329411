/* GET /api/lines, /api/device/{id}/line, /api/quarantine, /api/dials, /api/refusals, /api/expected:
 * what the collector says now. */
#include "webapp/lines.h"

#include "webapp/api/answer.h"
#include "webapp/handlers.h"

static enum outcome send(struct call *call, struct json_object *json)
{
    if (json == NULL)
        return OUTCOME_COLLECTOR;
    lines_publish(json);
    return answer_json(call, 200, json);
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
