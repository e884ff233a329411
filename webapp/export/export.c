/*
 * GET /export: readings as CSV, each row sent on as the server hands it out, in constant memory.
 * Devices one after the other, each in order of time, as the table lies: no sort, no join; names
 * are looked up here.
 */
#include "shared/base/log.h"
#include "webapp/call.h"
#include "webapp/export/csv.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"
#include "webapp/query/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 * 1024, POINTS = 65536, NUMBER_ROOM = 32 };

enum { COLUMN_POINT, COLUMN_VALUE, COLUMN_RAW, COLUMN_TIME };

/* A cell made once and written many times. */
struct cell {
    char *text; /* with the comma behind it */
    size_t len;
};

struct export_device {
    uint32_t key;
    struct cell cell;
};

struct export
{
    struct call *call;
    struct moment_range range;
    struct export_device *devices;
    size_t ndevices;
    struct cell *points; /* by id, POINTS of them */
    size_t widest;       /* longest row there can be */
    char *chunk;
    size_t used, room;
};

static struct cell cell_of(struct export *export, const char *text)
{
    struct printbuf *out = printbuf_new();
    csv_text_cell(text, out);
    printbuf_memappend(out, ",", 1);
    struct cell cell = {strdup(out->buf), (size_t)out->bpos};
    printbuf_free(out);
    if (cell.text == NULL)
        abort();
    if (cell.len > export->widest)
        export->widest = cell.len;
    return cell;
}

static void add_device(struct export *export, uint32_t key, const char *device_id)
{
    export->devices = realloc(export->devices, (export->ndevices + 1) * sizeof(*export->devices));
    if (export->devices == NULL)
        abort();
    export->devices[export->ndevices++] = (struct export_device){key, cell_of(export, device_id)};
}

static enum outcome choose_all(struct export *export)
{
    MYSQL_RES *rows = devices_all(&export->call->worker->db);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        add_device(export, (uint32_t)strtoul(row[0], NULL, 10), row[1]);
    mysql_free_result(rows);
    return OUTCOME_DONE;
}

static enum outcome choose_devices(struct export *export)
{
    const struct args *args = &export->call->args;
    const struct param_rule *rule = param_rule_of(args->rules, "device_id");
    bool named = false;
    for (size_t i = 0; i < args->count; i++) {
        uint32_t key;
        if (args->values[i].rule != rule)
            continue;
        named = true;
        if (devices_key(&export->call->worker->db, args->values[i].text, &key) != 0)
            return OUTCOME_DATABASE;
        if (key == 0)
            return OUTCOME_NOT_FOUND;
        add_device(export, key, args->values[i].text);
    }
    return named ? OUTCOME_DONE : choose_all(export);
}

static enum outcome name_points(struct export *export)
{
    MYSQL_RES *rows = readings_all_points(&export->call->worker->db);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    export->points = calloc(POINTS, sizeof(*export->points));
    if (export->points == NULL)
        abort();
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
        export->points[strtoul(row[0], NULL, 10) % POINTS] = cell_of(export, row[1]);
    mysql_free_result(rows);
    return OUTCOME_DONE;
}

static int flush(struct export *export)
{
    int rc = response_write(export->call->response, export->chunk, export->used);
    export->used = 0;
    return rc;
}

static void put(struct export *export, const char *text, size_t len)
{
    memcpy(export->chunk + export->used, text, len);
    export->used += len;
}

