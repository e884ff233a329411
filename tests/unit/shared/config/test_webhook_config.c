/* The section webhooks: of server_config.yml, from the file to what the calls are made by. */
#include "shared/config/server_config.h"
#include "shared/config/webhook_file.h"
#include "tests/unit/shared/config/expect.h"

#include <unistd.h>

#define HEAD "mysql: {user: abc}\nwebhooks:\n"

static struct server_config *parse(const char *text, struct faults *faults)
{
    return server_config_parse("t.yml", text, strlen(text), faults);
}

static struct server_config *parse_good(const char *text)
{
    struct faults faults = {0};
    struct server_config *config = parse(text, &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    return config;
}

/* One target, whose keys ${keys} are: what is wrong with it. */
static void faults_of(const char *keys, const char *expected)
{
    struct faults faults = {0};
    char *text = NULL;
    assert_true(asprintf(&text, HEAD "  targets:\n    a: {%s}\n", keys) > 0);
    struct server_config *config = parse(text, &faults);
    assert_true((config == NULL) == (expected[0] != '\0'));
    expect_faults(&faults, expected);
    server_config_free(config);
    free(text);
}

static void expect_list(char *const *list, const char *expected)
{
    char joined[256] = "";
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s;", list[i]);
    assert_string_equal(joined, expected);
}

static void no_section_is_no_target(void **state)
{
    (void)state;
    struct server_config *config = parse_good("mysql: {user: abc}\n");
    assert_int_equal(config->hooks.ntargets, 0);
    assert_string_equal(config->hooks.deny,
                        "169.254.0.0/16,fe80::/10,100.100.100.200,168.63.129.16,"
                        "fd00:ec2::254,fd20:ce::254,2002:a9fe::/32,0.0.0.0/8,::,224.0.0.0/4,"
                        "ff00::/8,255.255.255.255");
    server_config_free(config);
}

static void the_short_form_is_a_target_for_each_url(void **state)
{
    (void)state;
    struct server_config *config = parse_good(HEAD "  device_online: ''\n"
                                                   "  data_received: http://10.0.0.1/data\n"
                                                   "  device_offline: http://10.0.0.1/off\n");
    assert_int_equal(config->hooks.ntargets, 2);
    const struct webhook_target *target = &config->hooks.targets[0];
    assert_string_equal(target->name, "device_offline");
    assert_string_equal(target->url, "http://10.0.0.1/off");
    assert_int_equal(target->kinds, event_kind_mask(EVENT_DEVICE_OFFLINE));
    assert_int_equal(target->format, WEBHOOK_ORIGINAL);
    assert_int_equal(target->batch_max, 1);
    assert_int_equal(target->line, 5);
    assert_string_equal(target->method, "POST");
    assert_string_equal(target->language, "en");
    assert_null(target->secret);
    assert_int_equal(target->nretries, 9);
    assert_ptr_equal(webhook_config_target(&config->hooks, "data_received"), target + 1);
    assert_int_equal(target[1].kinds, event_kind_mask(EVENT_DATA_RECEIVED));
    server_config_free(config);
}

/* The header promises these. */
static void defaults_of_a_target(void **state)
{
    (void)state;
    static const int64_t retries_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    struct server_config *config =
        parse_good(HEAD "  targets:\n    a: {url: 'http://h/', events: device_offline}\n");
    assert_int_equal(config->hooks.ntargets, 1);
    const struct webhook_target *target = config->hooks.targets;
    assert_string_equal(target->name, "a");
    assert_int_equal(target->line, 4);
    assert_null(target->rules);
    assert_null(target->devices);
    assert_null(target->profiles);
    assert_null(target->tags);
    assert_int_equal(target->severity, SEVERITY_INFO);
    assert_string_equal(target->language, "en");
    assert_string_equal(target->method, "POST");
    assert_int_equal(target->nheaders, 0);
    assert_int_equal(target->format, WEBHOOK_PLAIN);
    assert_null(target->body);
    assert_string_equal(target->content_type, "application/json");
    assert_null(target->secret);
    assert_null(target->ca_file);
    assert_int_equal(target->timeout_ms, 15000);
    assert_int_equal(target->connect_timeout_ms, 5000);
    assert_int_equal(target->concurrency, 4);
    assert_int_equal(target->rate, 0);
    assert_int_equal(target->rate_window_ms, 60000);
    assert_int_equal(target->batch_max, 1);
    assert_int_equal(target->batch_wait_ms, 5000);
    assert_int_equal(target->keep_ms, INT64_C(7) * 24 * 3600 * 1000);
    assert_int_equal(target->nretries, 9);
    for (size_t i = 0; i < 9; i++)
        assert_int_equal(target->retries_ms[i], retries_s[i] * 1000);
    server_config_free(config);
}

static void every_key_is_read(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_TOKEN", "tok$en", 1);
    struct server_config *config =
        parse_good(HEAD "  deny: []\n"
                        "  targets:\n"
                        "    ops:\n"
                        "      url: https://169.254.1.1/?k=1\n"
                        "      events: [device_offline, 'alarm_*']\n"
                        "      rules: [tank_high, 'pump_*']\n"
                        "      devices: '10*, 2001'\n"
                        "      profiles: [default]\n"
                        "      tags: [north]\n"
                        "      severity: warning\n"
                        "      language: zh\n"
                        "      method: PUT\n"
                        "      headers:\n"
                        "        Authorization: Bearer ${DTUHUB_TEST_TOKEN}\n"
                        "        X-None: null\n"
                        "        X-Empty: ''\n"
                        "      format: template\n"
                        "      body: '{\"t\": \"{{message}}\"}'\n"
                        "      content_type: text/plain\n"
                        "      secret: ${DTUHUB_TEST_TOKEN}\n"
                        "      ca_file: config/server_config.yml\n"
                        "      timeout: 3\n"
                        "      connect_timeout: 0.5\n"
                        "      concurrency: 2\n"
                        "      rate: 10\n"
                        "      rate_window: 30\n"
                        "      batch: {max: 50, wait: 2}\n"
                        "      retries: [1, 2.5]\n"
                        "      keep: 3600\n");
    assert_string_equal(config->hooks.deny, "");
    const struct webhook_target *target = config->hooks.targets;
    assert_string_equal(target->name, "ops");
    assert_string_equal(target->url, "https://169.254.1.1/?k=1");
    assert_int_equal(target->kinds, event_kind_mask(EVENT_DEVICE_OFFLINE) |
                                        event_kind_mask(EVENT_ALARM_RAISED) |
                                        event_kind_mask(EVENT_ALARM_CLEARED) |
                                        event_kind_mask(EVENT_ALARM_ACKNOWLEDGED));
    expect_list(target->rules, "tank_high;pump_*;");
    expect_list(target->devices, "10*;2001;");
    expect_list(target->profiles, "default;");
    expect_list(target->tags, "north;");
    assert_int_equal(target->rules_line, 8);
    assert_int_equal(target->profiles_line, 10);
    assert_int_equal(target->severity, SEVERITY_WARNING);
    assert_string_equal(target->language, "zh");
    assert_string_equal(target->method, "PUT");
    assert_int_equal(target->nheaders, 2);
    assert_string_equal(target->headers[0].name, "Authorization");
    assert_string_equal(target->headers[0].value, "Bearer tok$en");
    assert_string_equal(target->headers[1].name, "X-Empty");
    assert_string_equal(target->headers[1].value, "");
    assert_int_equal(target->format, WEBHOOK_TEMPLATE);
    assert_non_null(target->body);
    assert_string_equal(target->content_type, "text/plain");
    assert_string_equal(target->secret, "tok$en");
    assert_string_equal(target->ca_file, "config/server_config.yml");
    assert_int_equal(target->timeout_ms, 3000);
    assert_int_equal(target->connect_timeout_ms, 500);
    assert_int_equal(target->concurrency, 2);
    assert_int_equal(target->rate, 10);
    assert_int_equal(target->rate_window_ms, 30000);
    assert_int_equal(target->batch_max, 50);
    assert_int_equal(target->batch_wait_ms, 2000);
    assert_int_equal(target->nretries, 2);
    assert_int_equal(target->retries_ms[0], 1000);
    assert_int_equal(target->retries_ms[1], 2500);
    assert_int_equal(target->keep_ms, 3600000);
    server_config_free(config);
}

static uint32_t rate_of(const char *format)
{
    char text[256];
    snprintf(text, sizeof(text),
             HEAD "  targets:\n    a: {url: 'http://h/', events: no_data, format: %s}\n", format);
    struct server_config *config = parse_good(text);
    uint32_t rate = config->hooks.targets[0].rate;
    assert_int_equal(config->hooks.targets[0].rate_window_ms, 60000);
    server_config_free(config);
    return rate;
}

static void robots_have_the_limits_of_their_makers(void **state)
{
    (void)state;
    assert_int_equal(rate_of("dingtalk"), 20);
    assert_int_equal(rate_of("wecom"), 20);
    assert_int_equal(rate_of("feishu"), 100);
    assert_int_equal(rate_of("cloudevents"), 0);
    assert_int_equal(rate_of("dingtalk, rate: 0"), 0);
    assert_int_equal(rate_of("feishu, rate: 7"), 7);
}

static void rules_alone_and_no_retries(void **state)
{
    (void)state;
    struct server_config *config =
        parse_good(HEAD "  targets:\n    a: {url: 'http://h/', rules: '*', retries: []}\n");
    assert_int_equal(config->hooks.targets[0].kinds, 0);
    assert_int_equal(config->hooks.targets[0].nretries, 0);
    server_config_free(config);
}

#define URL "url: 'http://h/', "
#define AT "t.yml:4: webhooks.targets.a."

static void what_it_is_told_must_be_there(void **state)
{
    (void)state;
    faults_of("url: 'http://h/'",
              AT "events: missing: say what it is told, as \"events: [device_offline, "
                 "'alarm_*']\", or whose alarms, as \"rules: [...]\"\n");
    faults_of(URL "events: [device_offlin, 'alarms_*']", AT
              "events: no event is called \"device_offlin\": did you mean \"device_offline\"?\n" AT
              "events: no event is called \"alarms_*\": they are slave_dead, slave_alive, "
              "device_flapping, device_unknown, device_superseded, write_done, storage_lost, "
              "storage_behind, device_online, device_offline, data_received, heartbeat_timeout, "
              "alarm_raised, alarm_cleared, alarm_acknowledged, no_data, config_reloaded, "
              "config_rejected, server_started, server_stopping, webhook_disabled, "
              "webhook_dead\n");
    faults_of(URL "events: []", AT "events: empty: write a value, or leave the line out\n");
}

static void urls_that_are_never_called(void **state)
{
    (void)state;
    static const char *const spellings[] = {"169.254.169.254", "2852039166", "0xa9.0xfe.43518",
                                            "[::ffff:169.254.169.254]"};
    faults_of("events: no_data, url: 'https://me:correct-horse@h/'",
              AT "url: a user or a password stands in it: take it out, and give the target, below "
                 "targets:, headers: {Authorization: \"Basic ...\"}, with user:password in "
                 "base64\n");
    faults_of("events: no_data, url: 'https://correct-horse@h/'",
              AT "url: a user or a password stands in it: take it out, and give the target, below "
                 "targets:, headers: {Authorization: \"Basic ...\"}, with user:password in "
                 "base64\n");
    faults_of("events: no_data, url: 'https://h/?correct-horse#tail'",
              AT "url: a # and what follows it is not sent to a server: leave it out, or write %23 "
                 "for the character\n");
    faults_of("events: no_data, url: 'http://[fe80::1%25eth0]:80/?correct-horse'",
              AT "url: the address fe80::1 is never called: name another, or take it out of "
                 "webhooks.deny\n");
    faults_of("events: no_data, url: 'https://:correct-horse@h/'",
              AT "url: a user or a password stands in it: take it out, and give the target, below "
                 "targets:, headers: {Authorization: \"Basic ...\"}, with user:password in "
                 "base64\n");
    faults_of("events: no_data, url: 'gopher://h/'",
              AT "url: not a URL: write it like http://host/path or https://host/path\n");
    faults_of("events: no_data, url: 'http://127.0.0.1/'", "");
    faults_of("events: no_data, url: 'http://metadata/'", ""); /* the call itself finds out */
    for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
        char text[128];
        struct faults faults = {0};
        snprintf(text, sizeof(text), HEAD "  device_online: 'http://%s/'\n", spellings[i]);
        assert_null(parse(text, &faults));
        assert_int_equal(faults.count, 1);
        assert_non_null(strstr(faults.items[0].message, "is never called"));
        faults_clear(&faults);
    }
}

