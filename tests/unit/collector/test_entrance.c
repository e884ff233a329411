#include "collector/entrance.h"

#include "tests/unit/collector/sockets.h"

static int setup(void **state)
{
    (void)state;
    sockets_setup();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sockets_teardown();
    return 0;
}

static void a_port_that_cannot_be_bound_is_said(void **state)
{
    (void)state;
    uint16_t taken_port;
    int taken = sockets_bind(&taken_port, 1);
    char *problem = NULL, expected[256];
    struct server_config server = {
        .server = {.host = (char *)sockets_host(), .main_port = sockets_free_port()}};
    struct profile profiles[] = {{.name = (char *)"default"},
                                 {.name = (char *)"pumps", .port = taken_port},
                                 {.name = (char *)"tanks", .port = sockets_free_port()}};
    struct data_config data = {.profiles = profiles, .nprofiles = 1};
    struct entrance *entrance = entrance_open(&sockets_hub, &server, &data);
    assert_non_null(entrance);

    data.nprofiles = 3;
    assert_int_equal(entrance_configure(entrance, &server, &data, &problem), -1);
    snprintf(expected, sizeof(expected),
             "port %u of profile pumps cannot be bound: Address already in use; all else is taken "
             "over: free the port or choose another, and reload",
             (unsigned)taken_port);
    assert_string_equal(problem, expected);
    free(problem);
    int fd = sockets_connect(profiles[2].port); /* what works goes on */
    assert_true(fd >= 0);
    close(fd);

    close(taken);
    problem = NULL;
    assert_int_equal(entrance_configure(entrance, &server, &data, &problem), 0);
    assert_null(problem);
    fd = sockets_connect(taken_port);
    assert_true(fd >= 0);
    close(fd);
    entrance_close(entrance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_port_that_cannot_be_bound_is_said, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
