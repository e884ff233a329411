#include "collector/store/journal_place.h"
#include "tests/unit/collector/parts.h"

#include <fcntl.h>
#include <unistd.h>

static void expect_place(const char *own, const char *state, const char *expected)
{
    struct server_config config = {.journal = {.dir = (char *)own}};
    char place[PATH_MAX];
    if (state != NULL)
        setenv("STATE_DIRECTORY", state, 1);
    else
        unsetenv("STATE_DIRECTORY");
    journal_place(&config, "/c", place);
    assert_string_equal(place, expected);
}

static void the_setting_comes_before_the_state_directory(void **state)
{
    (void)state;
    expect_place("/own", "/state", "/own");
    expect_place("own", "/state", "/c/own");
    expect_place(NULL, "/state", "/state/journal");
    expect_place(NULL, "/state:/other", "/state/journal");
    expect_place(NULL, "", "/c/journal");
    expect_place(NULL, NULL, "/c/journal");
}

static void expect_fault(const char *place, const char *expected)
{
    char text[PATH_MAX + 64] = "";
    assert_int_equal(journal_place_fault(place, text, sizeof(text)), expected != NULL);
    if (expected != NULL && strstr(text, expected) == NULL)
        fail_msg("%s: %s", place, text);
}

static void where_no_folder_can_be_is_told(void **state)
{
    char folder[] = "/tmp/dtuhub-place-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    expect_fault(folder, NULL);
    snprintf(path, sizeof(path), "%s/journal", folder);
    expect_fault(path, NULL);
    snprintf(path, sizeof(path), "%s/journal/", folder);
    expect_fault(path, NULL);
    snprintf(path, sizeof(path), "%s/no/journal", folder);
    expect_fault(path, "/no: No such file");
    snprintf(path, sizeof(path), "%s/file", folder);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    expect_fault(path, "file is no folder");
    strcat(path, "/journal");
    expect_fault(path, "file is no folder");
    expect_fault("/proc/1/journal", "belongs to the kernel");
    expect_fault("journal-of-nobody", NULL); /* beside where one is */
    path[strlen(path) - strlen("/journal")] = '\0';
    unlink(path);
    rmdir(folder);
}

static void a_start_by_hand_with_the_services_configuration_is_doubted(void **state)
{
    struct server_config config = {.journal = {.enabled = true}};
    char text[PATH_MAX + 512];
    (void)state;
    unsetenv("STATE_DIRECTORY");
    assert_true(journal_place_doubt(&config, "/etc/dtuhub", text, sizeof(text)));
    assert_non_null(strstr(text, "/etc/dtuhub/journal"));
    assert_non_null(strstr(text, "STATE_DIRECTORY=/var/lib/dtuhub"));
    assert_false(journal_place_doubt(&config, "/srv/etc/dtuhub", text, sizeof(text)));
    config.journal.dir = (char *)"/srv/journal";
    assert_false(journal_place_doubt(&config, "/etc/dtuhub", text, sizeof(text)));
    config.journal.dir = NULL;
    config.journal.enabled = false;
    assert_false(journal_place_doubt(&config, "/etc/dtuhub", text, sizeof(text)));
    config.journal.enabled = true;
    setenv("STATE_DIRECTORY", "/var/lib/dtuhub", 1);
    assert_false(journal_place_doubt(&config, "/etc/dtuhub", text, sizeof(text)));
    unsetenv("STATE_DIRECTORY");
}

static void the_note_comes_and_goes(void **state)
{
    char folder[] = "/tmp/dtuhub-place-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/all-stored", folder);
    journal_place_note(folder, false);
    journal_place_note(folder, true);
    assert_int_equal(access(path, F_OK), 0);
    journal_place_note(folder, false);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_setting_comes_before_the_state_directory),
        cmocka_unit_test(where_no_folder_can_be_is_told),
        cmocka_unit_test(a_start_by_hand_with_the_services_configuration_is_doubted),
        cmocka_unit_test(the_note_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
