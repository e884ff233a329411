/* GET /api/raw_packets?device_id=&limit=: the newest packets as they were received. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/packets.h"
#include "webapp/query/rows.h"

enum outcome api_raw_packets(struct call *call)
{
    struct packets_filter filter = {
        .device_id = args_text(&call->args, "device_id"),
        .limit = args_number(&call->args, "limit"),
    };
    MYSQL_RES *rows = packets_list(&call->worker->db, &filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
