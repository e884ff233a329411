/* GET /healthz: 200 where the database answers and its schema fits. */
#include "webapp/call.h"
#include "webapp/handlers.h"

enum outcome api_health(struct call *call)
{
    if (database_ready(&call->worker->db) != 0)
        return OUTCOME_DATABASE;
    if (mysql_ping(call->worker->db.conn) != 0) {
        database_close(&call->worker->db);
        if (database_ready(&call->worker->db) != 0)
            return OUTCOME_DATABASE;
    }
    struct printbuf *body = printbuf_new();
    sprintbuf(body, "{\"status\":\"ok\"}");
    return call_json(call, body);
}
