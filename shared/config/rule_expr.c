#include "shared/config/rule_expr.h"

#include "shared/base/alloc.h"
#include "shared/config/quote.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORDS_MOST = 8, WORD_SIZE = 40, BIT_MOST = 63 };

#define LONGEST_MS (366LL * 24 * 3600 * 1000)

static const char forms[] =
    "write one of: above N, below N, equals N, not N, between N and M, outside N and M, changes, "
    "bit B set, bit B clear, rises by N per T, falls by N per T, no data for T";

/* What follows the words of a form: N a number, M one that is not less, B a bit, T a time. */
static const struct form {
    const char *words[WORDS_MOST]; /* upper-case ones are values */
    enum rule_condition condition;
} all_forms[] = {
    {{"above", "N"}, RULE_ABOVE},
    {{"below", "N"}, RULE_BELOW},
    {{"equals", "N"}, RULE_EQUALS},
    {{"not", "N"}, RULE_NOT},
    {{"between", "N", "and", "M"}, RULE_BETWEEN},
    {{"outside", "N", "and", "M"}, RULE_OUTSIDE},
    {{"changes"}, RULE_CHANGES},
    {{"bit", "B", "set"}, RULE_BIT_SET},
    {{"bit", "B", "clear"}, RULE_BIT_CLEAR},
    {{"rises", "by", "N", "per", "T"}, RULE_RISES},
    {{"falls", "by", "N", "per", "T"}, RULE_FALLS},
    {{"no", "data", "for", "T"}, RULE_NO_DATA},
};

struct words {
    char word[WORDS_MOST][WORD_SIZE];
    size_t n;
};

static int split(const char *text, struct words *out)
{
    static const char blanks[] = " \t";
    out->n = 0;
    for (;;) {
        text += strspn(text, blanks);
        size_t len = strcspn(text, blanks);
        if (len == 0)
            return 0;
        if (out->n == WORDS_MOST || len >= WORD_SIZE)
            return -1;
        memcpy(out->word[out->n], text, len);
        out->word[out->n++][len] = '\0';
        text += len;
    }
}

/* A decimal number: what strtod() takes besides (hexadecimal, inf, nan) is none. */
static int parse_number(const char *text, double *out)
{
    char *end;
    if (text[strspn(text, "0123456789+-.eE")] != '\0' || text[0] == '\0')
        return -1;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out) ? 0 : -1;
}

static int64_t unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {
        {"s", 1000},        {"sec", 1000},      {"second", 1000},   {"seconds", 1000},
        {"min", 60000},     {"minute", 60000},  {"minutes", 60000}, {"h", 3600000},
        {"hour", 3600000},  {"hours", 3600000}, {"d", 86400000},    {"day", 86400000},
        {"days", 86400000},
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (strcasecmp(unit, units[i].name) == 0)
            return units[i].ms;
    }
    return -1;
}

/* "90 s", "90s", "h"; returns the words used, 0 where it is none. */
static size_t parse_time(const struct words *words, size_t at, int64_t *out)
{
    double number = 1;
    const char *unit = words->word[at];
    size_t digits = strspn(unit, "0123456789."), used = 1;
    char text[WORD_SIZE];
    if (digits > 0) {
        memcpy(text, unit, digits);
        text[digits] = '\0';
        if (parse_number(text, &number) != 0)
            return 0;
        unit += digits;
        if (unit[0] == '\0') {
            if (at + 1 >= words->n)
                return 0;
            unit = words->word[at + 1];
            used = 2;
        }
    }
    double ms = number * (double)unit_ms(unit);
    if (!(ms >= 1 && ms <= (double)LONGEST_MS))
        return 0;
    *out = llround(ms);
    return used;
}

static int parse_bit(const char *text, uint8_t *out)
{
    char *end;
    if (text[strspn(text, "0123456789")] != '\0')
        return -1;
    unsigned long bit = strtoul(text, &end, 10);
    if (bit > BIT_MOST)
        return -1;
    *out = (uint8_t)bit;
    return 0;
}

static char *no_number(const char *word)
{
    return xasprintf("%s is no number: write it like 80 or 0.5", QUOTE(word));
}

