/* POST /api/deliveries/{id}/replay, and POST /api/deliveries/replay {"from", "to", "target",
 * "dead_only"}: deliver again what was delivered or given up: {"replayed": n}. */
#include "webapp/api/command.h"
#include "webapp/handlers.h"
#include "webapp/query/deliveries.h"

#include <string.h>

enum outcome api_delivery_replay(struct call *call)
{
    static const struct member_rule rules[] = {{.name = NULL}};
    int64_t id = args_number(&call->args, "id");
    bool known;
    if (command_check(call, rules) != 0)
        return OUTCOME_REFUSED;
    if (deliveries_known(&call->worker->db, id, &known) != 0)
        return OUTCOME_DATABASE;
    if (!known)
        return OUTCOME_NOT_FOUND;
    json_object_object_add(call->body, "delivery", json_object_new_int64(id));
    return command_run(call, "/webhooks/replay");
}

enum outcome api_deliveries_replay(struct call *call)
{
    static const struct member_rule rules[] = {
        {.name = "from", .type = MEMBER_TIME, .required = true},
        {.name = "to", .type = MEMBER_TIME, .required = true},
        {.name = "target", .type = MEMBER_TEXT, .max = 64},
        {.name = "dead_only", .type = MEMBER_FLAG},
        {.name = NULL},
    };
    if (command_check(call, rules) != 0)
        return OUTCOME_REFUSED;
    /* The same form has made them texts that compare as times do. */
    if (strcmp(body_text(call->body, "from"), body_text(call->body, "to")) >= 0)
        return command_blame(call, &(struct member_fault){"from", "error.param.empty_range", 0});
    return command_run(call, "/webhooks/replay");
}
