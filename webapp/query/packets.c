#include "webapp/query/packets.h"

MYSQL_RES *packets_list(struct database *db, const struct packets_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(
        &sql,
        "SELECT id, device_id, packet_type, raw_data, `timestamp` FROM raw_packets WHERE 1 = 1");
    if (filter->device_id != NULL)
        sql_add(&sql, " AND device_id = ?", SQL_TEXT(filter->device_id));
    if (filter->type != NULL)
        sql_add(&sql, " AND packet_type = ?", SQL_TEXT(filter->type));
    /* Of one device the index (device_id, timestamp) gives this order, of all the primary key does.
     */
    sql_add(&sql, filter->device_id != NULL ? " ORDER BY `timestamp` DESC, id DESC"
                                            : " ORDER BY id DESC");
    sql_add(&sql, " LIMIT ?", SQL_INT(filter->limit));
    return database_select(db, &sql);
}
