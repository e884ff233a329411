/* GET /api/devices: every device there is. */
#include "webapp/query/devices.h"

#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/rows.h"

enum outcome api_devices(struct call *call)
{
    MYSQL_RES *rows = devices_all(&call->worker->db);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
