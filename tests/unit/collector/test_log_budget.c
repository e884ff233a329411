#include "collector/log_budget.h"
#include "tests/unit/collector/parts.h"

#include <unistd.h>

static struct log_budget budget;

static int set_up(void **state)
{
    (void)state;
    log_budget_init(&budget);
    return 0;
}

/* How many of ${n} lines about ${key}, all at ${now_ms}, are written. */
static unsigned written(enum log_kind kind, const char *key, unsigned n, int64_t now_ms)
{
    uint64_t left_out;
    unsigned lines = 0;
    for (unsigned i = 0; i < n; i++)
        lines += log_budget_take(&budget, kind, key, now_ms, &left_out);
    return lines;
}

static void a_noisy_peer_does_not_hide_another(void **state)
{
    (void)state;
    assert_int_equal(written(LOG_REFUSED, "10.0.0.7", 100000, 5000), LOG_BUDGET_PEER_BURST);
    assert_int_equal(written(LOG_REFUSED, "10.0.0.8", 1, 5000), 1);
}

static void a_kind_does_not_hide_another(void **state)
{
    (void)state;
    char key[16];
    unsigned lines = 0;
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(key, sizeof(key), "dtu%u", i);
        lines += written(LOG_ONLINE, key, 1, 5000);
    }
    assert_int_equal(lines, LOG_BUDGET_BURST);
    assert_int_equal(written(LOG_OFFLINE, "dtu1", 1, 5000), 1);
}

static void the_next_line_tells_how_many_were_left_out(void **state)
{
    (void)state;
    uint64_t left_out = 9;
    assert_true(log_budget_take(&budget, LOG_NOISE, "a", 5000, &left_out));
    assert_int_equal(left_out, 0);
    written(LOG_NOISE, "a", 20, 5000);
    assert_true(log_budget_take(&budget, LOG_NOISE, "b", 5000, &left_out));
    assert_int_equal(left_out, 21 - LOG_BUDGET_PEER_BURST);
    assert_true(
        log_budget_take(&budget, LOG_NOISE, "a", 5000 + LOG_BUDGET_PEER_WINDOW_MS, &left_out));
    assert_int_equal(left_out, 0);
}

static void a_sweep_tells_it_once(void **state)
{
    (void)state;
    char path[] = "/tmp/dtuhub-budget-XXXXXX", text[512] = "";
    close(mkstemp(path));
    written(LOG_ONLINE, "a", 25, 5000);
    log_setup(LOGL_INFO, LOGF_TEXT, path);
    log_budget_sweep(&budget);
    log_budget_sweep(&budget);
    log_setup(LOGL_ERROR, LOGF_TEXT, NULL);
    FILE *in = fopen(path, "r");
    assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
    fclose(in);
    unlink(path);
    assert_non_null(strstr(text, " log 20 lines about devices that come online were left out\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_zeroed_one_is_silent(void **state)
{
    (void)state;
    memset(&budget, 0, sizeof(budget));
    assert_int_equal(written(LOG_ONLINE, "a", 5, 5000), 0);
    assert_int_equal(budget.kinds[LOG_ONLINE].left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_noisy_peer_does_not_hide_another, set_up),
        cmocka_unit_test_setup(a_kind_does_not_hide_another, set_up),
        cmocka_unit_test_setup(the_next_line_tells_how_many_were_left_out, set_up),
        cmocka_unit_test_setup(a_sweep_tells_it_once, set_up),
        cmocka_unit_test_setup(a_zeroed_one_is_silent, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
