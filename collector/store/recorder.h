/*
 * The session's side of the store: one call for each kind of record. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_RECORDER_H
#define DTUHUB_COLLECTOR_STORE_RECORDER_H

#include "collector/alarm.h"
#include "collector/record.h"
#include "collector/record_news.h"
#include "collector/store/cache.h"
#include "collector/store/spread.h"
#include "shared/base/log.h"

struct recorder {
    struct cache *caches[STREAMS_MAX];
    struct spread *spread; /* NULL: there is one cache only */
    struct log_limit complaint;
    struct cache *held; /* NULL: none */
};

/** recorder_init(recorder, cache): all records go to ${cache}, which must outlive it. */
void recorder_init(struct recorder *recorder, struct cache *cache);

/** recorder_spread(recorder, spread, caches, count): each device's go to that of its stream. All
 * must outlive it. */
void recorder_spread(struct recorder *recorder, struct spread *spread, struct cache *const *caches,
                     unsigned count);

/** recorder_hold(recorder, device), recorder_release(recorder): the records of the device that are
 * made between the two survive together, or not at all; see cache_hold(). */
void recorder_hold(struct recorder *recorder, uint32_t device);
void recorder_release(struct recorder *recorder);

/** recorder_packet(recorder, device, ts_ms, type, bytes, len): a packet as it came in; what is over
 * RECORD_PACKET_MAX is cut. Return where it is, for who has to know when it is safe. */
struct receipt recorder_packet(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                               enum packet_type type, const uint8_t *bytes, size_t len);

void recorder_heartbeat(struct recorder *recorder, uint32_t device, int64_t ts_ms);

/** recorder_connection(recorder, device, ts_ms, event, peer, details): ${details} is cut at
 * RECORD_DETAILS_MAX. */
void recorder_connection(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                         enum connection_event event, const struct record_connection *peer,
                         const char *details);

/** recorder_samples(recorder, device, ts_ms, body): the samples of one answer; none is no record.
 */
void recorder_samples(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                      const struct record_body *body);

/** recorder_news(recorder, device, ts_ms, kind, news): an event, and who is called about it. One
 * that is too large is stored without its JSON. */
void recorder_news(struct recorder *recorder, uint32_t device, int64_t ts_ms, enum event_kind kind,
                   const struct news *news);

/** recorder_alarm(recorder, device, ts_ms, alarm): all of it, as it is now. */
void recorder_alarm(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                    const struct alarm *alarm);

/** recorder_write(recorder, device, ts_ms, entry): for the audit; each text is cut at
 * RECORD_DETAILS_MAX. */
void recorder_write(struct recorder *recorder, uint32_t device, int64_t ts_ms,
                    const struct write_entry *entry);

#endif
