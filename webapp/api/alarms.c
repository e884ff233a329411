/* GET /api/alarms?state=&device_id=&rule=&severity=&limit=&before=: alarms, the newest first. */
#include "webapp/query/alarms.h"

#include "webapp/api/answer.h"
#include "webapp/handlers.h"

enum outcome api_alarms(struct call *call)
{
    struct alarms_filter filter = {
        .state = (enum alarms_state)args_number(&call->args, "state"),
        .device_id = args_text(&call->args, "device_id"),
        .rule = args_text(&call->args, "rule"),
        .severity = args_text(&call->args, "severity"),
        .before = args_text(&call->args, "before"),
        .limit = args_number(&call->args, "limit"),
    };
    return answer_rows(call, alarms_list(&call->worker->db, &filter), NULL);
}
