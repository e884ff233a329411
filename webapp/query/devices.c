#include "webapp/query/devices.h"

#include <stdlib.h>
#include <string.h>

static void add_filter(struct sql *sql, const struct devices_filter *filter)
{
    sql_add(sql, " FROM devices WHERE 1 = 1");
    if (filter->status != NULL)
        sql_add(sql, " AND status = ?", SQL_TEXT(filter->status));
    if (filter->profile != NULL)
        sql_add(sql, " AND profile = ?", SQL_TEXT(filter->profile));
    if (filter->search != NULL)
        sql_add(sql,
                " AND (device_id COLLATE utf8mb4_general_ci LIKE ? ESCAPE '|' OR ip_address LIKE ? "
                "ESCAPE '|' OR name COLLATE utf8mb4_general_ci LIKE ? ESCAPE '|' OR tags COLLATE "
                "utf8mb4_general_ci LIKE ? ESCAPE '|')",
                SQL_CONTAINS(filter->search), SQL_CONTAINS(filter->search),
                SQL_CONTAINS(filter->search), SQL_CONTAINS(filter->search));
}

/* Ids are mostly decimal numbers: the shorter one is the smaller one. */
static const char *const orders[][2] = {
    [DEVICES_BY_ID] = {" ORDER BY CHAR_LENGTH(device_id), device_id",
                       " ORDER BY CHAR_LENGTH(device_id) DESC, device_id DESC"},
    [DEVICES_BY_STATUS] = {" ORDER BY status, CHAR_LENGTH(device_id), device_id",
                           " ORDER BY status DESC, CHAR_LENGTH(device_id), device_id"},
    [DEVICES_BY_PROFILE] = {" ORDER BY profile, CHAR_LENGTH(device_id), device_id",
                            " ORDER BY profile DESC, CHAR_LENGTH(device_id), device_id"},
    [DEVICES_BY_ADDRESS] = {" ORDER BY INET6_ATON(ip_address), port, id",
                            " ORDER BY INET6_ATON(ip_address) DESC, port DESC, id"},
    [DEVICES_BY_LAST_SEEN] = {" ORDER BY last_seen, id", " ORDER BY last_seen DESC, id"},
    [DEVICES_BY_FIRST_SEEN] = {" ORDER BY first_seen, id", " ORDER BY first_seen DESC, id"},
};

MYSQL_RES *devices_list(struct database *db, const struct devices_filter *filter)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT id, device_id, profile, ip_address, port, first_seen, last_seen, status, "
                  "name, tags");
    add_filter(&sql, filter);
    sql_add(&sql, orders[filter->order][filter->descending]);
    sql_add(&sql, " LIMIT ? OFFSET ?", SQL_INT(filter->limit), SQL_INT(filter->offset));
    return database_select(db, &sql);
}

/* The first column of the first row, 0 where there is none. */
static int select_number(struct database *db, struct sql *sql, int64_t *number)
{
    MYSQL_RES *rows = database_select(db, sql);
    if (rows == NULL)
        return -1;
    MYSQL_ROW row = mysql_fetch_row(rows);
    *number = row != NULL && row[0] != NULL ? strtoll(row[0], NULL, 10) : 0;
    mysql_free_result(rows);
    return 0;
}

int devices_count(struct database *db, const struct devices_filter *filter, int64_t *total)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT COUNT(*)");
    add_filter(&sql, filter);
    return select_number(db, &sql, total);
}

MYSQL_RES *devices_profiles(struct database *db)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT DISTINCT profile FROM devices ORDER BY profile");
    return database_select(db, &sql);
}

MYSQL_RES *devices_all(struct database *db)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "SELECT id, device_id, ip_address, port, first_seen, last_seen, status FROM "
                  "devices ORDER BY id");
    return database_select(db, &sql);
}

MYSQL_RES *devices_one(struct database *db, const char *device_id)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT id, device_id, profile, ip_address, port, first_seen, last_seen, status, name, "
            "tags FROM devices "
            "WHERE device_id = ?",
            SQL_TEXT(device_id));
    return database_select(db, &sql);
}

MYSQL_RES *devices_absent(struct database *db, const char *const *ids, size_t n)
{
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql,
            "SELECT d.device_id AS device_id, d.last_seen AS last_seen, (SELECT h.details FROM "
            "connection_history h WHERE h.device_id = d.device_id AND h.event = 'disconnect' ORDER "
            "BY h.`timestamp` DESC LIMIT 1) AS ended FROM devices d WHERE d.device_id IN (''");
    for (size_t i = 0; i < n; i++)
        sql_add(&sql, ", ?", SQL_TEXT(ids[i]));
    sql_add(&sql, ")");
    return database_select(db, &sql);
}

int devices_key(struct database *db, const char *device_id, uint32_t *key)
{
    struct sql sql;
    int64_t number;
    sql_init(&sql);
    sql_add(&sql, "SELECT id FROM devices WHERE device_id = ?", SQL_TEXT(device_id));
    if (select_number(db, &sql, &number) != 0)
        return -1;
    *key = (uint32_t)number;
    return 0;
}
