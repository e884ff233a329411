#include "collector/net/dial.h"

#include "collector/net/backoff.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void enter(struct dial *dial, enum dial_state state, int64_t now_ms, int64_t next_ms)
{
    dial->state = state;
    dial->since_ms = now_ms;
    dial->next_ms = next_ms;
}

void dial_init(struct dial *dial, int64_t now_ms, int64_t first_ms)
{
    memset(dial, 0, sizeof(*dial));
    enter(dial, DIAL_WAITING, now_ms, first_ms);
}

void dial_put_off(struct dial *dial, int64_t until_ms)
{
    dial->next_ms = until_ms;
}

void dial_started(struct dial *dial, int64_t now_ms)
{
    enter(dial, DIAL_CONNECTING, now_ms, now_ms + DIAL_TIMEOUT_MS);
}

void dial_stands(struct dial *dial, int64_t now_ms)
{
    enter(dial, DIAL_ONLINE, now_ms, INT64_MAX);
}

int64_t dial_failed(struct dial *dial, const char *error, int64_t now_ms, double chance)
{
    if (dial->failures < UINT_MAX)
        dial->failures++;
    int64_t pause_ms = backoff_ms(dial->failures, chance);
    snprintf(dial->error, sizeof(dial->error), "%s", error);
    enter(dial, DIAL_WAITING, now_ms, now_ms + pause_ms);
    return pause_ms;
}

int64_t dial_lost(struct dial *dial, int64_t now_ms, double chance)
{
    int64_t lived_ms = now_ms - dial->since_ms;
    if (lived_ms < DIAL_SHORT_LIFE_MS) {
        char error[DIAL_ERROR_SIZE];
        snprintf(error, sizeof(error), "the line was lost after %.1f s", (double)lived_ms / 1000.0);
        return dial_failed(dial, error, now_ms, chance);
    }
    dial->failures = 0;
    dial->error[0] = '\0';
    int64_t pause_ms = backoff_ms(1, chance);
    enter(dial, DIAL_WAITING, now_ms, now_ms + pause_ms);
    return pause_ms;
}

const char *dial_state_name(enum dial_state state)
{
    static const char *const names[] = {
        [DIAL_WAITING] = "waiting", [DIAL_CONNECTING] = "connecting", [DIAL_ONLINE] = "online"};
    return names[state];
}
