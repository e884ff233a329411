/* GET /metrics: the loop's counters, and the store's. */
#include "collector/control_parts.h"
#include "collector/control_reply.h"
#include "collector/metrics_profiles.h"
#include "collector/metrics_streams.h"
#include "shared/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static double age_s(int64_t wall_ms)
{
    double age = wall_ms > 0 ? (double)(clock_wall_ms() - wall_ms) / 1000 : 0;
    return age > 0 ? age : 0;
}

static void print_journal(struct journal_status journal, FILE *out)
{
    const struct {
        const char *name, *type, *help;
        double value;
    } lines[] = {
        {"journal_ok", "gauge", "Whether records go to the journal's file.", journal.ok},
        {"journal_bytes", "gauge", "Held in files.", (double)journal.bytes},
        {"journal_bytes_max", "gauge", "Bound of that.", (double)journal.max_bytes},
        {"journal_records", "gauge", "Records in files that the database does not have yet.",
         (double)journal.depth},
        {"journal_oldest_unsent_seconds", "gauge", "Age of the oldest of these.",
         age_s(journal.oldest_ms)},
        {"journal_groups_total", "counter", "Groups written to a file.", (double)journal.groups},
        {"journal_records_total", "counter", "Records written to a file.", (double)journal.records},
        {"journal_unjournalled_total", "counter",
         "Records handed on from memory alone since no file could be written.",
         (double)journal.unjournalled},
        {"journal_dropped_total", "counter", "Records lost because the journal was full.",
         (double)journal.dropped},
        {"journal_unreadable_total", "counter",
         "Times that records, or a file, could not be read back.", (double)journal.unreadable},
        {"journal_missing_total", "counter", "Records that were missing then, as far as known.",
         (double)journal.missing},
        {"journal_errors_total", "counter", "Failed attempts to write.", (double)journal.errors},
        {"journal_sync_seconds_max", "gauge", "The longest commit so far.",
         (double)journal.sync_max_us / 1e6},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        metrics_print_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
}

static void print_promises(const struct collector *collector, FILE *out)
{
    struct promises_stats stats;
    promises_stats(collector->hub.env.promises, clock_mono_ms(), &stats);
    metrics_print_one(out, "acknowledgements_waiting", "gauge",
                      "Acknowledgements of data packets that wait for the packet to be stored.",
                      (double)stats.waiting);
    metrics_print_one(out, "acknowledgements_oldest_seconds", "gauge",
                      "Age of the oldest of these.", (double)stats.oldest_ms / 1000);
}

static void print_store(struct collector *collector, FILE *out)
{
    struct store_status store;
    store_status(collector->store, &store);
    const struct cache_stats cache = store.cache;
    const struct writer_status writer = store.writer;
    print_journal(store.journal, out);
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
        {"writer_rejected_total", "counter", "Records refused, kept in rejected_records.",
         (double)writer.rejected},
        {"writer_moved_total", "counter", "Records stored later, since the moment was taken.",
         (double)writer.moved},
        {"writer_retries_total", "counter", "Transactions that had to be tried again.",
         (double)writer.retries},
        {"writer_lock_retries_total", "counter",
         "Those that another transaction was in the way of.", (double)writer.lock_retries},
        {"writer_lost_retries_total", "counter", "Those whose connection was lost.",
         (double)writer.lost_retries},
        {"writer_reconnects_total", "counter", "New connections to the database after a loss.",
         (double)writer.reconnects},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        metrics_print_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
}

static void print_keeper(struct collector *collector, FILE *out)
{
    struct keeper_status keeper;
    keeper_status(collector->keeper, &keeper);
    const struct {
        const char *name, *type, *help;
        double value;
    } lines[] = {
        {"keeper_working", "gauge", "Whether this collector looks after the database.",
         keeper.working},
        {"keeper_ok", "gauge", "Whether the last look at the database had no fault.",
         keeper.error[0] == '\0'},
        {"keeper_last_run_time_seconds", "gauge", "When a look last had no fault.",
         (double)keeper.last_run_ms / 1000.0},
        {"keeper_failures_total", "counter", "Statements that failed.", (double)keeper.failures},
        {"keeper_partitions_made_total", "counter", "Partitions made.",
         (double)keeper.counts.partitions_made},
        {"keeper_partitions_dropped_total", "counter", "Partitions dropped by retention.",
         (double)keeper.counts.partitions_dropped},
        {"keeper_rows_moved_total", "counter", "Rows copied from a partition that was too large.",
         (double)keeper.counts.rows_moved},
        {"keeper_rows_deleted_total", "counter", "Rows deleted by retention.",
         (double)keeper.counts.rows_deleted},
        {"keeper_minute_rollups_total", "counter", "Minutes rolled up, some more than once.",
         (double)keeper.counts.minutes_rolled},
        {"keeper_hour_rollups_total", "counter", "Hours rolled up, some more than once.",
         (double)keeper.counts.hours_rolled},
        {"keeper_rollups_waiting", "gauge", "Minutes known to have changed, not rolled up yet.",
         (double)keeper.counts.minutes_waiting},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        metrics_print_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
}

static void print_rules(const struct collector *collector, FILE *out)
{
    struct rules_counts counts;
    rules_counts(collector->rules, &counts);
    const struct {
        const char *name, *type, *help;
        double value;
    } lines[] = {
        {"rules", "gauge", "Rules of the configuration.", (double)counts.rules},
        {"rule_states", "gauge", "Points and devices that a rule watches, once for each rule.",
         (double)counts.states},
        {"rule_values_total", "counter", "Values shown to a rule.", (double)counts.judged},
        {"alarms_raised_total", "counter", "Alarms raised.", (double)counts.raised},
        {"alarms_repeated_total", "counter", "Alarms raised once more, since they stayed open.",
         (double)counts.repeated},
        {"alarms_cleared_total", "counter", "Alarms cleared.", (double)counts.cleared},
        {"alarms_held_total", "counter",
         "Alarms about which no webhook was called, since they were over their rule's limit.",
         (double)counts.held},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        metrics_print_one(out, lines[i].name, lines[i].type, lines[i].help, lines[i].value);
    fputs("# HELP dtuhub_alarms_open Alarms raised or acknowledged, by severity.\n"
          "# TYPE dtuhub_alarms_open gauge\n",
          out);
    for (enum severity i = SEVERITY_INFO; i < SEVERITIES; i++)
        fprintf(out, "dtuhub_alarms_open{severity=\"%s\"} %zu\n", severity_name(i),
                rules_open_count(collector->rules, i));
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

static void print_events(const struct collector *collector, FILE *out)
{
    fputs("# HELP dtuhub_events_total Events raised, by their kind.\n"
          "# TYPE dtuhub_events_total counter\n",
          out);
    for (unsigned kind = EVENT_NONE + 1; kind < EVENT_KINDS; kind++)
        fprintf(out, "dtuhub_events_total{kind=\"%s\"} %llu\n", event_kind_info(kind)->name,
                (unsigned long long)bus_count(collector->bus, kind));
    metrics_print_one(out, "live_viewers", "gauge", "Viewers of the live stream.",
                      (double)live_viewers(collector->live));
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
    print_promises(collector, out);
    print_store(collector, out);
    metrics_streams_print(collector->store, out);
    print_keeper(collector, out);
    print_rules(collector, out);
    metrics_print_one(out, "start_time_seconds", "gauge", "When the collector started.",
                      (double)collector->started_wall_ms / 1000.0);
    print_config(collector, out);
    print_events(collector, out);
    metrics_profiles_print(&collector->hub.profiles, out);
    metrics_build_print(out);
    fclose(out);
    control_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
    free(text);
}
