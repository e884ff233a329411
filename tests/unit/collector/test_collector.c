/* What only both files of a folder together can tell. */
#include "collector/collector.h"

#include "tests/unit/shared/config/expect.h"

#include <unistd.h>

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void ports_of_both_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/dtuhub-test-XXXXXX", expected[512];
    struct server_config *server = NULL;
    struct data_config *data = NULL;
    struct faults faults = {0};
    assert_non_null(mkdtemp(folder));
    write_file(folder, "server_config.yml",
               "server: {main_port: 1000, web_port: 2000}\nmysql: {user: a}\n");
    write_file(folder, "data_config.yml",
               "profiles:\n  a: {port: 1001}\n  b:\n    port: 1000\n  c: {port: 2000}\n");
    assert_int_equal(collector_load(folder, &server, &data, &faults), -1);
    assert_null(server);
    assert_null(data);
    snprintf(expected, sizeof(expected),
             "%s/data_config.yml:4: profiles.b.port: 1000 is server.main_port, which profiles "
             "without a port share: leave it out, or choose another\n"
             "%s/data_config.yml:5: profiles.c.port: 2000 is server.web_port, on which nginx "
             "listens: choose another\n",
             folder, folder);
    expect_faults(&faults, expected);

    write_file(folder, "data_config.yml", "profiles: {a: {port: 1001}}\n");
    assert_int_equal(collector_load(folder, &server, &data, &faults), 0);
    expect_faults(&faults, "");
    server_config_free(server);
    data_config_release(data);
    assert_int_equal(chdir(folder), 0);
    unlink("server_config.yml");
    unlink("data_config.yml");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_of_both_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
