/* GET /api/writes?device_id=&limit=: the audit of writes, the newest first. */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/audit.h"
#include "webapp/query/rows.h"

enum outcome api_writes(struct call *call)
{
    MYSQL_RES *rows = audit_writes(&call->worker->db, args_text(&call->args, "device_id"),
                                   args_number(&call->args, "limit"));
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
