/* GET /metrics: the loop's counters, and the store's. */
#include "collector/control_parts.h"
#include "collector/control_reply.h"
#include "collector/metrics_profiles.h"

#include <stdio.h>
#include <stdlib.h>

static void print_store(struct collector *collector, FILE *out)
{
    struct cache_stats cache;
    struct writer_status writer;
    cache_stats(collector->cache, &cache);
    writer_status(collector->writer, &writer);
    const struct {
        const char *name, *type, *help;
        double value;
    } lines[] = {
        {"cache_records", "gauge", "Records in the cache, those being written included.",
         (double)(cache.waiting + cache.in_flight)},
        {"cache_records_max", "gauge", "Bound of the cache.", (double)cache.max_size},
        {"cache_records_peak", "gauge", "Most records held at once.", (double)cache.peak},
        {"cache_appended_total", "counter", "Records taken into the cache.",
         (double)cache.appended},
        {"cache_dropped_total", "counter", "Records lost because the cache was full.",
         (double)cache.dropped},
        {"writer_up", "gauge", "Whether the database takes data.", writer.up},
        {"writer_batches_total", "counter", "Transactions committed.", (double)writer.batches},
        {"writer_records_total", "counter", "Records stored.", (double)writer.records},
        {"writer_readings_total", "counter", "Rows stored in readings.", (double)writer.readings},
        {"writer_packets_total", "counter", "Rows stored in raw_packets.", (double)writer.packets},
        {"writer_heartbeats_total", "counter", "Rows stored in heartbeat_log.",
         (double)writer.heartbeats},
        {"writer_retries_total", "counter", "Batches that had to be written again.",
         (double)writer.retries},
        {"writer_reconnects_total", "counter", "New connections to the database after a loss.",
         (double)writer.reconnects},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        metrics_print_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
}

static void print_config(const struct collector *collector, FILE *out)
{
    metrics_print_one(out, "config_ok", "gauge", "Whether the last reload was taken over.",
                      collector->reload_error[0] == '\0');
    metrics_print_one(out, "config_loaded_time_seconds", "gauge",
                      "When the configuration that runs was taken over.",
                      (double)collector->reloaded_wall_ms / 1000.0);
    metrics_print_one(out, "config_last_reload_time_seconds", "gauge",
                      "When a reload was tried last, well or not; 0: never.",
                      (double)collector->reload_tried_wall_ms / 1000.0);
}

void control_metrics(struct evhttp_request *request, struct collector *collector)
{
    const struct registry *registry = &collector->hub.registry;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        abort();
    metrics_print_one(out, "devices_online", "gauge", "Registered lines.",
                      (double)registry->nonline);
    metrics_print_one(out, "connections", "gauge", "Open lines, unregistered ones included.",
                      (double)registry_count(registry));
    metrics_print(&collector->hub.metrics, out);
    print_store(collector, out);
    metrics_print_one(out, "start_time_seconds", "gauge", "When the collector started.",
                      (double)collector->started_wall_ms / 1000.0);
    print_config(collector, out);
    metrics_profiles_print(&collector->hub.profiles, out);
    metrics_build_print(out);
    fclose(out);
    control_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
    free(text);
}
