#include "shared/config/data_advice.h"

#include "tests/unit/shared/config/expect.h"

#define READS "poll: {interval: 10}, data_points: {1: {name: a, type: uint16}}"
#define LOGIN(start)                                                                               \
    "line: {framing: rtu, registration: {packets: {login: {kind: text, start: \"" start "\"}}}}, "
#define SILENT "line: {framing: rtu, registration: {required: false}}, "

static void say(void *cookie, unsigned line, const char *text)
{
    fprintf(cookie, "%u: %s\n", line, text);
}

static void advises(const char *text, const char *expected)
{
    struct faults faults = {0};
    struct data_config *config = data_config_parse("t.yml", text, strlen(text), &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    char *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&said, &len);
    assert_non_null(out);
    data_advice(config, say, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, expected);
    free(said);
    data_config_release(config);
}

static void nothing_to_say(void **state)
{
    (void)state;
    advises("query_tasks: {}\ndata_points: {}\n", "");
    advises("profiles:\n"
            "  a: {" LOGIN("A") READS "}\n"
                                      "  b: {" LOGIN("B") READS
            "}\n"
            "  c: {port: 1000, " LOGIN("A") READS "}\n"
                                                  "  d: {port: 1001, " SILENT READS "}\n",
            "");
}

static void twins(void **state)
{
    (void)state;
    advises("profiles:\n"
            "  a: {" LOGIN("A") READS "}\n"
                                      "  b: {" LOGIN("A") READS "}\n",
            "3: profiles.b: DTUs of profile a dial server.main_port too, and its packet \"login\" "
            "and this one's \"login\" can be the same: one that devices: does not bind is taken "
            "for a: bind the DTUs below devices: (profile: ...), give one of the two a port, or "
            "its packet another start\n");
    advises("profiles:\n"
            "  a: {" LOGIN("A") READS "}\n"
                                      "  b: {" LOGIN("A") READS "}\n"
                                                                "devices:\n"
                                                                "  x: {profile: a}\n"
                                                                "  y: {profile: b}\n",
            "");
}

static void twins_by_framing(void **state)
{
    (void)state;
    const char *expected =
        "2: profiles.b: DTUs of profile default dial server.main_port too, and both have the "
        "registration of the same framing: one that devices: does not bind is taken for default: "
        "bind the DTUs below devices: (profile: ...), or give one of the two a port\n";
    const char *rest = "query_tasks: {1: {start_addr: 1, length: 1, interval: 1}}\n"
                       "data_points: {1: {name: a, type: uint16}}\n";
    char text[512];
    snprintf(text, sizeof(text), "profiles:\n  b: {" READS "}\n%s", rest);
    advises(text, expected);
    advises("profiles:\n  b: {" READS "}\n", ""); /* nobody is of the default profile then */
    snprintf(text, sizeof(text), "profiles:\n  b: {line: {framing: ddp}, " READS "}\n%s", rest);
    advises(text, "");
}

/* What so many profiles say would push everything else off the screen. */
static void many_twins(void **state)
{
    (void)state;
    struct faults faults = {0};
    char *text = NULL, *said = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs("profiles:\n", out);
    for (int i = 0; i < 30; i++)
        fprintf(out, "  p%d: {" READS "}\n", i);
    fclose(out);
    struct data_config *config = data_config_parse("t.yml", text, len, &faults);
    expect_faults(&faults, "");
    out = open_memstream(&said, &len);
    data_advice(config, say, out);
    fclose(out);
    size_t lines = 0;
    for (const char *p = said; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 21);
    assert_non_null(strstr(said, "profiles: more pairs have packets that are both profiles'\n"));
    free(text);
    free(said);
    data_config_release(config);
}

static void what_reads_nothing(void **state)
{
    (void)state;
    advises("profiles:\n"
            "  a: {" LOGIN("A") "poll: {interval: 10}}\n"
                                "devices:\n"
                                "  x: {profile: default}\n",
            "2: profiles.a: nothing is read here, its DTUs are only connected: add points_file or "
            "data_points, and poll: {interval: ...}, or query_tasks\n"
            "4: devices.x.profile: the profile default reads nothing, since query_tasks at the top "
            "level has no entries: name one that stands below profiles:, or add what is read\n");
}

#define NOBODY(line, name)                                                                         \
    line ": profiles." name ": its DTUs never say who they are, and on server.main_port, where "   \
         "anybody may call, nobody is taken for one: give it a port, or name its devices with "    \
         "dial: or from:\n"

static void whom_nobody_comes_to(void **state)
{
    (void)state;
#define TWO                                                                                        \
    "profiles:\n"                                                                                  \
    "  a: {" LOGIN("A") READS "}\n"                                                                \
                              "  b: {" SILENT READS "}\n"
    advises(TWO, NOBODY("3", "b"));
    advises(TWO "devices:\n  x: {profile: b}\n", NOBODY("3", "b"));
    advises(TWO "devices:\n  x: {profile: b, from: 10.0.0.0/8}\n", "");
    advises(TWO "devices:\n  x: {profile: b, dial: \"box:502\"}\n", "");
    advises("profiles:\n  b: {" SILENT READS "}\n", NOBODY("2", "b"));
}

static void two_that_say_nothing(void **state)
{
    (void)state;
#define BOTH                                                                                       \
    "profiles:\n"                                                                                  \
    "  a: {" SILENT READS "}\n"                                                                    \
    "  b: {" SILENT READS "}\n"
    advises(BOTH, NOBODY("2", "a") NOBODY("3", "b"));
    advises(BOTH "devices:\n  x: {profile: b, from: 10.0.0.0/8}\n", NOBODY("2", "a"));
    advises(BOTH "devices:\n  x: {profile: b, dial: \"box:502\"}\n", NOBODY("2", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_say),       cmocka_unit_test(twins),
        cmocka_unit_test(twins_by_framing),     cmocka_unit_test(many_twins),
        cmocka_unit_test(what_reads_nothing),   cmocka_unit_test(whom_nobody_comes_to),
        cmocka_unit_test(two_that_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
