/*
 * The condition of a rule from hostile bytes: a fault that says something, or a condition that
 * means the same once it is put into words and read again.
 */
#include "shared/config/rule_expr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_expr(const struct rule_expr *expr)
{
    require(isfinite(expr->low) && isfinite(expr->high) && expr->time_ms >= 0 && expr->bit <= 63);
    if (expr->condition == RULE_BETWEEN || expr->condition == RULE_OUTSIDE)
        require(expr->low <= expr->high);
    if (expr->condition >= RULE_RISES)
        require(expr->time_ms > 0);
}

static void read_again(const struct rule_expr *expr)
{
    char text[160], second[160];
    struct rule_expr again;
    rule_expr_text(expr, text, sizeof(text));
    require(rule_expr_parse(text, &again) == NULL);
    require(again.condition == expr->condition && again.bit == expr->bit);
    require(again.low == expr->low && again.high == expr->high && again.time_ms == expr->time_ms);
    rule_expr_text(&again, second, sizeof(second));
    require(strcmp(text, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rule_expr expr;
    char *text = strndup((const char *)data, len);
    require(text != NULL);
    char *problem = rule_expr_parse(text, &expr);
    if (problem == NULL) {
        check_expr(&expr);
        read_again(&expr);
    } else {
        require(problem[0] != '\0' && strchr(problem, '\n') == NULL);
    }
    free(problem);
    free(text);
    return 0;
}
