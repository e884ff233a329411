#include "collector/store/news_rows.h"

#include "collector/alarm.h"
#include "collector/record_news.h"
#include "collector/store/audit.h"
#include "shared/base/alloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOINED_MOST = 100,      /* events in one row */
    JOINED_BYTES = 1 << 17, /* and bytes, about */
    /* Bytes of the columns, see sql/. */
    MESSAGE_MOST = 500,
    ACTOR_MOST = 64,
};

/* A row of one target that more events may be joined to. */
struct joined {
    char target[NEWS_NAME_MAX + 1];
    char id[EVENT_ID_SIZE];
    enum event_kind kind;
    unsigned most;
    unsigned count; /* 0: empty */
    int64_t ts_ms;  /* of the first */
    char *text;
    size_t size, room;
};

struct news_rows {
    char *collector;
    struct rowset *events, *deliveries, *alarms;
    struct joined *joined;
    size_t n;
    char *scratch;
    size_t scratch_room;
};

struct news_rows *news_rows_new(const char *collector, struct rowset *events,
                                struct rowset *deliveries, struct rowset *alarms)
{
    struct news_rows *news = xcalloc(1, sizeof(*news));
    news->collector = xstrdup(collector);
    news->events = events;
    news->deliveries = deliveries;
    news->alarms = alarms;
    return news;
}

void news_rows_free(struct news_rows *news)
{
    if (news == NULL)
        return;
    for (size_t i = 0; i < news->n; i++)
        free(news->joined[i].text);
    free(news->joined);
    free(news->scratch);
    free(news->collector);
    free(news);
}

struct delivery_row {
    const char *uid, *target;
    size_t target_size;
    enum event_kind kind;
    const char *device;
    const char *events; /* in brackets */
    size_t size;
    unsigned count, joinable;
    int64_t ts_ms;
};

static void add_delivery(struct news_rows *news, const struct delivery_row *row)
{
    struct rowset *rows = news->deliveries;
    rowset_add_text(rows, row->uid);
    rowset_add_text(rows, news->collector);
    audit_add_text(rows, row->target, row->target_size, NEWS_NAME_MAX);
    rowset_add_text(rows, event_kind_info(row->kind)->name);
    rowset_add_text(rows, row->device);
    audit_add_text(rows, row->events, row->size, row->size);
    rowset_add_uint(rows, row->count);
    rowset_add_uint(rows, row->joinable);
    rowset_add_time(rows, row->ts_ms);
}

static void put(char **text, size_t *size, size_t *room, const char *bytes, size_t len)
{
    if (*size + len > *room) {
        *room = 2 * (*size + len);
        *text = xreallocarray(*text, *room, 1);
    }
    memcpy(*text + *size, bytes, len);
    *size += len;
}

static void flush(struct news_rows *news, struct joined *joined)
{
    if (joined->count == 0)
        return;
    put(&joined->text, &joined->size, &joined->room, "]", 1);
    add_delivery(news, &(struct delivery_row){
                           .uid = joined->id,
                           .target = joined->target,
                           .target_size = strlen(joined->target),
                           .kind = joined->kind,
                           .device = "",
                           .events = joined->text,
                           .size = joined->size,
                           .count = joined->count,
                           .joinable = joined->most,
                           .ts_ms = joined->ts_ms,
                       });
    joined->count = 0;
    joined->size = 0;
}

static struct joined *find_joined(struct news_rows *news, const struct news_target *target,
                                  enum event_kind kind)
{
    for (size_t i = 0; i < news->n; i++) {
        struct joined *joined = &news->joined[i];
        if (joined->kind == kind && joined->most == target->joinable &&
            strlen(joined->target) == target->name_size &&
            memcmp(joined->target, target->name, target->name_size) == 0)
            return joined;
    }
    news->joined = xreallocarray(news->joined, news->n + 1, sizeof(*news->joined));
    struct joined *joined = &news->joined[news->n++];
    *joined = (struct joined){.kind = kind, .most = target->joinable};
    memcpy(joined->target, target->name, target->name_size);
    return joined;
}