/* The value ${kind} that stands at the word ${*at}. NULL, or what is wrong. */
static char *parse_value(char kind, const struct words *words, size_t *at, struct rule_expr *out)
{
    const char *word = words->word[*at];
    size_t used = 1;
    if (kind == 'N' && parse_number(word, &out->low) != 0)
        return no_number(word);
    if (kind == 'M' && parse_number(word, &out->high) != 0)
        return no_number(word);
    if (kind == 'M' && out->high < out->low)
        return xasprintf("the second number is less than the first: write the smaller one first");
    if (kind == 'B' && parse_bit(word, &out->bit) != 0)
        return xasprintf("%s is no bit: write a whole number from 0 to 63", QUOTE(word));
    if (kind == 'T' && (used = parse_time(words, *at, &out->time_ms)) == 0)
        return xasprintf("%s is no time: write it like 90 s, 10 min or 2 h", QUOTE(word));
    *at += used;
    return NULL;
}

static bool is_value(const char *word)
{
    return strlen(word) == 1 && strchr("NMBT", word[0]) != NULL;
}

/* Whether the words begin as the form does: up to its first value. */
static bool begins_as(const struct form *form, const struct words *words)
{
    for (size_t i = 0; form->words[i] != NULL && !is_value(form->words[i]); i++) {
        if (i >= words->n || strcasecmp(words->word[i], form->words[i]) != 0)
            return false;
    }
    return true;
}

static char *parse_form(const struct form *form, const struct words *words, struct rule_expr *out)
{
    size_t at = 0;
    for (size_t i = 0; form->words[i] != NULL; i++) {
        const char *word = form->words[i];
        char *problem = NULL;
        if (at >= words->n)
            return xasprintf("it ends too early: %s", forms);
        if (is_value(word))
            problem = parse_value(word[0], words, &at, out);
        else if (strcasecmp(words->word[at++], word) != 0)
            problem = xasprintf("%s stands where \"%s\" is expected: %s",
                                QUOTE(words->word[at - 1]), word, forms);
        if (problem != NULL)
            return problem;
    }
    return at == words->n ? NULL : xasprintf("%s is too much: %s", QUOTE(words->word[at]), forms);
}

char *rule_expr_parse(const char *text, struct rule_expr *out)
{
    struct words words;
    char *problem = NULL;
    *out = (struct rule_expr){0};
    if (split(text, &words) != 0)
        return xasprintf("it is too long for a condition: %s", forms);
    for (size_t i = 0; i < sizeof(all_forms) / sizeof(*all_forms); i++) {
        struct rule_expr expr = {.condition = all_forms[i].condition};
        if (!begins_as(&all_forms[i], &words))
            continue;
        char *wrong = parse_form(&all_forms[i], &words, &expr);
        if (wrong == NULL) {
            free(problem);
            *out = expr;
            return NULL;
        }
        free(problem);
        problem = wrong;
    }
    return problem != NULL ? problem : xasprintf("%s is no condition: %s", QUOTE(text), forms);
}

/* In the largest unit that gives a whole number. */
static void time_text(int64_t ms, char *out, size_t size)
{
    if (ms % 3600000 == 0)
        snprintf(out, size, "%lld h", (long long)(ms / 3600000));
    else if (ms % 60000 == 0)
        snprintf(out, size, "%lld min", (long long)(ms / 60000));
    else
        snprintf(out, size, "%.12g s", (double)ms / 1000);
}

/* With as few digits as give the same number again. */
static void number_text(double number, char *out, size_t size)
{
    int digits = 15;
    do
        snprintf(out, size, "%.*g", digits, number);
    while (digits++ < 17 && strtod(out, NULL) != number);
}

void rule_expr_text(const struct rule_expr *expr, char *out, size_t size)
{
    const struct form *form = all_forms;
    size_t used = 0;
    while (form->condition != expr->condition)
        form++;
    out[0] = '\0';
    for (size_t i = 0; form->words[i] != NULL && used < size; i++) {
        const char *word = form->words[i];
        char value[WORD_SIZE];
        if (!is_value(word))
            snprintf(value, sizeof(value), "%s", word);
        else if (word[0] == 'B')
            snprintf(value, sizeof(value), "%u", (unsigned)expr->bit);
        else if (word[0] == 'T')
            time_text(expr->time_ms, value, sizeof(value));
        else
            number_text(word[0] == 'N' ? expr->low : expr->high, value, sizeof(value));
        int n = snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", value);
        used += (size_t)n;
    }
}
