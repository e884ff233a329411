/*
 * A line as a whole: its keys, what it builds on, and what no single key can tell.
 */
#include "tests/unit/shared/config/line_parts.h"

#include <sys/stat.h>
#include <unistd.h>

static void nothing_is_the_originals_line(void **state)
{
    (void)state;
    struct link_def plain, link = good_line("~", NULL);
    link_config_default(&plain);
    assert_memory_equal(&link, &plain, sizeof(plain));
    assert_int_equal(plain.framing, FRAMING_TLV);
    assert_true(plain.registration_required);
    assert_int_equal(plain.timing.idle, 200);
    assert_int_equal(plain.timing.response_timeout, -1);
    assert_int_equal(plain.timing.registration_timeout, -1);
    assert_int_equal(plain.timing.max_timeouts, -1);
    link_config_clear(&link);
    link = good_line("{}", NULL);
    assert_memory_equal(&link.timing, &plain.timing, sizeof(plain.timing));
    link_config_clear(&link);
}

static void every_key(void **state)
{
    (void)state;
    struct link_def link = good_line(
        "framing: hex\n"
        "listen_only: true\n"
        "registration:\n"
        "  when: both\n"
        "  required: false\n"
        "  deadline: 12.5\n"
        "  packets: {a: {kind: text, length: 15}}\n"
        "heartbeat:\n"
        "  packets: {b: {kind: bytes, text: q}, c: {kind: bytes, hex: 00}}\n"
        "timing: {response_timeout: 4, request_gap: 0.2, slave_gap: 0.3, idle: 0.4,\n"
        "         after_connect: 0.6, talk_within: 50, heartbeat_timeout: 61, max_missed: 4,\n"
        "         max_timeouts: 0, retries: 0}\n",
        NULL);
    assert_int_equal(link.framing, FRAMING_HEX);
    assert_true(link.listen_only);
    assert_int_equal(link.when, REGISTER_BOTH);
    assert_false(link.registration_required);
    assert_int_equal(link.nregistrations, 1);
    assert_int_equal(link.nheartbeats, 2);
    assert_string_equal(link.heartbeats[1].label, "c");
    const struct link_timing timing = {4000, 200, 300, 400, 600, 50000, 61000, 12500, 4, 0, 0};
    assert_int_equal(link.timing.response_timeout, timing.response_timeout);
    assert_int_equal(link.timing.request_gap, timing.request_gap);
    assert_int_equal(link.timing.slave_gap, timing.slave_gap);
    assert_int_equal(link.timing.idle, timing.idle);
    assert_int_equal(link.timing.after_connect, timing.after_connect);
    assert_int_equal(link.timing.talk_within, timing.talk_within);
    assert_int_equal(link.timing.heartbeat_timeout, timing.heartbeat_timeout);
    assert_int_equal(link.timing.registration_timeout, timing.registration_timeout);
    assert_int_equal(link.timing.max_missed, timing.max_missed);
    assert_int_equal(link.timing.max_timeouts, timing.max_timeouts);
    assert_int_equal(link.timing.retries, timing.retries);
    link_config_clear(&link);
}

static void unknown_keys_and_wrong_values(void **state)
{
    (void)state;
    bad_line("framin: rtu\n"
             "listen_only: perhaps\n"
             "registration: {wen: every, deadline: 0}\n"
             "heartbeat: [q]\n"
             "timing: {idel: 1, retries: 11}\n",
             NULL,
             "t.yml:1: unknown key \"framin\" in profiles.p.line: did you mean \"framing\"?\n"
             "t.yml:2: profiles.p.line.listen_only: \"perhaps\" is neither true nor false\n"
             "t.yml:3: unknown key \"wen\" in profiles.p.line.registration: did you mean "
             "\"when\"?\n"
             "t.yml:3: profiles.p.line.registration.deadline: \"0\" is not a number of seconds "
             "from 0.1 to 3600\n"
             "t.yml:4: profiles.p.line.heartbeat is a section: write its keys below it, indented "
             "(how the DTU says that it is there)\n"
             "t.yml:5: unknown key \"idel\" in profiles.p.line.timing: did you mean \"idle\"?\n"
             "t.yml:5: profiles.p.line.timing.retries: \"11\" is not a whole number from 0 to "
             "10\n");
    bad_line("framing: rtuu\n", NULL,
             "t.yml:1: profiles.p.line.framing: \"rtuu\" is not known here: write one of tlv, "
             "rtu, mbap, ddp, alotcer, escaped, hex\n");
    bad_line("[rtu]\n", NULL,
             "t.yml:1: profiles.p.line is a section: write its keys below it, indented\n");
}

