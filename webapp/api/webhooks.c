/* GET /api/webhooks: the targets and their state; POST /api/webhooks/{target}/enable: call it again
 * after it answered 410; POST /webhook/test {"event_type", "data", "target"}: call it now, once. */
#include "webapp/api/answer.h"
#include "webapp/api/command.h"
#include "webapp/handlers.h"
#include "webapp/values.h"

/* Longer than a target usually has (15 s), and less than the web server waits for us. */
enum { TEST_TIMEOUT_MS = 55000 };

enum outcome api_webhooks(struct call *call)
{
    long code;
    struct json_object *list = collector_client_get(call->worker->collector, "/webhooks", &code);
    return list != NULL ? answer_json(call, 200, list) : OUTCOME_COLLECTOR;
}

enum outcome api_webhook_enable(struct call *call)
{
    static const struct member_rule rules[] = {{.name = NULL}};
    if (command_check(call, rules) != 0)
        return OUTCOME_REFUSED;
    values_text(call->body, "target", args_text(&call->args, "target"));
    return command_run(call, "/webhooks/enable");
}

/* That the target did not take it is a result as well: {"status": "error", ...}. */
static enum outcome test(struct call *call)
{
    long code;
    struct json_object *answer = command_ask(call, "/webhooks/test", TEST_TIMEOUT_MS, &code);
    if (code == 400 && values_get(answer, "status") != NULL)
        return answer_json(call, 400, answer);
    return command_answer(call, code, answer);
}

enum outcome api_webhook_test(struct call *call)
{
    static const struct member_rule rules[] = {
        {.name = "event_type", .type = MEMBER_TEXT, .required = true, .max = 64},
        {.name = "data", .type = MEMBER_OBJECT},
        {.name = "target", .type = MEMBER_TEXT, .max = 64},
        {.name = NULL},
    };
    sem_t *slots = call->worker->app->tests;
    if (command_check(call, rules) != 0)
        return OUTCOME_REFUSED;
    if (sem_trywait(slots) != 0)
        return call_refuse(call, 503, "tests", NULL);
    enum outcome outcome = test(call);
    sem_post(slots);
    return outcome;
}
