/* GET /healthz, /readyz, /status: whether the collector lives, takes data in, and how much. */
#include "collector/control_parts.h"
#include "collector/control_reply.h"
#include "collector/readiness.h"
#include "shared/base/clock.h"
#include "shared/base/version.h"

#include <json-c/json.h>
#include <stdio.h>

void control_healthz(struct evhttp_request *request, struct collector *collector)
{
    (void)collector;
    control_reply_text(request, 200, "ok\n");
}

/* Each stream's cache drops for itself. */
static struct cache_stats fullest_cache(struct store *store)
{
    struct cache_stats fullest = {.max_size = 1};
    for (size_t i = 0; i < store_streams(store); i++) {
        struct store_status one;
        unsigned number;
        store_stream_status(store, i, &number, &one);
        if ((double)(one.cache.waiting + one.cache.in_flight) / (double)one.cache.max_size >=
            (double)(fullest.waiting + fullest.in_flight) / (double)fullest.max_size)
            fullest = one.cache;
    }
    return fullest;
}

void control_readyz(struct evhttp_request *request, struct collector *collector)
{
    const struct cache_stats cache = fullest_cache(collector->store);
    struct store_status store;
    char text[sizeof(collector->reload_error) + 2048];
    store_status(collector->store, &store);
    const struct readiness_facts facts = {.database_up = store.writer.up,
                                          .database_error = store.writer.error,
                                          .journal_ok = store.journal.ok,
                                          .journal_error = store.journal.error,
                                          .cache_used = cache.waiting + cache.in_flight,
                                          .cache_max = cache.max_size,
                                          .reload_error = collector->reload_error};
    int code = readiness_compose(&facts, text, sizeof(text));
    control_reply_text(request, code, text);
}

/* /status */

static void put_int(struct json_object *status, const char *key, uint64_t value)
{
    json_object_object_add(status, key, json_object_new_int64((int64_t)value));
}

static void put_text(struct json_object *status, const char *key, const char *value)
{
    json_object_object_add(status, key, json_object_new_string(value));
}

static void put_journal(struct json_object *status, const struct journal_status *journal)
{
    int64_t age_ms = journal->oldest_ms > 0 ? clock_wall_ms() - journal->oldest_ms : 0;
    const char *state = journal->ok ? "ok" : "failed";
    put_text(status, "journal", journal->enabled ? state : "off");
    put_text(status, "journal_error", journal->error);
    put_int(status, "journal_records", journal->depth);
    put_int(status, "journal_oldest_age_ms", age_ms > 0 ? (uint64_t)age_ms : 0);
}

static struct json_object *status_of(struct collector *collector)
{
    const struct metrics *metrics = &collector->hub.metrics;
    struct json_object *status = json_object_new_object();
    struct store_status store;
    store_status(collector->store, &store);
    const struct cache_stats cache = store.cache;
    const struct writer_status writer = store.writer;
    const struct journal_status journal = store.journal;
    put_text(status, "version", DTUHUB_VERSION);
    put_text(status, "name", collector->started->server.name);
    put_int(status, "dtu_port", collector->started->server.main_port);
    put_int(status, "started_at", (uint64_t)collector->started_wall_ms);
    put_int(status, "uptime_ms", (uint64_t)(clock_mono_ms() - collector->started_ms));
    put_int(status, "connections", registry_count(&collector->hub.registry));
    put_int(status, "registered", collector->hub.registry.nonline);
    put_int(status, "devices_expected",
            collector->hub.env.plans != NULL ? collector->hub.env.plans->config->ndevices : 0);
    put_int(status, "connections_max", collector->hub.max_connections);
    put_int(status, "cache_records", cache.waiting + cache.in_flight);
    put_int(status, "cache_max", cache.max_size);
    put_journal(status, &journal);
    put_int(status, "records_dropped", cache.dropped + journal.dropped);
    put_int(status, "rows_written", writer.readings);
    put_text(status, "database", writer.up ? "up" : "down");
    put_text(status, "database_error", writer.error);
    put_int(status, "polls_sent", metrics->polls_sent);
    put_int(status, "polls_answered", metrics->polls_answered);
    put_int(status, "polls_refused", metrics->polls_refused);
    put_int(status, "polls_timed_out", metrics->polls_timed_out);
    put_int(status, "lateness_p99_ms", metrics_lateness_quantile(metrics, 0.99));
    put_int(status, "config_reloaded_at", (uint64_t)collector->reloaded_wall_ms);
    put_text(status, "config_error", collector->reload_error);
    return status;
}

void control_status(struct evhttp_request *request, struct collector *collector)
{
    control_reply_json(request, 200, status_of(collector));
}
