#include "shared/base/log.h"

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOG_MAX = 1 << 20 };

static char folder[] = "/tmp/dtuhub-test-XXXXXX";
static char path[64];
static char content[LOG_MAX];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/log", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_setup(LOGL_INFO, LOGF_TEXT, NULL);
    unlink(path);
    return rmdir(folder);
}

static void start(enum log_level level, enum log_format format)
{
    unlink(path);
    assert_int_equal(log_setup(level, format, path), 0);
}

static const char *written(void)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    content[fread(content, 1, LOG_MAX - 1, file)] = '\0';
    fclose(file);
    return content;
}

/* Hold a text against a pattern, all of it. */
static void expect_match(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int mismatch = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    if (mismatch)
        fail_msg("\"%s\" does not match %s", text, pattern);
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static void a_line_has_time_level_module_peer_and_text(void **state)
{
    (void)state;
    start(LOGL_DEBUG, LOGF_TEXT);
    log_info("session", "1001\t10.0.0.7:40112", "registered, %d tasks", 3);
    log_info("session", "\t10.0.0.7:40112", "came");
    log_info("session", "1001", "known");
    log_error("main", NULL, "stopped");
    log_warn("store", NULL, "slow");
    log_debug("poll", NULL, "sent");
    expect_match(written(),
                 "^" TIME
                 " INFO  session \\[1001 10\\.0\\.0\\.7:40112\\] registered, 3 tasks\n" TIME
                 " INFO  session \\[10\\.0\\.0\\.7:40112\\] came\n" TIME
                 " INFO  session \\[1001\\] known\n" TIME " ERROR main stopped\n" TIME
                 " WARN  store slow\n" TIME " DEBUG poll sent\n$");
}

static void lines_below_the_level_are_left_out(void **state)
{
    (void)state;
    start(LOGL_WARN, LOGF_TEXT);
    assert_true(log_enabled(LOGL_ERROR));
    assert_true(log_enabled(LOGL_WARN));
    assert_false(log_enabled(LOGL_INFO));
    log_info("m", NULL, "no");
    log_debug("m", NULL, "no");
    log_warn("m", NULL, "yes");
    expect_match(written(), "^" TIME " WARN  m yes\n$");
}

static void a_device_cannot_forge_a_line(void **state)
{
    (void)state;
    start(LOGL_INFO, LOGF_TEXT);
    log_info("session", "evil\n2026-01-01", "%s", "a\n\x1b[2Jb");
    expect_match(written(),
                 "^" TIME " INFO  session \\[evil\\\\x0a2026-01-01\\] a\\\\x0a\\\\x1b\\[2Jb\n$");
}

static const char *field(struct json_object *line, const char *key)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(line, key, &value) ? json_object_get_string(value) : NULL;
}

static void a_json_line_is_one_object(void **state)
{
    (void)state;
    start(LOGL_INFO, LOGF_JSON);
    log_info("session", "1001", "he said \"%s\"", "a/b");
    struct json_object *line = json_tokener_parse(written());
    assert_non_null(line);
    expect_match(field(line, "time"), "^" TIME "$");
    assert_string_equal(field(line, "level"), "info");
    assert_string_equal(field(line, "module"), "session");
    assert_string_equal(field(line, "device"), "1001");
    assert_null(field(line, "peer"));
    assert_string_equal(field(line, "message"), "he said \"a/b\"");
    json_object_put(line);
    assert_int_equal(content[strlen(content) - 1], '\n');
    assert_ptr_equal(strchr(content, '\n'), content + strlen(content) - 1);
}

static void expect_fields(const char *who, const char *device, const char *peer)
{
    start(LOGL_INFO, LOGF_JSON);
    log_info("m", who, "x");
    struct json_object *line = json_tokener_parse(written());
    assert_non_null(line);
    const char *fields[] = {field(line, "device"), field(line, "peer")}, *wanted[] = {device, peer};
    for (size_t i = 0; i < 2; i++) {
        if (wanted[i] == NULL)
            assert_null(fields[i]);
        else
            assert_string_equal(fields[i], wanted[i]);
    }
    json_object_put(line);
}

