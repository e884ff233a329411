#include "collector/storage_signs.h"

#include <stdio.h>

/* Each fills ${text} where there is something to tell. */

static bool losses(struct storage_signs *signs, const struct storage_facts *facts, int64_t now_ms,
                   char text[RECORD_DETAILS_MAX])
{
    /* While records are being dropped, this one would soon be among them. */
    bool goes_on = facts->lost != signs->seen;
    if (facts->lost == signs->lost)
        signs->lost_told_ms = now_ms;
    signs->seen = facts->lost;
    if (facts->lost == signs->lost ||
        (goes_on && now_ms < signs->lost_told_ms + STORAGE_LOST_AGAIN_MS))
        return false;
    snprintf(text, RECORD_DETAILS_MAX, "%llu records were dropped unstored, the oldest ones",
             (unsigned long long)(facts->lost - signs->lost));
    signs->lost = facts->lost;
    signs->lost_told_ms = now_ms;
    return true;
}

static bool delay(struct storage_signs *signs, const struct storage_facts *facts, int64_t wall_ms,
                  char text[RECORD_DETAILS_MAX])
{
    int64_t age_ms = facts->oldest_ms > 0 ? wall_ms - facts->oldest_ms : 0;
    if (age_ms < STORAGE_CAUGHT_UP_MS)
        signs->behind = false;
    if (age_ms < STORAGE_BEHIND_MS || signs->behind)
        return false;
    signs->behind = true;
    snprintf(text, RECORD_DETAILS_MAX, "%llu records wait in the journal, the oldest for %lld s",
             (unsigned long long)facts->waiting, (long long)(age_ms / 1000));
    return true;
}

static bool failure(struct storage_signs *signs, const struct storage_facts *facts,
                    char text[RECORD_DETAILS_MAX])
{
    if (signs->failed == !facts->journal_ok)
        return false;
    signs->failed = !facts->journal_ok;
    if (facts->journal_ok)
        return false;
    snprintf(text, RECORD_DETAILS_MAX, "the journal cannot be written: %.160s",
             facts->journal_error);
    return true;
}

void storage_signs_look(struct storage_signs *signs, const struct storage_facts *facts,
                        int64_t now_ms, int64_t wall_ms, storage_teller *tell, void *cookie)
{
    char text[RECORD_DETAILS_MAX];
    if (losses(signs, facts, now_ms, text))
        tell(cookie, EVENT_STORAGE_LOST, text);
    if (delay(signs, facts, wall_ms, text))
        tell(cookie, EVENT_STORAGE_BEHIND, text);
    if (failure(signs, facts, text))
        tell(cookie, EVENT_STORAGE_BEHIND, text);
}
