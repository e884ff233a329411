/* What each format sends, and what the answers mean. */
#include "collector/events/message.h"
#include "collector/events/message_text.h"
#include "shared/base/text.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1700000000000

#define HEAD "\"time\":\"2023-11-14T22:13:20.000Z\",\"severity\":\"info\",\"collector\":\"hub\","
#define OFFLINE                                                                                    \
    "{\"id\":\"evt_1\",\"type\":\"device_offline\"," HEAD                                          \
    "\"device_id\":\"1001\",\"ip\":\"10.0.0.7\",\"port\":4001,\"reason\":\"heartbeat timeout\"}"
#define READING                                                                                    \
    "{\"id\":\"evt_2\",\"type\":\"data_received\"," HEAD                                           \
    "\"device_id\":\"1001\",\"data_point\":\"level\",\"value\":2.5,\"raw_value\":25}"

static struct webhook_target target_of(enum webhook_format format)
{
    return (struct webhook_target){.name = (char *)"t",
                                   .url = (char *)"http://127.0.0.1/hook?token=x",
                                   .method = (char *)"POST",
                                   .language = "en",
                                   .content_type = (char *)"application/json",
                                   .format = format,
                                   .batch_max = 1};
}

static void make(const struct webhook_target *target, const char *events, struct message *out)
{
    char error[MESSAGE_ERROR_SIZE];
    struct json_object *list = json_tokener_parse(events);
    assert_non_null(list);
    if (message_make(target, "msg_1", list, NOW, out, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(strlen(out->body), out->size);
    json_object_put(list);
}

static void expect_body(const struct webhook_target *target, const char *events,
                        const char *expected)
{
    struct message message;
    make(target, events, &message);
    assert_string_equal(message.body, expected);
    message_clear(&message);
}

static bool has_header(const struct message *message, const char *header)
{
    for (char **at = message->headers; *at != NULL; at++) {
        if (strcmp(*at, header) == 0)
            return true;
    }
    return false;
}

static void the_short_form_has_the_original_bodies(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_ORIGINAL);
    expect_body(&target, "[" OFFLINE "]",
                "{\"device_id\":\"1001\",\"ip\":\"10.0.0.7\",\"port\":4001}");
    expect_body(&target, "[" READING "]",
                "{\"device_id\":\"1001\",\"data_point\":\"level\",\"value\":2.5,\"raw_value\":25}");
}

static void plain_is_the_event_or_a_list(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_PLAIN);
    expect_body(&target, "[" OFFLINE "]", OFFLINE);
    expect_body(&target, "[" READING "," READING "]", "[" READING "," READING "]");
    expect_body(&target, "[" READING "]", READING);
    target.batch_max = 10; /* a batch of one is a list as well */
    expect_body(&target, "[" READING "]", "[" READING "]");
    expect_body(&target, "[" OFFLINE "]", OFFLINE);
}

static void standard_webhooks_are_signed(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_STANDARD_WEBHOOKS);
    struct message message;
    target.secret = (char *)"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    make(&target, "[" OFFLINE "]", &message);
    assert_string_equal(message.body, "{\"type\":\"device_offline\",\"timestamp\":"
                                      "\"2023-11-14T22:13:20.000Z\",\"data\":" OFFLINE "}");
    assert_true(has_header(&message, "webhook-id: msg_1"));
    assert_true(has_header(&message, "webhook-timestamp: 1700000000"));
    assert_true(has_header(&message, "Content-Type: application/json; charset=utf-8"));
    bool is_signed = false;
    for (char **at = message.headers; *at != NULL; at++)
        is_signed |= strncmp(*at, "webhook-signature: v1,", 22) == 0 && strlen(*at) == 22 + 44;
    assert_true(is_signed);
    message_clear(&message);
    target.secret = NULL;
    make(&target, "[" READING "," READING "]", &message);
    assert_non_null(strstr(message.body, "\"data\":{\"events\":[" READING "," READING "]}"));
    for (char **at = message.headers; *at != NULL; at++)
        assert_null(strstr(*at, "signature"));
    message_clear(&message);
}

