#include "collector/store/batch.h"

#include "collector/record.h"
#include "collector/store/audit.h"
#include "collector/store/minutes.h"
#include "collector/store/news_rows.h"
#include "collector/store/tables.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_AGAIN_MS = 10000, FAR_AHEAD_MS = 3600000, DEVICE_TAGS_MAX = 255 };

/* What is in the database of a device, or is about to be. */
struct marks {
    int64_t sample_ms; /* its last sample */
    int64_t seen_ms;   /* devices.last_seen */
    unsigned naming;   /* revision of its name, tags and profile */
};

/* What a batch remembers of a device, by its reference. */
struct device {
    struct marks marks;  /* with what is filled in */
    struct marks kept;   /* without it: where another attempt starts from */
    struct marks stored; /* without this transaction */
    int64_t seen_ms;     /* newest record */
    bool touched;        /* by what is filled in */
    bool written;        /* by what is kept */
    bool changed;        /* its status */
    bool online;
    struct record_connection peer;
};

/* References of devices. */
struct refs {
    uint32_t *items;
    size_t count, room;
};

struct batch {
    struct directory *directory;
    char *collector;
    unsigned stream;
    struct rowset *rows[TABLES];
    struct device *devices;
    size_t device_room;
    struct refs touched, written;
    struct minutes minutes, totals; /* of what is filled in, and of what is kept */
    struct news_rows *news;
    int64_t shift_ms;
};

struct batch *batch_new(struct directory *directory, const char *collector, unsigned stream)
{
    struct batch *batch = xcalloc(1, sizeof(*batch));
    batch->directory = directory;
    batch->collector = xstrdup(collector);
    batch->stream = stream;
    for (int i = 0; i < TABLES; i++)
        batch->rows[i] = rowset_new(&tables[i]);
    batch->news = news_rows_new(collector, batch->rows[TABLE_EVENTS], batch->rows[TABLE_DELIVERIES],
                                batch->rows[TABLE_ALARMS]);
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (int i = 0; i < TABLES; i++)
        rowset_free(batch->rows[i]);
    news_rows_free(batch->news);
    free(batch->devices);
    free(batch->touched.items);
    free(batch->written.items);
    minutes_free(&batch->minutes);
    minutes_free(&batch->totals);
    free(batch->collector);
    free(batch);
}

static void want_points(struct batch *batch, const struct record_head *head, const uint8_t *body)
{
    struct record_sample sample;
    const char *text;
    for (size_t at = 0; record_next_sample(body, head->body_size, &at, &sample, &text) > 0;)
        directory_want_point(batch->directory, sample.point);
}

/* What makes no device: what is unknown or refused has events too, and no row in `devices`. */
static bool is_audit(unsigned type)
{
    return type == RECORD_EVENT || type == RECORD_WRITE || type == RECORD_NEWS ||
           type == RECORD_ALARM;
}

void batch_want(struct batch *batch, const struct span *span)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    while (span_next(&walk, &head, &body)) {
        if (is_audit(head.type)) {
            directory_want_id(batch->directory, head.device);
            continue;
        }
        directory_want_device(batch->directory, head.device, head.ts_ms);
        if (head.type == RECORD_SAMPLES)
            want_points(batch, &head, body);
    }
}

static void push(struct refs *refs, uint32_t ref)
{
    if (refs->count == refs->room) {
        refs->room = refs->room ? 2 * refs->room : 64;
        refs->items = xreallocarray(refs->items, refs->room, sizeof(*refs->items));
    }
    refs->items[refs->count++] = ref;
}

static struct device *touch(struct batch *batch, const struct record_head *head)
{
    if (head->device >= batch->device_room) {
        size_t room = 2 * (size_t)head->device + 64;
        batch->devices = xreallocarray(batch->devices, room, sizeof(*batch->devices));
        memset(batch->devices + batch->device_room, 0,
               (room - batch->device_room) * sizeof(*batch->devices));
        batch->device_room = room;
    }
    struct device *device = &batch->devices[head->device];
    if (!device->touched)
        push(&batch->touched, head->device);
    device->touched = true;
    if (head->ts_ms > device->seen_ms)
        device->seen_ms = head->ts_ms;
    return device;
}

