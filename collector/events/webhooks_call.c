/* A delivery's tries: made, judged, and told to the outbox. */
#include "collector/events/webhooks_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What came of a try. */
struct outcome {
    enum answer_verdict verdict;
    long status;
    const char *error;
    const char *body;
    size_t size;
    int64_t took_ms, retry_after_ms;
};

static void free_held(struct held *held)
{
    LIST_REMOVE(held, link);
    delivery_free(held->delivery);
    free(held->request);
    free(held);
}

void hook_take(struct hook *hook, struct delivery *delivery)
{
    struct held *held = xcalloc(1, sizeof(*held));
    held->hook = hook;
    held->delivery = delivery;
    LIST_INSERT_HEAD(&hook->held, held, link);
    const struct lane_item item = {.id = delivery->id,
                                   .device = delivery->device,
                                   .attempts = delivery->attempts,
                                   .created_ms = delivery->created_ms,
                                   .next_ms = delivery->next_ms,
                                   .cookie = held};
    if (!lanes_add(hook->lanes, &item))
        free_held(held); /* it is there already */
    hook_wake(hook);
}

void hook_drop_all(struct hook *hook)
{
    struct held *held;
    while ((held = LIST_FIRST(&hook->held)) != NULL) {
        if (held->call != NULL)
            caller_cancel(hook->webhooks->caller, held->call);
        free_held(held);
    }
}

/* After a try */

static void log_failure(struct hook *hook, const struct held *held, const struct outcome *outcome,
                        const struct lane_verdict *verdict)
{
    char *url = message_visible_url(hook->target->url);
    if (verdict->outcome == LANE_AGAIN)
        log_at_limit(&hook->failures, LOGL_WARN, "webhook", NULL,
                     "%s, %s: %s; try %u of %s, the next in %lld s", hook->name, url,
                     outcome->error, held->delivery->attempts, held->delivery->uid,
                     (long long)((verdict->next_ms - clock_wall_ms() + 500) / 1000));
    else
        log_at_limit(&hook->failures, LOGL_WARN, "webhook", NULL,
                     "%s, %s: %s; %s is given up after %u tries", hook->name, url, outcome->error,
                     held->delivery->uid, held->delivery->attempts);
    free(url);
}

/* A target that goes down or comes back is worth a line whatever the limit. */
static void watch_state(struct hook *hook)
{
    bool down = lanes_is_down(hook->lanes);
    if (down == hook->was_down)
        return;
    hook->was_down = down;
    char *url = message_visible_url(hook->target->url);
    if (down)
        log_warn("webhook", NULL, "%s, %s, is down: %s; deliveries wait", hook->name, url,
                 hook->last.error);
    else
        log_info("webhook", NULL, "%s, %s, answers again", hook->name, url);
    free(url);
}

static void tell_outbox(struct hook *hook, const struct held *held, const struct outcome *outcome,
                        const struct lane_verdict *verdict)
{
    static const enum delivery_status statuses[] = {
        [LANE_DELIVERED] = DELIVERY_DELIVERED,
        [LANE_AGAIN] = DELIVERY_PENDING,
        [LANE_DEAD] = DELIVERY_DEAD,
    };
    const struct delivery_try result = {
        .id = held->delivery->id,
        .status = statuses[verdict->outcome],
        .attempts = held->delivery->attempts,
        .next_ms = verdict->next_ms,
        .tried_ms = held->tried_ms,
        .took_ms = outcome->took_ms,
        .http_status = outcome->status,
        .error = outcome->error,
        .request = held->request,
        .request_size = held->request_size,
        .answer = outcome->body,
        .answer_size = outcome->size,
    };
    outbox_tried(hook->webhooks->outbox, &result);
}

static void note_last(struct hook *hook, const struct held *held, const struct outcome *outcome)
{
    hook->last = (struct hook_last){
        .ms = held->tried_ms, .took_ms = outcome->took_ms, .status = outcome->status};
    snprintf(hook->last.error, sizeof(hook->last.error), "%s", outcome->error);
}

