#include "webapp/pages/parts.h"

#include "shared/base/alloc.h"
#include "webapp/app.h"
#include "webapp/http/moment.h"
#include "webapp/link.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* The history keeps what the collector said, in its log's English: the catalogue knows those
 * phrases. */
char *parts_reason(const struct call *call, const char *details)
{
    const char *found;
    struct json_object *phrases;
    if (!json_object_object_get_ex(view_texts(call->worker->app->view)->catalogues[call->lang],
                                   "reason", &phrases))
        return xstrdup(details);
    json_object_object_foreach(phrases, phrase, text)
    {
        if ((found = strstr(details, phrase)) != NULL)
            return xasprintf("%.*s%s%s", (int)(found - details), details,
                             json_object_get_string(text), found + strlen(phrase));
    }
    return xstrdup(details);
}

struct json_object *parts_connections(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = rows_to_list(rows, call->zone_min);
    mysql_free_result(rows);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        char key[64];
        snprintf(key, sizeof(key), "event.%s", values_get(item, "event"));
        values_text(item, "label", call_text(call, key));
        if (values_get(item, "details") != NULL)
            values_owned(item, "details", parts_reason(call, values_get(item, "details")));
        values_owned(item, "link", link_device("/device", values_get(item, "device_id"), ""));
    }
    return list;
}

void parts_device(struct json_object *item)
{
    const char *id = values_get(item, "device_id");
    const struct link_param query[] = {{"device_id", id}, {NULL, NULL}};
    values_owned(item, "link", link_device("/device", id, ""));
    values_owned(item, "link_data", link_query("/data", query));
    values_owned(item, "link_export", link_query("/export", query));
    values_owned(item, "link_connections", link_query("/connections", query));
    values_flag(item, "online", strcmp(values_get(item, "status"), "online") == 0);
}

struct json_object *parts_choice(const struct call *call, const char *prefix,
                                 const char *const *words, const char *chosen)
{
    struct json_object *list = json_object_new_array();
    for (; *words != NULL; words++) {
        struct json_object *item = json_object_new_object();
        char key[64];
        snprintf(key, sizeof(key), "%s.%s", prefix, *words);
        values_text(item, "value", *words);
        values_text(item, "label", call_text(call, key));
        values_flag(item, "chosen", strcmp(*words, chosen) == 0);
        json_object_array_add(list, item);
    }
    return list;
}

char *parts_duration(const struct call *call, int64_t ms)
{
    static const struct {
        int64_t unit_ms, part_ms;
        const char *key;
    } units[] = {
        {DAY_MS, HOUR_MS, "duration.days"},
        {HOUR_MS, MINUTE_MS, "duration.hours"},
        {MINUTE_MS, 1000, "duration.minutes"},
        {1000, 1, "duration.seconds"},
    };
    size_t i = 0;
    while (i < 3 && ms < units[i].unit_ms)
        i++;
    char n[24], rest[24];
    snprintf(n, sizeof(n), "%lld", (long long)(ms / units[i].unit_ms));
    snprintf(rest, sizeof(rest), "%lld", (long long)(ms % units[i].unit_ms / units[i].part_ms));
    return call_format(call, units[i].key, {"n", n}, {"rest", rest});
}

static void put_field(struct json_object *page, const char *key, int64_t ms, int zone_min)
{
    char text[MOMENT_TEXT_SIZE];
    moment_text(ms, zone_min, text);
    text[10] = 'T';
    text[16] = '\0';
    values_text(page, key, text);
}

void parts_put_range(struct json_object *page, int64_t from_ms, int64_t to_ms, int zone_min)
{
    put_field(page, "from", from_ms, zone_min);
    put_field(page, "to", to_ms, zone_min);
}