#define CLOUDEVENT(id, type, data)                                                                 \
    "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/dtuhub/hub\","                       \
    "\"type\":\"dtuhub." type "\",\"time\":\"2023-11-14T22:13:20.000Z\",\"subject\":\"1001\","     \
    "\"datacontenttype\":\"application/json\",\"data\":" data "}"

static void cloudevents_are_structured(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_CLOUDEVENTS);
    struct message message;
    make(&target, "[" OFFLINE "]", &message);
    assert_string_equal(message.body, CLOUDEVENT("evt_1", "device_offline", OFFLINE));
    assert_true(has_header(&message, "Content-Type: application/cloudevents+json; charset=utf-8"));
    message_clear(&message);
    target.batch_max = 5;
    make(&target, "[" READING "]", &message);
    assert_string_equal(message.body, "[" CLOUDEVENT("evt_2", "data_received", READING) "]");
    assert_true(
        has_header(&message, "Content-Type: application/cloudevents-batch+json; charset=utf-8"));
    message_clear(&message);
}

static void robots_get_text_and_a_signature_of_their_own(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_DINGTALK);
    struct message message;
    target.secret = (char *)"this is secret";
    make(&target, "[" OFFLINE "]", &message);
    assert_string_equal(message.url, "http://127.0.0.1/hook?token=x&timestamp=1700000000000&sign="
                                     "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D");
    assert_string_equal(message.body,
                        "{\"msgtype\":\"markdown\",\"markdown\":{\"title\":\"Device offline: "
                        "1001\",\"text\":\"**Device offline: 1001**  \\n> reason: heartbeat "
                        "timeout  \\n> time: 2023-11-14T22:13:20.000Z  \"}}");
    message_clear(&message);
    target.format = WEBHOOK_FEISHU;
    target.language = "zh";
    make(&target, "[" READING "]", &message);
    assert_string_equal(message.body,
                        "{\"timestamp\":\"1700000000\",\"sign\":"
                        "\"OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=\",\"msg_type\":\"text\","
                        "\"content\":{\"text\":\"收到数据：1001\\nlevel = 2.5 "
                        "\\n时间：2023-11-14T22:13:20.000Z\"}}");
    message_clear(&message);
    target.format = WEBHOOK_WECOM;
    make(&target, "[" OFFLINE "]", &message);
    static const char start[] = "{\"msgtype\":\"markdown\",\"markdown\":{\"content\":\"**";
    assert_int_equal(strncmp(message.body, start, sizeof(start) - 1), 0);
    assert_string_equal(message.url, target.url);
    message_clear(&message);
}

static void long_texts_are_cut_at_whole_characters(void **state)
{
    (void)state;
    struct json_object *events = json_object_new_array();
    for (int i = 0; i < 100; i++)
        json_object_array_add(events, json_tokener_parse(OFFLINE));
    for (size_t most = 2040; most < 2049; most++) {
        char *text = message_markdown(events, "zh", most);
        assert_in_range(strlen(text), most - 6, most);
        assert_string_equal(text + strlen(text) - 4, "\n...");
        struct json_object *as_json = json_object_new_string(text);
        assert_non_null(json_object_to_json_string(as_json));
        json_object_put(as_json);
        free(text);
    }
    json_object_put(events);
}

static void marks_from_outside_are_escaped(void **state)
{
    (void)state;
    struct json_object *events = json_tokener_parse(
        "[{\"type\":\"alarm_raised\",\"device_id\":\"[x](http://e)\",\"message\":\"*a*\\n# b\"}]");
    char *text = message_markdown(events, "en", 1000);
    assert_string_equal(text, "**Alarm: \\[x\\]\\(http://e\\)**  \n> \\*a\\* \\# b  ");
    free(text);
    json_object_put(events);
}

