/* Webhooks with a receiver on the same loop, and an outbox whose database is not there: what it
 * would load is given by hand. */
#include "collector/events/webhooks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <json-c/json.h>

#define EVENT                                                                                      \
    "{\"id\":\"evt_1\",\"type\":\"device_online\",\"time\":\"2026-01-01T00:00:00.000Z\","          \
    "\"severity\":\"info\",\"device_id\":\"1001\"}"

struct rig {
    struct event_base *base;
    struct evhttp *http;
    struct bus *bus;
    struct outbox *outbox;
    struct webhooks *webhooks;
    struct server_config config, other;
    struct webhook_target targets[2];
    char url[64];
    int answer; /* 0: none */
    const char *answer_body;
    unsigned requests;
    char body[512];
    unsigned tested;
    long tested_status;
    char tested_error[256];
    struct json_object *raised; /* the data of the last event */
    enum event_kind kind;
};

static void on_request(struct evhttp_request *request, void *cookie)
{
    struct rig *rig = cookie;
    rig->requests++;
    int size =
        evbuffer_remove(evhttp_request_get_input_buffer(request), rig->body, sizeof(rig->body) - 1);
    rig->body[size > 0 ? size : 0] = '\0';
    if (rig->answer_body != NULL)
        evbuffer_add(evhttp_request_get_output_buffer(request), rig->answer_body,
                     strlen(rig->answer_body));
    if (rig->answer != 0)
        evhttp_send_reply(request, rig->answer, "", NULL);
    event_base_loopbreak(rig->base);
}

static void on_event(void *cookie, const struct bus_event *event)
{
    struct rig *rig = cookie;
    rig->kind = event->kind;
    json_object_put(rig->raised);
    rig->raised = json_object_get(event->data);
}

static void on_tested(void *cookie, const struct call_result *result)
{
    struct rig *rig = cookie;
    rig->tested++;
    rig->tested_status = result->status;
    snprintf(rig->tested_error, sizeof(rig->tested_error), "%s", result->error);
    event_base_loopbreak(rig->base);
}

static struct webhook_target target_of(struct rig *rig, const char *name)
{
    return (struct webhook_target){.name = (char *)name,
                                   .url = rig->url,
                                   .language = "en",
                                   .method = (char *)"POST",
                                   .format = WEBHOOK_PLAIN,
                                   .timeout_ms = 60000,
                                   .connect_timeout_ms = 5000,
                                   .concurrency = 2,
                                   .batch_max = 1,
                                   .retries_ms = {3600000, 3600000},
                                   .nretries = 2,
                                   .keep_ms = 86400000};
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    rig->base = event_base_new();
    rig->http = evhttp_new(rig->base);
    evhttp_set_gencb(rig->http, on_request, rig);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(rig->http, "127.0.0.1", 0);
    getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size);
    snprintf(rig->url, sizeof(rig->url), "http://127.0.0.1:%u/secret", ntohs(address.sin_port));
    rig->answer = 200;
    rig->targets[0] = target_of(rig, "ops");
    rig->targets[1] = target_of(rig, "device_online");
    rig->config.hooks = (struct webhook_config){.targets = rig->targets, .ntargets = 2};
    rig->config.server.name = (char *)"north";
    rig->config.mysql = (struct mysql_section){.socket = (char *)"/nonexistent/mysql.sock",
                                               .user = (char *)"nobody",
                                               .password = (char *)"",
                                               .database = (char *)"none"};
    rig->bus = bus_new();
    bus_listen(rig->bus, &(struct bus_listener){.event = on_event, .cookie = rig});
    rig->outbox = outbox_start(rig->base, &rig->config, &(struct outbox_ops){0});
    rig->webhooks = webhooks_start(rig->base, rig->bus, rig->outbox, &rig->config);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    webhooks_stop(rig->webhooks);
    outbox_stop(rig->outbox, 2000);
    bus_free(rig->bus);
    evhttp_free(rig->http);
    event_base_free(rig->base);
    json_object_put(rig->raised);
    free(rig);
    return 0;
}

