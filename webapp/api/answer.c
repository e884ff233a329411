#include "webapp/api/answer.h"

#include <json-c/json.h>

enum outcome answer_rows(struct call *call, MYSQL_RES *rows, const struct rows_column *styles)
{
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, styles, body);
    mysql_free_result(rows);
    return call_json(call, body);
}

enum outcome answer_json(struct call *call, int status, struct json_object *json)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        json, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    response_header(call->response, "Cache-Control", "no-store");
    response_send(call->response, status, "application/json", text, len);
    json_object_put(json);
    return OUTCOME_DONE;
}

int answer_span(const struct args *args, struct sql_span *out)
{
    const struct param_value *from = args_given(args, "from"), *to = args_given(args, "to");
    out->from_ms = from != NULL ? &from->number : NULL;
    out->to_ms = to != NULL ? &to->number : NULL;
    return from != NULL && to != NULL && from->number >= to->number ? -1 : 0;
}
