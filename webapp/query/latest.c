#include "webapp/query/latest.h"

#include "webapp/query/readings.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LEAST = 300, TAIL_PER_POINT = 8 };

static struct json_object *find(struct json_object *points, const char *id)
{
    for (size_t i = 0; i < json_object_array_length(points); i++) {
        struct json_object *point = json_object_array_get_idx(points, i);
        if (strcmp(values_get(point, "id"), id) == 0)
            return point;
    }
    return NULL;
}

static void move(struct json_object *from, struct json_object *to, const char *key)
{
    struct json_object *value;
    if (json_object_object_get_ex(from, key, &value) && value != NULL)
        json_object_object_add(to, key, json_object_get(value));
}

/* Rows come newest first: the first one of a point is its latest. Return the oldest row's time,
 * INT64_MAX without rows. */
static int64_t take(struct json_object *points, struct json_object *rows, size_t *missing)
{
    int64_t oldest_ms = INT64_MAX;
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i), *ts;
        struct json_object *point = find(points, values_get(row, "point_id"));
        if (json_object_object_get_ex(row, "ts", &ts))
            moment_parse(values_get(ts, "iso"), 0, &oldest_ms);
        if (point == NULL || json_object_object_get_ex(point, "ts", NULL))
            continue;
        move(row, point, "ts");
        move(row, point, "value");
        move(row, point, "raw");
        move(row, point, "text");
        (*missing)--;
    }
    return oldest_ms;
}

static struct json_object *list_of(MYSQL_RES *rows, int zone_min)
{
    struct json_object *list = NULL;
    if (rows != NULL) {
        list = rows_to_list(rows, zone_min);
        mysql_free_result(rows);
    }
    return list;
}

struct json_object *latest_read(struct database *db, uint32_t device, int zone_min)
{
    struct json_object *points = list_of(readings_points(db, device), zone_min);
    if (points == NULL)
        return NULL;
    size_t missing = json_object_array_length(points);
    int64_t tail = (int64_t)missing * TAIL_PER_POINT;
    struct json_object *rows =
        list_of(readings_tail(db, device, tail > TAIL_LEAST ? tail : TAIL_LEAST), zone_min);
    int64_t oldest_ms = rows != NULL ? take(points, rows, &missing) : INT64_MAX;
    if (rows != NULL && missing > 0 && oldest_ms != INT64_MAX) {
        json_object_put(rows);
        rows = list_of(readings_older(db, device, oldest_ms), zone_min);
        if (rows != NULL)
            take(points, rows, &missing);
    }
    if (rows == NULL) {
        json_object_put(points);
        return NULL;
    }
    json_object_put(rows);
    return points;
}