static void disable(struct hook *hook, const char *why)
{
    struct json_object *data = json_object_new_object();
    char *url = message_visible_url(hook->target->url);
    char message[512];
    hook_set_disabled(hook, why);
    outbox_disable(hook->webhooks->outbox, hook->name, why);
    snprintf(message, sizeof(message), "%.64s is not called any more: %.255s", hook->name, why);
    log_warn("webhook", NULL, "%s, %s: %s: it is not called any more until it is enabled",
             hook->name, url, why);
    json_object_object_add(data, "target", json_object_new_string(hook->name));
    json_object_object_add(data, "error", json_object_new_string(why));
    bus_raise(
        hook->webhooks->bus,
        &(struct bus_event){.kind = EVENT_WEBHOOK_DISABLED, .message = message, .data = data});
    json_object_put(data);
    free(url);
}

/* An answer that is about the one call, and not about how the target is. */
static bool says_no(long status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

/* The try of ${held} is over. */
static void finish(struct held *held, const struct outcome *outcome)
{
    struct hook *hook = held->hook;
    bool delivered = outcome->verdict == ANSWER_DELIVERED;
    const struct lane_try end = {
        .delivered = delivered,
        .hopeless = outcome->verdict == ANSWER_REFUSED,
        .refused = says_no(outcome->status),
        .retry_after_ms = outcome->retry_after_ms,
    };
    held->delivery->attempts++;
    note_last(hook, held, outcome);
    struct lane_verdict verdict =
        lanes_tried(hook->lanes, held->delivery->id, &end, (uint32_t)random(), clock_wall_ms());
    hook->counts.tries++;
    hook->counts.failed += !delivered;
    hook->counts.delivered += delivered;
    hook->counts.dead += verdict.outcome == LANE_DEAD;
    tell_outbox(hook, held, outcome, &verdict);
    if (!delivered)
        log_failure(hook, held, outcome, &verdict);
    watch_state(hook);
    if (outcome->verdict == ANSWER_GONE)
        disable(hook, outcome->error);
    if (verdict.outcome == LANE_DEAD && !held->about_webhooks)
        hook_note_dead(hook, held->delivery->uid, outcome->error, 1);
    free(held->request);
    held->request = NULL;
    held->request_size = 0;
    if (verdict.outcome != LANE_AGAIN)
        free_held(held);
}

static void on_done(void *cookie, const struct call_result *result)
{
    struct held *held = cookie;
    struct hook *hook = held->hook;
    char why[MESSAGE_ERROR_SIZE];
    struct outcome outcome = {.verdict = ANSWER_AGAIN,
                              .status = result->status,
                              .error = result->error,
                              .body = result->body,
                              .size = result->size,
                              .took_ms = result->took_ms};
    held->call = NULL;
    if (result->status != 0) {
        outcome.verdict =
            message_judge(hook->target, result->status, result->body, result->size, why);
        outcome.error = why;
    }
    if (outcome.verdict != ANSWER_DELIVERED)
        outcome.retry_after_ms = message_retry_after(result->retry_after, clock_wall_ms());
    finish(held, &outcome);
    hook_wake(hook);
}

/* A try */

static bool is_about_webhooks(struct json_object *events)
{
    struct json_object *type = NULL;
    if (json_object_is_type(events, json_type_array) && json_object_array_length(events) > 0)
        json_object_object_get_ex(json_object_array_get_idx(events, 0), "type", &type);
    return type != NULL && strncmp(json_object_get_string(type), "webhook_", 8) == 0;
}

static void begin(struct hook *hook, struct held *held, int64_t now_ms)
{
    struct message message;
    char error[MESSAGE_ERROR_SIZE];
    struct json_object *events = json_tokener_parse(held->delivery->events);
    held->tried_ms = now_ms;
    held->about_webhooks = is_about_webhooks(events);
    int rc = message_make(hook->target, held->delivery->uid, events, now_ms, &message, error);
    json_object_put(events);
    if (rc != 0) {
        finish(held, &(struct outcome){.verdict = ANSWER_REFUSED, .error = error, .body = ""});
        return;
    }
    held->request_size =
        message.size < DELIVERY_REQUEST_MOST ? message.size : DELIVERY_REQUEST_MOST;
    held->request = xcalloc(held->request_size + 1, 1);
    memcpy(held->request, message.body, held->request_size);
    held->call = caller_call(hook->webhooks->caller, hook->target, &message, on_done, held);
    message_clear(&message);
}

/* What is due */

enum {
    WINDOW = 1000,    /* deliveries of a target in memory that are ready to go */
    HELD_MOST = 4000, /* and with those that wait for a retry */
    LOOK_MS = 60000,  /* the wall clock may be set */
    DEAD_TOLD_MS = 5000,
};

static void want(struct hook *hook)
{
    const char *blocked[WINDOW + 1];
    size_t count = lanes_count(hook->lanes), ready = lanes_ready(hook->lanes), room = 0;
    blocked[lanes_blocked(hook->lanes, blocked, WINDOW)] = NULL;
    /* Also while it is down: what is new tells when it is back. */
    if (!hook->disabled && !hook->webhooks->stopping && ready < WINDOW && count < HELD_MOST)
        room = WINDOW - ready;
    outbox_want(hook->webhooks->outbox, hook->name, room, blocked);
}

static void tell_dead(struct hook *hook)
{
    struct json_object *data = json_object_new_object();
    char message[512];
    if (hook->dead_untold == 1)
        snprintf(message, sizeof(message), "%.64s: %.48s is given up: %.255s", hook->name,
                 hook->dead_uid, hook->dead_why);
    else
        snprintf(message, sizeof(message),
                 "%.64s: %zu deliveries are given up, the last one: %.255s", hook->name,
                 hook->dead_untold, hook->dead_why);
    json_object_object_add(data, "target", json_object_new_string(hook->name));
    json_object_object_add(data, "deliveries", json_object_new_int64((int64_t)hook->dead_untold));
    if (hook->dead_uid[0] != '\0')
        json_object_object_add(data, "delivery", json_object_new_string(hook->dead_uid));
    json_object_object_add(data, "error", json_object_new_string(hook->dead_why));
    hook->dead_untold = 0;
    hook->dead_told_ms = clock_mono_ms();
    bus_raise(hook->webhooks->bus,
              &(struct bus_event){.kind = EVENT_WEBHOOK_DEAD, .message = message, .data = data});
    json_object_put(data);
}

/* When the dead may be told; INT64_MAX: there are none. */
static int64_t dead_wait_ms(const struct hook *hook)
{
    if (hook->dead_untold == 0)
        return INT64_MAX;
    int64_t due_ms = hook->dead_told_ms > 0 ? hook->dead_told_ms + DEAD_TOLD_MS : 0;
    int64_t wait_ms = due_ms - clock_mono_ms();
    return wait_ms > 0 ? wait_ms : 0;
}

void hook_note_dead(struct hook *hook, const char *uid, const char *why, size_t rows)
{
    hook->dead_untold += rows;
    snprintf(hook->dead_uid, sizeof(hook->dead_uid), "%s", uid);
    snprintf(hook->dead_why, sizeof(hook->dead_why), "%s", why);
    hook_wake(hook);
}

void hook_run(struct hook *hook)
{
    struct lane_item item;
    int64_t now_ms = clock_wall_ms(), due_ms = INT64_MAX, wait_ms = LOOK_MS;
    while (!hook->disabled && !hook->webhooks->stopping &&
           lanes_next(hook->lanes, now_ms, &item, &due_ms))
        begin(hook, item.cookie, now_ms);
    if (dead_wait_ms(hook) == 0)
        tell_dead(hook);
    if (due_ms < now_ms + wait_ms)
        wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    if (dead_wait_ms(hook) < wait_ms)
        wait_ms = dead_wait_ms(hook);
    struct timeval tv = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    event_add(hook->timer, &tv);
    want(hook);
}
