/* GET /api/events?device_id=&kind=&severity=&from=&to=&limit=&before_id=: what happened, the newest
 * first. */
#include "webapp/api/answer.h"
#include "webapp/handlers.h"
#include "webapp/query/audit.h"

enum outcome api_events(struct call *call)
{
    static const struct rows_column styles[] = {{"data", ROWS_JSON}, {NULL, 0}};
    struct events_filter filter = {
        .device_id = args_text(&call->args, "device_id"),
        .kind = args_text(&call->args, "kind"),
        .severity = args_text(&call->args, "severity"),
        .before_id = args_number(&call->args, "before_id"),
        .limit = args_number(&call->args, "limit"),
    };
    if (answer_span(&call->args, &filter.time) != 0)
        return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
    return answer_rows(call, audit_events(&call->worker->db, &filter), styles);
}
