/* What a rule watches. */
#include "shared/config/list_text.h"
#include "shared/config/rule_config.h"

#include <fnmatch.h>

bool rule_matches_device(const struct rule_def *rule, const char *id, const char *profile,
                         const char *tags)
{
    return list_text_matches(rule->devices, id) && list_text_matches(rule->profiles, profile) &&
           list_text_has(rule->tags, tags);
}

bool rule_matches_point(const struct rule_def *rule, const char *name)
{
    return fnmatch(rule->point, name, 0) == 0;
}
