#include "webapp/pages/device_history.h"

#include "shared/base/alloc.h"
#include "shared/event/kind.h"
#include "webapp/pages/parts.h"
#include "webapp/query/audit.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* The text of ${prefix}.${word}; the word itself where the catalogue has none. */
static const char *label(const struct call *call, const char *prefix, const char *word)
{
    char key[80];
    snprintf(key, sizeof(key), "%s.%s", prefix, word);
    const char *text = call_text(call, key);
    return strcmp(text, key) == 0 ? word : text;
}

/* Of the one table of kinds; the name itself where it is not in there. */
static const char *title_of(const struct call *call, const char *name)
{
    enum event_kind kind = event_kind_find(name);
    const struct event_kind_info *info = event_kind_info(kind);
    if (kind == EVENT_NONE)
        return name;
    return call->lang == LANG_ZH ? info->title_zh : info->title_en;
}

static struct json_object *list_of(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = rows_to_list(rows, call->zone_min);
    mysql_free_result(rows);
    return list;
}

static struct json_object *events_of(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = list_of(call, rows);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        values_text(item, "label", title_of(call, values_get(item, "kind")));
    }
    return list;
}

static struct json_object *writes_of(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = list_of(call, rows);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        const char *result = values_get(item, "result");
        values_owned(item, "place",
                     call_format(call, "write.place", {"slave", values_get(item, "slave")},
                                 {"function", values_get(item, "function")},
                                 {"address", values_get(item, "address")}));
        values_text(item, "label", label(call, "write.results", result));
        values_flag(item, "good", strcmp(result, "written") == 0);
    }
    return list;
}

enum outcome device_history(struct json_object *page, struct call *call, const char *device_id,
                            int64_t most)
{
    const struct events_filter filter = {
        .device_id = device_id, .before_id = INT64_MAX, .limit = most};
    MYSQL_RES *rows = audit_events(&call->worker->db, &filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    bool events = mysql_num_rows(rows) > 0;
    json_object_object_add(page, "events", events_of(call, rows));
    rows = audit_writes(&call->worker->db, device_id, most);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    bool writes = mysql_num_rows(rows) > 0;
    json_object_object_add(page, "writes", writes_of(call, rows));
    values_flag(page, "some_events", events);
    values_flag(page, "some_writes", writes);
    values_flag(page, "some_history", events || writes);
    values_text(page, "history_columns", events && writes ? "1-1" : "1");
    return OUTCOME_DONE;
}
