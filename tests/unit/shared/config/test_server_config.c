#include "shared/config/server_config.h"

#include "shared/config/server_tables.h"
#include "tests/unit/shared/config/expect.h"

#include <unistd.h>

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

static void the_original_file_means_what_it_meant(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct server_config *config =
        server_config_load("tests/fixtures/original/server_config.yml", &faults);
    expect_faults(&faults, "");
    assert_string_equal(config->server.host, "0.0.0.0");
    assert_int_equal(config->server.main_port, 22334);
    assert_int_equal(config->server.web_port, 8080);
    assert_int_equal(config->server.heartbeat_timeout_ms, 60000);
    assert_int_equal(config->server.max_missed, 3);
    assert_int_equal(config->server.max_connections, 1000);
    assert_int_equal(config->server.connection_pool_size, 100);
    assert_string_equal(config->mysql.host, "192.168.1.100");
    assert_int_equal(config->mysql.port, 3306);
    assert_string_equal(config->mysql.user, "abc");
    assert_string_equal(config->mysql.password, "abc@123");
    assert_string_equal(config->mysql.database, "dtu_data");
    assert_int_equal(config->mysql.pool_size, 20);
    assert_int_equal(config->cache.max_size, 10000);
    assert_int_equal(config->cache.flush_interval_ms, 10000);
    assert_string_equal(config->webhooks.device_online, "http://your-webhook-server/device-online");
    assert_string_equal(config->webhooks.device_offline,
                        "http://your-webhook-server/device-offline");
    assert_string_equal(config->webhooks.data_received, "http://your-webhook-server/data-received");
    assert_int_equal(config->hooks.ntargets, 3);
    server_config_free(config);
}

/* The header promises these. */
static void defaults(void **state)
{
    (void)state;
    struct server_config *config = parse_good("mysql: {user: abc}\n");
    assert_string_equal(config->server.host, "0.0.0.0");
    assert_string_equal(config->server.name, "collector");
    assert_null(config->server.control_socket);
    assert_int_equal(config->server.main_port, 22334);
    assert_int_equal(config->server.web_port, 8080);
    assert_int_equal(config->server.heartbeat_timeout_ms, 60000);
    assert_int_equal(config->server.max_missed, 3);
    assert_int_equal(config->server.max_connections, 1000);
    assert_int_equal(config->server.connection_pool_size, 100);
    assert_int_equal(config->server.registration_timeout_ms, 30000);
    assert_int_equal(config->server.shutdown_timeout_ms, 10000);
    assert_null(config->server.allow);
    assert_null(config->server.proxy_from);
    assert_int_equal(config->server.accept_rate, 500);
    assert_int_equal(config->server.flap_count, 6);
    assert_int_equal(config->server.flap_window_ms, 300000);
    assert_string_equal(config->mysql.host, "127.0.0.1");
    assert_null(config->mysql.socket);
    assert_string_equal(config->mysql.password, "");
    assert_null(config->mysql.password_file);
    assert_string_equal(config->mysql.database, "dtu_data");
    assert_int_equal(config->mysql.port, 3306);
    assert_int_equal(config->mysql.pool_size, 8);
    assert_true(config->mysql.bulk);
    assert_int_equal(config->cache.max_size, 200000);
    assert_int_equal(config->cache.flush_interval_ms, 1000);
    assert_int_equal(config->retention.readings, 0);
    assert_int_equal(config->retention.readings_minute, 0);
    assert_int_equal(config->retention.readings_hour, 0);
    assert_int_equal(config->retention.raw_packets, 0);
    assert_int_equal(config->retention.heartbeat_log, 0);
    assert_int_equal(config->retention.connection_history, 0);
    assert_int_equal(config->retention.events, 0);
    assert_int_equal(config->retention.write_log, 0);
    assert_int_equal(config->retention.rejected_records, 0);
    assert_int_equal(config->retention.webhook_deliveries, 0);
    assert_int_equal(config->retention.alarms, 0);
    assert_int_equal(config->retention.traffic_minutes, 0);
    assert_int_equal(config->retention.check_interval_ms, 60000);
    assert_int_equal(config->retention.rollup_interval_ms, 5000);
    assert_null(config->webhooks.device_online);
    assert_null(config->webhooks.device_offline);
    assert_null(config->webhooks.data_received);
    assert_int_equal(config->polling.response_timeout_ms, 3000);
    assert_int_equal(config->polling.request_gap_ms, 100);
    assert_int_equal(config->polling.slave_gap_ms, 100);
    assert_int_equal(config->polling.retries, 1);
    assert_int_equal(config->polling.max_timeouts, 10);
    assert_int_equal(config->polling.stagger_ms, 5000);
    assert_int_equal(config->log.level, LOGL_INFO);
    assert_int_equal(config->log.format, LOGF_TEXT);
    assert_null(config->log.file);
    server_config_free(config);
}

