/* Which rule watches which point of which device. */
#include "shared/config/rule_config.h"

#include <fnmatch.h>
#include <string.h>

static bool matches(char *const *patterns, const char *text)
{
    if (patterns == NULL)
        return true;
    for (; *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, text, 0) == 0)
            return true;
    }
    return false;
}

static bool has_tag(char *const *wanted, const char *tags)
{
    if (wanted == NULL)
        return true;
    while (tags[0] != '\0') {
        size_t len = strcspn(tags, ",");
        for (char *const *tag = wanted; *tag != NULL; tag++) {
            if (strlen(*tag) == len && memcmp(*tag, tags, len) == 0)
                return true;
        }
        tags += len + (tags[len] == ',');
    }
    return false;
}

bool rule_matches_device(const struct rule_def *rule, const char *id, const char *profile,
                         const char *tags)
{
    return matches(rule->devices, id) && matches(rule->profiles, profile) &&
           has_tag(rule->tags, tags);
}

bool rule_matches_point(const struct rule_def *rule, const char *name)
{
    return fnmatch(rule->point, name, 0) == 0;
}
