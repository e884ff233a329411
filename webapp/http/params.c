#include "webapp/http/params.h"

#include "shared/base/text.h"
#include "webapp/http/moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int utf8_valid(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    for (size_t left = strlen(text); left > 0;) {
        size_t n = text_utf8_length(p, left);
        if (n == 0)
            return 0;
        p += n;
        left -= n;
    }
    return 1;
}

static int check_int(const struct param_rule *rule, const char *text, int64_t *number)
{
    size_t sign = text[0] == '-';
    if (text[sign] == '\0' || text[sign + strspn(text + sign, "0123456789")] != '\0')
        return -1;
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return errno != 0 || *number < rule->min || *number > rule->max ? -1 : 0;
}

static int check_enum(const struct param_rule *rule, const char *text, int64_t *number)
{
    for (int64_t i = 0; rule->allowed[i] != NULL; i++) {
        if (strcmp(rule->allowed[i], text) == 0) {
            *number = i;
            return 0;
        }
    }
    return -1;
}

/* Fill value->number by the rule's type. */
static int check_value(struct param_value *value, int zone_min, enum param_reason *reason)
{
    const struct param_rule *rule = value->rule;
    switch (rule->type) {
    case PARAM_INT:
        *reason = PARAM_BAD_INT;
        return check_int(rule, value->text, &value->number);
    case PARAM_ENUM:
        *reason = PARAM_BAD_ENUM;
        return check_enum(rule, value->text, &value->number);
    case PARAM_TIME:
        *reason = PARAM_BAD_TIME;
        return moment_parse(value->text, zone_min, &value->number);
    case PARAM_TEXT:
        break;
    }
    *reason = PARAM_BAD_TEXT;
    return strlen(value->text) > (size_t)rule->max || !utf8_valid(value->text) ? -1 : 0;
}

static int check_rule(struct args *args, const struct param_rule *rule,
                      const struct request *request, int zone_min, struct param_fault *fault)
{
    size_t found = 0;
    fault->rule = rule;
    for (size_t i = 0; i < request->nparams; i++) {
        const struct request_param *param = &request->params[i];
        if (strcmp(param->name, rule->name) != 0 || param->value[0] == '\0')
            continue;
        fault->reason = PARAM_REPEATED;
        if ((found++ > 0 && !rule->many) || args->count == PARAM_VALUES_MAX)
            return -1;
        struct param_value *value = &args->values[args->count++];
        *value = (struct param_value){.rule = rule, .text = param->value};
        if (check_value(value, zone_min, &fault->reason) != 0)
            return -1;
    }
    fault->reason = PARAM_MISSING;
    return rule->required && found == 0 ? -1 : 0;
}

int args_check(struct args *args, const struct param_rule *rules, const struct request *request,
               int zone_min, struct param_fault *fault)
{
    args->rules = rules;
    args->count = 0;
    for (const struct param_rule *rule = rules; rule != NULL && rule->name != NULL; rule++) {
        if (check_rule(args, rule, request, zone_min, fault) != 0)
            return -1;
    }
    return 0;
}

const struct param_rule *param_rule_of(const struct param_rule *rules, const char *name)
{
    for (const struct param_rule *rule = rules; rule != NULL && rule->name != NULL; rule++) {
        if (strcmp(rule->name, name) == 0)
            return rule;
    }
    abort();
}

const struct param_value *args_given(const struct args *args, const char *name)
{
    const struct param_rule *rule = param_rule_of(args->rules, name);
    for (size_t i = 0; i < args->count; i++) {
        if (args->values[i].rule == rule)
            return &args->values[i];
    }
    return NULL;
}

int64_t args_number(const struct args *args, const char *name)
{
    const struct param_value *value = args_given(args, name);
    return value != NULL ? value->number : param_rule_of(args->rules, name)->fallback;
}

const char *args_text(const struct args *args, const char *name)
{
    const struct param_value *value = args_given(args, name);
    return value != NULL ? value->text : NULL;
}

const char *args_word(const struct args *args, const char *name)
{
    return param_rule_of(args->rules, name)->allowed[args_number(args, name)];
}