/* An id may look like a peer, or hold a space. */
static void device_and_peer_are_fields_of_their_own(void **state)
{
    (void)state;
    expect_fields("1001\t10.0.0.7:40112", "1001", "10.0.0.7:40112");
    expect_fields("\t10.0.0.7:40112", NULL, "10.0.0.7:40112");
    expect_fields("6.6.6.6:1", "6.6.6.6:1", NULL);
    expect_fields("a 6.6.6.6:1\t[2001:db8::1]:9", "a 6.6.6.6:1", "[2001:db8::1]:9");
    expect_fields("a\n\t\x1b\t1", "a\\x0a", "\\x1b\\x091");
    expect_fields("", NULL, NULL);
    expect_fields(NULL, NULL, NULL);
}

static void what_was_asked_for_is_written_at_any_level(void **state)
{
    (void)state;
    start(LOGL_ERROR, LOGF_TEXT);
    log_asked("state", "1001", "up for %d s", 5);
    expect_match(written(), "^" TIME " INFO  state \\[1001\\] up for 5 s\n$");
}

/* Text that JSON lengthens must not cut the object in two. */
static void a_long_json_line_is_still_an_object(void **state)
{
    (void)state;
    char text[6000];
    static const char fill[] = {'a', '"', '\\', '\n'};
    for (size_t i = 0; i < sizeof(fill); i++) {
        memset(text, fill[i], sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        start(LOGL_INFO, LOGF_JSON);
        log_info("session", text, "%s", text);
        struct json_object *line = json_tokener_parse(written());
        assert_non_null(line);
        assert_non_null(field(line, "message"));
        json_object_put(line);
    }
}

static void a_long_line_is_cut_and_ended(void **state)
{
    (void)state;
    char text[6000];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    start(LOGL_INFO, LOGF_TEXT);
    log_info("session", text, "%s", text);
    log_info("session", NULL, "next");
    expect_match(written(), "a\n" TIME " INFO  session next\n$");
}

static void errno_stays(void **state)
{
    (void)state;
    start(LOGL_INFO, LOGF_JSON);
    errno = ENOSPC;
    log_info("m", NULL, "x");
    assert_int_equal(errno, ENOSPC);
}

static void setup_again_opens_the_file_anew(void **state)
{
    (void)state;
    char moved[80];
    snprintf(moved, sizeof(moved), "%s.1", path);
    start(LOGL_INFO, LOGF_TEXT);
    log_info("m", NULL, "one");
    assert_int_equal(rename(path, moved), 0);
    log_info("m", NULL, "two");
    assert_int_equal(log_setup(LOGL_INFO, LOGF_TEXT, path), 0);
    log_info("m", NULL, "three");
    expect_match(written(), "^" TIME " INFO  m three\n$");
    unlink(moved);
}

static void a_file_that_cannot_be_opened_changes_nothing(void **state)
{
    (void)state;
    start(LOGL_WARN, LOGF_TEXT);
    assert_int_equal(log_setup(LOGL_DEBUG, LOGF_JSON, folder), -1);
    assert_false(log_enabled(LOGL_INFO));
    log_warn("m", NULL, "still here");
    expect_match(written(), "WARN  m still here\n$");
}

static void the_file_is_not_for_everybody(void **state)
{
    (void)state;
    struct stat status;
    start(LOGL_INFO, LOGF_TEXT);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07, 0);
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level = LOGL_INFO;
    assert_int_equal(log_level_by_name("debug", &level), 0);
    assert_int_equal(level, LOGL_DEBUG);
    assert_int_equal(log_level_by_name("error", &level), 0);
    assert_int_equal(level, LOGL_ERROR);
    assert_int_equal(log_level_by_name("loud", &level), -1);
    assert_int_equal(level, LOGL_ERROR);
}

enum { THREADS = 4, LINES = 500 };

