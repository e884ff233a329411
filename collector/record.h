/*
 * Records: what the collector took from the field and wants stored, as bytes.
 *
 * A record is self-contained but for its references to names (collector/store/names.h): so a run of
 * records can lie in memory, be copied whole, and be decoded later by another thread. Layout, in
 * the machine's own byte order (records never leave it): struct record_head, then body_size bytes:
 *
 *   RECORD_SAMPLES     head.count times struct record_sample, each followed by its text_size bytes
 *   RECORD_PACKET      the packet's bytes; head.code is an enum packet_type
 *   RECORD_HEARTBEAT   nothing
 *   RECORD_CONNECTION  struct record_connection, then the details; head.code is an enum
 *                      connection_event
 *   RECORD_EVENT       the details, a text; head.code is an enum event_kind. Not made any more:
 *                      journals of earlier versions hold it
 *   RECORD_WRITE       struct record_write, then its texts one after the other
 *   RECORD_NEWS        an event, and who is to be called about it: collector/record_news.h;
 * head.code is an enum event_kind RECORD_ALARM       all of an alarm as JSON text: alarm_encode(),
 * collector/alarm.h
 *
 * Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_RECORD_H
#define DTUHUB_COLLECTOR_RECORD_H

#include "shared/event/kind.h"
#include "shared/modbus/regtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_type {
    RECORD_SAMPLES = 1,
    RECORD_PACKET,
    RECORD_HEARTBEAT,
    RECORD_CONNECTION,
    RECORD_EVENT,
    RECORD_WRITE,
    RECORD_NEWS,
    RECORD_ALARM,
    RECORD_TYPES, /* one more than the last */
};

enum packet_type {
    PACKET_REGISTER = 1,
    PACKET_HEARTBEAT,
    PACKET_DATA,
    PACKET_MODBUS,
    PACKET_NOISE
};

enum connection_event { LINE_CONNECT = 1, LINE_DISCONNECT, LINE_HEARTBEAT_TIMEOUT };

enum {
    RECORD_PACKET_MAX = 1024, /* bytes kept of one packet */
    RECORD_DETAILS_MAX = 200, /* bytes of a connection event's details */
    RECORD_ADDRESS_SIZE = 46, /* a textual IP address and its NUL */
    RECORD_BODY_MAX = 60000,
};

struct record_head {
    uint8_t type; /* enum record_type */
    uint8_t code;
    uint16_t count;
    uint32_t body_size;
    uint32_t device; /* reference of the device's name */
    uint32_t reserved;
    int64_t ts_ms; /* wall clock */
};

enum { SAMPLE_HAS_NUMBER = 1, SAMPLE_HAS_RAW = 2, SAMPLE_HAS_TEXT = 4 };

struct record_sample {
    uint32_t point; /* reference of the point */
    uint16_t flags;
    uint16_t text_size;
    double number;
    uint64_t raw;
};

struct record_connection {
    char address[RECORD_ADDRESS_SIZE];
    uint16_t port;
};

/** One register write, for the audit: what was asked, by whom, and what became of it. */
struct record_write {
    uint8_t slave, function;
    uint16_t address, count;
    uint16_t actor_size, point_size, value_size, result_size, details_size;
};

/** The same with its texts, which are not terminated where they come from a record. */
struct write_text {
    const char *text;
    size_t size;
};
struct write_entry {
    uint8_t slave, function;
    uint16_t address, count;
    struct write_text actor; /* who asked */
    struct write_text point; /* "" where registers were named */
    struct write_text value; /* as asked, in decimal, several separated by spaces */
    struct write_text
        result; /* "written", "exception", "time-out", "refused", "not verified", ... */
    struct write_text details; /* for people */
};

/** A body of samples under construction. */
struct record_body {
    uint32_t size;
    uint16_t count;
    uint8_t bytes[RECORD_BODY_MAX];
};

/** record_add_sample(body, point, value): append one sample; 0, or -1 where the body is full (it is
 * then unchanged). */
int record_add_sample(struct record_body *body, uint32_t point, const struct reg_value *value);

/**
 * record_next_sample(body, size, offset, sample, text): step through the body of RECORD_SAMPLES.
 * ${offset} starts at 0. Return 1 and fill ${sample} and ${text} (sample->text_size bytes inside of
 * the body), 0 at the end, -1 where the bytes make no sense.
 */
int record_next_sample(const uint8_t *body, size_t size, size_t *offset,
                       struct record_sample *sample, const char **text);

/** record_parse_write(body, size, out): the body of a RECORD_WRITE; the texts lie inside of it. 0,
 * or -1 where the bytes make no sense. */
int record_parse_write(const uint8_t *body, size_t size, struct write_entry *out);

/**
 * record_next(bytes, size, offset, head, body): step through a run of records. ${offset} starts at
 * 0. Return 1 and fill ${head} and ${body}, 0 at the end, -1 where the bytes make no sense.
 */
int record_next(const uint8_t *bytes, size_t size, size_t *offset, struct record_head *head,
                const uint8_t **body);

/** record_sound(head, body): whether the body, and what ${head} says of it, make sense: for bytes
 * that come from a file. References are not looked at. */
bool record_sound(const struct record_head *head, const uint8_t *body);

#endif
