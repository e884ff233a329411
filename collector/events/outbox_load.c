/* Rows of the outbox on their way to the loop: joined, and given out in order. */
#include "collector/events/outbox_join.h"
#include "collector/events/outbox_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_AT_ONCE = 100,
    GIVEN_BYTES_MOST = 16 << 20, /* of one target's events in memory */
    JOINED_BYTES_MOST = 1 << 20,
};

/* A point in time as UTC milliseconds. */
#define MS_OF(column) "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', " column ") DIV 1000"

static uint64_t number(const char *cell)
{
    return cell != NULL ? strtoull(cell, NULL, 10) : 0;
}

void outbox_where(struct outbox *outbox, struct statement *sql, const char *target)
{
    fputs(" WHERE collector = ", sql->out);
    statement_text(sql, outbox->collector);
    fputs(" AND status = 'pending' AND target = ", sql->out);
    statement_text(sql, target);
}

/* Give out */

static struct delivery *make_delivery(const char *target, MYSQL_ROW row)
{
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    delivery->id = number(row[0]);
    memcpy(delivery->uid, row[1], strnlen(row[1], DELIVERY_ID_SIZE - 1));
    delivery->target = xstrdup(target);
    delivery->device = xstrdup(row[2]);
    delivery->events = xstrdup(row[3]);
    delivery->count = (uint32_t)number(row[4]);
    delivery->attempts = (uint32_t)number(row[5]);
    delivery->created_ms = (int64_t)number(row[6]);
    delivery->next_ms = (int64_t)number(row[7]);
    if (delivery->attempts == 0 && delivery->next_ms > 0) { /* asked for anew at that time */
        delivery->created_ms = delivery->next_ms;
        delivery->next_ms = 0;
    }
    return delivery;
}

static MYSQL_RES *select_rows(struct outbox *outbox, const struct outbox_target *target,
                              size_t most, struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT id, uid, device_id, events, `count`, attempts, " MS_OF("`timestamp`") ", " MS_OF(
              "next_try") " FROM webhook_deliveries",
          out);
    outbox_where(outbox, &sql, target->name);
    fputs(" AND joinable = 0", out);
    given_exclude(outbox->given, target->name, out);
    for (char **device = target->blocked; device != NULL && *device != NULL; device++) {
        fputs(device == target->blocked ? " AND device_id NOT IN (" : ",", out);
        statement_text(&sql, *device);
        if (device[1] == NULL)
            fputc(')', out);
    }
    fprintf(out, " ORDER BY id LIMIT %zu", most);
    return statement_query(&sql, error);
}

static int give_out(struct outbox *outbox, struct outbox_target *target, struct db_error *error)
{
    size_t most = target->room < ROWS_AT_ONCE ? target->room : ROWS_AT_ONCE, n = 0;
    MYSQL_ROW row;
    if (given_bytes(outbox->given, target->name) > GIVEN_BYTES_MOST) {
        target->look = true;
        target->room = 0; /* until the loop asks again */
        return 0;
    }
    MYSQL_RES *rows = select_rows(outbox, target, most, error);
    if (rows == NULL)
        return -1;
    while ((row = mysql_fetch_row(rows)) != NULL) {
        struct outbox_tell *tell = xcalloc(1, sizeof(*tell));
        tell->kind = TELL_LOADED;
        tell->delivery = make_delivery(target->name, row);
        given_add(outbox->given, target->name, tell->delivery->id, strlen(tell->delivery->events));
        outbox_tell(outbox, tell);
        n++;
    }
    mysql_free_result(rows);
    target->room -= n;
    target->look = target->look || n == most;
    return 0;
}

/* Join */

/* Rows that may be joined; texts belong to ${result}. */
struct joining {
    MYSQL_RES *result;
    struct join_row *rows;
    const char **texts;
    size_t n;
    struct join_group *groups;
    size_t ngroups;
};

