#include "collector/store/keeper_plan.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000LL

static void split_time(int64_t at_ms, struct tm *tm)
{
    time_t seconds = (time_t)((at_ms - ((at_ms % 1000) + 1000) % 1000) / 1000);
    gmtime_r(&seconds, tm);
}

int64_t plan_next(enum partition_unit unit, int64_t at_ms)
{
    struct tm tm, next = {0};
    split_time(at_ms, &tm);
    next.tm_year = tm.tm_year;
    next.tm_mon = tm.tm_mon + (unit == PARTITION_MONTH);
    next.tm_mday = unit == PARTITION_MONTH ? 1 : tm.tm_mday + 1;
    return (int64_t)timegm(&next) * 1000;
}

void plan_name(enum partition_unit unit, int64_t below_ms, char name[PARTITION_NAME_SIZE])
{
    struct tm tm;
    split_time(below_ms - 1, &tm);
    strftime(name, PARTITION_NAME_SIZE, unit == PARTITION_MONTH ? "p%Y%m" : "p%Y%m%d", &tm);
}

/* The partition that holds what is just before ${below_ms}, or n. */
static size_t find(const struct partition *parts, size_t n, int64_t below_ms)
{
    size_t i = 0;
    while (i < n && parts[i].below_ms < below_ms)
        i++;
    return i;
}

bool plan_split(const struct partition *parts, size_t n, enum partition_unit unit, unsigned ahead,
                int64_t now_ms, struct partition_split *split)
{
    int64_t bound_ms = now_ms;
    split->nbounds = 0;
    for (unsigned i = 0; i <= ahead && i <= PLAN_AHEAD_MAX; i++) {
        bound_ms = plan_next(unit, bound_ms);
        size_t index = find(parts, n, bound_ms);
        if (index == n || parts[index].below_ms == bound_ms)
            continue;
        if (split->nbounds > 0 && split->index != index)
            break;
        split->index = index;
        split->bounds_ms[split->nbounds++] = bound_ms;
    }
    return split->nbounds > 0;
}

size_t plan_past(unsigned months, int64_t now_ms, int64_t *bounds_ms)
{
    struct tm tm;
    split_time(now_ms, &tm);
    for (unsigned i = 0; i < months; i++) {
        struct tm first = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon - (int)i, .tm_mday = 1};
        bounds_ms[months - 1 - i] = (int64_t)timegm(&first) * 1000;
    }
    return months;
}

size_t plan_drops(const struct partition *parts, size_t n, uint32_t days, int64_t now_ms)
{
    size_t drops = 0;
    if (days == 0)
        return 0;
    while (drops + 1 < n && parts[drops].below_ms <= now_ms - days * DAY_MS)
        drops++;
    return drops;
}

int plan_bound(const char *text, int64_t *below_ms)
{
    struct tm tm = {0};
    if (strcmp(text, "MAXVALUE") == 0) {
        *below_ms = PARTITION_END;
        return 0;
    }
    text += *text == '\'';
    if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec) < 3)
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *below_ms = (int64_t)timegm(&tm) * 1000;
    return 0;
}