/* A point that was configured while the export runs has no name here yet: its cell stays empty. */
static void put_row(struct export *export, const struct cell *device, MYSQL_ROW row,
                    const unsigned long *lengths)
{
    const struct cell *point = &export->points[strtoul(row[COLUMN_POINT], NULL, 10) % POINTS];
    char iso[CLOCK_ISO_SIZE];
    put(export, device->text, device->len);
    if (point->text != NULL)
        put(export, point->text, point->len);
    else
        put(export, ",", 1);
    if (row[COLUMN_VALUE] != NULL)
        put(export, row[COLUMN_VALUE], lengths[COLUMN_VALUE]);
    put(export, ",", 1);
    if (row[COLUMN_RAW] != NULL)
        put(export, row[COLUMN_RAW], lengths[COLUMN_RAW]);
    put(export, ",", 1);
    put(export, rows_instant(row[COLUMN_TIME], lengths[COLUMN_TIME], iso), CLOCK_ISO_SIZE - 1);
    put(export, "\r\n", 2);
}

static int send_device(struct export *export, const struct export_device *device)
{
    struct database *db = &export->call->worker->db;
    MYSQL_RES *rows = readings_stream(db, device->key, &export->range);
    int rc = 0;
    if (rows == NULL)
        return -1;
    for (MYSQL_ROW row; rc == 0 && (row = mysql_fetch_row(rows)) != NULL;) {
        put_row(export, &device->cell, row, mysql_fetch_lengths(rows));
        if (export->used >= CHUNK)
            rc = flush(export);
    }
    if (database_stream_end(db, rows) != 0)
        rc = -1;
    return rc;
}

static void head(struct export *export)
{
    struct response *response = export->call->response;
    static const char columns[] = "device_id,data_point,value,raw_value,timestamp\r\n";
    char name[96], day[MOMENT_TEXT_SIZE];
    moment_text(export->range.from_ms, export->call->zone_min, day);
    snprintf(name, sizeof(name), "attachment; filename=\"readings-%.10s.csv\"", day);
    response_header(response, "Content-Disposition", name);
    response_header(response, "Cache-Control", "no-store");
    response_begin(response, 200, "text/csv; charset=utf-8; header=present");
    if (args_number(&export->call->args, "bom") == 1)
        response_write(response, CSV_BOM, strlen(CSV_BOM));
    response_write(response, columns, strlen(columns));
    response_flush(response);
}

static enum outcome send_all(struct export *export)
{
    /* Room for the chunk and one more row: a row is two cells, three numbers or times, and marks.
     */
    export->room = CHUNK + 2 * export->widest + 4 * NUMBER_ROOM;
    export->chunk = malloc(export->room);
    if (export->chunk == NULL)
        return OUTCOME_INTERNAL;
    head(export);
    if (export->call->response->without_body)
        return OUTCOME_DONE;
    for (size_t i = 0; i < export->ndevices; i++) {
        if (send_device(export, &export->devices[i]) != 0) {
            log_warn("export", NULL, "broke off: %s",
                     export->call->response->broken ? "the client is gone"
                                                    : export->call->worker->db.error);
            return OUTCOME_DATABASE;
        }
    }
    return flush(export) == 0 ? OUTCOME_DONE : OUTCOME_INTERNAL;
}

static void release(struct export *export)
{
    for (size_t i = 0; i < export->ndevices; i++)
        free(export->devices[i].cell.text);
    for (size_t i = 0; export->points != NULL && i < POINTS; i++)
        free(export->points[i].text);
    free(export->devices);
    free(export->points);
    free(export->chunk);
}

enum outcome export_csv(struct call *call)
{
    struct export export = {.call = call};
    const struct param_value *from = args_given(&call->args, "from"),
                             *to = args_given(&call->args, "to");
    sem_t *slots = call->worker->app->exports;
    if (moment_range(from != NULL ? &from->number : NULL, to != NULL ? &to->number : NULL,
                     call->now_ms, DAY_MS, &export.range) != 0)
        return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
    if (sem_trywait(slots) != 0)
        return OUTCOME_BUSY;
    enum outcome outcome = choose_devices(&export);
    if (outcome == OUTCOME_DONE)
        outcome = name_points(&export);
    if (outcome == OUTCOME_DONE)
        outcome = send_all(&export);
    release(&export);
    sem_post(slots);
    return outcome;
}
