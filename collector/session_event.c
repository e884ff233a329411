#include "collector/session_event.h"

void session_event_device(const struct session *session, struct event_device *out)
{
    const struct device_def *device = data_config_device(session->env->plans->config, session->id);
    *out = (struct event_device){
        .ref = session->device,
        .id = session->id,
        .name = device != NULL ? device->name : "",
        .tags = device != NULL ? device->tags : "",
        .profile = session->plan != NULL ? session->plan->profile->name : "",
        .address = session->peer.address,
        .port = session->peer.port,
    };
}

void session_raise(const struct session *session, enum event_kind kind, const char *message,
                   struct json_object *data, int64_t wall_ms)
{
    struct event_device device;
    session_event_device(session, &device);
    bus_raise(session->env->bus, &(struct bus_event){.kind = kind,
                                                     .ts_ms = wall_ms,
                                                     .device = &device,
                                                     .message = message,
                                                     .data = data,
                                                     .quiet = session->env->stopping});
    json_object_put(data);
}

void session_tell_answer(const struct session *session, const struct decoded *values, size_t n,
                         struct session_time now)
{
    struct event_device device;
    struct event_reading readings[DECODED_MOST];
    if (n == 0 || !bus_wants_answers(session->env->bus))
        return;
    for (size_t i = 0; i < n; i++)
        readings[i] = (struct event_reading){
            .point = values[i].point, .value = &values[i].value, .stored = values[i].stored};
    session_event_device(session, &device);
    bus_answer(session->env->bus, &(struct event_answer){.device = &device,
                                                         .ts_ms = now.wall_ms,
                                                         .mono_ms = now.mono_ms,
                                                         .readings = readings,
                                                         .count = n});
}

struct json_object *session_reason(const char *reason)
{
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "reason", json_object_new_string(reason));
    return data;
}

struct json_object *session_slave(unsigned unit)
{
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "slave", json_object_new_int((int)unit));
    return data;
}
