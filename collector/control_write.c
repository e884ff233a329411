/*
 * A request is libevent's until it is answered; where its client goes away meanwhile, libevent
 * takes it off the connection and leaves it to us, and the answer then only frees it. Only the end
 * of the server frees it under us: so each order knows its request, and loses it before that.
 */
#include "collector/control_write.h"

#include "collector/control_reply.h"
#include "collector/orders.h"
#include "collector/write_request.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

#include <event2/buffer.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 256 };

/* One order that is out. */
struct pending {
    TAILQ_ENTRY(pending) link;
    struct control_writes *writes;  /* NULL once the server is gone */
    struct evhttp_request *request; /* NULL then, too */
    struct hub *hub;
    uint32_t device;
    char id[LINK_ID_SIZE];
    struct write_order order;
};

struct control_writes {
    struct hub *hub;
    TAILQ_HEAD(pending_list, pending) out;
};

struct control_writes *control_writes_new(struct hub *hub)
{
    struct control_writes *writes = xcalloc(1, sizeof(*writes));
    writes->hub = hub;
    TAILQ_INIT(&writes->out);
    return writes;
}

void control_writes_free(struct control_writes *writes)
{
    struct pending *pending;
    if (writes == NULL)
        return;
    while ((pending = TAILQ_FIRST(&writes->out)) != NULL) {
        TAILQ_REMOVE(&writes->out, pending, link);
        control_reply_error(pending->request, 503, "the collector is stopping");
        pending->request = NULL;
        pending->writes = NULL;
    }
    free(writes);
}

/* The audit */

static struct write_text text_of(const char *text)
{
    return (struct write_text){text, strlen(text)};
}

static void record(struct hub *hub, uint32_t device, const struct write_order *order,
                   const char *result, const char *details)
{
    const struct write_entry entry = {
        .slave = order->request.unit,
        .function = order->request.function,
        .address = order->request.start,
        .count = order->request.count,
        .actor = text_of(order->actor),
        .point = text_of(order->point),
        .value = text_of(order->value),
        .result = text_of(result),
        .details = text_of(details),
    };
    recorder_write(&hub->env.recorder, device, hub_now().wall_ms, &entry);
}

/* Tell it: what was written to which device, and by whom. */
static void tell(struct hub *hub, const char *id, uint32_t device, const struct write_order *order,
                 const char *result)
{
    struct json_object *data = json_object_new_object();
    struct event_device of = {.ref = device, .id = id};
    json_object_object_add(data, "point", json_object_new_string(order->point));
    json_object_object_add(data, "value", json_object_new_string(order->value));
    json_object_object_add(data, "actor", json_object_new_string(order->actor));
    json_object_object_add(data, "slave", json_object_new_int(order->request.unit));
    json_object_object_add(data, "address", json_object_new_int(order->request.start));
    json_object_object_add(data, "result", json_object_new_string(result));
    bus_raise(hub->env.bus,
              &(struct bus_event){.kind = EVENT_WRITE_DONE, .device = &of, .data = data});
    json_object_put(data);
}

/* What is known of an order that was never made: point and values as they were asked for. */
static void record_refused(struct hub *hub, const struct write_request *asked, const char *why)
{
    struct write_order order = {0};
    uint32_t device;
    if (names_find_device(hub->env.names, asked->device, &device) != 0)
        return;
    snprintf(order.actor, sizeof(order.actor), "%s", asked->actor);
    snprintf(order.point, sizeof(order.point), "%s", asked->point);
    if (asked->registers) {
        order.request.unit = asked->slave <= UINT8_MAX ? (uint8_t)asked->slave : 0;
        order.request.function = asked->function <= UINT8_MAX ? (uint8_t)asked->function : 0;
        order.request.start = (uint16_t)asked->address;
        order.request.count = (uint16_t)asked->count;
        write_list(asked->values, asked->count, order.value, sizeof(order.value));
    } else {
        write_number_text(asked->value, order.value);
    }
    record(hub, device, &order, "refused", why);
    log_warn("write", asked->device, "refused to %s: %s", asked->actor, why);
}

#define REFUSE(hub, request, asked, status, ...)                                                   \
    do {                                                                                           \
        char why_[TEXT_SIZE];                                                                      \
        snprintf(why_, sizeof(why_), __VA_ARGS__);                                                 \
        record_refused(hub, asked, why_);                                                          \
        control_reply_error(request, status, "%s", why_);                                          \
    } while (0)