/* What a new user starts from shows every key (password_file stands in for password) at its
 * default. */
static void the_shipped_file_holds_every_key(void **state)
{
    (void)state;
    struct faults faults = {0};
    struct yaml_doc *doc = yaml_doc_load("config/server_config.yml", &faults);
    assert_non_null(doc);
    const yaml_node_t *root = yaml_doc_root(doc);
    assert_int_equal(yaml_doc_count(root), server_tables_count);
    for (size_t i = 0; i < server_tables_count; i++) {
        const struct server_table *table = &server_tables[i];
        struct yaml_pair section = yaml_doc_pair(doc, root, i);
        assert_string_equal(section.key, table->name);
        size_t left_out = strcmp(table->name, "mysql") == 0;
        assert_int_equal(yaml_doc_count(section.value), table->table.count - left_out);
    }
    yaml_doc_free(doc);
}

/* A new user sees how long logs are kept; a file of an older version deletes nothing. */
static bool is_a_limit_of_logs(const char *path)
{
    return strcmp(path, "retention.raw_packets") == 0 ||
           strcmp(path, "retention.heartbeat_log") == 0 ||
           strcmp(path, "retention.connection_history") == 0 ||
           strcmp(path, "retention.events") == 0 ||
           strcmp(path, "retention.webhook_deliveries") == 0 ||
           strcmp(path, "retention.traffic_minutes") == 0;
}

static void the_shipped_file_says_what_the_defaults_say(void **state)
{
    (void)state;
    setenv("DTUHUB_MYSQL_PASSWORD", "", 1);
    struct faults faults = {0};
    struct server_config *shipped = server_config_load("config/server_config.yml", &faults);
    expect_faults(&faults, "");
    struct server_config *plain = parse_good("mysql: {user: dtuhub}\n");
    for (size_t i = 0; i < server_tables_count; i++) {
        for (size_t k = 0; k < server_tables[i].table.count; k++) {
            const struct setting *setting = &server_tables[i].table.settings[k];
            if (!settings_equal(setting, shipped, plain) && !is_a_limit_of_logs(setting->path))
                fail_msg("%s differs from its default", setting->path);
        }
    }
    server_config_free(shipped);
    server_config_free(plain);
    unsetenv("DTUHUB_MYSQL_PASSWORD");
}

static void networks_as_a_text_or_a_list(void **state)
{
    (void)state;
    struct server_config *config =
        parse_good("server: {allow: ' 10.0.0.0/8 ,::1', proxy_from: [192.0.2.1, '2001:db8::/32']}\n"
                   "mysql: {user: abc}\n");
    assert_string_equal(config->server.allow, "10.0.0.0/8,::1");
    assert_string_equal(config->server.proxy_from, "192.0.2.1,2001:db8::/32");
    server_config_free(config);
    struct faults faults = {0};
    assert_null(
        parse("server: {allow: '10.0.0.0/33', proxy_from: [[a]]}\nmysql: {user: abc}\n", &faults));
    expect_faults(&faults,
                  "t.yml:1: server.allow: \"10.0.0.0/33\": behind the slash of an IPv4 network "
                  "belongs a number from 0 to 32, the bits that all its addresses share\n"
                  "t.yml:1: server.proxy_from takes texts: write them with commas in one line, or "
                  "as a list [a, b]\n");
}

static void variables_stand_for_any_value(void **state)
{
    (void)state;
    setenv("DTUHUB_TEST_PORT", "4000", 1);
    setenv("DTUHUB_TEST_PASSWORD", "pa$$${word", 1);
    struct server_config *config =
        parse_good("server: {main_port: \"${DTUHUB_TEST_PORT}\", name: a$$b}\n"
                   "mysql: {user: abc, password: \"${DTUHUB_TEST_PASSWORD}\"}\n");
    assert_int_equal(config->server.main_port, 4000);
    assert_string_equal(config->server.name, "a$b");
    assert_string_equal(config->mysql.password, "pa$$${word");
    server_config_free(config);
}

