/* What most of the API answers: rows of a result as a list of objects, or a value as JSON. */
#ifndef DTUHUB_WEBAPP_API_ANSWER_H
#define DTUHUB_WEBAPP_API_ANSWER_H

#include "webapp/call.h"
#include "webapp/query/rows.h"

/** answer_rows(call, rows, styles): send ${rows} and free them; NULL is OUTCOME_DATABASE.
 * ${styles} as for rows_write_json(). */
enum outcome answer_rows(struct call *call, MYSQL_RES *rows, const struct rows_column *styles);

/** answer_json(call, status, json): send ${json} and free it. */
enum outcome answer_json(struct call *call, int status, struct json_object *json);

/** answer_span(args, out): what "from" and "to" say; valid as long as ${args}. 0, or -1 where it is
 * empty. */
int answer_span(const struct args *args, struct sql_span *out);

#endif
