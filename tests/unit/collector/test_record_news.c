/* Bodies of RECORD_NEWS and RECORD_ALARM: as they were, or refused. */
#include "collector/alarm.h"
#include "collector/record_news.h"
#include "tests/unit/collector/parts.h"

static size_t make(uint8_t out[RECORD_BODY_MAX])
{
    struct news news = {.id = "evt_1",
                        .severity = SEVERITY_WARNING,
                        .count = 2,
                        .message = "why",
                        .message_size = 3,
                        .json = "{},{}",
                        .json_size = 5,
                        .ntargets = 2,
                        .targets = {{"ops", 3, 0}, {"data", 4, 500}}};
    return news_encode(&news, out);
}

static void news_come_back_as_they_were(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX];
    struct news news;
    size_t size = make(body);
    assert_int_equal(news_parse(body, size, &news), 0);
    assert_string_equal(news.id, "evt_1");
    assert_int_equal(news.severity, SEVERITY_WARNING);
    assert_int_equal(news.count, 2);
    assert_int_equal(news.message_size, 3);
    assert_memory_equal(news.message, "why", 3);
    assert_int_equal(news.json_size, 5);
    assert_memory_equal(news.json, "{},{}", 5);
    assert_int_equal(news.ntargets, 2);
    assert_int_equal(news.targets[0].joinable, 0);
    assert_int_equal(news.targets[1].name_size, 4);
    assert_memory_equal(news.targets[1].name, "data", 4);
    assert_int_equal(news.targets[1].joinable, 500);
}

static void news_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX];
    struct news news;
    struct record_news head;
    size_t size = make(body), names = sizeof(head) + offsetof(struct record_target, name_size);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(news_parse(body, cut, &news), -1);
    assert_int_equal(news_parse(body, size + 1, &news), -1);
    body[names] = 0; /* a name of no length */
    assert_int_equal(news_parse(body, size, &news), -1);
    body[names] = NEWS_NAME_MAX + 1;
    assert_int_equal(news_parse(body, sizeof(body), &news), -1);
    make(body);
    memcpy(&head, body, sizeof(head));
    memset(head.id, 'x', sizeof(head.id));
    memcpy(body, &head, sizeof(head));
    assert_int_equal(news_parse(body, size, &news), -1);
    make(body);
    head.severity = SEVERITIES;
    memset(head.id, 0, sizeof(head.id));
    memcpy(body, &head, sizeof(head));
    assert_int_equal(news_parse(body, size, &news), -1);
}

static void flipped_bits_read_nothing_beyond(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX];
    struct news news;
    size_t size = make(body);
    uint8_t *exact = malloc(size); /* so that a sanitizer sees a step over the end */
    assert_non_null(exact);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(exact, body, size);
        exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (news_parse(exact, size, &news) == 0)
            assert_true(news.ntargets <= NEWS_TARGETS_MAX);
    }
    free(exact);
}

static void what_is_too_large_is_not_made(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX];
    char *json = calloc(1, RECORD_BODY_MAX);
    struct news news = {.id = "evt_1", .json = json, .json_size = RECORD_BODY_MAX};
    assert_int_equal(news_encode(&news, body), 0);
    news.json_size = RECORD_BODY_MAX - 1000;
    assert_true(news_encode(&news, body) > news.json_size);
    free(json);
}

static struct alarm *alarm(void)
{
    struct alarm *out = calloc(1, sizeof(*out));
    strcpy(out->id, "evt_1");
    out->rule = strdup("hot \"pump\"");
    out->point = strdup("");
    out->device_id = strdup("1001");
    out->severity = SEVERITY_CRITICAL;
    out->state = ALARM_CLEARED;
    out->raised_ms = 1700000000000;
    out->cleared_ms = 1700000001000;
    out->has_value = true;
    out->value = -0.1;
    out->message_en = strdup("hot");
    out->message_zh = strdup("热");
    out->actor = strdup("");
    out->comment = strdup("");
    return out;
}

static void alarms_come_back_as_they_were(void **state)
{
    (void)state;
    size_t size;
    struct alarm *was = alarm();
    char *body = alarm_encode(was, &size);
    struct alarm *is = alarm_decode(body, size);
    assert_non_null(is);
    assert_string_equal(is->id, was->id);
    assert_string_equal(is->rule, was->rule);
    assert_string_equal(is->message_zh, was->message_zh);
    assert_int_equal(is->severity, was->severity);
    assert_int_equal(is->state, ALARM_CLEARED);
    assert_int_equal(is->cleared_ms, was->cleared_ms);
    assert_int_equal(is->acknowledged_ms, 0);
    assert_true(is->has_value && is->value == was->value);
    for (size_t cut = 0; cut < size; cut++)
        assert_null(alarm_decode(body, cut));
    alarm_free(is);
    alarm_free(was);
    free(body);
    assert_null(alarm_decode("[]", 2));
    assert_null(alarm_decode("{\"id\":\"x\"}", 10));
}

static void records_of_both_are_sound(void **state)
{
    (void)state;
    static uint8_t body[RECORD_BODY_MAX];
    size_t size = make(body);
    struct record_head head = {
        .type = RECORD_NEWS, .code = EVENT_SLAVE_DEAD, .body_size = (uint32_t)size};
    assert_true(record_sound(&head, body));
    head.body_size--;
    assert_false(record_sound(&head, body));
    struct alarm *one = alarm();
    char *text = alarm_encode(one, &size);
    head = (struct record_head){.type = RECORD_ALARM, .body_size = (uint32_t)size};
    assert_true(record_sound(&head, (const uint8_t *)text));
    head.body_size--;
    assert_false(record_sound(&head, (const uint8_t *)text));
    alarm_free(one);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_come_back_as_they_were),
        cmocka_unit_test(news_that_make_no_sense_are_refused),
        cmocka_unit_test(flipped_bits_read_nothing_beyond),
        cmocka_unit_test(what_is_too_large_is_not_made),
        cmocka_unit_test(alarms_come_back_as_they_were),
        cmocka_unit_test(records_of_both_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
