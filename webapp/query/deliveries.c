#include "webapp/query/deliveries.h"

#define COLUMNS                                                                                    \
    "id, uid, collector, target, kind, device_id, `count`, status, attempts, next_try, last_try, " \
    "http_status, error, `timestamp`"

MYSQL_RES *deliveries_list(struct database *db, const struct deliveries_filter *filter)
{
    const struct {
        const char *condition, *text;
    } texts[] = {
        {" AND target = ?", filter->target},
        {" AND status = ?", filter->status},
        {" AND device_id = ?", filter->device_id},
        {" AND kind = ?", filter->kind},
    };
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT " COLUMNS " FROM webhook_deliveries WHERE id < ?",
            SQL_INT(filter->before_id));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i].text != NULL)
            sql_add(&sql, texts[i].condition, SQL_TEXT(texts[i].text));
    }
    sql_add_span(&sql, "`timestamp`", &filter->time);
    sql_add(&sql, " ORDER BY id DESC LIMIT ?", SQL_INT(filter->limit));
    return database_select(db, &sql);
}

MYSQL_RES *deliveries_one(struct database *db, int64_t id)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT " COLUMNS ", events FROM webhook_deliveries WHERE id = ?", SQL_INT(id));
    return database_select(db, &sql);
}

int deliveries_known(struct database *db, int64_t id, bool *known)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT 1 FROM webhook_deliveries WHERE id = ?", SQL_INT(id));
    MYSQL_RES *rows = database_select(db, &sql);
    if (rows == NULL)
        return -1;
    *known = mysql_num_rows(rows) > 0;
    mysql_free_result(rows);
    return 0;
}

MYSQL_RES *deliveries_tries(struct database *db, int64_t id)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT id, `timestamp`, took_ms, http_status, error, request, answer "
            "FROM webhook_tries WHERE delivery = ? ORDER BY id LIMIT ?",
            SQL_INT(id), SQL_INT(DELIVERY_TRIES_MAX));
    return database_select(db, &sql);
}
