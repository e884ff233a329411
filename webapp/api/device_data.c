/* GET /api/device/{id}/data?limit=: a device's newest readings. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"
#include "webapp/query/rows.h"

enum outcome api_device_data(struct call *call)
{
    struct database *db = &call->worker->db;
    uint32_t device;
    if (devices_key(db, args_text(&call->args, "id"), &device) != 0)
        return OUTCOME_DATABASE;
    if (device == 0)
        return OUTCOME_NOT_FOUND;
    MYSQL_RES *rows = readings_recent(db, device, args_number(&call->args, "limit"));
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