static void headers_that_would_break_the_request(void **state)
{
    (void)state;
#define HEADERS URL "events: no_data, headers: "
    faults_of(HEADERS "{X-A: \"correct horse\\r\\nHost: b\"}",
              AT "headers.X-A: line breaks or other control characters in it: write it on one "
                 "line, without them\n");
    faults_of(HEADERS "{host: a, Content-Length: '3', 'X A': b, content-type: c}", AT
              "headers: Host is set by the request itself: leave it out\n" AT
              "headers: Content-Length is set by the request itself: leave it out\n" AT
              "headers: \"X A\" is no name of a header: write letters, digits, - and _, 100 at "
              "the most\n" AT "headers: Content-Type goes with the format: leave it out, or write "
              "\"content_type: ...\" with format template\n");
    faults_of(HEADERS "[a]",
              AT "headers is a section: write its keys below it, indented (headers of the request, "
                 "as {Authorization: \"Bearer ${TOKEN}\"})\n");
    faults_of(HEADERS "{X-A: [correct horse]}",
              AT "headers.X-A takes one value, not a section or a list: write \"X-A: value\" in "
                 "one line\n");
}

static void a_body_goes_with_its_format(void **state)
{
    (void)state;
#define FORMAT(name) URL "events: no_data, format: " name
    faults_of(FORMAT("template"),
              AT "body: missing: format template needs the template, as \"body: '{\\\"text\\\": "
                 "\\\"{{message}}\\\"}'\"\n");
    faults_of(FORMAT("dingtalk, body: x, content_type: text/plain"),
              AT "body: only of format template: format dingtalk makes its own; leave it out, or "
                 "write \"format: template\"\n" AT
                 "content_type: only of format template: format dingtalk makes its own; leave it "
                 "out, or write \"format: template\"\n");
    faults_of(FORMAT("template, body: \"a\\n\\n{{#b}}\""),
              AT "body: line 3 of it: \"b\" is never closed\n");
    faults_of(FORMAT("wecom, secret: correct horse"),
              AT "secret: robots of WeCom know no signature, the key in the URL is their secret: "
                 "leave it out\n");
    faults_of(FORMAT("original, batch: {max: 2}"),
              AT "batch: a body of format original has room for one event: leave it out, or choose "
                 "another format\n");
    faults_of(FORMAT("xml"),
              AT "format: \"xml\" is not known here: write one of original, plain, "
                 "standard_webhooks, cloudevents, dingtalk, feishu, wecom, template\n");
}

