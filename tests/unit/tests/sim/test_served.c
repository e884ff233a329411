#include "tests/sim/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct point_def points[] = {
    {.name = (char *)"text", .address = 10, .type = {REG_STRING, ORDER_ABCD, 10, 0, 0}, .scale = 1},
    {.name = (char *)"a=b c", .address = 16, .type = {REG_INT, ORDER_ABCD, 2, 0, 0}, .scale = 0.1},
    {.name = (char *)"nan", .address = 17, .type = {REG_FLOAT, ORDER_ABCD, 4, 0, 0}, .scale = 1},
    {.name = (char *)"wide", .address = 18, .type = {REG_UINT, ORDER_CDAB, 4, 0, 0}, .scale = 1},
};
static const struct profile profile = {.points = points, .npoints = 4};
static const struct waveform_moment moment = {
    .seed = 1, .wall_ms = INT64_C(1767225600123), .poll = 42, .device = 4294967295};

/* What is in the record after these; freed by the caller. */
static char *record(const struct slave_answer *answer, int heartbeat)
{
    char path[] = "/tmp/served-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct served *served = served_open(path, &profile);
    assert_non_null(served);
    if (answer != NULL)
        served_answer(served, "4294967295", &moment, answer);
    if (heartbeat)
        served_heartbeat(served, "LOGIN 7", moment.wall_ms);
    assert_int_equal(served_close(served), 0);
    char *text = calloc(1, 4096);
    assert_true(read(fd, text, 4095) >= 0);
    close(fd);
    unlink(path);
    return text;
}

static struct slave_answer answer_of(struct adu_request request, const char *data)
{
    struct slave_answer answer = {.kind = SLAVE_REGISTERS, .request = request};
    answer.len = adu_build_reply(&request, (const uint8_t *)data, answer.frame);
    return answer;
}

static void an_answer(void **state)
{
    (void)state;
    struct slave_answer answer =
        answer_of((struct adu_request){1, 3, 16, 4}, "\xFF\xFD\x7F\xC0\x00\x00\x00\x01");
    char *text = record(&answer, 0);
    assert_string_equal(text,
                        "answer\t1767225600123\t4294967295\t42\t1\t3\t16\t4\tfffd7fc000000001"
                        "\ta=b c=-0.29999999999999999/65533\tnan=-/2143289344\twide=65536/1\n");
    free(text);
}

static void only_points_wholly_inside(void **state)
{
    (void)state;
    struct slave_answer answer =
        answer_of((struct adu_request){1, 3, 11, 7}, "CDEFGHIJ\0\0\0\0\x7F\xC0");
    char *text = record(&answer, 0);
    assert_non_null(strstr(text, "\ta=b c=0/0\n"));
    assert_null(strstr(text, "text="));
    assert_null(strstr(text, "nan="));
    free(text);
    answer = answer_of((struct adu_request){1, 3, 10, 5}, "ABCDEFGHIJ");
    text = record(&answer, 0);
    assert_non_null(strstr(text, "\t4142434445464748494a\ttext=-/-\n"));
    free(text);
}

static void exceptions_and_heartbeats(void **state)
{
    (void)state;
    struct slave_answer answer = {
        .kind = SLAVE_EXCEPTION, .request = {2, 3, 2000, 100}, .code = 0x0B};
    char *text = record(&answer, 1);
    assert_string_equal(text, "exception\t1767225600123\t4294967295\t2\t3\t2000\t100\t11\n"
                              "heartbeat\t1767225600123\tLOGIN 7\n");
    free(text);
}

static void faults_writes_and_lost_lines(void **state)
{
    (void)state;
    char path[] = "/tmp/served-XXXXXX", text[1024] = "";
    int fd = mkstemp(path);
    struct served *served = served_open(path, &profile);
    assert_non_null(served);
    struct slave_answer answer = answer_of((struct adu_request){1, 3, 16, 1, 0}, "\xFF\xFD");
    served_fault(served, "crc", "10000001001", &moment, &answer);
    answer = (struct slave_answer){.kind = SLAVE_WRITTEN,
                                   .request = {2, 16, 7, 2, 0},
                                   .written = (const uint8_t *)"\0\x01\xAB\xCD",
                                   .written_size = 4};
    served_write(served, "x", 5, &answer);
    served_fault(served, "late", "x", &moment, &answer);
    served_answer(served, "x", &moment, &answer);
    served_lost(served, "x", 6);
    assert_int_equal(served_close(served), 0);
    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    close(fd);
    unlink(path);
    assert_string_equal(text, "fault\tcrc\t1767225600123\t10000001001\t42\t1\t3\t16\t1\tfffd"
                              "\ta=b c=-0.29999999999999999/65533\n"
                              "write\t5\tx\t2\t16\t7\t2\t0001abcd\n"
                              "fault\tlate\t1767225600123\tx\t42\t2\t16\t7\t2\t-\n"
                              "lost\t6\tx\n");
}

static void a_lost_line_is_told(void **state)
{
    (void)state;
    struct served *served = served_open("/dev/full", &profile);
    assert_non_null(served);
    assert_int_equal(served_flush(served), 0);
    served_heartbeat(served, "1", 1);
    assert_int_equal(served_flush(served), -1);
    assert_int_equal(served_flush(served), -1);
    assert_int_equal(served_close(served), -1);
    assert_null(served_open("/nonexistent/folder/file", &profile));
}

static void no_record(void **state)
{
    (void)state;
    struct slave_answer answer = {.kind = SLAVE_EXCEPTION};
    served_answer(NULL, "1", &moment, &answer);
    served_heartbeat(NULL, "1", 1);
    assert_int_equal(served_flush(NULL), 0);
    assert_int_equal(served_close(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer),
        cmocka_unit_test(only_points_wholly_inside),
        cmocka_unit_test(exceptions_and_heartbeats),
        cmocka_unit_test(faults_writes_and_lost_lines),
        cmocka_unit_test(a_lost_line_is_told),
        cmocka_unit_test(no_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
