/* Who is this? Several profiles on one port, devices: that know more, and lines that say nothing.
 */
#include "tests/unit/collector/line.h"

#include <unistd.h>

#define TASK                                                                                       \
    "    query_tasks:\n"                                                                           \
    "      1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"                        \
    "    data_points:\n"                                                                           \
    "      100: {name: level, type: int, length: 2}\n"

/* usr and its twin have one line; four is another; own has a port; box says nothing. */
#define PROFILES                                                                                   \
    "query_tasks:\n"                                                                               \
    "  1: {start_addr: 100, length: 2, interval: 10, trigger: timer}\n"                            \
    "data_points:\n"                                                                               \
    "  100: {name: level, type: int, length: 2}\n"                                                 \
    "profiles:\n"                                                                                  \
    "  usr:\n"                                                                                     \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: regex, pattern: 'LOGIN:(?<id>[0-9]{4})(?:/(?<secret>[a-z]+))?;'}\n"   \
    "      heartbeat: {packets: {ping: {kind: bytes, text: \"ping\", reply: {text: "               \
    "\"pong\"}}}}\n" TASK "  twin:\n"                                                              \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: regex, pattern: 'LOGIN:(?<id>[0-9]{4})(?:/(?<secret>[a-z]+))?;'}\n"   \
    "      heartbeat: {packets: {ping: {kind: bytes, text: \"ping\", reply: {text: "               \
    "\"pong\"}}}}\n" TASK "  four:\n"                                                              \
    "    line:\n"                                                                                  \
    "      framing: mbap\n"                                                                        \
    "      registration:\n"                                                                        \
    "        packets:\n"                                                                           \
    "          login: {kind: text, start: \"IMEI:\", chars: digits, length: 15,\n"                 \
    "                  reply: {text: \"OK\"}}\n" TASK "  own:\n"                                   \
    "    port: 9100\n"                                                                             \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        deadline: 5\n"                                                                        \
    "        packets: {hello: {kind: text, start: \"HELLO \", end: \";\", min: 1, max: 9}}\n" TASK \
    "  box:\n"                                                                                     \
    "    port: 9200\n"                                                                             \
    "    line: {framing: rtu, registration: {required: false}}\n" TASK "  maybe:\n"                \
    "    port: 9300\n"                                                                             \
    "    line:\n"                                                                                  \
    "      framing: rtu\n"                                                                         \
    "      registration:\n"                                                                        \
    "        required: false\n"                                                                    \
    "        deadline: 4\n"                                                                        \
    "        packets: {hello: {kind: text, start: \"HELLO \", end: \";\", min: 1, max: 9}}\n" TASK

static const char config_text[] =
    PROFILES "devices:\n"
             "  \"1001\": {profile: usr}\n"
             "  \"1002\": {profile: twin}\n"
             "  \"1003\": {profile: four}\n"
             "  \"1004\": {secret: hush}\n"
             "  \"1005\": {from: 10.1.0.0/16}\n"
             "  boiler: {profile: box, from: \"10.2.0.5, 10.2.0.6\"}\n"
             "  pump: {profile: box, dial: \"192.168.1.50:502\"}\n";

static struct line *dialled_in(void **state, uint16_t port, const char *address)
{
    struct line *line = *state = line_new(config_text);
    line_connect(line, port, address, NULL);
    return line;
}

static void expect_online(const struct line *line, const char *id, const char *profile)
{
    assert_int_equal(line->closed, 0);
    assert_int_equal(line->registered, 1);
    assert_true(line->session.registered);
    assert_string_equal(line->session.id, id);
    assert_string_equal(line->session.plan->profile->name, profile);
}

/* It did not count, so the line that stands under that id goes on, and nothing is recorded. */
static void expect_refused(struct line *line, const char *why)
{
    assert_int_equal(line->closed, 1);
    assert_int_equal(line->registered, 0);
    assert_string_equal(line->reason, why);
    line_expect_records(line, "");
    line_expect_silence(line);
}

static void the_first_packet_chooses(void **state)
{
    static const struct {
        const char *packet, *id, *profile, *reply;
    } cases[] = {
        {"LOGIN:7777;", "7777", "usr", ""},
        {"IMEI:123456789012345", "123456789012345", "four", "OK"},
        {"\x01\x02\x03\x04", "16909060", "default", "\x01"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
        line_say(line, cases[i].packet);
        line_run(line, 0);
        if (!line->registered) /* no more comes that could make it another's */
            line_run(line, 500);
        expect_online(line, cases[i].id, cases[i].profile);
        assert_memory_equal(line->sent, cases[i].reply, strlen(cases[i].reply));
        line_tear_down(state);
    }
}

static void byte_by_byte(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    for (const char *at = "LOGIN:7777;"; *at != '\0'; at++) {
        line_feed(line, at, 1);
        assert_int_equal(line->registered, at[1] == '\0');
    }
    expect_online(line, "7777", "usr");
}

static void heartbeats_may_come_first(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "pingpingLOGIN:7777;ping");
    expect_online(line, "7777", "usr");
    assert_int_equal(line->metrics.heartbeats, 1);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 11\nheartbeat 4\nbeat\n");
}

static void a_device_is_bound_to_a_profile_of_the_same_line(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1001;");
    expect_online(line, "1001", "usr");
    line_tear_down(state);
    line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1002;");
    expect_online(line, "1002", "twin");
}

static void a_device_is_bound_to_a_profile_of_another_line(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1003;");
    expect_refused(line, "refused: registers as profile usr, is bound to four");
}

static void a_port_of_its_own(void **state)
{
    struct line *line = dialled_in(state, 9100, "10.0.0.7");
    line_say(line, "HELLO bob;");
    expect_online(line, "bob", "own");
    line_tear_down(state);
    line = dialled_in(state, 9100, "10.0.0.7"); /* nobody else is heard there */
    line_say(line, "LOGIN:7777;");
    expect_refused(line, "protocol error: the first packet is no registration");
    line_tear_down(state);
    line = dialled_in(state, 9100, "10.0.0.7"); /* and its deadline is another */
    line_run(line, 4999);
    assert_int_equal(line->closed, 0);
    line_run(line, 1);
    expect_refused(line, "no registration in time");
}

static void garbage_closes_with_its_bytes_in_the_log(void **state)
{
    struct line *line = dialled_in(state, 9100, "10.0.0.7");
    char path[] = "/tmp/dtuhub-session-XXXXXX", text[512] = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    log_budget_init(&line->env.budget);
    log_setup(LOGL_WARN, LOGF_TEXT, path);
    line_say(line, "GET / HTTP/1.1\r\n\r\n");
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    FILE *in = fopen(path, "r");
    assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
    fclose(in);
    unlink(path);
    assert_non_null(strstr(text, "GET / HTTP/1.1"));
    assert_non_null(strstr(text, "474554202f"));
    assert_int_equal(line->metrics.protocol_errors, 1);
    expect_refused(line, "protocol error: the first packet is no registration");
}

static void what_needs_no_registration_is_named_after_its_source(void **state)
{
    struct line *line = dialled_in(state, 9200, "10.0.0.7");
    expect_online(line, "10.0.0.7", "box"); /* at once: nothing is waited for */
    line_run(line, 6000);
    assert_int_equal(line->metrics.polls_sent, 1);
    line_tear_down(state);
    line = dialled_in(state, 9200, "10.2.0.6");
    expect_online(line, "boiler", "box");
}

static void a_registration_that_is_not_required_is_waited_for(void **state)
{
    struct line *line = dialled_in(state, 9300, "10.0.0.7");
    assert_int_equal(line->registered, 0);
    line_say(line, "HELLO bob;");
    expect_online(line, "bob", "maybe");
    line_tear_down(state);
    line = dialled_in(state, 9300, "10.0.0.7");
    line_run(line, 3999);
    assert_int_equal(line->registered, 0);
    line_run(line, 1);
    expect_online(line, "10.0.0.7", "maybe");
    line_tear_down(state);
    line = dialled_in(state, 9300, "10.0.0.7"); /* what is no registration says that none comes */
    line_say(line, "\xFF\xFE");
    line_run(line, 500);
    expect_online(line, "10.0.0.7", "maybe");
    assert_int_equal(line->metrics.noise_bytes, 2);
}

static void whom_we_dialled_is_known(void **state)
{
    struct line *line = *state = line_new(config_text);
    line_connect(line, 0, "192.168.1.50", "pump");
    expect_online(line, "pump", "box");
    line_expect_records(line, "disconnect superseded\nconnect \n");
    line_tear_down(state);
    line = *state = line_new(config_text);
    line_connect(line, 0, "192.168.1.50", "stranger");
    expect_refused(line, "it is not to be dialled any more");
}

/* Where the file has no tasks at its top, a stranger's first four bytes are no tlv registration. */
static void a_default_profile_that_nobody_wrote_takes_nobody(void **state)
{
    struct line *line =
        line_open_in(state, "profiles:\n"
                            "  hello:\n"
                            "    line:\n"
                            "      framing: rtu\n"
                            "      registration:\n"
                            "        packets: {hello: {kind: bytes, text: HELLO, id: bob}}\n" TASK);
    line_say(line, "GET / HTTP/1.1\r\n");
    expect_refused(line, "protocol error: the first packet is no registration");
    line_tear_down(state);
    line =
        line_open_in(state, config_text); /* here it has some, but this is no packet behind an id */
    line_say(line, "GET / HTTP/1.1\r\n");
    expect_refused(line, "protocol error: the first packet is no registration");
    line_tear_down(state);
    line = line_open_in(state, config_text);
    line_say(line, "GET ");
    assert_int_equal(line->registered, 1);
}

/* A profile for boxes that we dial has no registration; on the shared port it takes in nobody but
 * whom devices: knows by the address. */
static void what_we_dial_takes_no_strangers(void **state)
{
    static const char text[] =
        "profiles:\n"
        "  usr:\n"
        "    line:\n"
        "      framing: rtu\n"
        "      registration:\n"
        "        packets: {login: {kind: text, start: \"LOGIN:\", chars: digits, length: 4}}\n" TASK
        "  solar:\n"
        "    line: {framing: mbap, registration: {required: false}}\n" TASK "devices:\n"
        "  roof: {profile: solar, dial: \"192.168.1.50:502\"}\n"
        "  barn: {profile: solar, from: 10.2.0.5}\n";
    struct line *line = line_open_in(state, text);
    line_say(line, "STATION-12");
    expect_refused(line, "protocol error: the first packet is no registration");
    line_tear_down(state);
    line = line_open_in(state, text);
    line_run(line, 31000);
    expect_refused(line, "no registration in time");
    line_tear_down(state);
    line = *state = line_new(text);
    line_connect(line, LINE_PORT, "10.2.0.5", NULL);
    line_run(line, 31000);
    expect_online(line, "barn", "solar");
}

/* Secrets and sources */

static void the_right_secret(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1004/hush;");
    expect_online(line, "1004", "usr");
    line_say(line, "LOGIN:1004/hush;"); /* again, as in front of each packet */
    line_expect_records(line, "disconnect superseded\nconnect \n"); /* its packet is not kept */
}

static void the_wrong_secret(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1004/hulk;");
    expect_refused(line, "refused: wrong secret");
    assert_int_equal(line->metrics.refused_devices, 1);
}

static void no_secret(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:1004;");
    expect_refused(line, "refused: no secret in its registration");
}

static void a_secret_that_nobody_asks_for_is_not_kept_either(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line_say(line, "LOGIN:7777/hush;");
    expect_online(line, "7777", "usr");
    line_expect_records(line, "disconnect superseded\nconnect \n");
}

static void an_address_that_it_may_come_from(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.1.255.1");
    line_say(line, "LOGIN:1005;");
    expect_online(line, "1005", "usr");
    line_tear_down(state);
    line = dialled_in(state, LINE_PORT, "10.2.0.1");
    line_say(line, "LOGIN:1005;");
    expect_refused(line, "refused: may not come from this address");
}

/* Unknown devices */

static const char quarantine_text[] =
    "unknown_devices: quarantine\n" PROFILES "devices:\n  \"1001\":\n";
static const char knows_text[] =
    "unknown_devices: quarantine\n" PROFILES "devices:\n  \"7777\": {name: Pump}\n";
static const char knows_secret_text[] =
    "unknown_devices: quarantine\n" PROFILES "devices:\n  \"7777\": {secret: hush}\n";
static const char refuse_text[] = "unknown_devices: refuse\n" PROFILES "devices:\n  \"1001\":\n";

static struct line *quarantined_by(void **state, const char *packet)
{
    struct line *line = line_open_in(state, quarantine_text);
    line_say(line, packet);
    assert_int_equal(line->quarantined, 1);
    assert_int_equal(line->registered, 0);
    assert_true(line->session.quarantined);
    assert_string_equal(line->session.id, "7777");
    return line;
}

/* Each new id costs memory and a row for good: there is an end to how many are let in. */
static void only_so_many_strangers(void **state)
{
    struct line *line = dialled_in(state, LINE_PORT, "10.0.0.7");
    line->env.strangers_most = 1;
    line_say(line, "LOGIN:7777;");
    expect_online(line, "7777", "usr");
    line_end(line);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    line_say(line, "LOGIN:7778;");
    assert_int_equal(line->quarantined, 1);
    line_end(line);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    line_say(line, "LOGIN:7777;"); /* again */
    assert_int_equal(line->registered, 2);
    line_end(line);
    line_connect(line, LINE_PORT, "10.0.0.7", NULL);
    line_say(line, "LOGIN:1001;"); /* known by the configuration */
    assert_int_equal(line->registered, 3);
}

static void strangers_are_refused(void **state)
{
    struct line *line = line_open_in(state, refuse_text);
    line_say(line, "LOGIN:7777;");
    expect_refused(line, "refused: unknown device");
    line_tear_down(state);
    line = line_open_in(state, refuse_text);
    line_say(line, "LOGIN:1001;");
    expect_online(line, "1001", "usr");
}

static void quarantine_answers_and_no_more(void **state)
{
    struct line *line = quarantined_by(state, "LOGIN:7777;");
    uint32_t ref;
    for (int i = 0; i < 20; i++) {
        line_run(line, 30000);
        line_say(line, "ping");
        line_expect_sent(line, "pong", 4);
        line_say(line, "what?"); /* noise */
        line_run(line, 500);
    }
    assert_int_equal(line->metrics.heartbeats, 20);
    assert_int_equal(line->metrics.polls_sent, 0);
    assert_int_equal(names_find_device(line->names, "7777", &ref), -1);
    line_run(line, 3 * LINE_HEARTBEAT_MS); /* a dead one is not probed */
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "heartbeat timeout");
    line_expect_silence(line);
    line_expect_records(line, "");
}

static void a_reload_that_knows_it_lets_it_in(void **state)
{
    struct line *line = quarantined_by(state, "LOGIN:7777;");
    line_reload(line, quarantine_text);
    assert_true(line->session.quarantined);
    line_reload(line, knows_text);
    expect_online(line, "7777", "usr");
    assert_false(line->session.quarantined);
    line_expect_records(line, "disconnect superseded\nconnect \nregister 11\n");
    line_run(line, 6000);
    assert_int_equal(line->metrics.polls_sent, 1);
}

static void it_is_let_in_by_the_secret_that_it_came_with(void **state)
{
    struct line *line = quarantined_by(state, "LOGIN:7777/hush;");
    line_reload(line, knows_secret_text);
    expect_online(line, "7777", "usr");
    line_expect_records(line, "disconnect superseded\nconnect \n");
    line_tear_down(state);
    line = quarantined_by(state, "LOGIN:7777/loud;");
    line_reload(line, knows_secret_text);
    expect_refused(line, "refused: wrong secret");
}

static void a_reload_may_refuse_it(void **state)
{
    struct line *line = quarantined_by(state, "LOGIN:7777;");
    line_reload(line, refuse_text);
    expect_refused(line, "refused: unknown device");
}

static void a_reload_may_forget_a_device(void **state)
{
    struct line *line = line_open_in(state, knows_text);
    line_say(line, "LOGIN:7777;");
    expect_online(line, "7777", "usr");
    line_reload(line, quarantine_text);
    assert_int_equal(line->closed, 1);
    assert_string_equal(line->reason, "unknown device: not in devices: any more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(the_first_packet_chooses),
        LINE_TEST(byte_by_byte),
        LINE_TEST(heartbeats_may_come_first),
        LINE_TEST(a_device_is_bound_to_a_profile_of_the_same_line),
        LINE_TEST(a_device_is_bound_to_a_profile_of_another_line),
        LINE_TEST(a_port_of_its_own),
        LINE_TEST(garbage_closes_with_its_bytes_in_the_log),
        LINE_TEST(what_needs_no_registration_is_named_after_its_source),
        LINE_TEST(what_we_dial_takes_no_strangers),
        LINE_TEST(a_registration_that_is_not_required_is_waited_for),
        LINE_TEST(whom_we_dialled_is_known),
        LINE_TEST(a_default_profile_that_nobody_wrote_takes_nobody),
        LINE_TEST(the_right_secret),
        LINE_TEST(the_wrong_secret),
        LINE_TEST(no_secret),
        LINE_TEST(a_secret_that_nobody_asks_for_is_not_kept_either),
        LINE_TEST(an_address_that_it_may_come_from),
        LINE_TEST(only_so_many_strangers),
        LINE_TEST(strangers_are_refused),
        LINE_TEST(quarantine_answers_and_no_more),
        LINE_TEST(a_reload_that_knows_it_lets_it_in),
        LINE_TEST(it_is_let_in_by_the_secret_that_it_came_with),
        LINE_TEST(a_reload_may_refuse_it),
        LINE_TEST(a_reload_may_forget_a_device),
    };
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
