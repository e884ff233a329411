#include "tests/unit/collector/line.h"

/* Where the secret of a registration must not turn up: among packets, and in the log. */

static const char config_text[] =
    "profiles:\n"
    "  pump:\n"
    "    line:\n"
    "      framing: rtu\n"
    "      registration:\n"
    "        when: both\n"
    "        packets:\n"
    "          keyed: {kind: regex, pattern: \"REG:(?<id>[a-z0-9]+):(?<secret>[a-z]+);\"}\n"
    "          json: {kind: json, id: imei, secret: key}\n"
    "          plain: {kind: text, start: \"ID\", chars: digits, length: 4}\n"
    "      heartbeat: {packets: {ping: {kind: bytes, text: \"ping\"}}}\n"
    "    query_tasks:\n"
    "      1: {start_addr: 100, length: 2, interval: 60, trigger: timer}\n"
    "devices:\n"
    "  d1: {secret: abcdef}\n";

static const struct adu_request task_1 = {1, 3, 100, 2};

static int set_up(void **state)
{
    *state = line_open(config_text);
    return 0;
}

static int tear_down(void **state)
{
    line_free(*state);
    return 0;
}

static void a_repeated_registration_is_not_kept(void **state)
{
    struct line *line = *state;
    line_say(line, "REG:d1:abcdef;");
    line_say(line, "REG:d1:abcdef;ping");
    line_expect_records(line, "disconnect superseded\nconnect \nheartbeat 4\nbeat\n");
}

static void one_that_a_silence_cuts_is_not_kept(void **state)
{
    struct line *line = *state;
    line_say(line, "REG:d1:abcdef;");
    line_say(line, "REG:d1:abc");
    line_run(line, 500);
    line_say(line, "def;ping");
    line_run(line, 500);
    assert_int_equal(line->session.noise_bytes, 14);
    line_expect_records(line, "disconnect superseded\nconnect \nheartbeat 4\nbeat\n");
}

static void nor_within_a_broken_answer(void **state)
{
    struct line *line = *state;
    line_say(line, "REG:d1:abcdef;");
    line_run(line, 2000);
    line_expect_query(line, &task_1);
    line_feed(line,
              "\x01\x03\x04"
              "abcdef",
              9);
    line_run(line, 500);
    assert_int_equal(line->metrics.crc_errors, 1);
    line_expect_records(line, "disconnect superseded\nconnect \n");
}

static void that_of_another_device_is_not_kept(void **state)
{
    struct line *line = *state;
    line_say(line, "ID1234");
    line_say(line, "{\"imei\":\"d1\",\"key\":\"abcdef\"}");
    assert_int_equal(line->closed, 1);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 6\n");
}

/* Who came in by the old secret, or by none, may be anybody. */
static void a_reload_asks_for_the_secret_again(void **state)
{
    struct line *line = *state;
    char other[sizeof(config_text)];
    line_say(line, "REG:d1:abcdef;");
    line_reload(line, config_text);
    assert_int_equal(line->closed, 0);
    strcpy(other, config_text);
    memcpy(strstr(other, "abcdef"), "fedcba", 6);
    line_reload(line, other);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "refused: wrong secret");
}

static void on_refusal(void *cookie, const struct refusal_entry *entry)
{
    struct refusal_entry *kept = cookie;
    *kept = *entry;
}

/* What never registered is shown to whoever looks for a DTU, but for a secret in it, or most of
 * one.
 */
static void nor_in_what_is_shown_of_a_refused_line(void **state)
{
    struct line *line = *state;
    struct refusal_entry kept = {0};
    line->env.refusals = refusals_new();
    line_say(line, "ROG:d1:abcdef;x abcdabcd");
    assert_int_equal(line->closed, 1);
    refusals_each(line->env.refusals, on_refusal, &kept);
    refusals_free(line->env.refusals);
    line->env.refusals = NULL;
    assert_int_equal(kept.len, 24);
    assert_memory_equal(kept.bytes, "ROG:d1:******;x abcd****", 24);
    assert_string_equal(kept.reason, "protocol error: the first packet is no registration");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_repeated_registration_is_not_kept), TEST(one_that_a_silence_cuts_is_not_kept),
        TEST(nor_within_a_broken_answer),          TEST(that_of_another_device_is_not_kept),
        TEST(a_reload_asks_for_the_secret_again),  TEST(nor_in_what_is_shown_of_a_refused_line),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