/* Until a request or the end of a test call, or for so long. */
static void spin(struct rig *rig, int ms)
{
    const struct timeval most = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(rig->base, &most);
    event_base_dispatch(rig->base);
}

static void until_requests(struct rig *rig, unsigned n)
{
    for (int i = 0; i < 100 && rig->requests < n; i++)
        spin(rig, 100);
    assert_int_equal(rig->requests, n);
}

static void load(struct rig *rig, uint64_t id, const char *target)
{
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    delivery->id = id;
    snprintf(delivery->uid, sizeof(delivery->uid), "evt_%llu", (unsigned long long)id);
    delivery->target = xstrdup(target);
    delivery->device = xstrdup("1001");
    delivery->events = xstrdup("[" EVENT "]");
    delivery->count = 1;
    delivery->created_ms = clock_wall_ms();
    webhooks_loaded(rig->webhooks, delivery);
}

/* What is shown of the first target. */
static struct json_object *shown(const struct rig *rig)
{
    struct json_object *all = webhooks_json(rig->webhooks);
    struct json_object *one = json_object_get(json_object_array_get_idx(all, 0));
    json_object_put(all);
    return one;
}

static void expect_shown(const struct rig *rig, const char *key, const char *value)
{
    struct json_object *one = shown(rig);
    assert_string_equal(json_object_get_string(json_object_object_get(one, key)), value);
    json_object_put(one);
}

static void until_shown(struct rig *rig, const char *key, const char *value)
{
    for (int i = 0; i < 100; i++) {
        struct json_object *one = shown(rig);
        bool same = strcmp(json_object_get_string(json_object_object_get(one, key)), value) == 0;
        json_object_put(one);
        if (same)
            return;
        spin(rig, 50);
    }
    expect_shown(rig, key, value);
}

static void what_is_loaded_is_called(void **state)
{
    struct rig *rig = *state;
    load(rig, 1, "ops");
    load(rig, 1, "ops"); /* it is there already */
    load(rig, 2, "nobody");
    until_requests(rig, 1);
    assert_string_equal(rig->body, EVENT);
    until_shown(rig, "delivered", "1");
    spin(rig, 50);
    expect_shown(rig, "tries", "1");
    expect_shown(rig, "state", "up");
    struct json_object *one = shown(rig);
    assert_null(strstr(json_object_to_json_string(one), "secret"));
    json_object_put(one);
}

static void gone_is_told_and_called_no_more(void **state)
{
    struct rig *rig = *state;
    rig->answer = 410;
    load(rig, 1, "ops");
    until_requests(rig, 1);
    until_shown(rig, "state", "disabled");
    assert_int_equal(rig->kind, EVENT_WEBHOOK_DISABLED);
    assert_string_equal(json_object_get_string(json_object_object_get(rig->raised, "target")),
                        "ops");
    rig->answer = 200;
    load(rig, 2, "ops");
    spin(rig, 100);
    assert_int_equal(rig->requests, 1);
    assert_int_equal(webhooks_enable(rig->webhooks, "nobody"), -1);
    assert_int_equal(webhooks_enable(rig->webhooks, "ops"), 0);
    expect_shown(rig, "state", "up");
    spin(rig, 100);
    assert_int_equal(rig->requests, 1); /* the first one of the device waits for its retry */
}

static void too_large_is_given_up_and_told(void **state)
{
    struct rig *rig = *state;
    rig->answer = 413;
    load(rig, 1, "ops");
    until_requests(rig, 1);
    until_shown(rig, "dead", "1");
    spin(rig, 50);
    assert_int_equal(rig->kind, EVENT_WEBHOOK_DEAD);
    assert_string_equal(json_object_get_string(json_object_object_get(rig->raised, "delivery")),
                        "evt_1");
}