static int read_joinable(struct outbox *outbox, const char *target, size_t most,
                         struct joining *joining, struct db_error *error)
{
    struct statement sql;
    MYSQL_ROW row;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("SELECT id, `count`, events, " MS_OF("`timestamp`") " FROM webhook_deliveries", out);
    outbox_where(outbox, &sql, target);
    fprintf(out, " AND joinable > 0 ORDER BY id LIMIT %zu", most);
    joining->result = statement_query(&sql, error);
    if (joining->result == NULL)
        return -1;
    size_t n = mysql_num_rows(joining->result);
    joining->rows = xcalloc(n + 1, sizeof(*joining->rows));
    joining->texts = xcalloc(n + 1, sizeof(*joining->texts));
    joining->groups = xcalloc(n + 1, sizeof(*joining->groups));
    while ((row = mysql_fetch_row(joining->result)) != NULL) {
        joining->rows[joining->n] = (struct join_row){number(row[0]), (uint32_t)number(row[1]),
                                                      strlen(row[2]), (int64_t)number(row[3])};
        joining->texts[joining->n++] = row[2];
    }
    return 0;
}

static void end_joining(struct joining *joining)
{
    mysql_free_result(joining->result);
    free(joining->rows);
    free(joining->texts);
    free(joining->groups);
}

static int update_row(struct outbox *outbox, uint64_t id, const char *text, uint64_t count,
                      struct db_error *error)
{
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("UPDATE webhook_deliveries SET joinable = 0, events = ", out);
    statement_text(&sql, text);
    fprintf(out, ", `count` = %llu WHERE id = %llu", (unsigned long long)count,
            (unsigned long long)id);
    return statement_run(&sql, error);
}

