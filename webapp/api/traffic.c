/* GET /api/traffic?minutes=: what came in by the minute: {"columns": [[time], [readings],
 * [heartbeats], [packets]]}. */
#include "webapp/api/series.h"
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/http/moment.h"
#include "webapp/query/stats.h"

enum outcome api_traffic(struct call *call)
{
    int64_t to_ms = call->now_ms - call->now_ms % MINUTE_MS; /* the current minute is not whole */
    int64_t from_ms = to_ms - args_number(&call->args, "minutes") * MINUTE_MS;
    MYSQL_RES *rows = stats_traffic(&call->worker->db, from_ms, to_ms);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    sprintbuf(body, "{\"from\":%lld,\"to\":%lld,\"columns\":", (long long)from_ms,
              (long long)to_ms);
    series_write_columns(rows, body);
    mysql_free_result(rows);
    printbuf_memappend(body, "}", 1);
    return call_json(call, body);
}
