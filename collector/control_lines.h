/*
 * What the control channel shows of lines, of DTUs that are not let in or were refused, of those
 * that are expected, and of those that we dial: plain views, and their JSON. Instants are wall
 * clock milliseconds; 0 means never, and is null in JSON. The texts are the caller's. Pure; any
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_LINES_H
#define DTUHUB_COLLECTOR_CONTROL_LINES_H

#include "collector/net/refusals.h"
#include "collector/poll/slaves.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A slave behind a DTU. */
struct slave_view {
    uint8_t unit;
    const char *name; /* "" where the configuration gives none */
    struct slave_state state;
};

/** A registered line. */
struct line_view {
    const char *id;
    const char *name;    /* "" where the configuration gives none */
    char peer[64];       /* "10.0.0.7:40112", "[2001:db8::7]:40112" */
    const char *profile; /* its name */
    const char *framing; /* its name */
    int64_t since_ms;    /* when it registered */
    int64_t seen_ms;     /* its last packet */
    uint64_t heartbeats, answers, timeouts, noise_bytes;
    struct slave_view *slaves; /* by unit id */
    size_t nslaves;
};

/** A DTU that is not let in. */
struct quarantine_view {
    const char *id;
    char peer[64];       /* the last one */
    const char *profile; /* whose registration it sent */
    int64_t first_ms, last_ms;
    uint64_t times;
    bool connected; /* a line of it stands now */
};

/** A line that was closed before it registered. */
struct refusal_view {
    const char *id;   /* "" where it never said one */
    const char *peer; /* its address */
    uint16_t port;    /* the last one */
    const char *reason;
    const uint8_t *bytes; /* what came first */
    size_t len;           /* of it, at most REFUSAL_BYTES */
    int64_t first_ms, last_ms;
    uint64_t times;
};

/** A device that the configuration names. */
struct expected_view {
    const char *id;
    const char *name;      /* "" where the configuration gives none */
    const char *profile;   /* NULL: the one that its first packet chooses */
    const char *dial_host; /* NULL: it calls us */
    uint16_t dial_port;
    bool online;
    const char *refusal; /* why its last line was refused; NULL: none was */
    int64_t refused_ms;  /* when */
};

/** A DTU that we dial. */
struct dial_view {
    const char *id;
    const char *host;
    uint16_t port;
    const char *state; /* "online", "connecting", "waiting" */
    uint32_t failures; /* in a row */
    const char *error; /* of the last one; "" where there is none */
    int64_t next_ms;   /* the next attempt */
};

/** control_peer(address, port, out): as line_view.peer shows it. */
void control_peer(const char *address, uint16_t port, char out[64]);

/** control_lines_json(lines, n): an array, the caller's; so are the others. */
struct json_object *control_lines_json(const struct line_view *lines, size_t n);
struct json_object *control_line_json(const struct line_view *line);
struct json_object *control_quarantine_json(const struct quarantine_view *devices, size_t n);
struct json_object *control_dials_json(const struct dial_view *dials, size_t n);
struct json_object *control_refusals_json(const struct refusal_view *refusals, size_t n);
struct json_object *control_expected_json(const struct expected_view *devices, size_t n);

#endif