static void a_target_goes_while_its_call_is_under_way(void **state)
{
    struct rig *rig = *state;
    rig->answer = 0;
    load(rig, 1, "ops");
    until_requests(rig, 1);
    rig->other = rig->config;
    rig->other.hooks.targets = rig->targets + 1;
    rig->other.hooks.ntargets = 1;
    outbox_configure(rig->outbox, &rig->other);
    webhooks_configure(rig->webhooks, &rig->other);
    expect_shown(rig, "target", "device_online");
    rig->answer = 200;
    load(rig, 2, "ops"); /* on its way meanwhile */
    load(rig, 3, "device_online");
    until_requests(rig, 2);
    until_shown(rig, "delivered", "1");
}

static void a_test_is_one_call(void **state)
{
    struct rig *rig = *state;
    struct json_object *event = json_tokener_parse(EVENT), *none = json_tokener_parse("{}");
    assert_int_equal(webhooks_test(rig->webhooks, "nobody", event, on_tested, rig), -1);
    assert_int_equal(webhooks_test(rig->webhooks, "ops", event, on_tested, rig), 0);
    assert_int_equal(webhooks_test(rig->webhooks, NULL, event, on_tested, rig), 0);
    assert_int_equal(rig->tested, 0);
    for (int i = 0; i < 100 && rig->tested < 2; i++)
        spin(rig, 100);
    assert_int_equal(rig->tested, 2);
    assert_int_equal(rig->tested_status, 200);
    assert_int_equal(rig->requests, 2);
    expect_shown(rig, "tries", "0");
    assert_int_equal(webhooks_test(rig->webhooks, NULL, none, on_tested, rig), -1);
    assert_int_equal(webhooks_test(rig->webhooks, "ops", none, on_tested, rig), 0);
    assert_int_equal(rig->tested, 2);
    for (int i = 0; i < 100 && rig->tested < 3; i++)
        spin(rig, 100);
    assert_int_equal(rig->tested_status, 0);
    assert_string_equal(rig->tested_error, "these are no events");
    json_object_put(event);
    json_object_put(none);
}

static void a_robot_that_refuses_a_test_is_an_error(void **state)
{
    struct rig *rig = *state;
    static const enum webhook_format robots[] = {WEBHOOK_DINGTALK, WEBHOOK_FEISHU, WEBHOOK_WECOM};
    struct json_object *event = json_tokener_parse(EVENT);
    rig->answer_body = "{\"errcode\":310000,\"errmsg\":\"sign\"}";
    for (unsigned n = 0; n < 3; n++) {
        rig->targets[0].format = robots[n];
        assert_int_equal(webhooks_test(rig->webhooks, "ops", event, on_tested, rig), 0);
        for (int i = 0; i < 100 && rig->tested < n + 1; i++)
            spin(rig, 100);
        assert_int_equal(rig->tested_status, 200);
        assert_string_equal(rig->tested_error, "errcode 310000: sign");
    }
    rig->targets[0].format = WEBHOOK_PLAIN;
    assert_int_equal(webhooks_test(rig->webhooks, "ops", event, on_tested, rig), 0);
    for (int i = 0; i < 100 && rig->tested < 4; i++)
        spin(rig, 100);
    assert_string_equal(rig->tested_error, "");
    json_object_put(event);
}

static void calls_under_way_end_with_the_webhooks(void **state)
{
    struct rig *rig = *state;
    struct json_object *event = json_tokener_parse(EVENT);
    rig->answer = 0;
    load(rig, 1, "ops");
    assert_int_equal(webhooks_test(rig->webhooks, "ops", event, on_tested, rig), 0);
    until_requests(rig, 2);
    webhooks_stop(rig->webhooks);
    rig->webhooks = NULL;
    assert_int_equal(rig->tested, 0);
    json_object_put(event);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_loaded_is_called),
        TEST(gone_is_told_and_called_no_more),
        TEST(too_large_is_given_up_and_told),
        TEST(a_target_goes_while_its_call_is_under_way),
        TEST(a_test_is_one_call),
        TEST(a_robot_that_refuses_a_test_is_an_error),
        TEST(calls_under_way_end_with_the_webhooks),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