static void times_and_files(void **state)
{
    (void)state;
    faults_of(URL "events: no_data, retries: [1, never]",
              AT "retries: \"never\" is not a number of seconds from 0.1 to 604800\n");
    faults_of(URL "events: no_data, timeout: 2, connect_timeout: 3",
              AT "connect_timeout: longer than timeout, which it is a part of: make it shorter, or "
                 "timeout longer\n");
    faults_of(URL "events: no_data, timeout: 2", ""); /* the default gives way */
    faults_of(URL "events: no_data, batch: {max: 0}",
              AT "batch.max: \"0\" is not a whole number from 1 to 1000\n");
    faults_of(URL "events: no_data, ca_file: /nowhere/ca.pem",
              AT "ca_file: \"/nowhere/ca.pem\" cannot be read: No such file or directory: check "
                 "the path, and that the daemon's user may read it\n");
    faults_of(URL "events: no_data, ca_file: /tmp",
              AT "ca_file: \"/tmp\" cannot be read: Invalid argument: check the path, and that the "
                 "daemon's user may read it\n");
    faults_of(URL "events: no_data, secret: correct horse, secret_file: x",
              AT "secret_file: secret is given too (line 4): keep one of them\n");
}

static void names_are_of_the_target_alone(void **state)
{
    (void)state;
    struct faults faults = {0};
    assert_null(parse(HEAD "  targets:\n"
                           "    data_received: {url: 'http://h/', events: no_data}\n"
                           "    \"a\\x01\": {url: 'http://h/', events: no_data}\n"
                           "    b: {uri: 'http://h/', events: no_data}\n",
                      &faults));
    expect_faults(&faults,
                  "t.yml:4: webhooks.targets.data_received: the key of a target is its name: the "
                  "short form has this name: choose another\n"
                  "t.yml:5: webhooks.targets.a\\x01: the key of a target is its name: control "
                  "characters in it: write it on one line, without them\n"
                  "t.yml:6: unknown key \"uri\" in webhooks.targets.b: did you mean \"url\"?\n"
                  "t.yml:6: webhooks.targets.b.url is missing: add \"url: ...\" below "
                  "webhooks.targets.b (where it is called)\n");
}

