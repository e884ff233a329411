/* GET /lines: who is missing, and why: expected devices that are not online, strangers, lines that
 * were refused, slaves that do not answer. */
#include "webapp/lines.h"

#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/link.h"
#include "webapp/pages/line_parts.h"
#include "webapp/pages/parts.h"
#include "webapp/query/devices.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 200 }; /* rows of a table */

/* Missing devices */

/* {device_id: item}, the caller's; of ${list} the items with an id. */
static struct json_object *by_id(struct json_object *list)
{
    struct json_object *index = json_object_new_object();
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        const char *id = values_get(item, "device_id");
        if (id != NULL)
            json_object_object_add(index, id, json_object_get(item));
    }
    return index;
}

static struct json_object *find(struct json_object *index, const char *id)
{
    struct json_object *item = NULL;
    json_object_object_get_ex(index, id, &item);
    return item;
}

/* What the database knows of the ${missing}, by id; NULL: it does not answer. */
static struct json_object *known_of(struct call *call, struct json_object *missing)
{
    const char *ids[SHOWN];
    size_t n = 0;
    for (size_t i = 0; n < SHOWN && i < json_object_array_length(missing); i++) {
        const char *id = values_get(json_object_array_get_idx(missing, i), "device_id");
        if (id != NULL)
            ids[n++] = id;
    }
    MYSQL_RES *rows = devices_absent(&call->worker->db, ids, n);
    if (rows == NULL)
        return NULL;
    struct json_object *list = rows_to_list(rows, call->zone_min), *index = by_id(list);
    mysql_free_result(rows);
    json_object_put(list);
    return index;
}

static void put_dial(const struct call *call, struct json_object *item, struct json_object *dial)
{
    static const char *const states[] = {"waiting", "connecting", "online"};
    struct json_object *value = json_object_new_object();
    char key[40], target[160];
    size_t state = 0;
    while (state < 2 && strcmp(line_parts_text(dial, "state"), states[state]) != 0)
        state++;
    snprintf(key, sizeof(key), "lines.dial.%s", states[state]);
    snprintf(target, sizeof(target), "%s:%lld", line_parts_text(dial, "host"),
             (long long)line_parts_number(dial, "port"));
    values_text(value, "target", target);
    values_text(value, "label", call_text(call, key));
    values_text(value, "error", line_parts_text(dial, "error"));
    values_count(value, "failures", line_parts_number(dial, "failures"));
    values_flag(value, "failed", line_parts_number(dial, "failures") > 0);
    line_parts_put_instant(value, call, "next", dial);
    json_object_object_add(item, "dial", value);
}

static int64_t instant_of(struct json_object *row, const char *key)
{
    struct json_object *instant;
    int64_t ms = 0;
    if (row != NULL && json_object_object_get_ex(row, key, &instant) && instant != NULL &&
        moment_parse(values_get(instant, "iso"), 0, &ms) != 0)
        ms = 0;
    return ms;
}

/* The latest thing that is known: a refusal, or how its last line ended. */
static void put_why(const struct call *call, struct json_object *item, struct json_object *device,
                    struct json_object *row, bool dialled)
{
    const char *refusal = values_get(device, "refusal"), *ended = NULL;
    if (row != NULL)
        ended = values_get(row, "ended");
    if (refusal != NULL && line_parts_number(device, "refused_at") < instant_of(row, "last_seen"))
        refusal = NULL;
    if (refusal != NULL) {
        values_owned(item, "refusal", parts_reason(call, refusal));
        line_parts_put_instant(item, call, "refused_at", device);
    } else if (ended != NULL && ended[0] != '\0') {
        values_owned(item, "ended", parts_reason(call, ended));
    }
    values_flag(item, "never", row == NULL && refusal == NULL && !dialled);
}

