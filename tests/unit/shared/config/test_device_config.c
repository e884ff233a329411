#include "shared/config/device_config.h"

#include "tests/unit/shared/config/expect.h"

#include <unistd.h>

static struct profile profiles[] = {{.name = (char *)"default"}, {.name = (char *)"pump_station"}};

static struct config_files files; /* none may be opened */

static struct data_config read_devices(const char *text, struct faults *faults)
{
    struct data_config config = {.profiles = profiles, .nprofiles = 2};
    struct yaml_doc *doc = yaml_doc_parse("t.yml", text, strlen(text), faults);
    assert_non_null(doc);
    const struct settings_reader reader = {.doc = doc, .faults = faults};
    const struct settings_place place = {yaml_doc_root(doc), "devices", 1};
    int result = device_config_read(&reader, &place, &files, &config);
    assert_int_equal(result, faults->count == 0 ? 0 : -1);
    yaml_doc_free(doc);
    return config;
}

static struct data_config good(const char *text)
{
    struct faults faults = {0};
    struct data_config config = read_devices(text, &faults);
    expect_faults(&faults, "");
    return config;
}

static void bad(const char *text, const char *expected)
{
    struct faults faults = {0};
    struct data_config config = read_devices(text, &faults);
    device_config_clear(&config);
    expect_faults(&faults, expected);
}

static void every_key(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_SECRET", "s$ecret", 1);
    struct data_config config =
        good("\"2\": {name: \"Pump ${X} 7\", profile: pump_station, tags: ' north , pumps,',\n"
             "      secret: \"${DTUHUB_TEST_SECRET}\", from: [10.0.0.0/8, '::1'],\n"
             "      dial: \"192.168.1.50:502\"}\n"
             "\"1001\":\n"
             "\"10\": {tags: [a, b]}\n");
    assert_int_equal(config.ndevices, 3);
    assert_string_equal(config.devices[0].id, "10");
    assert_string_equal(config.devices[0].tags, "a,b");
    assert_string_equal(config.devices[1].id, "1001");
    const struct device_def *plain = &config.devices[1], *full = &config.devices[2];
    assert_string_equal(plain->name, "");
    assert_string_equal(plain->tags, "");
    assert_null(plain->profile);
    assert_null(plain->secret);
    assert_null(plain->from);
    assert_null(plain->dial_host);
    assert_int_equal(plain->line, 4);
    assert_string_equal(full->name, "Pump ${X} 7");
    assert_ptr_equal(full->profile, &profiles[1]);
    assert_string_equal(full->tags, "north,pumps");
    assert_string_equal(full->secret, "s$ecret");
    assert_string_equal(full->from, "10.0.0.0/8,::1");
    assert_string_equal(full->dial_host, "192.168.1.50");
    assert_int_equal(full->dial_port, 502);
    assert_ptr_equal(data_config_device(&config, "1001"), plain);
    device_config_clear(&config);
    assert_int_equal(config.ndevices, 0);
}

static void none(void **state)
{
    (void)state;
    struct data_config config = good("~");
    assert_int_equal(config.ndevices, 0);
    device_config_clear(&config);
    struct faults faults = {0};
    const struct settings_reader reader = {.faults = &faults};
    const struct settings_place place = {NULL, "devices", 0};
    assert_int_equal(device_config_read(&reader, &place, &files, &config), 0);
    device_config_clear(&config);
    bad("[a]", "t.yml:1: devices is a section: write the registration ids below it, indented\n");
}

static void profiles_by_name(void **state)
{
    (void)state;
    struct data_config config = good("a: {profile: default}\n");
    assert_ptr_equal(config.devices[0].profile, &profiles[0]);
    device_config_clear(&config);
    bad("a: {profile: pump_sation}\nb: {profile: zzzzzzzz}\n",
        "t.yml:1: devices.a.profile: unknown profile \"pump_sation\": did you mean "
        "\"pump_station\"?\n"
        "t.yml:2: devices.b.profile: unknown profile \"zzzzzzzz\": write \"default\", or one that "
        "stands below profiles:\n");
}

static void where_to_dial(void **state)
{
    (void)state;
    struct data_config config = good("a: {profile: default, dial: '[2001:db8::5]:1'}\n"
                                     "b: {profile: default, dial: 'box-1.local:65535'}\n");
    assert_string_equal(config.devices[0].dial_host, "2001:db8::5");
    assert_int_equal(config.devices[0].dial_port, 1);
    assert_string_equal(config.devices[1].dial_host, "box-1.local");
    device_config_clear(&config);
}