static void more_targets_than_an_event_can_be_for(void **state)
{
    (void)state;
    struct faults faults = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    fputs(HEAD "  targets:\n", out);
    for (int i = 0; i < 62; i++)
        fprintf(out, "    t%d: {url: 'http://h/', events: no_data}\n", i);
    fclose(out);
    assert_null(parse(text, &faults));
    expect_faults(&faults, "t.yml:3: webhooks.targets: 62 targets are more than one collector "
                           "calls, 61\n");
    free(text);
}

static void a_secret_file_is_found_beside_the_config(void **state)
{
    (void)state;
    char folder[] = "/tmp/dtuhub-test-XXXXXX", path[64], secret[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/server_config.yml", folder);
    snprintf(secret, sizeof(secret), "%s/secret", folder);
    FILE *file = fopen(secret, "w");
    assert_non_null(file);
    fputs("correct horse\n", file);
    fclose(file);
    const char *text =
        HEAD "  targets: {a: {url: 'http://h/', events: no_data, secret_file: secret, "
             "ca_file: secret}}\n";
    struct faults faults = {0};
    struct server_config *config = server_config_parse(path, text, strlen(text), &faults);
    expect_faults(&faults, "");
    assert_string_equal(config->hooks.targets[0].secret, "correct horse");
    assert_string_equal(config->hooks.targets[0].ca_file, secret);
    server_config_free(config);
    unlink(secret);
    rmdir(folder);
}

/* The portal has neither the secrets' environment nor their files. */
static void without_webhooks_their_secrets_need_not_be_there(void **state)
{
    (void)state;
    char path[] = "/tmp/dtuhub-test-XXXXXX";
    struct faults faults = {0};
    int fd = mkstemp(path);
    const char *text = HEAD "  device_online: http://h/${NOT_SET_HERE}\n"
                            "  targets: {a: {url: 'http://h/', events: no_data, "
                            "secret_file: /nonexistent, ca_file: /nonexistent}}\n";
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    unsetenv("NOT_SET_HERE");
    assert_null(server_config_load(path, &faults));
    faults_clear(&faults);
    struct server_config *config = server_config_load_without_webhooks(path, &faults);
    expect_faults(&faults, "");
    assert_non_null(config);
    assert_int_equal(config->hooks.ntargets, 0);
    assert_string_equal(config->mysql.user, "abc");
    server_config_free(config);
    unlink(path);
}

static void a_reload_may_change_all_of_it(void **state)
{
    (void)state;
    struct server_config *a = parse_good("mysql: {user: abc}\n");
    struct server_config *b = parse_good(
        HEAD "  deny: 10.0.0.0/8\n  targets: {a: {url: 'http://h/', events: no_data}}\n");
    assert_null(server_config_fixed_changed(a, b));
    server_config_free(a);
    server_config_free(b);
}

/* What is commented out below targets: in the file that a new user starts from. */
static void the_shipped_examples_load(void **state)
{
    (void)state;
    static const char *const variables[] = {"DTUHUB_MYSQL_PASSWORD", "DTUHUB_OPS_SECRET",
                                            "DTUHUB_DINGTALK_TOKEN", "DTUHUB_DINGTALK_SECRET",
                                            "DTUHUB_WAREHOUSE_TOKEN"};
    char *text = calloc(1, 65536);
    assert_non_null(text);
    FILE *file = fopen("config/server_config.yml", "r");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        setenv(variables[i], "x", 1);
    char *at = strstr(text, "  targets:\n");
    assert_non_null(at);
    while ((at = strstr(at, "\n  #  ")) != NULL)
        memmove(at + 3, at + 4, strlen(at + 4) + 1);
    struct server_config *config = parse_good(text);
    assert_int_equal(config->hooks.ntargets, 4);
    server_config_free(config);
    free(text);
}

/* What stands in data_config.yml */

static void names_of_the_other_file_must_be_there(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct profile profiles[] = {{.name = (char *)"default"}, {.name = (char *)"pump"}};
    struct rule_def rules[] = {{.name = (char *)"tank_high"}};
    const struct data_config data = {
        .profiles = profiles, .nprofiles = 2, .rules = {.rules = rules, .nrules = 1}};
    struct server_config *config =
        parse_good(HEAD "  targets:\n"
                        "    a: {url: 'http://h/', rules: [tank_high, 'x*']}\n"
                        "    b:\n"
                        "      url: http://h/\n"
                        "      rules: [tank_hig, other]\n"
                        "      profiles: [pumps, default, 'q?', strange]\n");
    webhook_check_names(&config->hooks, &data, "s.yml", &faults);
    expect_faults(&faults, "s.yml:7: webhooks.targets.b.rules: unknown rule \"tank_hig\": did you "
                           "mean \"tank_high\"?\n"
                           "s.yml:7: webhooks.targets.b.rules: unknown rule \"other\": name one "
                           "that stands below rules: in data_config.yml\n"
                           "s.yml:8: webhooks.targets.b.profiles: unknown profile \"pumps\": did "
                           "you mean \"pump\"?\n"
                           "s.yml:8: webhooks.targets.b.profiles: unknown profile \"strange\": "
                           "name one that stands below profiles: in data_config.yml\n");
    server_config_free(config);
}

static void say(void *cookie, unsigned line, const char *text)
{
    fprintf(cookie, "%u: %s\n", line, text);
}

static void readings_in_a_chat_are_hardly_meant(void **state)
{
    (void)state;
    char said[1024] = "";
    struct server_config *config =
        parse_good(HEAD "  data_received: http://h/\n"
                        "  targets:\n"
                        "    a: {url: 'http://h/', events: '*', format: feishu}\n"
                        "    b: {url: 'http://h/', events: '*'}\n"
                        "    c: {url: 'http://h/', events: 'device_*', format: feishu}\n");
    FILE *out = fmemopen(said, sizeof(said), "w");
    webhook_advice(&config->hooks, say, out);
    fclose(out);
    assert_string_equal(said,
                        "5: webhooks.targets.a.events: data_received is every reading, and a robot "
                        "of feishu takes few messages a minute: what is too much waits, alarms "
                        "behind it too: leave it out, or give readings a target of their own\n");
    server_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_section_is_no_target),
        cmocka_unit_test(the_short_form_is_a_target_for_each_url),
        cmocka_unit_test(defaults_of_a_target),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(robots_have_the_limits_of_their_makers),
        cmocka_unit_test(rules_alone_and_no_retries),
        cmocka_unit_test(what_it_is_told_must_be_there),
        cmocka_unit_test(urls_that_are_never_called),
        cmocka_unit_test(headers_that_would_break_the_request),
        cmocka_unit_test(a_body_goes_with_its_format),
        cmocka_unit_test(times_and_files),
        cmocka_unit_test(names_are_of_the_target_alone),
        cmocka_unit_test(more_targets_than_an_event_can_be_for),
        cmocka_unit_test(a_secret_file_is_found_beside_the_config),
        cmocka_unit_test(without_webhooks_their_secrets_need_not_be_there),
        cmocka_unit_test(a_reload_may_change_all_of_it),
        cmocka_unit_test(the_shipped_examples_load),
        cmocka_unit_test(names_of_the_other_file_must_be_there),
        cmocka_unit_test(readings_in_a_chat_are_hardly_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
