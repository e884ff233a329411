/* GET /: the state of the whole at a glance. */
#include "shared/base/alloc.h"
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/pages/parts.h"
#include "webapp/query/connections.h"
#include "webapp/query/rows.h"
#include "webapp/query/stats.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATEST_CONNECTIONS = 12 };

static int64_t number(struct json_object *status, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(status, key, &value) ? json_object_get_int64(value) : 0;
}

static void put_counts(struct json_object *out, struct json_object *status)
{
    static const char *const keys[] = {"connections",    "registered",      "cache_records",
                                       "cache_max",      "rows_written",    "polls_sent",
                                       "polls_answered", "polls_timed_out", "records_dropped"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        values_count(out, keys[i], number(status, keys[i]));
}

static void add_text(struct json_object *list, char *text)
{
    json_object_array_add(list, json_object_new_string(text));
    free(text);
}

/* Each of ${faults}, a line each; the first one with what became of the change. */
static void add_faults(const struct call *call, struct json_object *list, const char *faults)
{
    for (const char *at = faults, *next; *at != '\0'; at = next) {
        size_t len = strcspn(at, "\n");
        char *line = xasprintf("%.*s", (int)len, at);
        add_text(list, at == faults ? call_format(call, "collector.config_refused", {"fault", line})
                                    : xstrdup(line));
        free(line);
        next = at + len + (at[len] == '\n');
    }
}

/* What needs somebody's attention, each as one line. */
static struct json_object *warnings(const struct call *call, struct json_object *status)
{
    struct json_object *list = json_object_new_array();
    const char *database = values_get(status, "database");
    if (database != NULL && strcmp(database, "up") != 0)
        json_object_array_add(list,
                              json_object_new_string(call_text(call, "collector.database_down")));
    const char *journal = values_get(status, "journal"),
               *error = values_get(status, "journal_error");
    if (journal != NULL && error != NULL && strcmp(journal, "failed") == 0)
        add_text(list, call_format(call, "collector.journal_failing", {"error", error}));
    if (number(status, "records_dropped") > 0)
        json_object_array_add(list, json_object_new_string(call_text(call, "collector.dropping")));
    const char *fault = values_get(status, "config_error");
    if (fault != NULL && fault[0] != '\0')
        add_faults(call, list, fault);
    return list;
}

static void put_journal(struct json_object *out, const struct call *call,
                        struct json_object *status)
{
    const char *journal = values_get(status, "journal");
    values_flag(out, "journal_ok", journal != NULL && strcmp(journal, "ok") == 0);
    values_flag(out, "journal_failed", journal != NULL && strcmp(journal, "failed") == 0);
    values_count(out, "journal_records", number(status, "journal_records"));
    if (number(status, "journal_records") > 0)
        values_owned(out, "journal_age",
                     parts_duration(call, number(status, "journal_oldest_age_ms")));
}

static struct json_object *collector_value(const struct call *call)
{
    struct json_object *out = json_object_new_object();
    struct json_object *status = collector_client_status(call->worker->collector);
    values_flag(out, "up", status != NULL);
    if (status == NULL)
        return out;
    const char *database = values_get(status, "database");
    int64_t sent = number(status, "polls_sent"), timed_out = number(status, "polls_timed_out");
    char text[32];
    values_text(out, "version", values_get(status, "version"));
    values_owned(out, "uptime", parts_duration(call, number(status, "uptime_ms")));
    values_flag(out, "database_up", database == NULL || strcmp(database, "up") == 0);
    values_text(out, "database_error", values_get(status, "database_error"));
    put_counts(out, status);
    snprintf(text, sizeof(text), "%.2f%%",
             sent > 0 ? 100.0 * (double)timed_out / (double)sent : 0.0);
    values_text(out, "timeout_share", text);
    snprintf(text, sizeof(text), "%lld", (long long)number(status, "lateness_p99_ms"));
    values_text(out, "lateness", text);
    put_journal(out, call, status);
    json_object_object_add(out, "cache_used",
                           json_object_new_int64(number(status, "cache_records")));
    json_object_object_add(out, "cache_room", json_object_new_int64(number(status, "cache_max")));
    if (number(status, "config_reloaded_at") > 0)
        json_object_object_add(
            out, "reloaded",
            rows_instant_value(number(status, "config_reloaded_at"), call->zone_min));
    json_object_object_add(out, "warnings", warnings(call, status));
    json_object_put(status);
    return out;
}

static void put_stats(struct json_object *page, const struct stats *stats)
{
    int64_t devices = stats->online + stats->offline;
    values_count(page, "online", stats->online);
    values_count(page, "offline", stats->offline);
    values_count(page, "devices", devices);
    values_count(page, "readings", stats->readings);
    values_count(page, "heartbeats", stats->heartbeats);
    values_count(page, "per_minute", stats->per_minute);
    values_flag(page, "some_offline", stats->offline > 0);
    values_flag(page, "no_devices", devices == 0);
    json_object_object_add(page, "online_n", json_object_new_int64(stats->online));
    json_object_object_add(page, "devices_n", json_object_new_int64(devices));
}

/* Where a DTU has to dial: the name by which this browser reached the portal, and the collector's
 * port. */
static void put_address(struct json_object *page, const struct call *call)
{
    const char *host = call->request->source.host != NULL ? call->request->source.host : "";
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    char text[320];
    snprintf(text, sizeof(text), "%.*s:%u", (int)(len < 255 ? len : 255), host,
             (unsigned)call->worker->snapshot->config->server.main_port);
    values_text(page, "dtu_address", text);
}

enum outcome page_dashboard(struct call *call)
{
    struct database *db = &call->worker->db;
    struct connections_filter filter = {.limit = LATEST_CONNECTIONS};
    struct stats stats;
    if (stats_read(db, moment_day_start(call->now_ms, call->zone_min), call->now_ms, &stats) != 0)
        return OUTCOME_DATABASE;
    MYSQL_RES *connections = connections_list(db, &filter);
    if (connections == NULL)
        return OUTCOME_DATABASE;
    struct json_object *page = json_object_new_object();
    put_stats(page, &stats);
    put_address(page, call);
    json_object_object_add(page, "connections", parts_connections(call, connections));
    json_object_object_add(page, "collector", collector_value(call));
    return call_page(call, 200, "dashboard", page);
}
