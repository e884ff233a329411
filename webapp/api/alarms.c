/* GET /api/alarms?state=&device_id=&rule=&severity=&limit=&before=: alarms, the newest first; POST
 * /api/alarms/{id}/acknowledge {"actor", "comment"}. */
#include "webapp/query/alarms.h"

#include "webapp/api/answer.h"
#include "webapp/api/command.h"
#include "webapp/handlers.h"
#include "webapp/values.h"

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

/* Who it is has to be said, until there is a login that knows it. */
enum outcome api_alarm_acknowledge(struct call *call)
{
    static const struct member_rule rules[] = {
        {.name = "actor", .type = MEMBER_TEXT, .required = true, .max = 64},
        {.name = "comment", .type = MEMBER_TEXT, .max = 500},
        {.name = NULL},
    };
    if (command_check(call, rules) != 0)
        return OUTCOME_REFUSED;
    values_text(call->body, "id", args_text(&call->args, "id"));
    return command_run(call, "/alarms/acknowledge");
}
