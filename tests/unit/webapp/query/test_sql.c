#include "webapp/query/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void values_cannot_leave_their_literal(void **state)
{
    (void)state;
    struct sql sql;
    sql_init(&sql);
    sql_add(&sql, "a = ? AND b = ?", SQL_TEXT("x' OR '1"), SQL_INT(-5));
    sql_add(&sql, " AND t < ?", SQL_TIME(INT64_C(1769817600123)));
    sql_add(&sql, " AND c LIKE ? ESCAPE '|'", SQL_CONTAINS("5%|_"));
    assert_string_equal(
        sql.text->buf,
        "a = _utf8mb4 x'7827204f52202731' AND b = -5 AND t < '2026-01-31 00:00:00.123' "
        "AND c LIKE _utf8mb4 x'25357c257c7c7c5f25' ESCAPE '|'");
    sql_clear(&sql);
}

static void spans_have_open_ends(void **state)
{
    (void)state;
    const int64_t from = 0, to = 1500;
    struct sql sql;
    sql_init(&sql);
    sql_add_span(&sql, "t", &(struct sql_span){NULL, NULL});
    assert_int_equal(sql.text->bpos, 0);
    sql_add_span(&sql, "t", &(struct sql_span){&from, &to});
    assert_string_equal(sql.text->buf,
                        " AND t >= '1970-01-01 00:00:00.000' AND t < '1970-01-01 00:00:01.500'");
    sql_clear(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_cannot_leave_their_literal),
        cmocka_unit_test(spans_have_open_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
