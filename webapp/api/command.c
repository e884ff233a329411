#include "webapp/api/command.h"

#include "webapp/api/answer.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome command_blame(struct call *call, const struct member_fault *fault)
{
    char allowed[24];
    snprintf(allowed, sizeof(allowed), "%lld", (long long)fault->max);
    call_refuse(call, 400, "bad_param",
                call_format(call, fault->key, {"name", fault->name}, {"allowed", allowed}));
    call->refusal.parameter = fault->name;
    return OUTCOME_REFUSED;
}

int command_check(struct call *call, const struct member_rule *rules)
{
    struct member_fault fault;
    if (body_check(call->body, rules, call->zone_min, &fault) == 0)
        return 0;
    command_blame(call, &fault);
    return -1;
}

struct json_object *command_ask(struct call *call, const char *path, int64_t timeout_ms, long *code)
{
    return collector_client_post(call->worker->collector, path, call->body, timeout_ms, code);
}

/* The collector's own words, where it has some. */
static enum outcome refuse(struct call *call, int status, const char *key,
                           struct json_object *answer)
{
    const char *text = values_get(answer, "error");
    char *copy = text != NULL ? strdup(text) : NULL;
    json_object_put(answer);
    return call_refuse(call, status, key, copy);
}

enum outcome command_answer(struct call *call, long code, struct json_object *answer)
{
    if (code == 200 && json_object_is_type(answer, json_type_object))
        return answer_json(call, 200, answer);
    switch (code) {
    case 400:
        return refuse(call, 400, "refused", answer);
    case 404:
        return refuse(call, 404, "not_found", answer);
    case 503:
        return refuse(call, 503, "collector_busy", answer);
    case COLLECTOR_AWAY:
        return refuse(call, 503, "collector_away", answer);
    default:
        return refuse(call, 503, "collector_silent", answer);
    }
}

enum outcome command_run(struct call *call, const char *path)
{
    long code;
    struct json_object *answer = command_ask(call, path, COMMAND_TIMEOUT_MS, &code);
    return command_answer(call, code, answer);
}
