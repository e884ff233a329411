#include "webapp/query/connections.h"

MYSQL_RES *connections_list(struct database *db, const struct connections_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT h.id AS id, h.device_id AS device_id, event, `timestamp`, details, d.name AS "
            "name FROM "
            "connection_history h LEFT JOIN devices d ON d.device_id = h.device_id WHERE 1 = 1");
    if (filter->device_id != NULL)
        sql_add(&sql, " AND h.device_id = ?", SQL_TEXT(filter->device_id));
    if (filter->event != NULL)
        sql_add(&sql, " AND event = ?", SQL_TEXT(filter->event));
    if (filter->before_ms != NULL)
        sql_add(&sql, " AND `timestamp` <= ? AND (`timestamp` < ? OR h.id < ?)",
                SQL_TIME(*filter->before_ms), SQL_TIME(*filter->before_ms),
                SQL_INT(filter->before_id));
    sql_add(&sql, " ORDER BY `timestamp` DESC, h.id DESC LIMIT ?", SQL_INT(filter->limit));
    return database_select(db, &sql);
}
