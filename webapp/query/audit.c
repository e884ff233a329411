#include "webapp/query/audit.h"

MYSQL_RES *audit_events(struct database *db, const struct events_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT id, kind, device_id, `timestamp`, details, uid, severity, data FROM events "
            "WHERE id < ?",
            SQL_INT(filter->before_id));
    if (filter->device_id != NULL)
        sql_add(&sql, " AND device_id = ?", SQL_TEXT(filter->device_id));
    if (filter->kind != NULL)
        sql_add(&sql, " AND kind = ?", SQL_TEXT(filter->kind));
    if (filter->severity != NULL)
        sql_add(&sql, " AND severity = ?", SQL_TEXT(filter->severity));
    sql_add_span(&sql, "`timestamp`", &filter->time);
    sql_add(&sql, " ORDER BY id DESC LIMIT ?", SQL_INT(filter->limit));
    return database_select(db, &sql);
}

MYSQL_RES *audit_writes(struct database *db, const char *device_id, int64_t limit)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT id, `timestamp`, device_id, point, slave, `function`, address, `count`, "
                  "value, actor, result, details FROM write_log WHERE 1 = 1");
    if (device_id != NULL)
        sql_add(&sql, " AND device_id = ?", SQL_TEXT(device_id));
    sql_add(&sql, " ORDER BY id DESC LIMIT ?", SQL_INT(limit));
    return database_select(db, &sql);
}
