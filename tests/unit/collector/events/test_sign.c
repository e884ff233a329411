/* Signatures against the vectors that the makers of each form publish. */
#include "collector/events/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char whsec[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
static const char body[] = "{\"test\": 2432232314}";
static const char expected[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

static char *sign(const char *secret, const char *text)
{
    return sign_standard(secret, id, 1614265330, text, strlen(text));
}

static void a_standard_signature_is_that_of_the_vector(void **state)
{
    (void)state;
    char *signs = sign(whsec, body);
    assert_string_equal(signs, expected);
    free(signs);
    signs = sign(whsec, "{\"test\": 2432232315}");
    assert_string_not_equal(signs, expected);
    free(signs);
}

static void several_secrets_give_several_signatures(void **state)
{
    (void)state;
    char *both = sign("plain  whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ", body);
    char *plain = sign("plain", body);
    assert_int_equal(strlen(both), 2 * strlen(expected) + 1);
    assert_memory_equal(both, plain, strlen(plain));
    assert_string_equal(both + strlen(plain) + 1, expected);
    free(both);
    free(plain);
    both = sign("", body);
    assert_string_equal(both, "");
    free(both);
}

static void what_is_no_base64_is_taken_as_it_is(void **state)
{
    (void)state;
    char *bad = sign("whsec_no base64", body), *text = sign("whsec_no", body);
    assert_int_equal(strncmp(bad, "v1,", 3), 0);
    assert_non_null(text);
    free(bad);
    free(text);
}

static void robots_have_forms_of_their_own(void **state)
{
    (void)state;
    char out[SIGN_SIZE];
    sign_dingtalk("this is secret", 1700000000000, out);
    assert_string_equal(out, "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0%3D");
    sign_feishu("this is secret", 1700000000, out);
    assert_string_equal(out, "OfGzRzoUICBOoc8wVra1e4A1hPfbZ9zqXozA8CWVUuY=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_standard_signature_is_that_of_the_vector),
        cmocka_unit_test(several_secrets_give_several_signatures),
        cmocka_unit_test(what_is_no_base64_is_taken_as_it_is),
        cmocka_unit_test(robots_have_forms_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
