#include "collector/events/webhooks.h"

#include "collector/events/webhooks_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { FAILURES_TOLD_MS = 60000, STOP_MS = 1000, STOP_LOOK_MS = 50 };

struct hook *webhooks_find(const struct webhooks *webhooks, const char *name)
{
    struct hook *hook;
    STAILQ_FOREACH(hook, &webhooks->hooks, link)
    {
        if (strcmp(hook->name, name) == 0)
            return hook;
    }
    return NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what;
    hook_run(cookie);
}

void hook_wake(struct hook *hook)
{
    event_active(hook->timer, EV_TIMEOUT, 0);
}

void hook_set_disabled(struct hook *hook, const char *reason)
{
    free(hook->reason);
    hook->reason = reason != NULL ? xstrdup(reason) : NULL;
    hook->disabled = reason != NULL;
    hook_wake(hook);
}

static struct hook *add_hook(struct webhooks *webhooks, const struct webhook_target *target)
{
    struct hook *hook = xcalloc(1, sizeof(*hook));
    hook->webhooks = webhooks;
    hook->name = xstrdup(target->name);
    hook->target = target;
    hook->lanes = lanes_new(target);
    hook->timer = event_new(webhooks->base, -1, 0, on_timer, hook);
    hook->failures = (struct log_limit)LOG_LIMIT(3, FAILURES_TOLD_MS);
    LIST_INIT(&hook->held);
    STAILQ_INSERT_TAIL(&webhooks->hooks, hook, link);
    hook_wake(hook);
    return hook;
}

static void remove_hook(struct hook *hook)
{
    STAILQ_REMOVE(&hook->webhooks->hooks, hook, hook, link);
    hook_drop_all(hook);
    lanes_free(hook->lanes);
    event_free(hook->timer);
    free(hook->reason);
    free(hook->name);
    free(hook);
}

static void take_config(struct webhooks *webhooks, const struct server_config *config)
{
    struct guard *old = webhooks->guard;
    webhooks->config = &config->hooks;
    webhooks->guard = guard_new(config->hooks.deny != NULL ? config->hooks.deny : guard_default);
    caller_guard(webhooks->caller, webhooks->guard);
    guard_free(old);
}

static void add_hooks(struct webhooks *webhooks)
{
    for (size_t i = 0; i < webhooks->config->ntargets; i++) {
        const struct webhook_target *target = &webhooks->config->targets[i];
        if (webhooks_find(webhooks, target->name) == NULL)
            add_hook(webhooks, target);
    }
}

struct webhooks *webhooks_start(struct event_base *base, struct bus *bus, struct outbox *outbox,
                                const struct server_config *config)
{
    struct webhooks *webhooks = xcalloc(1, sizeof(*webhooks));
    webhooks->base = base;
    webhooks->bus = bus;
    webhooks->outbox = outbox;
    webhooks->caller = caller_new(base);
    STAILQ_INIT(&webhooks->hooks);
    LIST_INIT(&webhooks->tests);
    take_config(webhooks, config);
    add_hooks(webhooks);
    return webhooks;
}

/* Those that are gone, and the settings of those that stay. */
static void update_hooks(struct webhooks *webhooks)
{
    struct hook *hook, *next;
    for (hook = STAILQ_FIRST(&webhooks->hooks); hook != NULL; hook = next) {
        next = STAILQ_NEXT(hook, link);
        hook->target = webhook_config_target(webhooks->config, hook->name);
        if (hook->target == NULL) {
            remove_hook(hook);
            continue;
        }
        lanes_configure(hook->lanes, hook->target);
        hook_wake(hook);
    }
}

void webhooks_configure(struct webhooks *webhooks, const struct server_config *config)
{
    take_config(webhooks, config);
    update_hooks(webhooks);
    add_hooks(webhooks);
}

int webhooks_enable(struct webhooks *webhooks, const char *target)
{
    struct hook *hook = webhooks_find(webhooks, target);
    if (hook == NULL)
        return -1;
    if (hook->disabled)
        log_info("webhook", NULL, "%s is called again", hook->name);
    hook_set_disabled(hook, NULL);
    outbox_enable(webhooks->outbox, target);
    return 0;
}

/* What the outbox says */

void webhooks_loaded(struct webhooks *webhooks, struct delivery *delivery)
{
    struct hook *hook = webhooks_find(webhooks, delivery->target);
    if (hook != NULL)
        hook_take(hook, delivery);
    else
        delivery_free(delivery); /* a reload took the target out meanwhile */
}

void webhooks_disabled(struct webhooks *webhooks, const char *target, const char *reason)
{
    struct hook *hook = webhooks_find(webhooks, target);
    if (hook == NULL)
        return;
    log_warn("webhook", NULL, "%s is not called: %s", target, reason);
    hook_set_disabled(hook, reason);
}

void webhooks_gave_up(struct webhooks *webhooks, const char *target, size_t rows,
                      const char *reason)
{
    struct hook *hook = webhooks_find(webhooks, target);
    if (hook == NULL || rows == 0)
        return;
    log_warn("webhook", NULL, "%s: %zu deliveries are given up: %s", target, rows, reason);
    hook->counts.dead += rows;
    hook_note_dead(hook, "", reason, rows);
}

void webhooks_counted(struct webhooks *webhooks, const char *target, uint64_t waiting,
                      int64_t oldest_ms)
{
    struct hook *hook = webhooks_find(webhooks, target);
    if (hook == NULL)
        return;
    hook->waiting = waiting;
    hook->oldest_ms = oldest_ms;
}

/* End */

static bool is_busy(const struct webhooks *webhooks)
{
    const struct hook *hook;
    const struct held *held;
    STAILQ_FOREACH(hook, &webhooks->hooks, link)
    {
        LIST_FOREACH (held, &hook->held, link) {
            if (held->call != NULL)
                return true;
        }
    }
    return false;
}

static void nothing(evutil_socket_t fd, short what, void *cookie)
{
    (void)fd, (void)what, (void)cookie;
}

/* Calls under way may end; what does not is made again by the next life. */
static void finish_calls(struct webhooks *webhooks)
{
    static const struct timeval look = {.tv_usec = STOP_LOOK_MS * 1000};
    struct event *timer = event_new(webhooks->base, -1, EV_PERSIST, nothing, NULL);
    int64_t until_ms = clock_mono_ms() + STOP_MS;
    event_add(timer, &look);
    while (is_busy(webhooks) && clock_mono_ms() < until_ms)
        event_base_loop(webhooks->base, EVLOOP_ONCE);
    event_free(timer);
}

void webhooks_stop(struct webhooks *webhooks)
{
    if (webhooks == NULL)
        return;
    webhooks->stopping = true;
    finish_calls(webhooks);
    while (!STAILQ_EMPTY(&webhooks->hooks))
        remove_hook(STAILQ_FIRST(&webhooks->hooks));
    webhooks_drop_tests(webhooks);
    caller_free(webhooks->caller);
    guard_free(webhooks->guard);
    free(webhooks);
}