static void a_template_is_filled_in_for_its_content_type(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_TEMPLATE);
    char error[MESSAGE_ERROR_SIZE];
    static const char text[] =
        "{\"text\":\"{{type}} {{reason}}\",\"n\":{{count}},\"of\":\"{{delivery}}\"}";
    static const char events[] =
        "[{\"type\":\"device_offline\",\"time\":\"t\",\"reason\":\"a \\\"b\\\" \\\\ \\n<&>\"}]";
    target.body = mustache_parse("body", text, strlen(text), error);
    assert_non_null(target.body);
    expect_body(
        &target, events,
        "{\"text\":\"device_offline a \\\"b\\\" \\\\ \\u000a<&>\",\"n\":1,\"of\":\"msg_1\"}");
    target.content_type = (char *)"text/plain";
    expect_body(&target, events,
                "{\"text\":\"device_offline a \"b\" \\ \n<&>\",\"n\":1,\"of\":\"msg_1\"}");
    target.content_type = (char *)"application/xml";
    expect_body(&target, events,
                "{\"text\":\"device_offline a &quot;b&quot; \\ \n&lt;&amp;&gt;\",\"n\":1,\"of\":"
                "\"msg_1\"}");
    mustache_free(target.body);
}

static void an_alarm_speaks_the_language_of_the_target(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_FEISHU);
    static const char events[] =
        "[{\"type\":\"alarm_raised\",\"time\":\"t\",\"device_id\":\"1\",\"message\":\"hot\","
        "\"message_en\":\"too hot\",\"message_zh\":\"太热\"}]";
    expect_body(&target, events,
                "{\"msg_type\":\"text\",\"content\":{\"text\":\"Alarm: 1\\ntoo hot\\ntime: t\"}}");
    target.language = "zh";
    expect_body(&target, events,
                "{\"msg_type\":\"text\",\"content\":{\"text\":\"告警：1\\n太热\\n时间：t\"}}");
}

static void what_is_no_event_makes_no_message(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]", "{}", "1", "[1]", "[{}]", "[{\"type\":\"x\"}]"};
    struct webhook_target target = target_of(WEBHOOK_PLAIN);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char error[MESSAGE_ERROR_SIZE];
        struct message message;
        struct json_object *events = json_tokener_parse(bad[i]);
        assert_int_equal(message_make(&target, "id", events, NOW, &message, error), -1);
        json_object_put(events);
    }
}

static void own_headers_go_along(void **state)
{
    (void)state;
    struct webhook_target target = target_of(WEBHOOK_PLAIN);
    struct webhook_header headers[] = {{(char *)"X-Key", (char *)"k"}};
    struct message message;
    target.headers = headers;
    target.nheaders = 1;
    make(&target, "[" OFFLINE "]", &message);
    assert_true(has_header(&message, "X-Key: k"));
    message_clear(&message);
}

