/* When webhooks hear of an alarm: quiet hours, and limits. */
#include "collector/events/rules_parts.h"
#include "shared/base/alloc.h"
#include "shared/base/log.h"

#include <string.h>
#include <time.h>

enum { LOG_EVERY_MS = 60000, DAY_MS = 24 * 3600 * 1000 };

bool rules_is_quiet(const struct rule_def *rule, int64_t wall_ms)
{
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (!rule->has_quiet || localtime_r(&seconds, &parts) == NULL)
        return false;
    return rule_is_quiet(rule, (unsigned)(parts.tm_hour * 60 + parts.tm_min));
}

/* Whether one more fits into the rule's limit: then it is counted. */
static bool fits_limit(struct rule_run *run, int64_t mono_ms)
{
    const struct rule_def *rule = run->def;
    size_t old = 0;
    if (rule->limit_count == 0)
        return true;
    while (old < run->ntold && run->told_ms[old] <= mono_ms - rule->limit_per_ms)
        old++;
    run->ntold -= old;
    if (old > 0)
        memmove(run->told_ms, run->told_ms + old, run->ntold * sizeof(*run->told_ms));
    if (run->ntold >= rule->limit_count)
        return false;
    if (run->ntold == run->room) {
        run->room = run->room > 0 ? 2 * run->room : 4;
        run->told_ms = xreallocarray(run->told_ms, run->room, sizeof(*run->told_ms));
    }
    run->told_ms[run->ntold++] = mono_ms;
    return true;
}

bool rules_may_tell(struct rules *rules, struct watch *watch)
{
    struct rule_run *run = watch->run;
    if (rules_is_quiet(run->def, rules->wall_ms)) {
        watch->waits = !watch->told;
        return false;
    }
    watch->waits = false;
    if (!fits_limit(run, rules->mono_ms)) {
        run->held++;
        rules->counts.held++;
        return false;
    }
    watch->told = true;
    return true;
}

void rules_log_held(struct rules *rules)
{
    for (size_t i = 0; i < rules->nruns; i++) {
        struct rule_run *run = &rules->runs[i];
        if (run->held == 0 || rules->mono_ms < run->next_log_ms)
            continue;
        log_warn("rules", NULL,
                 "%s: %llu alarms over the limit of %u in %lld s; no webhook is called about them",
                 run->def->name, (unsigned long long)run->held, run->def->limit_count,
                 (long long)(run->def->limit_per_ms / 1000));
        run->held = 0;
        run->next_log_ms = rules->mono_ms + LOG_EVERY_MS;
    }
}

bool rules_was_untold(const struct rules *rules, const struct rule_def *rule,
                      const struct alarm *alarm)
{
    return alarm->state == ALARM_RAISED && rules_is_quiet(rule, alarm->raised_ms) &&
           rules_is_quiet(rule, rules->wall_ms) && rules->wall_ms - alarm->raised_ms < DAY_MS;
}