static void a_framing_without_packets_needs_some(void **state)
{
    (void)state;
    static const char *const needs[] = {"rtu", "mbap", "hex", "escaped"};
    static const char *const brings[] = {"tlv", "ddp", "alotcer"};
    char text[96];
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof(text), "\nframing: %s\n", needs[i]);
        bad_line(text, NULL,
                 "t.yml:1: profiles.p.line.registration.packets: missing: this framing has no "
                 "registration packet of its own: describe the DTU's, or write \"required: "
                 "false\" below registration where it sends none\n");
        snprintf(text, sizeof(text), "{framing: %s, registration: {required: false}}", needs[i]);
        struct link_def link = good_line(text, NULL);
        link_config_clear(&link);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "framing: %s\n", brings[i]);
        struct link_def link = good_line(text, NULL);
        assert_int_equal(link.nregistrations, 0);
        link_config_clear(&link);
    }
}

static void modbus_tcp_cannot_be_listened_to(void **state)
{
    (void)state;
    bad_line("framing: mbap\nregistration: {required: false}\nlisten_only: true\n", NULL,
             "t.yml:3: profiles.p.line.listen_only: a DTU with framing mbap answers only, it "
             "sends nothing by itself: leave listen_only out, or choose another framing\n");
}

static void a_packet_in_front_of_others_has_an_end(void **state)
{
    (void)state;
    static const char *const whens[] = {"every", "both"};
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        snprintf(
            text, sizeof(text),
            "framing: rtu\n"
            "registration:\n"
            "  when: %s\n"
            "  packets:\n"
            "    open: {kind: text, start: a}\n"
            "    fixed: {kind: text, length: 15}\n"
            "    alike: {kind: text, min: 4, max: 4}\n"
            "    ended: {kind: text, end: ';'}\n"
            "    loose: {kind: struct, length: 6, id: {offset: 0, length: 6}}\n"
            "    held: {kind: struct, length: 6, id: {offset: 0, length: 6}, fixed: {0: A5}}\n",
            whens[i]);
        bad_line(text, NULL,
                 "t.yml:5: profiles.p.line.registration.packets.open: no silence ends a "
                 "registration in front of every packet: give it a length or an end\n"
                 "t.yml:9: profiles.p.line.registration.packets.loose: any packet of this length "
                 "would be the registration in front of it: say what is fixed in it\n");
    }
}

static void the_same_bytes_twice(void **state)
{
    (void)state;
    bad_line("registration:\n"
             "  packets:\n"
             "    a: {kind: bytes, text: hello, id: x}\n"
             "heartbeat:\n"
             "  packets:\n"
             "    b: {kind: bytes, text: hello}\n"
             "    c: {kind: bytes, text: hell}\n"
             "    d: {kind: bytes, hex: 68 65 6c 6c 6f}\n",
             NULL,
             "t.yml:8: profiles.p.line.heartbeat.packets.d: these are the bytes of "
             "profiles.p.line.heartbeat.packets.b too: keep one of them\n");
}

static void no_more_packets_than_fit(void **state)
{
    (void)state;
    char text[2048] = "heartbeat:\n  packets:\n";
    for (int i = 0; i <= LINK_TOKENS_MAX; i++)
        sprintf(text + strlen(text), "    p%d: {kind: bytes, text: p%d}\n", i, i);
    bad_line(text, NULL,
             "t.yml:19: profiles.p.line.heartbeat.packets.p16: more than 16 packets: put the "
             "fixed parts of several into one regex\n");
    text[strlen(text) - strlen("    p16: {kind: bytes, text: p16}\n")] = '\0';
    struct link_def link = good_line(text, NULL);
    assert_int_equal(link.nheartbeats, LINK_TOKENS_MAX);
    link_config_clear(&link);
}