static void join(struct news_rows *news, const struct news *record,
                 const struct news_target *target, const struct record_head *head)
{
    struct joined *joined = find_joined(news, target, head->code);
    unsigned most = joined->most < JOINED_MOST ? joined->most : JOINED_MOST;
    if (joined->count + record->count > most || joined->size + record->json_size > JOINED_BYTES)
        flush(news, joined);
    if (joined->count == 0) {
        memcpy(joined->id, record->id, sizeof(joined->id));
        joined->ts_ms = head->ts_ms;
    }
    put(&joined->text, &joined->size, &joined->room, joined->count == 0 ? "[" : ",", 1);
    put(&joined->text, &joined->size, &joined->room, record->json, record->json_size);
    joined->count += record->count;
}

static void add_alone(struct news_rows *news, const struct news *record,
                      const struct news_target *target, const char *id,
                      const struct record_head *head)
{
    size_t size = 0;
    put(&news->scratch, &size, &news->scratch_room, "[", 1);
    put(&news->scratch, &size, &news->scratch_room, record->json, record->json_size);
    put(&news->scratch, &size, &news->scratch_room, "]", 1);
    add_delivery(news, &(struct delivery_row){
                           .uid = record->id,
                           .target = target->name,
                           .target_size = target->name_size,
                           .kind = head->code,
                           .device = id,
                           .events = news->scratch,
                           .size = size,
                           .count = record->count,
                           .ts_ms = head->ts_ms,
                       });
}

static void add_event(struct news_rows *news, const struct news *record, const char *id,
                      const struct record_head *head)
{
    struct rowset *rows = news->events;
    rowset_add_text(rows, event_kind_info(head->code)->name);
    rowset_add_text(rows, id);
    rowset_add_time(rows, head->ts_ms);
    audit_add_text(rows, record->message, record->message_size, MESSAGE_MOST);
    rowset_add_text(rows, record->id);
    rowset_add_text(rows, severity_name(record->severity));
    if (record->json_size > 0)
        audit_add_text(rows, record->json, record->json_size, record->json_size);
    else
        rowset_add_null(rows);
}

int news_rows_add(struct news_rows *news, const char *id, const struct record_head *head,
                  const uint8_t *body)
{
    struct news record;
    if (news_parse(body, head->body_size, &record) != 0)
        return -1;
    if (event_kind_info(head->code)->stored)
        add_event(news, &record, id, head);
    for (size_t i = 0; i < record.ntargets; i++) {
        if (record.targets[i].joinable > 0)
            join(news, &record, &record.targets[i], head);
        else
            add_alone(news, &record, &record.targets[i], id, head);
    }
    return 0;
}

static void add_time(struct rowset *rows, int64_t wall_ms)
{
    if (wall_ms > 0)
        rowset_add_time(rows, wall_ms);
    else
        rowset_add_null(rows);
}

static void add_text(struct rowset *rows, const char *text, size_t most)
{
    audit_add_text(rows, text, strlen(text), most);
}

int news_rows_add_alarm(struct news_rows *news, const struct record_head *head, const uint8_t *body)
{
    struct rowset *rows = news->alarms;
    struct alarm *alarm = alarm_decode((const char *)body, head->body_size);
    if (alarm == NULL)
        return -1;
    rowset_add_text(rows, alarm->id);
    rowset_add_text(rows, news->collector);
    add_text(rows, alarm->rule, 64);
    add_text(rows, alarm->device_id, 191);
    add_text(rows, alarm->point, 64);
    rowset_add_text(rows, severity_name(alarm->severity));
    rowset_add_text(rows, alarm_state_name(alarm->state));
    add_time(rows, alarm->raised_ms);
    add_time(rows, alarm->acknowledged_ms);
    add_time(rows, alarm->cleared_ms);
    if (alarm->has_value && isfinite(alarm->value))
        rowset_add_double(rows, alarm->value);
    else
        rowset_add_null(rows);
    add_text(rows, alarm->message_en, MESSAGE_MOST);
    add_text(rows, alarm->message_zh, MESSAGE_MOST);
    add_text(rows, alarm->actor, ACTOR_MOST);
    add_text(rows, alarm->comment, MESSAGE_MOST);
    alarm_free(alarm);
    return 0;
}

void news_rows_finish(struct news_rows *news)
{
    for (size_t i = 0; i < news->n; i++)
        flush(news, &news->joined[i]);
}
