#include "collector/events/live.h"

#include "collector/events/live_ring.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    BEHIND_MOST = 1 << 20,           /* bytes that a viewer may leave unread */
    CATCH_UP_MOST = BEHIND_MOST / 2, /* of what was missed */
    BEAT_S = 15,                     /* something is sent this often, so that dead viewers show */
    VIEWER_TIMEOUT_S = 60,           /* nothing could be written for so long */
};

/* A device that somebody watches, and what came of it since the last flush. */
struct watched {
    char *id;
    size_t viewers;
    struct json_object *values; /* NULL: nothing came */
    int64_t ts_ms;
    char *text; /* while it is sent */
};

struct viewer {
    LIST_ENTRY(viewer) link;
    struct live *live;
    struct evhttp_request *request;
    uint64_t kinds; /* set of event_kind_mask() */
    struct watched **watched;
    size_t nwatched;
};

struct live {
    struct event_base *base;
    char *collector;
    struct live_ring *ring;
    struct lh_table *watched; /* by id */
    bool wants_answers;       /* somebody watches a device */
    struct event *second;
    unsigned beats; /* seconds until the next */
    LIST_HEAD(viewer_list, viewer) viewers;
    size_t nviewers;
};

/* Viewers */

static void unwatch(struct live *live, struct watched *watched)
{
    if (--watched->viewers > 0)
        return;
    lh_table_delete(live->watched, watched->id);
    json_object_put(watched->values);
    free(watched->id);
    free(watched);
    live->wants_answers = lh_table_length(live->watched) > 0;
}

static void free_viewer(struct viewer *viewer)
{
    struct live *live = viewer->live;
    LIST_REMOVE(viewer, link);
    live->nviewers--;
    for (size_t i = 0; i < viewer->nwatched; i++)
        unwatch(live, viewer->watched[i]);
    free(viewer->watched);
    free(viewer);
}

/* A request that is still being answered when its connection breaks is taken off it, and left to
 * us: ending the answer frees it. */
static void on_closed(struct evhttp_connection *connection, void *cookie)
{
    struct viewer *viewer = cookie;
    (void)connection;
    if (evhttp_request_get_connection(viewer->request) == NULL)
        evhttp_send_reply_end(viewer->request);
    free_viewer(viewer);
}

static void hang_up(struct viewer *viewer)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(viewer->request);
    evhttp_connection_set_closecb(connection, NULL, NULL);
    free_viewer(viewer);
    evhttp_connection_free(connection);
}

/* How much of what was sent still waits for the viewer. */
static size_t left_unread(const struct viewer *viewer)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(viewer->request);
    return evbuffer_get_length(
        bufferevent_get_output(evhttp_connection_get_bufferevent(connection)));
}

static void put_text(struct viewer *viewer, const char *text, size_t size)
{
    struct evbuffer *buffer = evbuffer_new();
    evbuffer_add(buffer, text, size);
    evhttp_send_reply_chunk(viewer->request, buffer);
    evbuffer_free(buffer);
}

/* False where the viewer did not read, and is gone. */
static bool send_text(struct viewer *viewer, const char *text, size_t size)
{
    if (left_unread(viewer) > BEHIND_MOST) {
        hang_up(viewer);
        return false;
    }
    put_text(viewer, text, size);
    return true;
}

/* Events */

static bool wants(const struct viewer *viewer, enum event_kind kind)
{
    return viewer->kinds & event_kind_mask(kind);
}

