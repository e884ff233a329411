#include "webapp/lines.h"

#include "webapp/link.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* Of the type that is expected: what else comes is as good as no answer. */
static struct json_object *get(struct call *call, const char *path, enum json_type type, long *code)
{
    struct json_object *json = collector_client_get(call->worker->collector, path, code);
    if (json != NULL && json_object_is_type(json, type))
        return json;
    json_object_put(json);
    return NULL;
}

static struct json_object *get_list(struct call *call, const char *path)
{
    long code;
    return get(call, path, json_type_array, &code);
}

struct json_object *lines_all(struct call *call)
{
    return get_list(call, "/lines");
}

struct json_object *lines_dead(struct call *call)
{
    return get_list(call, "/lines?slaves=dead");
}

struct json_object *lines_quarantine(struct call *call)
{
    return get_list(call, "/quarantine");
}

struct json_object *lines_refusals(struct call *call)
{
    return get_list(call, "/refusals");
}

struct json_object *lines_dials(struct call *call)
{
    return get_list(call, "/dials");
}

struct json_object *lines_expected(struct call *call)
{
    return get_list(call, "/expected");
}

struct json_object *lines_missing(struct call *call)
{
    return get_list(call, "/expected?online=no");
}

struct json_object *lines_one(struct call *call, const char *device_id, bool *answered)
{
    const struct link_param params[] = {{"device", device_id}, {NULL, NULL}};
    char *path = link_query("/line", params);
    long code;
    struct json_object *line = get(call, path, json_type_object, &code);
    *answered = line != NULL || code == 404;
    free(path);
    return line;
}

static void publish_instants(struct json_object *object)
{
    static const char *const keys[] = {"since",      "seen_at",    "answered_at",
                                       "first_seen", "last_seen",  "first_at",
                                       "last_at",    "refused_at", "next"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        struct json_object *value;
        char text[CLOCK_ISO_SIZE];
        if (!json_object_object_get_ex(object, keys[i], &value) ||
            !json_object_is_type(value, json_type_int))
            continue;
        clock_iso(json_object_get_int64(value), text);
        json_object_object_add(object, keys[i], json_object_new_string(text));
    }
}

void lines_publish(struct json_object *json)
{
    struct json_object *slaves;
    if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(json); i++)
            lines_publish(json_object_array_get_idx(json, i));
    } else if (json_object_is_type(json, json_type_object)) {
        publish_instants(json);
        if (json_object_object_get_ex(json, "slaves", &slaves))
            lines_publish(slaves);
    }
}
