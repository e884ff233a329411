#include "webapp/api/answer.h"

enum outcome answer_rows(struct call *call, MYSQL_RES *rows, const struct rows_column *styles)
{
    if (rows == NULL)
        return OUTCOME_DATABASE;
    struct printbuf *body = printbuf_new();
    rows_write_json(rows, styles, body);
    mysql_free_result(rows);
    return call_json(call, body);
}

int answer_span(const struct args *args, struct sql_span *out)
{
    const struct param_value *from = args_given(args, "from"), *to = args_given(args, "to");
    out->from_ms = from != NULL ? &from->number : NULL;
    out->to_ms = to != NULL ? &to->number : NULL;
    return from != NULL && to != NULL && from->number >= to->number ? -1 : 0;
}
