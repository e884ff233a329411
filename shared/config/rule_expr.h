/*
 * The condition of a rule, as a text that reads like a sentence:
 *
 *   above N              below N              equals N            not N
 *   between N and M      outside N and M      (both ends belong to "between")
 *   changes                                   the value differs from the last one
 *   bit B set            bit B clear          bit 0 to 63 of the raw value
 *   rises by N per T     falls by N per T     rate of change, T in s, min or h
 *   no data for T        T: "90 s", "10 min", "2 h"
 *
 * Words are separated by blanks; case does not count. Pure.
 */
#ifndef DTUHUB_CONFIG_RULE_EXPR_H
#define DTUHUB_CONFIG_RULE_EXPR_H

#include <stddef.h>
#include <stdint.h>

enum rule_condition {
    RULE_ABOVE,
    RULE_BELOW,
    RULE_EQUALS,
    RULE_NOT,
    RULE_BETWEEN,
    RULE_OUTSIDE,
    RULE_CHANGES,
    RULE_BIT_SET,
    RULE_BIT_CLEAR,
    RULE_RISES,
    RULE_FALLS,
    RULE_NO_DATA,
};

struct rule_expr {
    enum rule_condition condition;
    double low, high; /* N, and M; low <= high */
    uint8_t bit;
    int64_t time_ms; /* T: of a rate the time that N belongs to; of no data the time */
};

/** rule_expr_parse(text, out): NULL, or what is wrong, a new text with the way out. */
char *rule_expr_parse(const char *text, struct rule_expr *out);

/** rule_expr_text(expr, out, size): it in words again, as rule_expr_parse() takes it. */
void rule_expr_text(const struct rule_expr *expr, char *out, size_t size);

#endif
