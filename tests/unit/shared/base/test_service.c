#include "shared/base/service.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    service_ready("fine");
    service_alive("fine");
    service_reloading();
    service_stopping(1000);
    assert_int_equal(service_watchdog_ms(), 0);
}

static void the_watchdog_is_fed_in_half_its_time(void **state)
{
    char pid[16];
    (void)state;
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(service_watchdog_ms(), 15000);
    setenv("WATCHDOG_USEC", "100", 1);
    assert_int_equal(service_watchdog_ms(), 1);
    snprintf(pid, sizeof(pid), "%d", getpid() + 1); /* meant for another process */
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(service_watchdog_ms(), 0);
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
}

static void sockets_go_to_the_runtime_directory(void **state)
{
    char path[PATH_MAX];
    (void)state;
    unsetenv("RUNTIME_DIRECTORY");
    assert_null(service_runtime_path("a.sock", path, sizeof(path)));
    setenv("RUNTIME_DIRECTORY", "/run/hub", 1);
    assert_string_equal(service_runtime_path("a.sock", path, sizeof(path)), "/run/hub/a.sock");
    unsetenv("RUNTIME_DIRECTORY");
}

static void a_program_that_is_not_installed_takes_the_folder_it_is_run_in(void **state)
{
    char path[PATH_MAX];
    (void)state;
    assert_string_equal(service_data_path("templates", path, sizeof(path)), "templates");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(the_watchdog_is_fed_in_half_its_time),
        cmocka_unit_test(sockets_go_to_the_runtime_directory),
        cmocka_unit_test(a_program_that_is_not_installed_takes_the_folder_it_is_run_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