static void answers_mean_what_their_status_says(void **state)
{
    (void)state;
    static const struct {
        enum webhook_format format;
        long status;
        const char *body;
        enum answer_verdict verdict;
        const char *why;
    } rows[] = {
        {WEBHOOK_PLAIN, 200, "", ANSWER_DELIVERED, ""},
        {WEBHOOK_PLAIN, 204, "", ANSWER_DELIVERED, ""},
        {WEBHOOK_PLAIN, 200, "{\"errcode\":1}", ANSWER_DELIVERED, ""},
        {WEBHOOK_PLAIN, 301, "", ANSWER_AGAIN, "status 301: redirects are not followed"},
        {WEBHOOK_PLAIN, 404, "", ANSWER_AGAIN, "status 404"},
        {WEBHOOK_PLAIN, 410, "", ANSWER_GONE, "status 410"},
        {WEBHOOK_PLAIN, 413, "", ANSWER_REFUSED, "status 413"},
        {WEBHOOK_PLAIN, 429, "", ANSWER_AGAIN, "status 429"},
        {WEBHOOK_PLAIN, 500, "", ANSWER_AGAIN, "status 500"},
        {WEBHOOK_DINGTALK, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", ANSWER_DELIVERED, ""},
        {WEBHOOK_DINGTALK, 200, "{\"errcode\":310000,\"errmsg\":\"sign\"}", ANSWER_AGAIN,
         "errcode 310000: sign"},
        {WEBHOOK_FEISHU, 200, "{\"code\":19021,\"msg\":\"sign match fail\"}", ANSWER_AGAIN,
         "code 19021: sign match fail"},
        {WEBHOOK_FEISHU, 200, "{\"StatusCode\":0,\"code\":0}", ANSWER_DELIVERED, ""},
        {WEBHOOK_WECOM, 200, "no json", ANSWER_DELIVERED, ""},
        {WEBHOOK_WECOM, 200, "{\"errcode\":93000}", ANSWER_AGAIN, "errcode 93000"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct webhook_target target = target_of(rows[i].format);
        char why[MESSAGE_ERROR_SIZE];
        enum answer_verdict verdict =
            message_judge(&target, rows[i].status, rows[i].body, strlen(rows[i].body), why);
        if (verdict != rows[i].verdict || strncmp(why, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %zu: %d, %s", i, (int)verdict, why);
    }
}

/* It goes into the database and into JSON. */
static void what_a_robot_says_is_shown_as_valid_text(void **state)
{
    (void)state;
    const struct webhook_target target = target_of(WEBHOOK_DINGTALK);
    char bodies[3][512], why[MESSAGE_ERROR_SIZE];
    snprintf(bodies[0], sizeof(bodies[0]), "{\"errcode\":1,\"errmsg\":\"\xff\xc3(\\u0007\"}");
    snprintf(bodies[1], sizeof(bodies[1]), "{\"errcode\":1,\"errmsg\":\"x");
    for (int i = 0; i < 100; i++)
        strcat(bodies[1], "\xe4\xb8\xad");
    strcat(bodies[1], "\"}");
    snprintf(bodies[2], sizeof(bodies[2]), "{\"errcode\":1,\"errmsg\":null}");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(message_judge(&target, 200, bodies[i], strlen(bodies[i]), why),
                         ANSWER_AGAIN);
        for (size_t at = 0, n; why[at] != '\0'; at += n) {
            n = text_utf8_length((const uint8_t *)why + at, strlen(why + at));
            assert_true(n > 0 && (unsigned char)why[at] >= ' ');
        }
    }
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    assert_int_equal(message_retry_after("120", NOW), 120000);
    assert_int_equal(message_retry_after(" 0", NOW), 0);
    assert_int_equal(message_retry_after("99999999999999", NOW), 86400000);
    assert_int_equal(message_retry_after("-5", NOW), 0);
    assert_int_equal(message_retry_after("soon", NOW), 0);
    assert_int_equal(message_retry_after(NULL, NOW), 0);
    assert_int_equal(message_retry_after("Tue, 14 Nov 2023 22:14:20 GMT", NOW), 60000);
    assert_int_equal(message_retry_after("Tue, 14 Nov 2023 22:12:20 GMT", NOW), 0);
}

static void a_url_is_shown_without_what_may_be_secret(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"http://a.b:8080/hook?token=x", "http://a.b:8080/..."},
        {"https://user:pw@host/", "https://host/"},
        {"https://host", "https://host/"},
        {"https://host?key=1", "https://host/..."},
        {"https://[::1]:80/x#y", "https://[::1]:80/..."},
        {"nonsense", "..."},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *text = message_visible_url(rows[i][0]);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_form_has_the_original_bodies),
        cmocka_unit_test(plain_is_the_event_or_a_list),
        cmocka_unit_test(standard_webhooks_are_signed),
        cmocka_unit_test(cloudevents_are_structured),
        cmocka_unit_test(robots_get_text_and_a_signature_of_their_own),
        cmocka_unit_test(long_texts_are_cut_at_whole_characters),
        cmocka_unit_test(marks_from_outside_are_escaped),
        cmocka_unit_test(a_template_is_filled_in_for_its_content_type),
        cmocka_unit_test(an_alarm_speaks_the_language_of_the_target),
        cmocka_unit_test(what_is_no_event_makes_no_message),
        cmocka_unit_test(own_headers_go_along),
        cmocka_unit_test(answers_mean_what_their_status_says),
        cmocka_unit_test(what_a_robot_says_is_shown_as_valid_text),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(a_url_is_shown_without_what_may_be_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