static void labels(void **state)
{
    (void)state;
    bad_line("heartbeat:\n  packets:\n    \"a\\nb\": {kind: bytes, text: q}\n", NULL,
             "t.yml:3: profiles.p.line.heartbeat.packets.a\\x0ab: the label of a packet: control "
             "characters in it: write it on one line, without them\n");
}

/* A folder with families of its own. */
static char folder[] = "/tmp/dtuhub-test-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/dtuhub-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    char path[96];
    snprintf(path, sizeof(path), "%s/profiles", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("profiles/own.yml", "framing: rtu\n"
                                   "registration:\n"
                                   "  when: every\n"
                                   "  packets:\n"
                                   "    a: {kind: text, start: \"A\", length: 4}\n"
                                   "    b: {kind: text, start: \"B\", length: 4}\n"
                                   "heartbeat: {packets: {q: {kind: bytes, text: q}}}\n"
                                   "timing: {idle: 0.7, retries: 3}\n");
    write_file("profiles/second.yml", "\nbase: own\n");
    write_file("profiles/faulty.yml", "framing: rtu\n\nheartbeat: {packets: {q: {kind: byte}}}\n");
    write_file("beside.yml", "framing: ddp\n");
    write_file("profiles/once.yml", "framing: rtu\n"
                                    "registration:\n"
                                    "  packets:\n"
                                    "    login: {kind: text, start: \"A\"}\n"
                                    "    mac: {kind: struct, length: 6, id: {offset: 0, length: 6, "
                                    "as: hex}}\n");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"profiles/own.yml",
                                        "profiles/second.yml",
                                        "profiles/once.yml",
                                        "profiles/faulty.yml",
                                        "beside.yml",
                                        "profiles",
                                        ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        char path[96];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

static void a_family_by_its_name_or_path(void **state)
{
    (void)state;
    char path[96];
    struct link_def link = good_line("own", folder);
    assert_int_equal(link.framing, FRAMING_RTU);
    assert_int_equal(link.nregistrations, 2);
    link_config_clear(&link);
    link = good_line("beside.yml", folder);
    assert_int_equal(link.framing, FRAMING_DDP);
    link_config_clear(&link);
    link = good_line("profiles/own.yml", folder);
    assert_int_equal(link.framing, FRAMING_RTU);
    link_config_clear(&link);
    snprintf(path, sizeof(path), "%s/beside.yml", folder);
    link = good_line(path, "/nowhere");
    assert_int_equal(link.framing, FRAMING_DDP);
    link_config_clear(&link);
}

static void what_is_written_here_wins(void **state)
{
    (void)state;
    struct link_def link = good_line("base: own\n"
                                     "registration:\n"
                                     "  deadline: 9\n"
                                     "  packets:\n"
                                     "    a: {kind: text, start: \"AA\", length: 5}\n"
                                     "    b: null\n"
                                     "    c: {kind: text, start: \"C\", length: 6}\n"
                                     "timing: {retries: 0}\n",
                                     folder);
    assert_int_equal(link.framing, FRAMING_RTU);
    assert_int_equal(link.when, REGISTER_EVERY);
    assert_int_equal(link.timing.registration_timeout, 9000);
    assert_int_equal(link.timing.idle, 700);
    assert_int_equal(link.timing.retries, 0);
    assert_int_equal(link.nregistrations, 2);
    assert_string_equal(link.registrations[0].label, "a");
    assert_int_equal(link.registrations[0].max, 5);
    assert_string_equal(link.registrations[1].label, "c");
    assert_int_equal(link.nheartbeats, 1);
    link_config_clear(&link);
}

static void families_that_are_not_there(void **state)
{
    (void)state;
    bad_line("onw", folder,
             "t.yml:1: profiles.p.line: unknown family \"onw\": did you mean "
             "\"own\"?\n");
    char text[256];
    snprintf(text, sizeof(text),
             "t.yml:2: profiles.p.line: unknown family \"qqqqqqq\": those in %s/profiles are "
             "faulty, once, own, second\n",
             folder);
    bad_line("\nbase: qqqqqqq\n", folder, text);
    bad_line("own", "/nowhere",
             "t.yml:1: profiles.p.line: unknown family \"own\": there are none in "
             "/nowhere/profiles: copy the folder config/profiles that dtuhub ships there\n");
    snprintf(text, sizeof(text),
             "t.yml:1: profiles.p.line: there is no file \"%s/gone.yml\": correct the path, which "
             "starts from the folder of this file, or name a family\n",
             folder);
    bad_line("gone.yml", folder, text);
    bad_line("own", NULL,
             "t.yml:1: profiles.p.line: \"own\" is in a file of its own, and none is opened here: "
             "write its keys below line:\n");
    bad_line("''", folder,
             "t.yml:1: profiles.p.line: empty: write the name of a family, or leave the line "
             "out\n");
}

/* The family is good: what asks too much of it is said where it stands. */
static void a_family_that_registers_once_only(void **state)
{
    (void)state;
    char text[1024];
    struct link_def link = good_line("once", folder);
    link_config_clear(&link);
    snprintf(text, sizeof(text),
             "t.yml:3: profiles.p.line.registration.when: the family's packet \"login\" "
             "(%s/profiles/once.yml:4) is not made for that: no silence ends a registration in "
             "front of every packet: give it a length or an end below registration.packets here, "
             "or take it out (login: null)\n"
             "t.yml:3: profiles.p.line.registration.when: the family's packet \"mac\" "
             "(%s/profiles/once.yml:5) is not made for that: any packet of this length would be "
             "the registration in front of it: say what is fixed in it below registration.packets "
             "here, or take it out (mac: null)\n"
             "t.yml:4: profiles.p.line.registration.packets.own: no silence ends a registration "
             "in front of every packet: give it a length or an end\n",
             folder, folder);
    bad_line("base: once\n"
             "registration:\n"
             "  when: every\n"
             "  packets: {own: {kind: text, start: B}}\n",
             folder, text);
    write_file("profiles/once.yml", "framing: rtu\n"
                                    "registration:\n"
                                    "  when: every\n"
                                    "  packets: {login: {kind: text}}\n");
    snprintf(text, sizeof(text),
             "%s/profiles/once.yml:4: line.registration.packets.login: no silence ends a "
             "registration in front of every packet: give it a length or an end\n",
             folder);
    bad_line("once", folder, text);
    bad_line("base: once\n", folder, text);
}

static void faults_in_a_family_name_its_file(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof(text),
             "%s/profiles/faulty.yml:3: line.heartbeat.packets.q.kind: \"byte\" is not known "
             "here: write one of bytes, text, regex, json, struct\n"
             "t.yml:1: profiles.p.line.registration.packets: missing: this framing has no "
             "registration packet of its own: describe the DTU's, or write \"required: false\" "
             "below registration where it sends none\n",
             folder);
    bad_line("faulty", folder, text);
    snprintf(text, sizeof(text),
             "%s/profiles/second.yml:2: line.base: a family that others build on has no base "
             "itself: write its keys into this file\n",
             folder);
    bad_line("second", folder, text);
}

