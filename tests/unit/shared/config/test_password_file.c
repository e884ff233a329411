#include "shared/config/password_file.h"

#include "tests/unit/shared/config/expect.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/dtuhub-test-XXXXXX";
static char config_path[64], password_path[64];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(config_path, sizeof(config_path), "%s/server_config.yml", folder);
    snprintf(password_path, sizeof(password_path), "%s/password", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(password_path);
    return rmdir(folder);
}

static void write_file(const char *bytes, size_t len)
{
    FILE *file = fopen(password_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void reads(const char *content, const char *file, const char *expected)
{
    write_file(content, strlen(content));
    char *problem = NULL, *password = password_file_read(config_path, file, &problem);
    assert_null(problem);
    assert_string_equal(password, expected);
    free(password);
}

static void refuses(const char *bytes, size_t len, const char *part)
{
    write_file(bytes, len);
    char *problem = NULL;
    assert_null(password_file_read(config_path, "password", &problem));
    assert_non_null(strstr(problem, part));
    assert_null(strstr(problem, "horse"));
    free(problem);
}

static void the_closing_newline_is_no_part_of_it(void **state)
{
    (void)state;
    reads("correct horse\n", "password", "correct horse");
    reads("correct horse\r\n", "password", "correct horse");
    reads("correct horse", "password", "correct horse");
    reads(" spaces stay \n", "password", " spaces stay ");
    reads("correct horse\n", password_path, "correct horse");
}

static void what_is_no_password_is_a_fault(void **state)
{
    (void)state;
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    refuses("", 0, "is empty");
    refuses("\n", 1, "is empty");
    refuses("correct\nhorse\n", 14, "not one line");
    refuses("correct\0horse", 13, "not one line");
    refuses(longest, 256, "not one line");
    refuses(longest, 300, "not one line");
    longest[255] = '\0';
    reads(longest, "password", longest);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    char *problem = NULL;
    assert_null(password_file_read(config_path, "missing", &problem));
    assert_non_null(strstr(problem, folder));
    assert_non_null(strstr(problem, "/missing\" cannot be read: No such file or directory"));
    free(problem);
    assert_null(password_file_read(config_path, ".", &problem));
    assert_non_null(strstr(problem, "Is a directory"));
    free(problem);
    unlink(password_path);
    assert_int_equal(mkfifo(password_path, 0600), 0);
    assert_null(password_file_read(config_path, "password", &problem));
    free(problem);
    unlink(password_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closing_newline_is_no_part_of_it),
        cmocka_unit_test(what_is_no_password_is_a_fault),
        cmocka_unit_test(what_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