/* The answer */

static struct json_object *registers_json(const struct write_order *order,
                                          const struct write_result *result)
{
    struct json_object *list = json_object_new_array();
    bool coils = order->read_back.function == FC_READ_COILS;
    for (size_t i = 0; i < order->read_back.count; i++) {
        int value = coils ? result->data[i / 8] >> i % 8 & 1
                          : result->data[2 * i] << 8 | result->data[2 * i + 1];
        json_object_array_add(list, json_object_new_int(value));
    }
    return list;
}

/* NULL where nothing was read, or what was read is no number. */
static struct json_object *read_back_json(const struct write_order *order,
                                          const struct write_result *result)
{
    double value;
    char text[WRITE_NUMBER_SIZE];
    if (!result->read || result->size != order->size)
        return NULL;
    if (order->type.size == 0)
        return registers_json(order, result);
    if (!write_value(order, result->data, result->size, &value))
        return NULL;
    return json_object_new_double_s(value, write_number_text(value, text));
}

static const struct answer {
    int http;
    const char *error; /* NULL: it is none */
} answers[] = {
    [WRITE_DONE] = {200, NULL},
    [WRITE_NOT_VERIFIED] = {200, NULL},
    [WRITE_EXCEPTION] = {502, "the slave refused it"},
    [WRITE_TIMEOUT] = {504, "the slave did not answer: it may or may not be written"},
    [WRITE_LINE_LOST] = {502, "the line closed before the answer: it may or may not be written"},
    [WRITE_CANCELLED] = {409, "it was not sent: the line closed, or its time was over"},
};

static struct json_object *result_json(const struct write_order *order,
                                       const struct write_result *result)
{
    struct json_object *json = json_object_new_object();
    const char *error = answers[result->status].error;
    json_object_object_add(json, "status",
                           json_object_new_string(write_status_name(result->status)));
    if (error == NULL) {
        json_object_object_add(json, "verified",
                               json_object_new_boolean(result->status == WRITE_DONE));
        json_object_object_add(json, "read_back", read_back_json(order, result));
    } else {
        json_object_object_add(json, "error", json_object_new_string(error));
    }
    if (result->status == WRITE_EXCEPTION) {
        json_object_object_add(json, "exception", json_object_new_int(result->exception));
        json_object_object_add(json, "name",
                               json_object_new_string(adu_exception_name(result->exception)));
    }
    json_object_object_add(json, "took_ms", json_object_new_int64(result->took_ms));
    return json;
}

/* For the audit's reader. */
static void describe(const struct write_order *order, const struct write_result *result,
                     char text[TEXT_SIZE])
{
    if (result->status == WRITE_EXCEPTION) {
        snprintf(text, TEXT_SIZE, "exception %02X, %s", result->exception,
                 adu_exception_name(result->exception));
    } else if (result->status == WRITE_NOT_VERIFIED) {
        struct json_object *read = read_back_json(order, result);
        snprintf(text, TEXT_SIZE, "read back: %s",
                 read != NULL ? json_object_to_json_string(read) : "nothing");
        json_object_put(read);
    } else {
        text[0] = '\0';
    }
}

static void on_done(struct write_order *order, const struct write_result *result)
{
    struct pending *pending = order->cookie;
    char details[TEXT_SIZE];
    describe(order, result, details);
    record(pending->hub, pending->device, order, write_status_name(result->status), details);
    if (result->status == WRITE_DONE || result->status == WRITE_NOT_VERIFIED)
        tell(pending->hub, pending->id, pending->device, order, write_status_name(result->status));
    log_info("write", pending->id, "%s = %s by %s: %s%s%s",
             order->point[0] != '\0' ? order->point : "registers", order->value, order->actor,
             write_status_name(result->status), details[0] != '\0' ? ", " : "", details);
    if (pending->writes != NULL) {
        TAILQ_REMOVE(&pending->writes->out, pending, link);
        control_reply_json(pending->request, answers[result->status].http,
                           result_json(order, result));
    }
    free(pending);
}

/* The order */

static const struct point_def *find_point(const struct profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->npoints; i++) {
        if (strcmp(profile->points[i].name, name) == 0)
            return &profile->points[i];
    }
    return NULL;
}

