/* Rules that watch nothing: names that are mistyped, most likely. */
#include "shared/base/alloc.h"
#include "shared/config/list_text.h"
#include "shared/config/quote.h"
#include "shared/config/rule_file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct advice {
    void (*say)(void *cookie, unsigned line, const char *text);
    void *cookie;
};

__attribute__((format(printf, 3, 4))) static void
note(const struct advice *advice, const struct rule_def *rule, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = xvasprintf(fmt, args);
    va_end(args);
    advice->say(advice->cookie, rule->line, text);
    free(text);
}

/* The name nearest to what the rule names, of points that it might mean. */
static const char *nearest_point(const struct data_config *config, const struct rule_def *rule)
{
    const char *found = NULL;
    for (size_t i = 0; found == NULL && i < config->nprofiles; i++) {
        const struct profile *profile = &config->profiles[i];
        if (!list_text_matches(rule->profiles, profile->name))
            continue;
        const char **names = xcalloc(profile->npoints, sizeof(*names));
        for (size_t k = 0; k < profile->npoints; k++)
            names[k] = profile->points[k].name;
        found = text_nearest(rule->point, names, profile->npoints);
        free(names);
    }
    return found;
}

static bool has_point(const struct data_config *config, const struct rule_def *rule)
{
    for (size_t i = 0; i < config->nprofiles; i++) {
        const struct profile *profile = &config->profiles[i];
        if (!list_text_matches(rule->profiles, profile->name))
            continue;
        for (size_t k = 0; k < profile->npoints; k++) {
            if (rule_matches_point(rule, profile->points[k].name))
                return true;
        }
    }
    return false;
}

static void note_point(const struct advice *advice, const struct data_config *config,
                       const struct rule_def *rule)
{
    bool whole_device = rule->when.condition == RULE_NO_DATA && strcmp(rule->point, "*") == 0;
    if (whole_device || has_point(config, rule))
        return;
    const char *whose = rule->profiles != NULL ? "its profiles" : "any profile";
    const char *nearest = nearest_point(config, rule);
    if (nearest != NULL)
        note(advice, rule,
             "rules.%s.point: no point of %s is called %s, so it watches nothing: did you mean "
             "\"%s\"?",
             rule->name, whose, QUOTE(rule->point), nearest);
    else
        note(advice, rule,
             "rules.%s.point: no point of %s is called %s, so it watches nothing: correct the "
             "name, or add the point",
             rule->name, whose, QUOTE(rule->point));
}

/* A device whose first packet chooses its profile may be of any. */
static bool may_watch(const struct rule_def *rule, const struct device_def *device)
{
    const char *profile = device->profile != NULL ? device->profile->name : NULL;
    return list_text_matches(rule->devices, device->id) &&
           list_text_has(rule->tags, device->tags) &&
           (profile == NULL || list_text_matches(rule->profiles, profile));
}

static void note_devices(const struct advice *advice, const struct data_config *config,
                         const struct rule_def *rule)
{
    /* A DTU that devices: does not name has no tags; its id may be any. */
    bool others = rule->tags == NULL && config->unknown_devices == UNKNOWN_ACCEPT;
    if (config->ndevices == 0 ? rule->tags == NULL : others && rule->devices == NULL)
        return;
    for (size_t i = 0; i < config->ndevices; i++) {
        if (may_watch(rule, &config->devices[i]))
            return;
    }
    if (others)
        note(advice, rule,
             "rules.%s: none of devices: is one that it watches, only a DTU that devices: does not "
             "name can be: correct devices of the rule, or add the DTU",
             rule->name);
    else
        note(advice, rule,
             "rules.%s: none of devices: is one that it watches: correct devices, profiles or tags "
             "of the rule, or add the DTU",
             rule->name);
}

void rule_advice(const struct data_config *config,
                 void (*say)(void *cookie, unsigned line, const char *text), void *cookie)
{
    const struct advice advice = {say, cookie};
    for (size_t i = 0; i < config->rules.nrules; i++) {
        note_point(&advice, config, &config->rules.rules[i]);
        note_devices(&advice, config, &config->rules.rules[i]);
    }
}