/* Another row with what did not fit; its id is that of its first event. */
static int add_row(struct outbox *outbox, uint64_t like, struct json_object *events,
                   struct db_error *error)
{
    struct statement sql;
    struct json_object *id = NULL;
    json_object_object_get_ex(json_object_array_get_idx(events, 0), "id", &id);
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("INSERT INTO webhook_deliveries (uid, collector, target, kind, device_id, events, "
          "`count`, joinable, `timestamp`) SELECT ",
          out);
    statement_text(&sql, id != NULL ? json_object_get_string(id) : "");
    fputs(", collector, target, kind, device_id, ", out);
    statement_text(&sql, json_object_to_json_string_ext(
                             events, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    fprintf(out, ", %zu, 0, `timestamp` FROM webhook_deliveries WHERE id = %llu",
            json_object_array_length(events), (unsigned long long)like);
    return statement_run(&sql, error);
}

static struct json_object *slice(struct json_object *events, size_t first, size_t most)
{
    struct json_object *out = json_object_new_array();
    for (size_t i = first; i < first + most && i < json_object_array_length(events); i++)
        json_object_array_add(out, json_object_get(json_object_array_get_idx(events, i)));
    return out;
}

/* The rest of the events goes behind all that waits. */
static int split_row(struct outbox *outbox, uint64_t id, const char *text, size_t most,
                     struct db_error *error)
{
    struct json_object *events = json_tokener_parse(text);
    int rc = 0;
    if (!json_object_is_type(events, json_type_array)) { /* it will be found to be no event */
        json_object_put(events);
        return update_row(outbox, id, text, 1, error);
    }
    size_t n = json_object_array_length(events);
    for (size_t first = most; rc == 0 && first < n; first += most) {
        struct json_object *part = slice(events, first, most);
        rc = add_row(outbox, id, part, error);
        json_object_put(part);
    }
    struct json_object *head = slice(events, 0, most);
    if (rc == 0)
        rc = update_row(outbox, id,
                        json_object_to_json_string_ext(head, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE),
                        json_object_array_length(head), error);
    json_object_put(head);
    json_object_put(events);
    return rc;
}

static int join_group(struct outbox *outbox, const struct joining *joining,
                      const struct join_group *group, struct db_error *error)
{
    const struct join_row *rows = joining->rows + group->first;
    uint64_t count = 0;
    for (size_t i = 0; i < group->n; i++)
        count += rows[i].count;
    char *text = join_texts(joining->texts + group->first, group->n);
    int rc = update_row(outbox, rows[0].id, text, count, error);
    free(text);
    if (rc != 0 || group->n == 1)
        return rc;
    struct statement sql;
    FILE *out = statement_begin(&sql, outbox->conn);
    fputs("DELETE FROM webhook_deliveries WHERE id IN (", out);
    for (size_t i = 1; i < group->n; i++)
        fprintf(out, "%s%llu", i > 1 ? "," : "", (unsigned long long)rows[i].id);
    fputc(')', out);
    return statement_run(&sql, error);
}

static int write_groups(struct outbox *outbox, const struct joining *joining, size_t most,
                        struct db_error *error)
{
    int rc = joining->ngroups > 0 ? db_run(outbox->conn, "START TRANSACTION", error) : 0;
    for (size_t i = 0; rc == 0 && i < joining->ngroups; i++) {
        const struct join_group *group = &joining->groups[i];
        if (group->split)
            rc = split_row(outbox, joining->rows[group->first].id, joining->texts[group->first],
                           most, error);
        else
            rc = join_group(outbox, joining, group, error);
    }
    return rc == 0 && joining->ngroups > 0 ? db_run(outbox->conn, "COMMIT", error) : rc;
}

/* Join rows of the target, as many as are ready. */
static int join(struct outbox *outbox, struct outbox_target *target, struct db_error *error)
{
    const struct join_limits limits = {target->batch_max > 0 ? target->batch_max : 1,
                                       JOINED_BYTES_MOST, target->batch_wait_ms};
    struct joining joining = {0};
    int64_t due_ms, now_ms = clock_wall_ms();
    size_t most = (size_t)limits.most + 1; /* enough for one group, whatever the rows hold */
    if (read_joinable(outbox, target->name, most, &joining, error) != 0)
        return -1;
    bool more = joining.n == most;
    joining.ngroups =
        join_rows(joining.rows, joining.n, &limits, more, now_ms, joining.groups, &due_ms);
    int rc = write_groups(outbox, &joining, limits.most, error);
    target->look = target->look || more;
    target->due_ms = due_ms > 0 ? clock_mono_ms() + due_ms - now_ms : 0;
    end_joining(&joining);
    return rc;
}

/* All targets */

static char **copy_list(char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    char **out = list != NULL ? xcalloc(n + 1, sizeof(*out)) : NULL;
    for (size_t i = 0; i < n; i++)
        out[i] = xstrdup(list[i]);
    return out;
}

/* A copy of the target, where it is to be looked at. */
static bool take(struct outbox *outbox, size_t i, struct outbox_target *copy, bool *end)
{
    bool due = false;
    pthread_mutex_lock(&outbox->lock);
    *end = i >= outbox->ntargets;
    if (!*end) {
        struct outbox_target *target = &outbox->targets[i];
        due = target->room > 0 &&
              (target->look || (target->due_ms > 0 && clock_mono_ms() >= target->due_ms));
        if (due) {
            target->look = false;
            target->due_ms = 0;
            *copy = *target;
            copy->name = xstrdup(target->name);
            copy->blocked = copy_list(target->blocked);
        }
    }
    pthread_mutex_unlock(&outbox->lock);
    return due;
}

/* What the look found, where the target is still there. */
static void give_back(struct outbox *outbox, struct outbox_target *copy, size_t room)
{
    pthread_mutex_lock(&outbox->lock);
    for (size_t i = 0; i < outbox->ntargets; i++) {
        struct outbox_target *target = &outbox->targets[i];
        if (strcmp(target->name, copy->name) != 0)
            continue;
        size_t used = room - copy->room;
        target->room -= used < target->room ? used : target->room;
        target->look = target->look || copy->look;
        target->due_ms = copy->due_ms;
    }
    pthread_mutex_unlock(&outbox->lock);
    free(copy->name);
    for (char **device = copy->blocked; device != NULL && *device != NULL; device++)
        free(*device);
    free(copy->blocked);
}

int outbox_load(struct outbox *outbox, struct db_error *error)
{
    bool end = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && !end; i++) {
        struct outbox_target copy;
        if (!take(outbox, i, &copy, &end))
            continue;
        size_t room = copy.room;
        rc = join(outbox, &copy, error);
        if (rc == 0)
            rc = give_out(outbox, &copy, error);
        copy.look = copy.look || rc != 0;
        give_back(outbox, &copy, room);
    }
    return rc;
}
