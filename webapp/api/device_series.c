/*
 * GET /api/device/{id}/series?point=&from=&to=: a point's curve, by value where they are few, else
 * in buckets with average, least and greatest: {"bucket_ms", "from", "to", "columns"}.
 */
#include "webapp/api/series.h"
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"

#include <stdlib.h>
#include <string.h>

/* The number of the device's point of that name, 0 where there is none. */
static int point_key(struct database *db, uint32_t device, const char *name, uint32_t *key)
{
    MYSQL_RES *rows = readings_points(db, device);
    if (rows == NULL)
        return -1;
    *key = 0;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        if (strcmp(row[1], name) == 0)
            *key = (uint32_t)strtoul(row[0], NULL, 10);
    }
    mysql_free_result(rows);
    return 0;
}

static enum outcome send_series(struct call *call, struct readings_series *series)
{
    struct database *db = &call->worker->db;
    MYSQL_RES *rows = readings_series(db, series);
    if (rows != NULL && mysql_num_rows(rows) > READINGS_SERIES_MAX) {
        mysql_free_result(rows);
        series->bucket_ms = readings_bucket(&series->range);
        rows = readings_series(db, series);
    }
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    sprintbuf(body, "{\"bucket_ms\":%lld,\"from\":%lld,\"to\":%lld,\"columns\":",
              (long long)series->bucket_ms, (long long)series->range.from_ms,
              (long long)series->range.to_ms);
    series_write_columns(rows, body);
    mysql_free_result(rows);
    printbuf_memappend(body, "}", 1);
    return call_json(call, body);
}

enum outcome api_device_series(struct call *call)
{
    struct database *db = &call->worker->db;
    struct readings_series series = {0};
    const struct param_value *from = args_given(&call->args, "from"),
                             *to = args_given(&call->args, "to");
    if (moment_range(from != NULL ? &from->number : NULL, to != NULL ? &to->number : NULL,
                     call->now_ms, HOUR_MS, &series.range) != 0)
        return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
    if (devices_key(db, args_text(&call->args, "id"), &series.device) != 0)
        return OUTCOME_DATABASE;
    if (series.device == 0)
        return OUTCOME_NOT_FOUND;
    if (point_key(db, series.device, args_text(&call->args, "point"), &series.point) != 0)
        return OUTCOME_DATABASE;
    return series.point == 0 ? OUTCOME_NOT_FOUND : send_series(call, &series);
}
