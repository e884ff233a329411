/* Which target is called about which event. */
#include "shared/config/webhook_config.h"

#include <fnmatch.h>
#include <string.h>

static bool matches(char *const *patterns, const char *text)
{
    if (patterns == NULL)
        return true;
    for (; text != NULL && *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, text, 0) == 0)
            return true;
    }
    return false;
}

static bool has_tag(char *const *wanted, const char *tags)
{
    if (wanted == NULL)
        return true;
    while (tags != NULL && tags[0] != '\0') {
        size_t len = strcspn(tags, ",");
        for (char *const *tag = wanted; *tag != NULL; tag++) {
            if (strlen(*tag) == len && memcmp(*tag, tags, len) == 0)
                return true;
        }
        tags += len + (tags[len] == ',');
    }
    return false;
}

static bool is_asked_for(const struct webhook_target *target, const struct webhook_subject *subject)
{
    if (target->kinds & event_kind_mask(subject->kind))
        return true;
    return target->rules != NULL && subject->rule != NULL && matches(target->rules, subject->rule);
}

bool webhook_target_wants(const struct webhook_target *target,
                          const struct webhook_subject *subject)
{
    return is_asked_for(target, subject) && subject->severity >= target->severity &&
           matches(target->devices, subject->device_id) &&
           matches(target->profiles, subject->profile) && has_tag(target->tags, subject->tags);
}

const struct webhook_target *webhook_config_target(const struct webhook_config *config,
                                                   const char *name)
{
    for (size_t i = 0; i < config->ntargets; i++) {
        if (strcmp(config->targets[i].name, name) == 0)
            return &config->targets[i];
    }
    return NULL;
}