static struct minute *minute_of(struct batch *batch, int64_t ts_ms)
{
    return minutes_at(&batch->minutes, ts_ms);
}

static void add_text(struct batch *batch, uint32_t device, int64_t ts_ms,
                     const struct record_sample *sample, const char *text)
{
    struct rowset *rows = batch->rows[TABLE_TEXTS];
    rowset_add_uint(rows, device);
    rowset_add_time(rows, ts_ms);
    rowset_add_uint(rows, directory_point(batch->directory, sample->point));
    rowset_add_bytes(rows, text, sample->text_size);
}

/* A clock that was set back a little: wait until time has caught up. One that was far ahead by
 * mistake is right again: staying with it would leave the device in the future for ever. */
static int64_t sample_time(int64_t last_ms, int64_t ts_ms)
{
    return ts_ms > last_ms || ts_ms < last_ms - FAR_AHEAD_MS ? ts_ms : last_ms + 1;
}

static void add_samples(struct batch *batch, const struct record_head *head, const uint8_t *body,
                        struct batch_counts *counts)
{
    struct device *device = touch(batch, head);
    struct rowset *rows = batch->rows[TABLE_READINGS];
    uint32_t number = directory_device(batch->directory, head->device);
    int64_t ts_ms = sample_time(device->marks.sample_ms, head->ts_ms) + batch->shift_ms;
    struct record_sample sample;
    const char *text;
    device->marks.sample_ms = ts_ms;
    for (size_t at = 0; record_next_sample(body, head->body_size, &at, &sample, &text) > 0;) {
        rowset_add_uint(rows, number);
        rowset_add_time(rows, ts_ms);
        rowset_add_uint(rows, directory_point(batch->directory, sample.point));
        if (sample.flags & SAMPLE_HAS_NUMBER)
            rowset_add_double(rows, sample.number);
        else
            rowset_add_null(rows);
        if (sample.flags & SAMPLE_HAS_RAW)
            rowset_add_uint(rows, sample.raw);
        else
            rowset_add_null(rows);
        if (sample.flags & SAMPLE_HAS_TEXT)
            add_text(batch, number, ts_ms, &sample, text);
        counts->readings++;
        minute_of(batch, ts_ms)->readings++;
    }
}

static void add_packet(struct batch *batch, const struct record_head *head, const uint8_t *body,
                       struct batch_counts *counts)
{
    static const char *const types[] = {
        [PACKET_REGISTER] = "register", [PACKET_HEARTBEAT] = "heartbeat", [PACKET_DATA] = "data",
        [PACKET_MODBUS] = "modbus",     [PACKET_NOISE] = "noise",
    };
    struct rowset *rows = batch->rows[TABLE_PACKETS];
    touch(batch, head);
    rowset_add_text(rows, directory_device_id(batch->directory, head->device));
    rowset_add_text(rows, types[head->code]);
    rowset_add_bytes(rows, body, head->body_size);
    rowset_add_time(rows, head->ts_ms);
    counts->packets++;
    minute_of(batch, head->ts_ms)->packets++;
}

static void add_heartbeat(struct batch *batch, const struct record_head *head,
                          struct batch_counts *counts)
{
    struct rowset *rows = batch->rows[TABLE_HEARTBEATS];
    touch(batch, head);
    rowset_add_text(rows, directory_device_id(batch->directory, head->device));
    rowset_add_time(rows, head->ts_ms);
    counts->heartbeats++;
    minute_of(batch, head->ts_ms)->heartbeats++;
}