static struct json_object *missing_value(const struct call *call, struct json_object *device,
                                         struct json_object *row, struct json_object *dial)
{
    struct json_object *item = json_object_new_object(), *last_seen = NULL;
    const char *id = line_parts_text(device, "device_id");
    values_text(item, "device_id", id);
    values_text(item, "name", line_parts_text(device, "name"));
    values_text(item, "profile", line_parts_text(device, "profile"));
    json_object_object_add(item, "link", NULL);
    if (row != NULL) {
        values_owned(item, "link", link_device("/device", id, ""));
        json_object_object_get_ex(row, "last_seen", &last_seen);
    }
    json_object_object_add(item, "last_seen", json_object_get(last_seen));
    if (dial != NULL)
        put_dial(call, item, dial);
    else
        json_object_object_add(item, "dial", NULL);
    put_why(call, item, device, row, dial != NULL);
    return item;
}

/* "missing", {"rows", "more"}; -1: the database does not answer. */
static int put_missing(struct json_object *page, struct call *call, struct json_object *missing)
{
    struct json_object *known = known_of(call, missing), *dials = lines_dials(call);
    struct json_object *rows = json_object_new_array(), *index = by_id(dials);
    json_object_put(dials);
    for (size_t i = 0; known != NULL && i < SHOWN && i < json_object_array_length(missing); i++) {
        struct json_object *device = json_object_array_get_idx(missing, i);
        const char *id = line_parts_text(device, "device_id");
        json_object_array_add(rows, missing_value(call, device, find(known, id), find(index, id)));
    }
    json_object_object_add(page, "missing", rows);
    line_parts_put_more(page, call, "missing_more", json_object_array_length(missing), SHOWN);
    json_object_put(index);
    json_object_put(known);
    return known != NULL ? 0 : -1;
}

/* Dead slaves */

static void add_dead(struct json_object *rows, const struct call *call, struct json_object *line)
{
    struct json_object *slaves = NULL;
    json_object_object_get_ex(line, "slaves", &slaves);
    if (!json_object_is_type(slaves, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(slaves); i++) {
        struct json_object *slave = json_object_array_get_idx(slaves, i);
        if (strcmp(line_parts_text(slave, "state"), "dead") != 0)
            continue;
        struct json_object *item = line_parts_slave(call, slave);
        const char *id = line_parts_text(line, "device_id");
        values_text(item, "device_id", id);
        values_text(item, "device_name", line_parts_text(line, "name"));
        values_text(item, "profile", line_parts_text(line, "profile"));
        values_owned(item, "link", link_device("/device", id, ""));
        json_object_array_add(rows, item);
    }
}

static void put_dead(struct json_object *page, struct call *call)
{
    struct json_object *lines = lines_dead(call), *rows = json_object_new_array();
    for (size_t i = 0; lines != NULL && i < json_object_array_length(lines); i++)
        add_dead(rows, call, json_object_array_get_idx(lines, i));
    json_object_put(lines);
    size_t n = json_object_array_length(rows);
    values_count(page, "dead_n", (int64_t)n);
    values_flag(page, "some_dead", n > 0);
    line_parts_put_more(page, call, "dead_more", n, SHOWN);
    if (n > SHOWN)
        json_object_array_del_idx(rows, SHOWN, n - SHOWN);
    json_object_object_add(page, "dead", rows);
}

static void put_counts(struct json_object *page, size_t missing, int64_t expected)
{
    values_count(page, "missing_n", (int64_t)missing);
    values_count(page, "expected_n", expected);
    values_flag(page, "some_missing", missing > 0);
    values_flag(page, "all_online", missing == 0 && expected > 0);
    values_flag(page, "none_expected", missing == 0 && expected == 0);
}

enum outcome page_lines(struct call *call)
{
    struct json_object *status = collector_client_status(call->worker->collector);
    struct json_object *missing = status != NULL ? lines_missing(call) : NULL;
    struct json_object *page = json_object_new_object();
    int rc = 0;
    values_flag(page, "up", missing != NULL);
    if (missing != NULL) {
        put_counts(page, json_object_array_length(missing),
                   line_parts_number(status, "devices_expected"));
        rc = put_missing(page, call, missing);
        line_parts_put_quarantine(page, call, SHOWN);
        line_parts_put_refusals(page, call, SHOWN);
        put_dead(page, call);
    }
    json_object_put(missing);
    json_object_put(status);
    if (rc == 0)
        return call_page(call, 200, "lines", page);
    json_object_put(page);
    return OUTCOME_DATABASE;
}
