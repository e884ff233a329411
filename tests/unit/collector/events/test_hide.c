/* What is secret of a target is masked wherever a receiver echoes it. */
#include "collector/events/hide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const struct webhook_target *target, const char *text, const char *expected)
{
    struct hidden *hidden = hidden_new(target);
    char *copy = strdup(text);
    hidden_mask(hidden, copy, strlen(copy));
    assert_string_equal(copy, expected);
    free(copy);
    hidden_free(hidden);
}

static void each_secret_is_masked(void **state)
{
    (void)state;
    struct webhook_header header = {(char *)"Authorization", (char *)"Bearer abcdef0123456789"};
    const struct webhook_target target = {
        .url = (char *)"https://h.example/robot/0123456789abcdef?access_token=t0k3n&v=1",
        .headers = &header,
        .nheaders = 1,
        .secret = (char *)"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    expect(&target, "Cannot POST /robot/0123456789abcdef", "Cannot POST ***********************");
    expect(&target, "id 0123456789abcdef, token t0k3n", "id ****************, token *****");
    expect(&target, "t0k3nt0k3n", "**********");
    expect(&target, "auth abcdef0123456789.", "auth ****************.");
    expect(&target, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "********************************");
    expect(&target, "all is well at h.example", "all is well at h.example");
    expect(&target, "", "");
}

static void a_plain_target_hides_little(void **state)
{
    (void)state;
    const struct webhook_target target = {.url = (char *)"http://10.0.0.5:8080"};
    expect(&target, "http://10.0.0.5:8080/ says no", "http://10.0.0.5:8080/ says no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_secret_is_masked),
        cmocka_unit_test(a_plain_target_hides_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
