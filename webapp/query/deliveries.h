/* The outbox of webhooks: what was, is and will be delivered. Results are freed with
 * mysql_free_result(); NULL or -1: db->error says why. */
#ifndef DTUHUB_WEBAPP_QUERY_DELIVERIES_H
#define DTUHUB_WEBAPP_QUERY_DELIVERIES_H

#include "webapp/query/database.h"

#include <stdbool.h>

enum { DELIVERY_TRIES_MAX = 1000 };

struct deliveries_filter {
    const char *target, *status, *device_id, *kind; /* NULL: all */
    struct sql_span time;                           /* when they were put there */
    int64_t before_id;                              /* only what is older than that row */
    int64_t limit;
};

/** deliveries_list(db, filter): the newest first: all columns of webhook_deliveries but events and
 * joinable. */
MYSQL_RES *deliveries_list(struct database *db, const struct deliveries_filter *filter);

/** deliveries_one(db, id): the same columns of one, and events (a JSON list); no row where there is
 * none. */
MYSQL_RES *deliveries_one(struct database *db, int64_t id);

/** deliveries_known(db, id, known): whether there is one. 0 or -1. */
int deliveries_known(struct database *db, int64_t id, bool *known);

/** deliveries_tries(db, id): its first DELIVERY_TRIES_MAX tries, oldest first: id, timestamp,
 * took_ms, http_status, error, request, answer (bytes). */
MYSQL_RES *deliveries_tries(struct database *db, int64_t id);

#endif
