/* GET /api/device/{id}/data?limit=: a device's newest readings. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/devices.h"
#include "webapp/query/readings.h"
#include "webapp/query/rows.h"

/* One statement where there are readings; only where there are none it matters why. */
enum outcome api_device_data(struct call *call)
{
    struct database *db = &call->worker->db;
    const char *id = args_text(&call->args, "id");
    uint32_t device = 0;
    MYSQL_RES *rows = readings_recent(db, id, args_number(&call->args, "limit"));
    if (rows == NULL)
        return OUTCOME_DATABASE;
    if (mysql_num_rows(rows) == 0) {
        enum outcome outcome =
            devices_key(db, id, &device) != 0 ? OUTCOME_DATABASE : OUTCOME_NOT_FOUND;
        if (device == 0) {
            mysql_free_result(rows);
            return outcome;
        }
    }
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
