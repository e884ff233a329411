/* GET /devices: all devices, to be searched, filtered and sorted. */
#include "webapp/query/devices.h"
#include "webapp/call.h"
#include "webapp/handlers.h"
#include "webapp/link.h"
#include "webapp/pages/line_parts.h"
#include "webapp/pages/parts.h"
#include "webapp/query/rows.h"
#include "webapp/values.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 50 };

/* The page's address with one of its settings changed. */
struct settings {
    const char *search, *status, *profile, *sort, *dir;
    int64_t page;
};

static char *link_to(const struct settings *settings)
{
    char page[24];
    snprintf(page, sizeof(page), "%lld", (long long)settings->page);
    const struct link_param params[] = {
        {"q", settings->search},
        {"status", strcmp(settings->status, "all") == 0 ? NULL : settings->status},
        {"profile", settings->profile},
        {"sort", strcmp(settings->sort, "device_id") == 0 ? NULL : settings->sort},
        {"dir", strcmp(settings->dir, "asc") == 0 ? NULL : settings->dir},
        {"page", settings->page == 1 ? NULL : page},
        {NULL, NULL},
    };
    return link_query("/devices", params);
}

static struct json_object *columns(const struct call *call, const struct settings *now)
{
    struct json_object *list = json_object_new_array();
    for (const char *const *word = param_rule_of(call->args.rules, "sort")->allowed; *word != NULL;
         word++) {
        struct json_object *column = json_object_new_object();
        bool chosen = strcmp(*word, now->sort) == 0, up = chosen && strcmp(now->dir, "asc") == 0;
        struct settings next = *now;
        char key[64];
        snprintf(key, sizeof(key), "devices.column.%s", *word);
        next.sort = *word;
        next.dir = up ? "desc" : "asc";
        next.page = 1;
        values_text(column, "key", *word);
        values_text(column, "label", call_text(call, key));
        values_owned(column, "link", link_to(&next));
        values_text(column, "sort", !chosen ? "none" : up ? "ascending" : "descending");
        json_object_array_add(list, column);
    }
    return list;
}

static void put_paging(struct json_object *page, const struct call *call,
                       const struct settings *now, int64_t total, int64_t shown)
{
    char from[24], to[24], all[24];
    int64_t first = (now->page - 1) * PAGE_ROWS;
    struct settings other = *now;
    snprintf(from, sizeof(from), "%lld", (long long)(shown > 0 ? first + 1 : 0));
    snprintf(to, sizeof(to), "%lld", (long long)(first + shown));
    snprintf(all, sizeof(all), "%lld", (long long)total);
    values_owned(page, "summary",
                 call_format(call, "devices.summary", {"from", from}, {"to", to}, {"total", all}));
    values_flag(page, "paged", total > PAGE_ROWS);
    if (now->page > 1) {
        other.page = now->page - 1;
        values_owned(page, "link_previous", link_to(&other));
    }
    if (first + shown < total) {
        other.page = now->page + 1;
        values_owned(page, "link_next", link_to(&other));
    }
}

static struct json_object *rows_of(const struct call *call, MYSQL_RES *rows)
{
    struct json_object *list = rows_to_list(rows, call->zone_min);
    mysql_free_result(rows);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        parts_device(json_object_array_get_idx(list, i));
    return list;
}

/* "profiles", where there are several to choose from, or one is chosen. 0, or -1: the database does
 * not answer. */
static int put_profiles(struct json_object *page, struct database *db, const char *chosen)
{
    MYSQL_RES *rows = devices_profiles(db);
    if (rows == NULL)
        return -1;
    struct json_object *list = json_object_new_array();
    bool several = mysql_num_rows(rows) > 1 || chosen != NULL;
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
        struct json_object *item = json_object_new_object();
        values_text(item, "value", row[0]);
        values_flag(item, "chosen", chosen != NULL && strcmp(row[0], chosen) == 0);
        json_object_array_add(list, item);
    }
    mysql_free_result(rows);
    values_text(page, "profile_chosen", chosen);
    values_flag(page, "several_profiles", several);
    json_object_object_add(page, "profiles", list);
    return 0;
}

enum outcome page_devices(struct call *call)
{
    struct database *db = &call->worker->db;
    struct settings now = {.search = args_text(&call->args, "q"),
                           .status = args_word(&call->args, "status"),
                           .profile = args_text(&call->args, "profile"),
                           .sort = args_word(&call->args, "sort"),
                           .dir = args_word(&call->args, "dir"),
                           .page = args_number(&call->args, "page")};
    struct devices_filter filter = {
        .search = now.search,
        .status = strcmp(now.status, "all") == 0 ? NULL : now.status,
        .profile = now.profile,
        .order = (enum devices_order)args_number(&call->args, "sort"),
        .descending = strcmp(now.dir, "desc") == 0,
        .offset = (now.page - 1) * PAGE_ROWS,
        .limit = PAGE_ROWS,
    };
    int64_t total;
    if (devices_count(db, &filter, &total) != 0)
        return OUTCOME_DATABASE;
    MYSQL_RES *rows = devices_list(db, &filter);
    if (rows == NULL)
        return OUTCOME_DATABASE;
    int64_t shown = (int64_t)mysql_num_rows(rows);
    struct json_object *page = json_object_new_object();
    if (put_profiles(page, db, now.profile) != 0) {
        mysql_free_result(rows);
        json_object_put(page);
        return OUTCOME_DATABASE;
    }
    values_text(page, "q", now.search);
    values_text(page, "sort", now.sort);
    values_text(page, "dir", now.dir);
    values_flag(page, "filtered",
                filter.search != NULL || filter.status != NULL || filter.profile != NULL);
    json_object_object_add(page, "statuses",
                           parts_choice(call, "devices.status",
                                        param_rule_of(call->args.rules, "status")->allowed,
                                        now.status));
    json_object_object_add(page, "columns", columns(call, &now));
    put_paging(page, call, &now, total, shown);
    values_flag(page, "empty", shown == 0);
    json_object_object_add(page, "rows", rows_of(call, rows));
    line_parts_put_quarantine(page, call, 0);
    return call_page(call, 200, "devices", page);
}
