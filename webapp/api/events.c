/* GET /api/events?device_id=&kind=&limit=&before_id=: what happened to devices, the newest first.
 */
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/query/audit.h"
#include "webapp/query/rows.h"

enum outcome api_events(struct call *call)
{
    struct events_filter filter = {
        .device_id = args_text(&call->args, "device_id"),
        .kind = args_text(&call->args, "kind"),
        .before_id = args_number(&call->args, "before_id"),
        .limit = args_number(&call->args, "limit"),
    };
    MYSQL_RES *rows = audit_events(&call->worker->db, &filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, body);
    mysql_free_result(rows);
    return call_json(call, body);
}
