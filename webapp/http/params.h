/*
 * Typed validators: every parameter of a route is checked before its handler runs, so that a
 * handler meets only numbers in bounds, valid UTF-8, known words and instants. Pure; any thread.
 */
#ifndef DTUHUB_WEBAPP_HTTP_PARAMS_H
#define DTUHUB_WEBAPP_HTTP_PARAMS_H

#include "webapp/http/request.h"

#include <stdbool.h>
#include <stdint.h>

enum param_type {
    PARAM_INT,  /* a whole number from min to max */
    PARAM_TEXT, /* valid UTF-8 without NUL, 1 to max bytes */
    PARAM_ENUM, /* one of ${allowed}; its number is the place in that list */
    PARAM_TIME, /* see moment_parse(); its number is milliseconds UTC */
};

enum { PARAM_VALUES_MAX = 128, PARAM_ID_BYTES = 764 /* 191 characters of utf8mb4 */ };

struct param_rule {
    const char *name; /* NULL ends a list of rules */
    enum param_type type;
    bool required;
    bool many; /* may be given again and again; otherwise once */
    int64_t min, max;
    int64_t fallback;           /* number where it is not given (PARAM_INT, PARAM_ENUM) */
    const char *const *allowed; /* PARAM_ENUM: ends with NULL */
};

struct param_value {
    const struct param_rule *rule;
    int64_t number;
    const char *text; /* as given, decoded; lives as long as the request */
};

/** The checked values of one request. */
struct args {
    const struct param_rule *rules;
    struct param_value values[PARAM_VALUES_MAX];
    size_t count;
};

enum param_reason {
    PARAM_BAD_INT,
    PARAM_BAD_TEXT,
    PARAM_BAD_ENUM,
    PARAM_BAD_TIME,
    PARAM_MISSING,
    PARAM_REPEATED,
    PARAM_EMPTY_RANGE, /* from is not before to; told by handlers */
};

struct param_fault {
    const struct param_rule *rule;
    enum param_reason reason;
};

/**
 * args_check(args, rules, request, zone_min, fault): check ${request}'s parameters by ${rules}. A
 * parameter that is given but empty counts as not given (an unfilled field of a form); one without
 * a rule is ignored. Times without a zone are in ${zone_min}. Return 0, or -1 with the first
 * ${fault}.
 */
int args_check(struct args *args, const struct param_rule *rules, const struct request *request,
               int zone_min, struct param_fault *fault);

/** args_given(args, name): the value, or NULL where it was not given. ${name} must have a rule. */
const struct param_value *args_given(const struct args *args, const char *name);

/** args_number(args, name): the value given, or the rule's fallback. */
int64_t args_number(const struct args *args, const char *name);

/** args_text(args, name): the text given, or NULL. */
const char *args_text(const struct args *args, const char *name);

/** args_word(args, name): the allowed word chosen, or the fallback one (static text). */
const char *args_word(const struct args *args, const char *name);

/** param_rule_of(rules, name): the rule of that name; aborts where there is none (a fault of the
 * program). */
const struct param_rule *param_rule_of(const struct param_rule *rules, const char *name);

/** utf8_valid(text): nonzero where the whole text is valid UTF-8. */
int utf8_valid(const char *text);

#endif