static void add_connection(struct batch *batch, const struct record_head *head, const uint8_t *body)
{
    static const char *const events[] = {
        [LINE_CONNECT] = "connect",
        [LINE_DISCONNECT] = "disconnect",
        [LINE_HEARTBEAT_TIMEOUT] = "heartbeat_timeout",
    };
    struct rowset *rows = batch->rows[TABLE_HISTORY];
    struct device *device = touch(batch, head);
    if (head->body_size < sizeof(device->peer))
        return;
    memcpy(&device->peer, body, sizeof(device->peer));
    if (head->code != LINE_HEARTBEAT_TIMEOUT) {
        device->changed = true;
        device->online = head->code == LINE_CONNECT;
    }
    rowset_add_text(rows, directory_device_id(batch->directory, head->device));
    rowset_add_text(rows, events[head->code]);
    rowset_add_time(rows, head->ts_ms);
    audit_add_text(rows, (const char *)body + sizeof(device->peer),
                   head->body_size - sizeof(device->peer), RECORD_DETAILS_MAX);
}

static void add_audit(struct batch *batch, const struct record_head *head, const uint8_t *body,
                      struct batch_counts *counts)
{
    const char *id = directory_device_id(batch->directory, head->device);
    int rc = 0;
    if (head->type == RECORD_EVENT)
        audit_add_event(batch->rows[TABLE_EVENTS], id, head, body);
    else if (head->type == RECORD_WRITE)
        rc = audit_add_write(batch->rows[TABLE_WRITES], id, head, body);
    else if (head->type == RECORD_NEWS)
        rc = news_rows_add(batch->news, id, head, body);
    else
        rc = news_rows_add_alarm(batch->news, head, body);
    counts->broken += rc != 0;
}

static void add_record(struct batch *batch, const struct record_head *head, const uint8_t *body,
                       struct batch_counts *counts)
{
    switch (head->type) {
    case RECORD_SAMPLES:
        add_samples(batch, head, body, counts);
        break;
    case RECORD_PACKET:
        add_packet(batch, head, body, counts);
        break;
    case RECORD_HEARTBEAT:
        add_heartbeat(batch, head, counts);
        break;
    case RECORD_CONNECTION:
        add_connection(batch, head, body);
        break;
    case RECORD_EVENT:
    case RECORD_WRITE:
    case RECORD_NEWS:
    case RECORD_ALARM:
        add_audit(batch, head, body, counts);
        break;
    }
    counts->records++;
}

static void add_seen(struct batch *batch, uint32_t ref, struct device *device)
{
    struct rowset *rows = batch->rows[TABLE_SEEN];
    rowset_add_uint(rows, directory_device(batch->directory, ref));
    rowset_add_text(rows, directory_device_id(batch->directory, ref));
    rowset_add_time(rows, device->seen_ms);
    rowset_add_time(rows, device->seen_ms);
    device->marks.seen_ms = device->seen_ms;
}

static void add_status(struct batch *batch, uint32_t ref, const struct device *device)
{
    struct rowset *rows = batch->rows[TABLE_STATUS];
    rowset_add_uint(rows, directory_device(batch->directory, ref));
    rowset_add_text(rows, directory_device_id(batch->directory, ref));
    rowset_add_time(rows, device->seen_ms);
    rowset_add_time(rows, device->seen_ms);
    rowset_add_text(rows, device->online ? "online" : "offline");
    rowset_add_text(rows, batch->collector);
    rowset_add_text(rows, device->peer.address);
    rowset_add_uint(rows, device->peer.port);
}