static void refuse_point(struct hub *hub, struct evhttp_request *request,
                         const struct write_request *asked, const struct profile *profile)
{
    const char **known = xcalloc(profile->npoints + 1, sizeof(*known));
    for (size_t i = 0; i < profile->npoints; i++)
        known[i] = profile->points[i].name;
    const char *near = text_nearest(asked->point, known, profile->npoints);
    REFUSE(hub, request, asked, 404, "point %s is not in profile %s%s%s%s", asked->point,
           profile->name, near != NULL ? ": did you mean " : "", near != NULL ? near : "",
           near != NULL ? "?" : "");
    free(known);
}

static void refuse_verdict(struct hub *hub, struct evhttp_request *request,
                           const struct write_request *asked, enum order_verdict verdict)
{
    static const struct {
        int http;
        const char *why;
    } words[] = {
        [ORDER_OFFLINE] = {409, "is offline: nothing was sent"},
        [ORDER_QUARANTINED] =
            {409, "is in quarantine: name it below devices in data_config.yml to let it in"},
        [ORDER_LISTEN_ONLY] = {409, "polls by itself (listen_only): nothing is sent to it"},
        [ORDER_QUEUE_FULL] = {503, "has too many orders waiting: try again when they are done"},
    };
    REFUSE(hub, request, asked, words[verdict].http, "device %s %s", asked->device,
           words[verdict].why);
}

static void refuse_offline(struct hub *hub, struct evhttp_request *request,
                           const struct write_request *asked)
{
    uint32_t device;
    if (quarantine_holds(hub->quarantine, asked->device))
        refuse_verdict(hub, request, asked, ORDER_QUARANTINED);
    else if (names_find_device(hub->env.names, asked->device, &device) == 0)
        refuse_verdict(hub, request, asked, ORDER_OFFLINE);
    else
        control_reply_error(request, 404,
                            "device %s is not known: it has not called since the start",
                            asked->device);
}

/* Fill the order; 0, or -1 where the request is answered. */
static int make_order(struct hub *hub, struct evhttp_request *request,
                      const struct write_request *asked, const struct profile *profile,
                      struct write_order *order)
{
    char error[TEXT_SIZE];
    int rc;
    if (asked->registers) {
        const struct write_raw raw = {asked->slave, asked->function, asked->address, asked->values,
                                      asked->count};
        rc = write_registers(&raw, order, error, sizeof(error));
    } else {
        const struct point_def *found = find_point(profile, asked->point);
        if (found == NULL) {
            refuse_point(hub, request, asked, profile);
            return -1;
        }
        struct point_def point = *found;
        point.address = write_first_coil(profile, found);
        rc = write_point(&point, asked->value, order, error, sizeof(error));
    }
    if (rc != 0)
        REFUSE(hub, request, asked, 422, "%s", error);
    return rc;
}

static void submit(struct control_writes *writes, struct evhttp_request *request,
                   const struct write_request *asked)
{
    struct hub *hub = writes->hub;
    const struct profile *profile = orders_profile(hub, asked->device);
    if (profile == NULL) {
        refuse_offline(hub, request, asked);
        return;
    }
    struct pending *pending = xcalloc(1, sizeof(*pending));
    if (make_order(hub, request, asked, profile, &pending->order) != 0) {
        free(pending);
        return;
    }
    pending->writes = writes;
    pending->request = request;
    pending->hub = hub;
    pending->device = names_device(hub->env.names, asked->device);
    pending->order.done = on_done;
    pending->order.cookie = pending;
    memcpy(pending->id, asked->device, sizeof(pending->id));
    memcpy(pending->order.actor, asked->actor, sizeof(asked->actor));
    TAILQ_INSERT_TAIL(&writes->out, pending, link);
    enum order_verdict verdict = orders_submit(hub, asked->device, &pending->order);
    if (verdict == ORDER_TAKEN)
        return;
    TAILQ_REMOVE(&writes->out, pending, link);
    free(pending);
    refuse_verdict(hub, request, asked, verdict);
}

void control_write(struct control_writes *writes, struct evhttp_request *request)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    struct write_request *asked = xcalloc(1, sizeof(*asked));
    char error[TEXT_SIZE];
    size_t len = evbuffer_get_length(body);
    const char *text = (const char *)evbuffer_pullup(body, -1);
    if (write_request_parse(text, len, asked, error, sizeof(error)) != 0)
        control_reply_error(request, 400, "%s", error);
    else
        submit(writes, request, asked);
    free(asked);
}