static void *write_lines(void *cookie)
{
    for (int i = 0; i < LINES; i++)
        log_info("thread", cookie, "line %04d of %d", i, LINES);
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"0", "1", "2", "3"};
    pthread_t threads[THREADS];
    start(LOGL_INFO, LOGF_TEXT);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    int next[THREADS] = {0};
    written();
    for (char *rest, *line = strtok_r(content, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned thread;
        int number, end = 0;
        assert_int_equal(
            sscanf(line, "%*s INFO  thread [%u] line %d of 500%n", &thread, &number, &end), 2);
        assert_int_equal(line[end], '\0');
        assert_true(thread < THREADS);
        assert_int_equal(number, next[thread]++);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(next[i], LINES);
}

static void a_limit_lets_a_burst_through_and_counts_the_rest(void **state)
{
    (void)state;
    struct log_limit limit = LOG_LIMIT(2, 1000);
    uint64_t left_out = 99;
    assert_true(log_limited(&limit, 5000, &left_out));
    assert_int_equal(left_out, 0);
    assert_true(log_limited(&limit, 5100, &left_out));
    assert_false(log_limited(&limit, 5200, &left_out));
    assert_false(log_limited(&limit, 5999, &left_out));
    assert_true(log_limited(&limit, 6000, &left_out));
    assert_int_equal(left_out, 2);
    assert_true(log_limited(&limit, 6001, &left_out));
    assert_int_equal(left_out, 0);
    assert_false(log_limited(&limit, 6002, &left_out));
}

/* The window begins with its first line, also where the clock starts near zero. */
static void a_limit_starts_at_any_time(void **state)
{
    (void)state;
    struct log_limit limit = LOG_LIMIT(1, 1000);
    uint64_t left_out;
    assert_true(log_limited(&limit, 3, &left_out));
    assert_false(log_limited(&limit, 1002, &left_out));
    assert_true(log_limited(&limit, 1003, &left_out));
    assert_int_equal(left_out, 1);
}

static void a_limited_line_says_how_many_were_left_out(void **state)
{
    (void)state;
    struct log_limit limit = LOG_LIMIT(1, 60000);
    start(LOGL_INFO, LOGF_TEXT);
    for (int i = 0; i < 4; i++)
        log_at_limit(&limit, LOGL_WARN, "m", NULL, "refused %d", i);
    limit.window_start_ms -= 60000;
    log_at_limit(&limit, LOGL_WARN, "m", "who", "refused %d", 4);
    log_at_limit(&limit, LOGL_WARN, "m", "who", "refused again");
    expect_match(written(), "^" TIME " WARN  m refused 0\n" TIME
                            " WARN  m \\[who\\] refused 4 \\(3 more like it left out\\)\n$");
}

static void a_thread_is_told_apart_from_those_that_do_the_same(void **state)
{
    (void)state;
    start(LOGL_INFO, LOGF_TEXT);
    log_thread_part("3");
    log_info("writer", NULL, "one of several");
    log_thread_part("");
    log_info("writer", NULL, "the only one");
    expect_match(written(),
                 "^" TIME " INFO  writer-3 one of several\n" TIME " INFO  writer the only one\n$");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_is_told_apart_from_those_that_do_the_same),
        cmocka_unit_test(a_line_has_time_level_module_peer_and_text),
        cmocka_unit_test(lines_below_the_level_are_left_out),
        cmocka_unit_test(a_device_cannot_forge_a_line),
        cmocka_unit_test(a_json_line_is_one_object),
        cmocka_unit_test(device_and_peer_are_fields_of_their_own),
        cmocka_unit_test(what_was_asked_for_is_written_at_any_level),
        cmocka_unit_test(a_long_json_line_is_still_an_object),
        cmocka_unit_test(a_long_line_is_cut_and_ended),
        cmocka_unit_test(errno_stays),
        cmocka_unit_test(setup_again_opens_the_file_anew),
        cmocka_unit_test(a_file_that_cannot_be_opened_changes_nothing),
        cmocka_unit_test(the_file_is_not_for_everybody),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(lines_of_threads_stay_whole),
        cmocka_unit_test(a_limit_lets_a_burst_through_and_counts_the_rest),
        cmocka_unit_test(a_limit_starts_at_any_time),
        cmocka_unit_test(a_limited_line_says_how_many_were_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