/* What the configuration calls it, where that is news to the database. */
static void add_naming(struct batch *batch, uint32_t ref, struct device *device)
{
    struct rowset *rows = batch->rows[TABLE_NAMING];
    struct device_name name;
    if (directory_device_name(batch->directory, ref, &name) != 0)
        return;
    if (device->changed || name.revision != device->marks.naming) {
        rowset_add_uint(rows, directory_device(batch->directory, ref));
        rowset_add_text(rows, directory_device_id(batch->directory, ref));
        rowset_add_time(rows, device->seen_ms);
        rowset_add_time(rows, device->seen_ms);
        audit_add_text(rows, name.name, strlen(name.name), DEVICE_NAME_MAX);
        audit_add_text(rows, name.tags, strlen(name.tags), DEVICE_TAGS_MAX);
        audit_add_text(rows, name.profile, strlen(name.profile), PROFILE_NAME_MAX);
        device->marks.naming = name.revision;
    }
    names_device_clear(&name);
}

/* The devices' own rows, once a batch; last_seen only now and then, since it costs a row each. */
static void add_devices(struct batch *batch)
{
    for (size_t i = 0; i < batch->touched.count; i++) {
        uint32_t ref = batch->touched.items[i];
        struct device *device = &batch->devices[ref];
        if (device->changed || device->seen_ms - device->marks.seen_ms >= SEEN_AGAIN_MS)
            add_seen(batch, ref, device);
        if (device->changed)
            add_status(batch, ref, device);
        add_naming(batch, ref, device);
        device->changed = false;
    }
}

/* What is filled in is done with: its marks stay, or were never true. */
static void leave_devices(struct batch *batch, bool kept)
{
    for (size_t i = 0; i < batch->touched.count; i++) {
        uint32_t ref = batch->touched.items[i];
        struct device *device = &batch->devices[ref];
        if (kept && !device->written) {
            push(&batch->written, ref);
            device->written = true;
        }
        if (kept)
            device->kept = device->marks;
        else
            device->marks = device->kept;
        device->touched = false;
    }
    batch->touched.count = 0;
    minutes_clear(&batch->minutes);
}

/* The transaction is over: the same of all that is kept. */
static void leave_transaction(struct batch *batch, bool stored)
{
    leave_devices(batch, false);
    for (size_t i = 0; i < batch->written.count; i++) {
        struct device *device = &batch->devices[batch->written.items[i]];
        if (stored)
            device->stored = device->kept;
        else
            device->marks = device->kept = device->stored;
        device->written = false;
    }
    batch->written.count = 0;
    minutes_clear(&batch->totals);
}

void batch_begin(struct batch *batch)
{
    leave_transaction(batch, false);
}

void batch_shift(struct batch *batch, int64_t ms)
{
    batch->shift_ms = ms;
}

void batch_keep(struct batch *batch)
{
    minutes_add(&batch->totals, &batch->minutes);
    leave_devices(batch, true);
}

void batch_stored(struct batch *batch)
{
    leave_transaction(batch, true);
}

void batch_forget(struct batch *batch)
{
    for (size_t i = 0; i < batch->device_room; i++) {
        struct device *device = &batch->devices[i];
        device->marks = device->kept = device->stored = (struct marks){0};
    }
}

void batch_fill(struct batch *batch, const struct span *span, struct batch_counts *counts)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    memset(counts, 0, sizeof(*counts));
    leave_devices(batch, false);
    for (int i = 0; i < TABLES; i++)
        rowset_clear(batch->rows[i]);
    while (span_next(&walk, &head, &body))
        add_record(batch, &head, body, counts);
    counts->broken += walk.broken;
    news_rows_finish(batch->news);
    counts->deliveries = rowset_count(batch->rows[TABLE_DELIVERIES]);
    add_devices(batch);
}

int batch_insert(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error)
{
    for (int i = 0; i < TABLE_TRAFFIC; i++) {
        if (rowset_insert(batch->rows[i], conn, bulk, error) != 0)
            return -1;
    }
    return 0;
}

int batch_insert_totals(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error)
{
    struct rowset *rows = batch->rows[TABLE_TRAFFIC];
    rowset_clear(rows);
    minutes_rows(&batch->totals, batch->stream, rows);
    return rowset_insert(rows, conn, bulk, error);
}
