#include "webapp/query/alarms.h"

static void add_state(struct sql *sql, enum alarms_state state)
{
    static const char *const conditions[] = {
        [ALARMS_OPEN] = " AND state IN ('raised', 'acknowledged')",
        [ALARMS_ALL] = "",
        [ALARMS_RAISED] = " AND state = 'raised'",
        [ALARMS_ACKNOWLEDGED] = " AND state = 'acknowledged'",
        [ALARMS_CLEARED] = " AND state = 'cleared'",
    };
    sql_add(sql, conditions[state]);
}

/* An id begins with the time, so the primary key gives the order. */
MYSQL_RES *alarms_list(struct database *db, const struct alarms_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT uid AS id, collector, rule, device_id, point, severity, state, raised, "
                  "acknowledged, cleared, value, message_en, message_zh, actor, comment "
                  "FROM alarms WHERE 1 = 1");
    add_state(&sql, filter->state);
    if (filter->device_id != NULL)
        sql_add(&sql, " AND device_id = ?", SQL_TEXT(filter->device_id));
    if (filter->rule != NULL)
        sql_add(&sql, " AND rule = ?", SQL_TEXT(filter->rule));
    if (filter->severity != NULL)
        sql_add(&sql, " AND severity = ?", SQL_TEXT(filter->severity));
    if (filter->before != NULL)
        sql_add(&sql, " AND uid < CONVERT(? USING ascii)", SQL_TEXT(filter->before));
    sql_add(&sql, " ORDER BY uid DESC LIMIT ?", SQL_INT(filter->limit));
    return database_select(db, &sql);
}
