#include "collector/control.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/version.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct control {
    struct collector *collector;
    struct evhttp *http;
    char *path;
};

static void answer(struct evhttp_request *request, int status, const char *type, const char *text,
                   size_t len)
{
    struct evbuffer *body = evbuffer_new();
    evbuffer_add(body, text, len);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
    evhttp_send_reply(request, status, NULL, body);
    evbuffer_free(body);
}

static void answer_text(struct evhttp_request *request, int status, const char *text)
{
    answer(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* /metrics */

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

static void on_metrics(struct evhttp_request *request, void *cookie)
{
    struct collector *collector = ((struct control *)cookie)->collector;
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
    metrics_print_one(out, "config_ok", "gauge", "Whether the last reload was taken over.",
                      collector->reload_error[0] == '\0');
    fclose(out);
    answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, len);
    free(text);
}

/* Health */

static void on_healthz(struct evhttp_request *request, void *cookie)
{
    (void)cookie;
    answer_text(request, 200, "ok\n");
}

/* A full cache drops a chunk of records at once, so it is not at its bound all the time. */
static bool nearly_full(const struct cache_stats *cache)
{
    return cache->waiting + cache->in_flight >= cache->max_size - cache->max_size / 8;
}

static void on_readyz(struct evhttp_request *request, void *cookie)
{
    struct collector *collector = ((struct control *)cookie)->collector;
    struct writer_status writer;
    struct cache_stats cache;
    char text[1200];
    writer_status(collector->writer, &writer);
    cache_stats(collector->cache, &cache);
    bool full = nearly_full(&cache);
    snprintf(text, sizeof(text), "database: %s%s%s\ncache: %s\nconfiguration: %s%s\n",
             writer.up ? "ok" : "away", writer.up ? "" : ": ", writer.up ? "" : writer.error,
             full ? "full or nearly so, the oldest records are being lost" : "ok",
             collector->reload_error[0] ? "the last reload was refused: " : "ok",
             collector->reload_error);
    answer_text(request, writer.up && !full ? 200 : 503, text);
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

static struct json_object *status_of(struct collector *collector)
{
    const struct metrics *metrics = &collector->hub.metrics;
    struct json_object *status = json_object_new_object();
    struct writer_status writer;
    struct cache_stats cache;
    writer_status(collector->writer, &writer);
    cache_stats(collector->cache, &cache);
    put_text(status, "version", DTUHUB_VERSION);
    put_text(status, "name", collector->started->server.name);
    put_int(status, "dtu_port", collector->started->server.main_port);
    put_int(status, "started_at", (uint64_t)collector->started_wall_ms);
    put_int(status, "uptime_ms", (uint64_t)(clock_mono_ms() - collector->started_ms));
    put_int(status, "connections", registry_count(&collector->hub.registry));
    put_int(status, "registered", collector->hub.registry.nonline);
    put_int(status, "connections_max", collector->hub.max_connections);
    put_int(status, "cache_records", cache.waiting + cache.in_flight);
    put_int(status, "cache_max", cache.max_size);
    put_int(status, "records_dropped", cache.dropped);
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

static void on_status(struct evhttp_request *request, void *cookie)
{
    struct json_object *status = status_of(((struct control *)cookie)->collector);
    const char *text = json_object_to_json_string_ext(status, JSON_C_TO_STRING_NOSLASHESCAPE);
    answer(request, 200, "application/json", text, strlen(text));
    json_object_put(status);
}

static void on_other(struct evhttp_request *request, void *cookie)
{
    (void)cookie;
    answer_text(request, 404, "there are /metrics, /healthz, /readyz and /status\n");
}

/* A socket file that nobody answers on is left over from a killed collector. */
static int somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static struct evconnlistener *bind_path(struct event_base *base, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        log_error("control", NULL, "server.control_socket %s is longer than %zu bytes", path,
                  sizeof(address.sun_path) - 1);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (somebody_answers(&address)) {
        log_error("control", NULL, "another collector serves %s (server.control_socket)", path);
        return NULL;
    }
    unlink(path);
    mode_t mask = umask(0117);
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
                                (struct sockaddr *)&address, sizeof(address));
    int saved = errno;
    umask(mask);
    if (listener == NULL)
        log_error("control", NULL, "cannot listen on %s: %s (server.control_socket)", path,
                  strerror(saved));
    return listener;
}

struct control *control_open(struct collector *collector, const char *path)
{
    struct evconnlistener *listener = bind_path(collector->base, path);
    if (listener == NULL)
        return NULL;
    struct control *control = xcalloc(1, sizeof(*control));
    control->collector = collector;
    control->path = xstrdup(path);
    control->http = evhttp_new(collector->base);
    evhttp_bind_listener(control->http, listener);
    evhttp_set_allowed_methods(control->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(control->http, 16 * 1024);
    evhttp_set_max_body_size(control->http, 64 * 1024);
    evhttp_set_timeout(control->http, 30);
    evhttp_set_cb(control->http, "/metrics", on_metrics, control);
    evhttp_set_cb(control->http, "/healthz", on_healthz, control);
    evhttp_set_cb(control->http, "/readyz", on_readyz, control);
    evhttp_set_cb(control->http, "/status", on_status, control);
    evhttp_set_gencb(control->http, on_other, control);
    return control;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    evhttp_free(control->http);
    unlink(control->path);
    free(control->path);
    free(control);
}
