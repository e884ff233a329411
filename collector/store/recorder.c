#include "collector/store/recorder.h"

#include "shared/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { COMPLAIN_AGAIN_MS = 10000 };

void recorder_init(struct recorder *recorder, struct cache *cache)
{
    recorder_spread(recorder, NULL, &cache, 1);
}

void recorder_spread(struct recorder *recorder, struct spread *spread, struct cache *const *caches,
                     unsigned count)
{
    memcpy(recorder->caches, caches, count * sizeof(*caches));
    recorder->spread = spread;
    recorder->complaint = (struct log_limit)LOG_LIMIT(1, COMPLAIN_AGAIN_MS);
}

static unsigned stream_of(struct recorder *recorder, uint32_t device)
{
    return recorder->spread != NULL ? spread_device(recorder->spread, device) : 0;
}

static struct receipt append(struct recorder *recorder, struct record_head head, const void *body)
{
    unsigned stream = stream_of(recorder, head.device);
    struct cache *cache = recorder->caches[stream];
    size_t dropped = cache_append(cache, &head, body);
    if (dropped > 0)
        log_at_limit(&recorder->complaint, LOGL_ERROR, "cache", NULL,
                     "full: dropped the oldest %zu records; the database does not keep up, or "
                     "cache.max_size is too small",
                     dropped);
    return (struct receipt){.stream = stream, .number = cache_last(cache)};
}

void recorder_hold(struct recorder *recorder, uint32_t device)
{
    recorder->held = recorder->caches[stream_of(recorder, device)];
    cache_hold(recorder->held);
}

void recorder_release(struct recorder *recorder)
{
    cache_release(recorder->held);
    recorder->held = NULL;
}

struct receipt recorder_packet(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                               enum packet_type type, const uint8_t *bytes, size_t len)
{
    return append(recorder,
                  (struct record_head){
                      .type = RECORD_PACKET,
                      .code = (uint8_t)type,
                      .body_size = (uint32_t)(len < RECORD_PACKET_MAX ? len : RECORD_PACKET_MAX),
                      .device = device,
                      .ts_ms = ts_ms,
                  },
                  bytes);
}

void recorder_heartbeat(struct recorder *recorder, uint32_t device, int64_t ts_ms)
{
    append(recorder,
           (struct record_head){.type = RECORD_HEARTBEAT, .device = device, .ts_ms = ts_ms}, NULL);
}

void recorder_connection(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                         enum connection_event event, const struct record_connection *peer,
                         const char *details)
{
    uint8_t body[sizeof(*peer) + RECORD_DETAILS_MAX];
    size_t len = strnlen(details, RECORD_DETAILS_MAX);
    memcpy(body, peer, sizeof(*peer));
    memcpy(body + sizeof(*peer), details, len);
    append(recorder,
           (struct record_head){
               .type = RECORD_CONNECTION,
               .code = (uint8_t)event,
               .body_size = (uint32_t)(sizeof(*peer) + len),
               .device = device,
               .ts_ms = ts_ms,
           },
           body);
}

void recorder_samples(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                      const struct record_body *body)
{
    if (body->count == 0)
        return;
    append(recorder,
           (struct record_head){
               .type = RECORD_SAMPLES,
               .count = body->count,
               .body_size = body->size,
               .device = device,
               .ts_ms = ts_ms,
           },
           body->bytes);
}

void recorder_news(struct recorder *recorder, uint32_t device, int64_t ts_ms, enum event_kind kind,
                   const struct news *news)
{
    static uint8_t body[RECORD_BODY_MAX]; /* the loop's alone */
    struct news bare = *news;
    size_t size = news_encode(news, body);
    if (size == 0) {
        bare.json_size = 0;
        bare.count = 0;
        bare.ntargets = 0;
        size = news_encode(&bare, body);
    }
    append(recorder,
           (struct record_head){.type = RECORD_NEWS,
                                .code = (uint8_t)kind,
                                .body_size = (uint32_t)size,
                                .device = device,
                                .ts_ms = ts_ms},
           body);
}

void recorder_alarm(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                    const struct alarm *alarm)
{
    size_t size;
    char *body = alarm_encode(alarm, &size);
    append(recorder,
           (struct record_head){
               .type = RECORD_ALARM, .body_size = (uint32_t)size, .device = device, .ts_ms = ts_ms},
           body);
    free(body);
}

static uint16_t take_text(uint8_t *body, size_t *used, const struct write_text *text)
{
    size_t size = text->size < RECORD_DETAILS_MAX ? text->size : RECORD_DETAILS_MAX;
    if (size > 0)
        memcpy(body + *used, text->text, size);
    *used += size;
    return (uint16_t)size;
}

void recorder_write(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                    const struct write_entry *entry)
{
    uint8_t body[sizeof(struct record_write) + 5 * RECORD_DETAILS_MAX];
    struct record_write head = {.slave = entry->slave,
                                .function = entry->function,
                                .address = entry->address,
                                .count = entry->count};
    size_t used = sizeof(head);
    head.actor_size = take_text(body, &used, &entry->actor);
    head.point_size = take_text(body, &used, &entry->point);
    head.value_size = take_text(body, &used, &entry->value);
    head.result_size = take_text(body, &used, &entry->result);
    head.details_size = take_text(body, &used, &entry->details);
    memcpy(body, &head, sizeof(head));
    append(recorder,
           (struct record_head){
               .type = RECORD_WRITE, .body_size = (uint32_t)used, .device = device, .ts_ms = ts_ms},
           body);
}