static void a_password_file_is_found_beside_the_config(void **state)
{
    (void)state;
    char folder[] = "/tmp/dtuhub-test-XXXXXX", path[64], secret[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/server_config.yml", folder);
    snprintf(secret, sizeof(secret), "%s/secret", folder);
    FILE *file = fopen(secret, "w");
    assert_non_null(file);
    fputs("correct ${horse}\n", file);
    fclose(file);

    const char *text = "mysql: {user: abc, password_file: secret}\n";
    struct faults faults = {0};
    struct server_config *config = server_config_parse(path, text, strlen(text), &faults);
    expect_faults(&faults, "");
    assert_string_equal(config->mysql.password, "correct ${horse}"); /* no variable in there */
    server_config_free(config);
    unlink(secret);
    rmdir(folder);
}

static void the_pool_is_never_larger_than_the_connections(void **state)
{
    (void)state;
    struct server_config *config = parse_good("server: {max_connections: 5}\nmysql: {user: abc}\n");
    assert_int_equal(config->server.max_connections, 5);
    assert_int_equal(config->server.connection_pool_size, 5);
    server_config_free(config);
}

static void all_faults_come_in_one_run_sorted(void **state)
{
    (void)state;
    struct faults faults = {0};
    assert_null(
        parse("log: {level: loud}\nmysql: {pool_size: 0}\nserver: {main_port: 0, x: 1, x: 2}\n",
              &faults));
    assert_int_equal(faults.count, 6);
    for (size_t i = 1; i < faults.count; i++)
        assert_true(faults.items[i - 1].line <= faults.items[i].line);
    faults_clear(&faults);
}

/* A reload must not fail because of faults that were in the list before. */
static void earlier_faults_in_the_list_do_not_count(void **state)
{
    (void)state;
    struct faults faults = {0};
    faults_add(&faults, "data.yml", 1, "something else");
    struct server_config *config = parse("mysql: {user: abc}\n", &faults);
    assert_non_null(config);
    server_config_free(config);
    faults_clear(&faults);
}

static const char *changed(const char *running, const char *next)
{
    struct server_config *a = parse_good(running), *b = parse_good(next);
    const char *path = server_config_fixed_changed(a, b);
    server_config_free(a);
    server_config_free(b);
    return path;
}

static void knows_what_needs_a_restart(void **state)
{
    (void)state;
    const char *plain = "mysql: {user: abc}\n";
    assert_null(changed(plain, plain));
    assert_string_equal(changed(plain, "server: {main_port: 4000}\nmysql: {user: abc}\n"),
                        "server.main_port");
    assert_string_equal(changed(plain, "mysql: {user: abc, socket: /run/x}\n"), "mysql.socket");
    assert_null(changed(
        plain,
        "server: {max_missed: 5, heartbeat_timeout: 5}\nlog: {level: debug}\n"
        "polling: {retries: 3}\ncache: {max_size: 20}\nwebhooks: {device_online: \"http://a/\"}\n"
        "mysql: {user: def, password: x}\n"));
}

static void a_copied_section_has_strings_of_its_own(void **state)
{
    struct server_config *config =
        parse_good("mysql: {user: abc, password: x, socket: /run/x, port: 4000}\n");
    struct mysql_section copy;
    (void)state;
    mysql_section_copy(&copy, &config->mysql);
    assert_ptr_not_equal(copy.user, config->mysql.user);
    server_config_free(config);
    assert_string_equal(copy.user, "abc");
    assert_string_equal(copy.password, "x");
    assert_string_equal(copy.socket, "/run/x");
    assert_string_equal(copy.database, "dtu_data");
    assert_null(copy.password_file);
    assert_int_equal(copy.port, 4000);
    mysql_section_clear(&copy);
    assert_null(copy.password);
    mysql_section_clear(&copy); /* of nothing */
}

static void no_config_can_be_freed(void **state)
{
    (void)state;
    server_config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_file_means_what_it_meant),
        cmocka_unit_test(defaults),
        cmocka_unit_test(the_shipped_file_holds_every_key),
        cmocka_unit_test(the_shipped_file_says_what_the_defaults_say),
        cmocka_unit_test(networks_as_a_text_or_a_list),
        cmocka_unit_test(variables_stand_for_any_value),
        cmocka_unit_test(a_password_file_is_found_beside_the_config),
        cmocka_unit_test(the_pool_is_never_larger_than_the_connections),
        cmocka_unit_test(all_faults_come_in_one_run_sorted),
        cmocka_unit_test(earlier_faults_in_the_list_do_not_count),
        cmocka_unit_test(knows_what_needs_a_restart),
        cmocka_unit_test(a_copied_section_has_strings_of_its_own),
        cmocka_unit_test(no_config_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
