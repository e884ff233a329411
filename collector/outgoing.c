#include "collector/outgoing.h"

#include "collector/collector.h"
#include "shared/base/clock.h"

enum { STOP_MS = 2000 };

static void on_loaded(void *cookie, struct delivery *delivery)
{
    struct collector *collector = cookie;
    webhooks_loaded(collector->webhooks, delivery);
}

static void on_disabled(void *cookie, const char *target, const char *reason)
{
    struct collector *collector = cookie;
    webhooks_disabled(collector->webhooks, target, reason);
}

static void on_gave_up(void *cookie, const char *target, size_t rows, const char *reason)
{
    struct collector *collector = cookie;
    webhooks_gave_up(collector->webhooks, target, rows, reason);
}

static void on_counted(void *cookie, const char *target, uint64_t waiting, int64_t oldest_ms)
{
    struct collector *collector = cookie;
    webhooks_counted(collector->webhooks, target, waiting, oldest_ms);
}

static void on_restored(void *cookie, struct alarm **alarms, size_t n)
{
    struct collector *collector = cookie;
    int64_t wall_ms = clock_wall_ms(), mono_ms = clock_mono_ms();
    rules_restore(collector->rules, alarms, n, wall_ms, mono_ms);
    rules_restored(collector->rules, wall_ms, mono_ms);
}

static void on_settled(void *cookie)
{
    outbox_release(cookie);
}

int outgoing_start(struct collector *collector)
{
    const struct outbox_ops ops = {.loaded = on_loaded,
                                   .disabled = on_disabled,
                                   .gave_up = on_gave_up,
                                   .counted = on_counted,
                                   .restored = on_restored,
                                   .cookie = collector};
    collector->outbox = outbox_start(collector->base, collector->config, &ops);
    if (collector->outbox == NULL)
        return -1;
    collector->webhooks =
        webhooks_start(collector->base, collector->bus, collector->outbox, collector->config);
    store_listen(collector->store, &(struct writer_listener){.deliveries = outbox_poke,
                                                             .settled = on_settled,
                                                             .cookie = collector->outbox});
    return 0;
}

void outgoing_configure(struct collector *collector, const struct server_config *config)
{
    outbox_configure(collector->outbox, config);
    webhooks_configure(collector->webhooks, config);
}

void outgoing_end_calls(struct collector *collector)
{
    webhooks_stop(collector->webhooks);
    collector->webhooks = NULL;
    if (collector->store != NULL)
        store_listen(collector->store, NULL);
}

void outgoing_stop(struct collector *collector)
{
    outbox_stop(collector->outbox, STOP_MS);
    collector->outbox = NULL;
}
