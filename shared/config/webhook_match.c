/* Which target is called about which event. */
#include "shared/config/list_text.h"
#include "shared/config/webhook_config.h"

#include <string.h>

static bool is_asked_for(const struct webhook_target *target, const struct webhook_subject *subject)
{
    if (target->kinds & event_kind_mask(subject->kind))
        return true;
    return target->rules != NULL && list_text_matches(target->rules, subject->rule);
}

bool webhook_target_wants(const struct webhook_target *target,
                          const struct webhook_subject *subject)
{
    if (subject->target != NULL && strcmp(subject->target, target->name) == 0)
        return false;
    return is_asked_for(target, subject) && subject->severity >= target->severity &&
           list_text_matches(target->devices, subject->device_id) &&
           list_text_matches(target->profiles, subject->profile) &&
           list_text_has(target->tags, subject->tags);
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

bool webhook_is_robot(enum webhook_format format)
{
    return format == WEBHOOK_DINGTALK || format == WEBHOOK_FEISHU || format == WEBHOOK_WECOM;
}
