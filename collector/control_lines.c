#include "collector/control_lines.h"

#include "shared/base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void put_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void put_or_null(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, text != NULL ? json_object_new_string(text) : NULL);
}

static void put_count(struct json_object *object, const char *key, uint64_t n)
{
    json_object_object_add(object, key, json_object_new_uint64(n));
}

static void put_flag(struct json_object *object, const char *key, bool flag)
{
    json_object_object_add(object, key, json_object_new_boolean(flag));
}

static void put_instant(struct json_object *object, const char *key, int64_t wall_ms)
{
    json_object_object_add(object, key, wall_ms != 0 ? json_object_new_int64(wall_ms) : NULL);
}

void control_peer(const char *address, uint16_t port, char out[64])
{
    snprintf(out, 64, strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u", address, (unsigned)port);
}

static struct json_object *slave_json(const struct slave_view *slave)
{
    static const char *const liveness[] = {
        [SLAVE_UNKNOWN] = "unknown", [SLAVE_ALIVE] = "alive", [SLAVE_DEAD] = "dead"};
    const struct slave_state *state = &slave->state;
    struct json_object *object = json_object_new_object();
    put_count(object, "slave", slave->unit);
    put_text(object, "name", slave->name);
    put_text(object, "state", liveness[state->liveness]);
    put_instant(object, "since", state->since_wall_ms);
    put_instant(object, "answered_at", state->answered_wall_ms);
    put_count(object, "answers", state->answers);
    put_count(object, "exceptions", state->exceptions);
    put_count(object, "timeouts", state->timeouts);
    return object;
}

struct json_object *control_line_json(const struct line_view *line)
{
    struct json_object *object = json_object_new_object(), *slaves = json_object_new_array();
    put_text(object, "device_id", line->id);
    put_text(object, "name", line->name);
    put_text(object, "peer", line->peer);
    put_text(object, "profile", line->profile);
    put_text(object, "framing", line->framing);
    put_instant(object, "since", line->since_ms);
    put_instant(object, "seen_at", line->seen_ms);
    put_count(object, "heartbeats", line->heartbeats);
    put_count(object, "answers", line->answers);
    put_count(object, "timeouts", line->timeouts);
    put_count(object, "noise_bytes", line->noise_bytes);
    for (size_t i = 0; i < line->nslaves; i++)
        json_object_array_add(slaves, slave_json(&line->slaves[i]));
    json_object_object_add(object, "slaves", slaves);
    return object;
}

struct json_object *control_lines_json(const struct line_view *lines, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(list, control_line_json(&lines[i]));
    return list;
}

struct json_object *control_quarantine_json(const struct quarantine_view *devices, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json_object *object = json_object_new_object();
        put_text(object, "device_id", devices[i].id);
        put_text(object, "peer", devices[i].peer);
        put_text(object, "profile", devices[i].profile);
        put_instant(object, "first_seen", devices[i].first_ms);
        put_instant(object, "last_seen", devices[i].last_ms);
        put_count(object, "times", devices[i].times);
        put_flag(object, "connected", devices[i].connected);
        json_object_array_add(list, object);
    }
    return list;
}

struct json_object *control_dials_json(const struct dial_view *dials, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json_object *object = json_object_new_object();
        put_text(object, "device_id", dials[i].id);
        put_text(object, "host", dials[i].host);
        put_count(object, "port", dials[i].port);
        put_text(object, "state", dials[i].state);
        put_count(object, "failures", dials[i].failures);
        put_text(object, "error", dials[i].error);
        put_instant(object, "next", dials[i].next_ms);
        json_object_array_add(list, object);
    }
    return list;
}

/* Printable ASCII as it is, a dot for each other byte: as people know it from hexadecimal dumps. */
static void put_bytes(struct json_object *object, const uint8_t *bytes, size_t len)
{
    char text[REFUSAL_BYTES + 1], hex[2 * REFUSAL_BYTES + 1];
    for (size_t i = 0; i < len; i++)
        text[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.';
    text[len] = '\0';
    put_text(object, "text", text);
    put_text(object, "hex", text_hex(bytes, len, hex));
}

struct json_object *control_refusals_json(const struct refusal_view *refusals, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        const struct refusal_view *refusal = &refusals[i];
        struct json_object *object = json_object_new_object();
        put_text(object, "device_id", refusal->id);
        put_text(object, "peer", refusal->peer);
        put_count(object, "port", refusal->port);
        put_text(object, "reason", refusal->reason);
        put_bytes(object, refusal->bytes,
                  refusal->len < REFUSAL_BYTES ? refusal->len : REFUSAL_BYTES);
        put_count(object, "times", refusal->times);
        put_instant(object, "first_at", refusal->first_ms);
        put_instant(object, "last_at", refusal->last_ms);
        json_object_array_add(list, object);
    }
    return list;
}

static struct json_object *dial_target_json(const struct expected_view *device)
{
    if (device->dial_host == NULL)
        return NULL;
    struct json_object *object = json_object_new_object();
    put_text(object, "host", device->dial_host);
    put_count(object, "port", device->dial_port);
    return object;
}

struct json_object *control_expected_json(const struct expected_view *devices, size_t n)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        const struct expected_view *device = &devices[i];
        struct json_object *object = json_object_new_object();
        put_text(object, "device_id", device->id);
        put_text(object, "name", device->name);
        put_or_null(object, "profile", device->profile);
        json_object_object_add(object, "dial", dial_target_json(device));
        put_flag(object, "online", device->online);
        put_or_null(object, "refusal", device->refusal);
        put_instant(object, "refused_at", device->refused_ms);
        json_object_array_add(list, object);
    }
    return list;
}