static void on_event(void *cookie, const struct bus_event *event)
{
    struct live *live = cookie;
    struct viewer *viewer, *next;
    struct json_object *json = event_json(event, live->collector);
    const struct live_entry *entry =
        live_ring_add(live->ring, event->kind,
                      json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    for (viewer = LIST_FIRST(&live->viewers); viewer != NULL; viewer = next) {
        next = LIST_NEXT(viewer, link);
        if (wants(viewer, event->kind))
            send_text(viewer, entry->text, entry->size);
    }
    json_object_put(json);
}

/* Values */

static struct json_object *value_json(const struct event_reading *reading)
{
    const struct reg_value *value = reading->value;
    struct json_object *out = json_object_new_object();
    json_object_object_add(out, "value",
                           value->text[0] != '\0' ? json_object_new_string(value->text)
                           : value->has_number    ? json_object_new_double(value->number)
                                                  : NULL);
    if (reading->point->unit[0] != '\0')
        json_object_object_add(out, "unit", json_object_new_string(reading->point->unit));
    return out;
}

static void on_answer(void *cookie, const struct event_answer *answer)
{
    struct live *live = cookie;
    void *found;
    if (!lh_table_lookup_ex(live->watched, answer->device->id, &found))
        return;
    struct watched *watched = found;
    if (watched->values == NULL)
        watched->values = json_object_new_object();
    for (size_t i = 0; i < answer->count; i++)
        json_object_object_add(watched->values, answer->readings[i].point->name,
                               value_json(&answer->readings[i]));
    watched->ts_ms = answer->ts_ms;
}

static char *values_text(struct watched *watched)
{
    char time[CLOCK_ISO_SIZE];
    struct json_object *out = json_object_new_object();
    json_object_object_add(out, "device_id", json_object_new_string(watched->id));
    json_object_object_add(out, "time", json_object_new_string(clock_iso(watched->ts_ms, time)));
    json_object_object_add(out, "values", watched->values);
    watched->values = NULL;
    char *text = xasprintf("event: values\ndata: %s\n\n",
                           json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(out);
    return text;
}

static void make_texts(struct live *live)
{
    struct lh_entry *entry;
    lh_foreach(live->watched, entry)
    {
        struct watched *watched = (void *)lh_entry_v(entry);
        watched->text = watched->values != NULL ? values_text(watched) : NULL;
    }
}

static void free_texts(struct live *live)
{
    struct lh_entry *entry;
    lh_foreach(live->watched, entry)
    {
        struct watched *watched = (void *)lh_entry_v(entry);
        free(watched->text);
        watched->text = NULL;
    }
}

static void send_values(struct viewer *viewer)
{
    for (size_t i = 0; i < viewer->nwatched; i++) {
        const char *text = viewer->watched[i]->text;
        if (text != NULL && !send_text(viewer, text, strlen(text)))
            return;
    }
}

static void on_second(evutil_socket_t fd, short what, void *cookie)
{
    static const char beat[] = ": beat\n\n";
    struct live *live = cookie;
    struct viewer *viewer, *next;
    (void)fd, (void)what;
    bool beats = live->beats == 0;
    live->beats = beats ? BEAT_S - 1 : live->beats - 1;
    make_texts(live);
    for (viewer = LIST_FIRST(&live->viewers); viewer != NULL; viewer = next) {
        next = LIST_NEXT(viewer, link);
        if (!beats || send_text(viewer, beat, sizeof(beat) - 1))
            send_values(viewer);
    }
    free_texts(live);
}

/* A new viewer */

static void watch(struct viewer *viewer, const char *id, size_t size)
{
    struct live *live = viewer->live;
    char *key = xstrndup(id, size);
    void *found;
    struct watched *watched;
    if (lh_table_lookup_ex(live->watched, key, &found)) {
        watched = found;
        free(key);
    } else {
        watched = xcalloc(1, sizeof(*watched));
        watched->id = key;
        lh_table_insert(live->watched, watched->id, watched);
        live->wants_answers = true;
    }
    watched->viewers++;
    viewer->watched =
        xreallocarray(viewer->watched, viewer->nwatched + 1, sizeof(struct watched *));
    viewer->watched[viewer->nwatched++] = watched;
}

static void watch_all(struct viewer *viewer, const char *ids)
{
    while (ids != NULL && ids[0] != '\0' && viewer->nwatched < LIVE_DEVICES_MOST) {
        size_t size = strcspn(ids, ",");
        if (size > 0)
            watch(viewer, ids, size);
        ids += size + (ids[size] == ',');
    }
}

static uint64_t kinds_of(const char *names)
{
    uint64_t kinds = 0;
    if (names == NULL)
        return UINT64_MAX;
    while (names[0] != '\0') {
        char name[64];
        size_t size = strcspn(names, ",");
        snprintf(name, sizeof(name), "%.*s", (int)size, names);
        enum event_kind kind = event_kind_find(name);
        kinds |= kind != EVENT_NONE ? event_kind_mask(kind) : 0;
        names += size + (names[size] == ',');
    }
    return kinds;
}

/* What was missed behind ${at}: 0, or -1 where it is too much. */
static int collect(const struct viewer *viewer, uint64_t at, struct evbuffer *out)
{
    const struct live_entry *entry;
    while ((entry = live_ring_next(viewer->live->ring, &at)) != NULL) {
        if (wants(viewer, entry->kind))
            evbuffer_add(out, entry->text, entry->size);
        if (evbuffer_get_length(out) > CATCH_UP_MOST)
            return -1;
    }
    return 0;
}

static void catch_up(struct viewer *viewer, const char *last_id)
{
    static const char reset[] = "event: reset\ndata: {}\n\n";
    uint64_t at;
    struct evbuffer *missed = evbuffer_new();
    if (live_ring_find(viewer->live->ring, last_id, &at) != 0 || collect(viewer, at, missed) != 0)
        put_text(viewer, reset, sizeof(reset) - 1);
    else if (evbuffer_get_length(missed) > 0)
        evhttp_send_reply_chunk(viewer->request, missed);
    evbuffer_free(missed);
}

static void greet(struct viewer *viewer, const char *last_id)
{
    struct live *live = viewer->live;
    struct json_object *hello = json_object_new_object();
    char *id = live_ring_last_id(live->ring), *text;
    json_object_object_add(hello, "collector", json_object_new_string(live->collector));
    text = xasprintf("retry: 3000\nid: %s\nevent: hello\ndata: %s\n\n", id,
                     json_object_to_json_string_ext(hello, JSON_C_TO_STRING_PLAIN));
    /* What was missed goes first: its ids are older than that of the greeting. */
    if (last_id != NULL && last_id[0] != '\0')
        catch_up(viewer, last_id);
    put_text(viewer, text, strlen(text));
    json_object_put(hello);
    free(id);
    free(text);
}

static void set_headers(struct evhttp_request *request)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Content-Type", "text/event-stream; charset=utf-8");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Accel-Buffering", "no");
}

