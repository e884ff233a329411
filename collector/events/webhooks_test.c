/* A call that somebody asked for: made now, once, and not put on record. */
#include "collector/events/webhooks_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_test(struct test_call *test)
{
    LIST_REMOVE(test, link);
    if (test->failed != NULL)
        event_free(test->failed);
    free(test);
}

void webhooks_drop_tests(struct webhooks *webhooks)
{
    while (!LIST_EMPTY(&webhooks->tests))
        free_test(LIST_FIRST(&webhooks->tests));
}

static void finish(struct test_call *test, const struct call_result *result)
{
    test->done(test->cookie, result);
    free_test(test);
}

/* Also a robot that answers 200 may have refused it. */
static void on_done(void *cookie, const struct call_result *result)
{
    struct test_call *test = cookie;
    const struct webhook_target *target =
        webhook_config_target(test->webhooks->config, test->target);
    struct call_result judged = *result;
    char why[MESSAGE_ERROR_SIZE];
    if (target != NULL && result->status != 0 &&
        message_judge(target, result->status, result->body, result->size, why) != ANSWER_DELIVERED)
        snprintf(judged.error, sizeof(judged.error), "%s", why);
    finish(test, &judged);
}

static void on_failed(evutil_socket_t fd, short what, void *cookie)
{
    struct test_call *test = cookie;
    (void)fd, (void)what;
    finish(test, &test->result);
}

static const struct webhook_target *choose(const struct webhooks *webhooks, const char *target,
                                           struct json_object *event)
{
    struct json_object *type = NULL;
    if (target != NULL)
        return webhook_config_target(webhooks->config, target);
    if (!json_object_object_get_ex(event, "type", &type))
        return NULL;
    return webhook_config_target(webhooks->config, json_object_get_string(type));
}

int webhooks_test(struct webhooks *webhooks, const char *name, struct json_object *event,
                  webhooks_tested *done, void *cookie)
{
    static const struct timeval now = {0};
    const struct webhook_target *target = choose(webhooks, name, event);
    int64_t now_ms = clock_wall_ms();
    char uid[EVENT_ID_SIZE], error[MESSAGE_ERROR_SIZE];
    struct message message;
    if (target == NULL)
        return -1;
    struct test_call *test = xcalloc(1, sizeof(*test));
    *test = (struct test_call){.webhooks = webhooks, .done = done, .cookie = cookie};
    snprintf(test->target, sizeof(test->target), "%s", target->name);
    LIST_INSERT_HEAD(&webhooks->tests, test, link);
    event_id_new(now_ms, uid);
    struct json_object *events = json_object_new_array();
    json_object_array_add(events, json_object_get(event));
    if (message_make(target, uid, events, now_ms, &message, error) == 0) {
        caller_call(webhooks->caller, target, &message, on_done, test);
        message_clear(&message);
    } else {
        snprintf(test->result.error, sizeof(test->result.error), "%s", error);
        test->result.body = "";
        test->failed = event_new(webhooks->base, -1, 0, on_failed, test);
        event_add(test->failed, &now);
    }
    json_object_put(events);
    return 0;
}
