#include "collector/store/refusal.h"
#include "tests/unit/collector/parts.h"

static void each_code_has_its_meaning(void **state)
{
    static const struct {
        unsigned code;
        enum refusal refusal;
    } cases[] = {
        {0, REFUSAL_LOST},         {2002, REFUSAL_LOST},      {2006, REFUSAL_LOST},
        {2013, REFUSAL_LOST},      {1053, REFUSAL_LOST},      {1927, REFUSAL_LOST},
        {1205, REFUSAL_LOCK},      {1213, REFUSAL_LOCK},      {1020, REFUSAL_LOCK},
        {1264, REFUSAL_ROW},       {1366, REFUSAL_ROW},       {1406, REFUSAL_ROW},
        {1292, REFUSAL_ROW},       {1048, REFUSAL_ROW},       {3819, REFUSAL_ROW},
        {4025, REFUSAL_ROW},       {1062, REFUSAL_ROW},       {1452, REFUSAL_ROW},
        {1690, REFUSAL_ROW},       {1265, REFUSAL_ROW},       {1644, REFUSAL_ROW},
        {1146, REFUSAL_SCHEMA},    {1054, REFUSAL_SCHEMA},    {1049, REFUSAL_SCHEMA},
        {1364, REFUSAL_SCHEMA},    {1526, REFUSAL_SCHEMA},    {1142, REFUSAL_PRIVILEGE},
        {1044, REFUSAL_PRIVILEGE}, {1045, REFUSAL_PRIVILEGE}, {1227, REFUSAL_PRIVILEGE},
        {1114, REFUSAL_SERVER},    {1021, REFUSAL_SERVER},    {1290, REFUSAL_SERVER},
        {1836, REFUSAL_SERVER},    {1792, REFUSAL_SERVER},    {1105, REFUSAL_OTHER},
        {1206, REFUSAL_LOCK},      {3572, REFUSAL_LOCK},      {1216, REFUSAL_ROW},
        {1300, REFUSAL_ROW},       {1467, REFUSAL_ROW},       {1153, REFUSAL_ROW},
        {1136, REFUSAL_SCHEMA},    {1305, REFUSAL_SCHEMA},    {1143, REFUSAL_PRIVILEGE},
        {1370, REFUSAL_PRIVILEGE}, {1041, REFUSAL_SERVER},    {1040, REFUSAL_SERVER},
        {1047, REFUSAL_SERVER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (refusal_of(cases[i].code, "HY000") != cases[i].refusal)
            fail_msg("code %u", cases[i].code);
    }
}

static void an_unknown_code_is_judged_by_its_state(void **state)
{
    (void)state;
    assert_int_equal(refusal_of(65000, "22007"), REFUSAL_ROW);
    assert_int_equal(refusal_of(65000, "23000"), REFUSAL_ROW);
    assert_int_equal(refusal_of(65000, "45000"), REFUSAL_ROW);
    assert_int_equal(refusal_of(65000, "40001"), REFUSAL_LOCK);
    assert_int_equal(refusal_of(65000, "08S01"), REFUSAL_LOST);
    assert_int_equal(refusal_of(65000, "HY000"), REFUSAL_OTHER);
    assert_int_equal(refusal_of(65000, ""), REFUSAL_OTHER);
}

static void advice_says_what_to_do(void **state)
{
    (void)state;
    assert_non_null(strstr(refusal_advice(REFUSAL_PRIVILEGE, 1142), "GRANT"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SCHEMA, 1146), "sql/"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SCHEMA, 1049), "CREATE DATABASE"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SERVER, 1290), "read-only"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SERVER, 1021), "disk"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SERVER, 1040), "max_connections"));
    assert_non_null(strstr(refusal_advice(REFUSAL_SERVER, 1041), "own log"));
    assert_non_null(strstr(refusal_advice(REFUSAL_LOCK, 1213), "INNODB STATUS"));
    assert_string_equal(refusal_advice(REFUSAL_LOST, 2013), "");
    for (int i = 0; i < REFUSALS; i++)
        assert_non_null(refusal_advice((enum refusal)i, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_meaning),
        cmocka_unit_test(an_unknown_code_is_judged_by_its_state),
        cmocka_unit_test(advice_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
