/* Targets held against what data_config.yml has, and what is hardly meant. */
#include "shared/base/alloc.h"
#include "shared/config/list_text.h"
#include "shared/config/quote.h"
#include "shared/config/webhook_draft.h"
#include "shared/config/webhook_file.h"

#include <stdlib.h>
#include <string.h>

/* Names that there are, of one sort. */
struct known {
    const char *what; /* "rule" */
    const char **names;
    size_t count;
};

struct naming {
    const struct known *known;
    const char *file, *target, *key;
    unsigned line;
};

static bool is_known(const struct known *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->names[i], name) == 0)
            return true;
    }
    return false;
}

static void check_list(const struct naming *naming, char *const *names, struct faults *faults)
{
    const struct known *known = naming->known;
    for (; names != NULL && *names != NULL; names++) {
        if (list_text_is_pattern(*names) || is_known(known, *names))
            continue;
        const char *nearest = text_nearest(*names, known->names, known->count);
        if (nearest != NULL)
            faults_add(faults, naming->file, naming->line,
                       "webhooks.targets.%s.%s: unknown %s %s: did you mean \"%s\"?",
                       naming->target, naming->key, known->what, QUOTE(*names), nearest);
        else
            faults_add(faults, naming->file, naming->line,
                       "webhooks.targets.%s.%s: unknown %s %s: name one that stands below %ss: in "
                       "data_config.yml",
                       naming->target, naming->key, known->what, QUOTE(*names), known->what);
    }
}

static void check_rules(const struct webhook_config *config, const struct data_config *data,
                        const char *path, struct faults *faults)
{
    struct known known = {"rule", xcalloc(data->rules.nrules, sizeof(char *)), data->rules.nrules};
    for (size_t i = 0; i < known.count; i++)
        known.names[i] = data->rules.rules[i].name;
    for (size_t i = 0; i < config->ntargets; i++) {
        const struct webhook_target *target = &config->targets[i];
        const struct naming naming = {&known, path, target->name, "rules", target->rules_line};
        check_list(&naming, target->rules, faults);
    }
    free(known.names);
}

static void check_profiles(const struct webhook_config *config, const struct data_config *data,
                           const char *path, struct faults *faults)
{
    struct known known = {"profile", xcalloc(data->nprofiles, sizeof(char *)), data->nprofiles};
    for (size_t i = 0; i < known.count; i++)
        known.names[i] = data->profiles[i].name;
    for (size_t i = 0; i < config->ntargets; i++) {
        const struct webhook_target *target = &config->targets[i];
        const struct naming naming = {&known, path, target->name, "profiles",
                                      target->profiles_line};
        check_list(&naming, target->profiles, faults);
    }
    free(known.names);
}

void webhook_check_names(const struct webhook_config *config, const struct data_config *data,
                         const char *path, struct faults *faults)
{
    check_rules(config, data, path, faults);
    check_profiles(config, data, path, faults);
}

/* Advice */

void webhook_advice(const struct webhook_config *config,
                    void (*say)(void *cookie, unsigned line, const char *text), void *cookie)
{
    for (size_t i = 0; i < config->ntargets; i++) {
        const struct webhook_target *target = &config->targets[i];
        if (!webhook_is_robot(target->format) ||
            (target->kinds & event_kind_mask(EVENT_DATA_RECEIVED)) == 0)
            continue;
        char *text = xasprintf("webhooks.targets.%s.events: data_received is every reading, and a "
                               "robot of %s takes few messages a minute: what is too much waits, "
                               "alarms behind it too: leave it out, or give readings a target of "
                               "their own",
                               target->name, webhook_formats[target->format]);
        say(cookie, target->line, text);
        free(text);
    }
}
