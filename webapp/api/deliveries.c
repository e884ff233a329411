/* GET /api/deliveries?target=&status=&device_id=&kind=&from=&to=&limit=&before_id=: the outbox of
 * webhooks, the newest first; GET /api/deliveries/{id}: one of it, with its events and tries. */
#include "webapp/query/deliveries.h"

#include "webapp/api/answer.h"
#include "webapp/handlers.h"

enum outcome api_deliveries(struct call *call)
{
    struct deliveries_filter filter = {
        .target = args_text(&call->args, "target"),
        .status = args_text(&call->args, "status"),
        .device_id = args_text(&call->args, "device_id"),
        .kind = args_text(&call->args, "kind"),
        .before_id = args_number(&call->args, "before_id"),
        .limit = args_number(&call->args, "limit"),
    };
    if (answer_span(&call->args, &filter.time) != 0)
        return call_bad_param(call, "from", PARAM_EMPTY_RANGE);
    return answer_rows(call, deliveries_list(&call->worker->db, &filter), NULL);
}

static void write_tries(MYSQL_RES *tries, struct printbuf *body)
{
    static const struct rows_column styles[] = {{"answer", ROWS_PRINTABLE}, {NULL, 0}};
    sprintbuf(body, ",\"tries\":");
    rows_write_json(tries, styles, body);
}

static enum outcome write_delivery(struct call *call, MYSQL_RES *rows, struct printbuf *body)
{
    static const struct rows_column styles[] = {{"events", ROWS_JSON}, {NULL, 0}};
    sprintbuf(body, "{");
    if (rows_write_members(rows, styles, body) != 0)
        return OUTCOME_NOT_FOUND;
    MYSQL_RES *tries = deliveries_tries(&call->worker->db, args_number(&call->args, "id"));
    if (tries == NULL)
        return OUTCOME_DATABASE;
    write_tries(tries, body);
    mysql_free_result(tries);
    sprintbuf(body, "}");
    return OUTCOME_DONE;
}

enum outcome api_delivery(struct call *call)
{
    MYSQL_RES *rows = deliveries_one(&call->worker->db, args_number(&call->args, "id"));
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    enum outcome outcome = write_delivery(call, rows, body);
    mysql_free_result(rows);
    if (outcome == OUTCOME_DONE)
        return call_json(call, body);
    printbuf_free(body);
    return outcome;
}