static void where_nobody_can_dial(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "host",  "host:",    "host:0",  "host:65536", ":502",    "a b:502",  "-a:502",
        "[::1]", "[::1]502", "[]:502",  "[host]:502", "::1:502", "[::1:502", "a/b:502",
        "[",     "[:5",      "host:+5", "host:1:2",   ":",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        char text[96];
        struct faults faults = {0};
        snprintf(text, sizeof(text), "a: {profile: default, dial: '%s'}\n", texts[i]);
        struct data_config config = read_devices(text, &faults);
        if (faults.count != 1)
            fail_msg("%s: %zu faults", texts[i], faults.count);
        assert_null(config.devices[0].dial_host);
        device_config_clear(&config);
        faults_clear(&faults);
    }
    bad("a: {dial: 'host:502'}\n",
        "t.yml:1: devices.a.dial: needs a profile, since a DTU that we dial does not choose one: "
        "add \"profile: ...\"\n");
    bad("a: {profile: default, dial: '2001:db8::5:502'}\n",
        "t.yml:1: devices.a.dial: \"2001:db8::5:502\": an IPv6 address stands in brackets: write "
        "it like [2001:db8::5]:502\n");
}

static void wrong_values(void **state)
{
    (void)state;
    unsetenv("DTUHUB_TEST_UNSET");
    bad("a: {nmae: x, from: 10.0.0.0/40}\n"
        "b: {secret: '${DTUHUB_TEST_UNSET}'}\n"
        "c: 5\n",
        "t.yml:1: unknown key \"nmae\" in devices.a: did you mean \"name\"?\n"
        "t.yml:1: devices.a.from: \"10.0.0.0/40\": behind the slash of an IPv4 network belongs "
        "a number from 0 to 32, the bits that all its addresses share\n"
        "t.yml:2: devices.b.secret: the environment variable DTUHUB_TEST_UNSET is not set: set it "
        "where dtuhub-collector (with -t too) and dtuhub-webapp are started, or write $$ for a "
        "dollar sign\n"
        "t.yml:3: devices.c is a section: write its keys below it, indented\n");
    bad("\"a\\nb\":\n",
        "t.yml:1: devices.a\\x0ab: the key of a device is its registration id, as the web "
        "interface shows it: control characters in it: write it on one line, without them\n");
}

static void a_secret_is_not_shown(void **state)
{
    (void)state;
    char text[256] = "a: {secret: ";
    memset(text + strlen(text), 's', 130);
    strcat(text, "}\n");
    bad(text, "t.yml:1: devices.a.secret: too long, 130 bytes: 127 at the most\n");
}

static void a_secret_in_a_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/dtuhub-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    FILE *file = fopen("pump7", "w");
    fputs("correct horse\n", file);
    assert_int_equal(fclose(file), 0);
    file = fopen("long", "w");
    fprintf(file, "%0130d", 7);
    assert_int_equal(fclose(file), 0);
    bad("a: {secret_file: pump7}\n",
        "t.yml:1: devices.a.secret_file: no other file can be read here: write \"secret: ...\"\n");
    files.dir = ".";
    struct data_config config = good("a: {secret_file: pump7}\nb: {secret_file: ''}\n");
    assert_string_equal(config.devices[0].secret, "correct horse");
    assert_null(config.devices[1].secret);
    device_config_clear(&config);
    bad("a:\n  secret: x\n  secret_file: pump7\n"
        "b: {secret_file: pump8}\n"
        "c: {secret_file: long}\n",
        "t.yml:3: devices.a.secret_file: secret is given too (line 2): keep one of them\n"
        "t.yml:4: devices.b.secret_file: \"pump8\" cannot be read: No such file or directory: "
        "check the path, and that the daemon's user may read it\n"
        "t.yml:5: devices.c.secret_file: too long, 130 bytes: 127 at the most\n");
    files.dir = NULL;
    unlink("pump7");
    unlink("long");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key),
        cmocka_unit_test(none),
        cmocka_unit_test(profiles_by_name),
        cmocka_unit_test(where_to_dial),
        cmocka_unit_test(where_nobody_can_dial),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(a_secret_is_not_shown),
        cmocka_unit_test(a_secret_in_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
