/* Alarms, open and past. Results are freed with mysql_free_result(); NULL: db->error says why. */
#ifndef DTUHUB_WEBAPP_QUERY_ALARMS_H
#define DTUHUB_WEBAPP_QUERY_ALARMS_H

#include "webapp/query/database.h"

/** What alarms_filter.state counts on, in order. */
enum alarms_state { ALARMS_OPEN, ALARMS_ALL, ALARMS_RAISED, ALARMS_ACKNOWLEDGED, ALARMS_CLEARED };

struct alarms_filter {
    enum alarms_state state;                 /* open: raised or acknowledged */
    const char *device_id, *rule, *severity; /* NULL: all */
    const char *before; /* only what is older than the alarm of that id; NULL */
    int64_t limit;
};

/** alarms_list(db, filter): the newest first: id, collector, rule, device_id, point, severity,
 * state, raised, acknowledged, cleared, value, message_en, message_zh, actor, comment. */
MYSQL_RES *alarms_list(struct database *db, const struct alarms_filter *filter);

#endif