void live_serve(struct live *live, struct evhttp_request *request)
{
    struct evkeyvalq query;
    const char *text = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
    const char *last_id =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Last-Event-ID");
    if (live->nviewers >= LIVE_VIEWERS_MOST) {
        evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
        return;
    }
    struct viewer *viewer = xcalloc(1, sizeof(*viewer));
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    evhttp_parse_query_str(text != NULL ? text : "", &query);
    viewer->live = live;
    viewer->request = request;
    viewer->kinds = kinds_of(evhttp_find_header(&query, "kinds"));
    LIST_INSERT_HEAD(&live->viewers, viewer, link);
    live->nviewers++;
    watch_all(viewer, evhttp_find_header(&query, "devices"));
    set_headers(request);
    evhttp_connection_set_timeout(connection, VIEWER_TIMEOUT_S);
    evhttp_connection_set_closecb(connection, on_closed, viewer);
    evhttp_send_reply_start(request, HTTP_OK, "OK");
    greet(viewer, last_id != NULL ? last_id : evhttp_find_header(&query, "last_event_id"));
    evhttp_clear_headers(&query);
}

size_t live_viewers(const struct live *live)
{
    return live->nviewers;
}

/* Start and end */

struct live *live_new(struct event_base *base, struct bus *bus, const char *collector)
{
    static const struct timeval second = {.tv_sec = 1};
    struct live *live = xcalloc(1, sizeof(*live));
    live->base = base;
    live->collector = xstrdup(collector);
    live->ring = live_ring_new(LIVE_KEPT, clock_wall_ms());
    live->watched = lh_kchar_table_new(64, NULL);
    LIST_INIT(&live->viewers);
    live->second = event_new(base, -1, EV_PERSIST, on_second, live);
    event_add(live->second, &second);
    bus_listen(bus, &(struct bus_listener){.event = on_event,
                                           .answer = on_answer,
                                           .wants_answers = &live->wants_answers,
                                           .cookie = live});
    return live;
}

void live_free(struct live *live)
{
    if (live == NULL)
        return;
    while (!LIST_EMPTY(&live->viewers))
        hang_up(LIST_FIRST(&live->viewers));
    event_free(live->second);
    lh_table_free(live->watched);
    live_ring_free(live->ring);
    free(live->collector);
    free(live);
}