static void a_faulty_family_is_told_once(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct link_def link;
    read_line("second", folder, &link, &faults);
    link_config_clear(&link);
    size_t once = faults.count;
    struct yaml_doc *doc = yaml_doc_parse("t.yml", "second", 6, &faults);
    const struct settings_reader reader = {.doc = doc, .faults = &faults};
    const struct settings_place place = {yaml_doc_root(doc), "profiles.q.line", 9};
    const struct config_files files = {folder};
    assert_int_equal(link_config_read(&reader, &place, &files, &link), -1);
    assert_int_equal(faults.count, once);
    link_config_clear(&link);
    yaml_doc_free(doc);
    faults_clear(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_the_originals_line),
        cmocka_unit_test(every_key),
        cmocka_unit_test(unknown_keys_and_wrong_values),
        cmocka_unit_test(a_framing_without_packets_needs_some),
        cmocka_unit_test(modbus_tcp_cannot_be_listened_to),
        cmocka_unit_test(a_packet_in_front_of_others_has_an_end),
        cmocka_unit_test(the_same_bytes_twice),
        cmocka_unit_test(no_more_packets_than_fit),
        cmocka_unit_test(labels),
        cmocka_unit_test_setup_teardown(a_family_by_its_name_or_path, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_written_here_wins, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(families_that_are_not_there, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_family_that_registers_once_only, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(faults_in_a_family_name_its_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_faulty_family_is_told_once, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
