#include "collector/store/batch.h"

#include "collector/record.h"
#include "collector/store/audit.h"
#include "collector/store/tables.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_AGAIN_MS = 10000, MINUTE_MS = 60000, FAR_AHEAD_MS = 3600000, DEVICE_TAGS_MAX = 255 };

/* What is in the database of a device, or is about to be. */
struct marks {
    int64_t sample_ms; /* its last sample */
    int64_t seen_ms;   /* devices.last_seen */
    unsigned naming;   /* revision of its name, tags and profile */
};

/* What a batch remembers of a device, by its reference. */
struct device {
    struct marks marks;  /* with this batch */
    struct marks stored; /* without it: where the next attempt starts from */
    int64_t seen_ms;     /* newest record */
    bool touched;        /* in this batch */
    bool changed;        /* its status */
    bool online;
    struct record_connection peer;
};

struct minute {
    int64_t start_ms;
    uint64_t readings, heartbeats, packets;
};

struct batch {
    struct directory *directory;
    char *collector;
    unsigned stream;
    struct rowset *rows[TABLES];
    struct device *devices;
    size_t device_room;
    uint32_t *touched;
    size_t touched_count, touched_room;
    struct minute *minutes;
    size_t minute_count, minute_room;
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
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (int i = 0; i < TABLES; i++)
        rowset_free(batch->rows[i]);
    free(batch->devices);
    free(batch->touched);
    free(batch->minutes);
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

void batch_want(struct batch *batch, const struct span *span)
{
    struct span_walk walk = span_begin(span);
    struct record_head head;
    const uint8_t *body;
    while (span_next(&walk, &head, &body)) {
        if (head.type == RECORD_EVENT || head.type == RECORD_WRITE) {
            directory_want_id(batch->directory, head.device);
            continue;
        }
        directory_want_device(batch->directory, head.device, head.ts_ms);
        if (head.type == RECORD_SAMPLES)
            want_points(batch, &head, body);
    }
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
    if (!device->touched) {
        if (batch->touched_count == batch->touched_room) {
            batch->touched_room = batch->touched_room ? 2 * batch->touched_room : 64;
            batch->touched =
                xreallocarray(batch->touched, batch->touched_room, sizeof(*batch->touched));
        }
        batch->touched[batch->touched_count++] = head->device;
        device->touched = true;
    }
    if (head->ts_ms > device->seen_ms)
        device->seen_ms = head->ts_ms;
    return device;
}

static struct minute *minute_of(struct batch *batch, int64_t ts_ms)
{
    int64_t start_ms = ts_ms - ts_ms % MINUTE_MS;
    for (size_t i = batch->minute_count; i-- > 0;) {
        if (batch->minutes[i].start_ms == start_ms)
            return &batch->minutes[i];
    }
    if (batch->minute_count == batch->minute_room) {
        batch->minute_room = batch->minute_room ? 2 * batch->minute_room : 8;
        batch->minutes = xreallocarray(batch->minutes, batch->minute_room, sizeof(*batch->minutes));
    }
    struct minute *minute = &batch->minutes[batch->minute_count++];
    *minute = (struct minute){.start_ms = start_ms};
    return minute;
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
        [EVENT_CONNECT] = "connect",
        [EVENT_DISCONNECT] = "disconnect",
        [EVENT_HEARTBEAT_TIMEOUT] = "heartbeat_timeout",
    };
    struct rowset *rows = batch->rows[TABLE_HISTORY];
    struct device *device = touch(batch, head);
    if (head->body_size < sizeof(device->peer))
        return;
    memcpy(&device->peer, body, sizeof(device->peer));
    if (head->code != EVENT_HEARTBEAT_TIMEOUT) {
        device->changed = true;
        device->online = head->code == EVENT_CONNECT;
    }
    rowset_add_text(rows, directory_device_id(batch->directory, head->device));
    rowset_add_text(rows, events[head->code]);
    rowset_add_time(rows, head->ts_ms);
    audit_add_text(rows, (const char *)body + sizeof(device->peer),
                   head->body_size - sizeof(device->peer), RECORD_DETAILS_MAX);
}

/* Neither makes a device: what is unknown or refused has events too, and no row in `devices`. */
static void add_audit(struct batch *batch, const struct record_head *head, const uint8_t *body,
                      struct batch_counts *counts)
{
    const char *id = directory_device_id(batch->directory, head->device);
    if (head->type == RECORD_EVENT)
        audit_add_event(batch->rows[TABLE_EVENTS], id, head, body);
    else if (audit_add_write(batch->rows[TABLE_WRITES], id, head, body) != 0)
        counts->broken++;
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
    for (size_t i = 0; i < batch->touched_count; i++) {
        uint32_t ref = batch->touched[i];
        struct device *device = &batch->devices[ref];
        if (device->changed || device->seen_ms - device->marks.seen_ms >= SEEN_AGAIN_MS)
            add_seen(batch, ref, device);
        if (device->changed)
            add_status(batch, ref, device);
        add_naming(batch, ref, device);
        device->changed = false;
    }
}

/* The batch is over: its marks stay, or were never true. */
static void leave_devices(struct batch *batch, bool stored)
{
    for (size_t i = 0; i < batch->touched_count; i++) {
        struct device *device = &batch->devices[batch->touched[i]];
        if (stored)
            device->stored = device->marks;
        else
            device->marks = device->stored;
        device->touched = false;
    }
    batch->touched_count = 0;
}

void batch_shift(struct batch *batch, int64_t ms)
{
    batch->shift_ms = ms;
}

void batch_stored(struct batch *batch)
{
    leave_devices(batch, true);
}

void batch_forget(struct batch *batch)
{
    for (size_t i = 0; i < batch->device_room; i++)
        batch->devices[i].marks = batch->devices[i].stored = (struct marks){0};
}

static int by_start(const void *a, const void *b)
{
    const struct minute *one = a, *other = b;
    return one->start_ms < other->start_ms ? -1 : one->start_ms > other->start_ms;
}

/* In order of time: two collectors that add to the same minutes never wait for each other. */
static void add_traffic(struct batch *batch)
{
    struct rowset *rows = batch->rows[TABLE_TRAFFIC];
    if (batch->minute_count > 1)
        qsort(batch->minutes, batch->minute_count, sizeof(*batch->minutes), by_start);
    for (size_t i = 0; i < batch->minute_count; i++) {
        rowset_add_time(rows, batch->minutes[i].start_ms);
        rowset_add_uint(rows, batch->stream);
        rowset_add_uint(rows, batch->minutes[i].readings);
        rowset_add_uint(rows, batch->minutes[i].heartbeats);
        rowset_add_uint(rows, batch->minutes[i].packets);
    }
    batch->minute_count = 0;
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
    add_devices(batch);
    add_traffic(batch);
}

int batch_insert(struct batch *batch, MYSQL *conn, bool bulk, struct db_error *error)
{
    for (int i = 0; i < TABLES; i++) {
        if (rowset_insert(batch->rows[i], conn, bulk, error) != 0)
            return -1;
    }
    return 0;
}
