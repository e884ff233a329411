#include "collector/readiness.h"

#include <stdio.h>
#include <string.h>

/* Each returns whether all is well, and else writes what is wrong into ${out}. */

static bool database(const struct readiness_facts *facts, FILE *out)
{
    if (!facts->database_up)
        fprintf(out, "away: %s", facts->database_error);
    return facts->database_up;
}

static bool storing(const struct readiness_facts *facts, FILE *out)
{
    if (facts->behind)
        fprintf(out,
                "behind: the oldest record that is not stored is %lld s old, %llu wait in the "
                "journal: is the database locked or slow?",
                (long long)(facts->behind_ms / 1000), facts->waiting);
    return !facts->behind;
}

static bool keeper(const struct readiness_facts *facts, FILE *out)
{
    bool away = facts->keeper_away_ms >= KEEPER_AWAY_MS;
    if (away)
        fprintf(out, "cannot work for %lld s: %s", (long long)(facts->keeper_away_ms / 1000),
                facts->keeper_error);
    return !away;
}

static bool upkeep(const struct readiness_facts *facts, FILE *out)
{
    bool wrong = facts->keeper_away_ms == 0 && facts->keeper_error[0] != '\0';
    if (wrong)
        fprintf(out, "the keeper's last look at the database had a fault: %s", facts->keeper_error);
    return !wrong;
}

static bool journal(const struct readiness_facts *facts, FILE *out)
{
    if (!facts->journal_ok)
        fprintf(out, "not written: %s", facts->journal_error);
    return facts->journal_ok;
}

/* A full cache drops a chunk of records at once, so it is not at its bound all the time. */
static bool cache(const struct readiness_facts *facts, FILE *out)
{
    bool full = facts->cache_used >= facts->cache_max - facts->cache_max / 8;
    if (full)
        fputs("full or nearly so, the oldest records are being lost", out);
    return !full;
}

static bool configuration(const struct readiness_facts *facts, FILE *out)
{
    bool wrong = facts->reload_error[0] != '\0';
    if (wrong)
        fprintf(out, "the last reload went wrong: %s", facts->reload_error);
    return !wrong;
}

static const struct check {
    const char *name;
    bool needed; /* without it the collector is not ready */
    bool (*look)(const struct readiness_facts *facts, FILE *out);
} checks[] = {
    {"database", true, database},
    {"storing", true, storing},
    {"journal", true, journal},
    {"cache", true, cache},
    {"keeper", true, keeper},
    /* Readings are stored all the same. */
    {"upkeep", false, upkeep},
    /* A faulty file changes nothing: what ran before goes on. */
    {"configuration", false, configuration},
};

int readiness_compose(const struct readiness_facts *facts, char *text, size_t size)
{
    bool ready = true;
    text[0] = '\0';
    FILE *out = fmemopen(text, size, "w");
    if (out == NULL)
        return 503;
    for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
        fprintf(out, "%s: ", checks[i].name);
        bool ok = checks[i].look(facts, out);
        ready &= ok || !checks[i].needed;
        fputs(ok ? "ok\n" : "\n", out);
    }
    fclose(out);
    text[size - 1] = '\0';
    return ready ? 200 : 503;
}
